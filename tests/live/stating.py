"""A small world with a court that says up to where its extract holds what was fed (docs/manifests.md)."""

from __future__ import annotations

from pathlib import Path

from tests.indexer.small_registers import SmallRegisters
from tests.kit.small_world import SmallWorld

FEED = "court"
AS_OF, SEQUENCE = "oj.corte", "oj.hasta"
_BEFORE = 'path = "oj.csv"\nas_of = { from = "mtime" }'


class StatingWorld(SmallWorld):
    """as_of: of the court's extract, ISO 8601; "" = the file's time. sequence: of the feed, as it states; -1 = none."""

    def __init__(self, as_of: str = "", *, snapshot: bool = False, sequence: int = -1) -> None:
        super().__init__()
        self.as_of, self.snapshot, self.sequence = as_of, snapshot, sequence

    def write(self, directory: Path) -> SmallRegisters:
        registers = super().write(directory)
        lines = ['path = "oj.csv"']
        if self.as_of:
            instant = ", snapshot = true" if self.snapshot else ""
            lines.append(f'as_of = {{ from = "sidecar", path = "{AS_OF}"{instant} }}')
            (registers.sources / AS_OF).write_text(self.as_of)
        else:
            lines.append('as_of = { from = "mtime" }')
        if self.sequence >= 0:
            lines.append(f'feed_sequence = {{ feed = "{FEED}", from = "sidecar", path = "{SEQUENCE}" }}')
            (registers.sources / SEQUENCE).write_text(f"{self.sequence}\n")
        manifest = registers.manifests / "oj.toml"
        text = manifest.read_text(encoding="utf-8")
        assert _BEFORE in text
        manifest.write_text(text.replace(_BEFORE, "\n".join(lines)), encoding="utf-8")
        return registers


def states_to(sources: Path, sequence: int) -> None:
    """The court's extract is written again, and states that it holds the feed up to this."""
    (sources / SEQUENCE).write_text(str(sequence))
    (sources / "oj.csv").touch()
