"""Messages of an extraction: progress while it runs, a report when it is done, or the reason why the source is
unreadable."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from core.files.replacement import replace_file


class SourceUnreadable(Exception):
    """A register with a source that cannot be read to its end: it is carried forward. No personal data in `why`."""

    def __init__(self, register: str, source: str, why: str) -> None:
        super().__init__(f"register {register}, source {source or 'any'}: {why}")
        self.register, self.source, self.why = register, source, why


@dataclass(frozen=True)
class Progress:
    """Progress of a register's extraction."""

    register_id: str
    rows: int
    """Rows read so far."""
    bytes_done: int
    bytes_total: int
    """0 = unknown (a database)."""


@dataclass(frozen=True)
class ExtractReport:
    """A finished extract: what publishing needs to know of it."""

    register_id: str
    ordinal: int
    as_of_ms: int
    """Oldest as-of of its sources, UTC milliseconds."""
    rows_read: int
    rows_refused: int
    """Rows of which at least one record was refused."""
    records: int
    checksum: str
    """XXH3-128 over its sources: file bytes, or the text of every row of a query."""
    fingerprint: str | None
    duration_s: float
    refused: dict[str, int] = field(default_factory=dict)
    """Refused records by "section.field.rule"."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Rows of which `when` left out every record, by "source.column" of the first condition that did not hold."""
    sources: dict[str, int] = field(default_factory=dict)
    """Rows of each source that became records: neither refused nor left out."""
    alerts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Whole alert records by kind: "listed" in any state, and those of them that are "pending"."""
    holds: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Statements of sources about fed changes: core.generation.manifest.StatedHold, by source."""
    warnings: dict[str, int] = field(default_factory=dict)
    """Values left out, and identifiers read otherwise than strictly, by "section.field.rule"."""
    finished: bool = True

    def write(self, path: Path) -> None:
        """Writes the report so that it is whole or not there: temporary name, fsync, rename."""
        replace_file(path, orjson.dumps(dataclasses.asdict(self), option=orjson.OPT_INDENT_2), mode=0o644)

    @classmethod
    def from_json(cls, text: bytes) -> ExtractReport:
        """The report of an extract.json. Raises ValueError when it is none."""
        try:
            found: dict[str, Any] = orjson.loads(text)
            return cls(**found)
        except (orjson.JSONDecodeError, TypeError) as error:
            raise ValueError("no report of an extract") from error
