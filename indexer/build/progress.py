"""Progress of a build: a bar with rows/s and time left on a terminal, plain lines elsewhere. Written to stderr."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

LINE_INTERVAL_S = 5.0


@dataclass
class StageTime:
    """The cost of one stage."""

    name: str
    seconds: float
    rows: int


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        rate = task.finished_speed or task.speed
        return Text(f"{rate:,.0f} {task.fields['unit']}/s" if rate else "", style="progress.data.speed")


class BuildProgress:
    """Stages of a build one after another; within a stage, one bar a source or one for all."""

    def __init__(self, *, terminal: bool | None = None, quiet: bool = False, console: Console | None = None) -> None:
        """console: of the program that builds, which cleans what it prints; it decides on a terminal itself."""
        self.console = console or Console(stderr=True, quiet=quiet, force_terminal=terminal)
        self.stages: list[StageTime] = []
        self._bars = Progress(
            TextColumn("{task.description:<32}"),
            BarColumn(),
            TextColumn("{task.completed:>13,.0f}"),
            _Rate(),
            TimeRemainingColumn(),
            console=self.console,
            disable=quiet or not self.console.is_terminal,
        )
        self._lock = threading.Lock()
        self._rows = 0
        self._last_line = 0.0

    def say(self, text: str) -> None:
        """One line that stays."""
        self.console.print(text, highlight=False, markup=False)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times a stage. Its rows are what `count` hears."""
        started, self._rows, self._last_line = time.monotonic(), 0, time.monotonic()
        if not self.console.is_terminal:
            self.say(f"{name} ...")
        with self._bars:
            yield
        for task in self._bars.task_ids:
            self._bars.remove_task(task)
        seconds = time.monotonic() - started
        self.stages.append(StageTime(name, round(seconds, 3), self._rows))
        rate = f", {self._rows:,} rows, {self._rows / seconds:,.0f} rows/s" if self._rows and seconds > 0 else ""
        self.say(f"{name}: {seconds:.1f} s{rate}")

    def bar(self, description: str, total: float | None, unit: str = "rows") -> TaskID:
        """A new bar; total None = unknown."""
        return self._bars.add_task(description, total=total, unit=unit)

    def move(
        self, bar: TaskID, *, to: float | None = None, by: float | None = None, total: float | None = None
    ) -> None:
        """Moves a bar."""
        self._bars.update(bar, completed=to, advance=by, total=total)

    def describe(self, bar: TaskID, description: str) -> None:
        """Renames a bar: the step that runs now."""
        self._bars.update(bar, description=description)

    def count(self, rows: int, of: int | None = None) -> None:
        """Counts rows of the stage; without a terminal says so every five seconds."""
        with self._lock:
            self._rows += rows
            now = time.monotonic()
            if self.console.is_terminal or now - self._last_line < LINE_INTERVAL_S:
                return
            self._last_line = now
            share = f" of {of:,}" if of else ""
            text = f"  {self._rows:,}{share} rows"
        self.say(text)
