"""The result: rows, bytes and seconds a register."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class NationSummary:
    """Totals of a nation. `seconds` are those of all processes together, but "made" and "loaded" are wall time."""

    persons: int
    seed: int
    as_of: datetime.date
    out: Path
    rows: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, rows: dict[str, int], seconds: dict[str, float]) -> None:
        """Counts a block in."""
        for name, count in rows.items():
            self.rows[name] = self.rows.get(name, 0) + count
        for name, spent in seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + spent

    def measure(self) -> None:
        """Reads the files' sizes."""
        for folder in sorted(each for each in (self.out / "registers").iterdir() if each.is_dir()):
            self.bytes[folder.name] = sum(path.stat().st_size for path in folder.iterdir())

    def to_json(self) -> dict[str, Any]:
        """Returns the content for `--json`."""
        return {
            "persons": self.persons,
            "seed": self.seed,
            "as_of": self.as_of.isoformat(),
            "out": str(self.out),
            "rows": self.rows,
            "bytes": self.bytes,
            "seconds": {name: round(spent, 2) for name, spent in self.seconds.items()},
        }
