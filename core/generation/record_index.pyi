"""kept_index.mdb: (register, record id) -> the subjects that hold the record (docs/live.md)."""

from pathlib import Path

from typing_extensions import disjoint_base

from core.machine.arrow_export import ExportsArrow

@disjoint_base
class RecordIndexWriter:
    """Collects linked records in bounded memory. Raises OSError when the disk fails."""

    def __init__(self, path: str | Path, temporary: str | Path) -> None:
        """temporary: directory of its spill, which is unlinked at once."""
    def add(self, batch: ExportsArrow) -> None:
        """A batch with register (uint8), record_id (string) and entity (uint32), in ascending order of entity."""
    def finish(self) -> int:
        """Writes the file; how many pairs it holds."""
    def close(self) -> None:
        """Gives back memory and disk; may be called again."""

@disjoint_base
class RecordIndex:
    """The file, mapped. Raises GenerationDamaged when it is none, or damaged."""

    def __init__(self, path: str | Path) -> None: ...
    def find(self, register: int, record_id: str) -> list[int]:
        """Returns subjects, ascending, with a record that probably has this id: compare the records, hashes may
        collide."""
