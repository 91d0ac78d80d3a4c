"""Steps of a long report: each one's figures are kept on disk, and used again while what they stand on is unchanged."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

_console = Console(stderr=True, highlight=False)


@dataclass
class Steps:
    """folder: where the figures are kept. made_of: digest of nations and code. seconds: what each step took.

    failed: steps that raised. A report without their figures is no success, whatever the others measured.
    """

    folder: Path
    made_of: str
    fresh: bool = False  # measure everything anew
    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    _started: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """One line of progress on standard error, with minutes since the start."""
        _console.print(f"[dim]{(time.monotonic() - self._started) / 60:5.1f} min[/dim]  {text}")

    def _kept(self, name: str) -> dict[str, Any] | None:
        """Returns an earlier run's result of a step, if its inputs are the same."""
        path = self.folder / f"{name}.json"
        if self.fresh or not path.exists():
            return None
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return kept if kept["made_of"] == self.made_of else None

    def has(self, name: str) -> bool:
        """Returns whether the figures of a step exist."""
        return self._kept(name) is not None

    def run(self, name: str, measure: Callable[[], Any]) -> Any:
        """The figures of a step, from disk or measured now. A step that fails is said, noted and gives None."""
        kept = self._kept(name)
        if kept is not None:
            self.seconds[name] = kept["seconds"]
            self.say(f"{name}: kept from an earlier run ({kept['seconds']:.0f} s)")
            return kept["figures"]
        self.say(f"[bold]{name}[/bold]")
        started = time.monotonic()
        try:
            figures = measure()
        except Exception as error:
            self.failed.append(name)
            # escaped: an error text may hold brackets
            self.say(f"[red]{name} failed: {escape(f'{type(error).__name__}: {error}')}[/red]")
            return None
        self.seconds[name] = time.monotonic() - started
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = {"made_of": self.made_of, "seconds": self.seconds[name], "figures": figures}
        (self.folder / f"{name}.json").write_text(json.dumps(kept, default=str), encoding="utf-8")
        return figures
