"""The writer of names.bin (core/name_index/file.pxd)."""

from pathlib import Path

from typing_extensions import disjoint_base

@disjoint_base
class NamesWriter:
    """Creates `path`, which must not exist. Persons come from compiled code, see core/name_index/writer.pxd.

    durable: as of an OutputFile.
    """

    def __init__(self, path: str | Path, build: int, durable: bool = True) -> None: ...
    def flush(self) -> None:
        """Hands what was written so far to the disk. Raises OSError, MemoryError, OverflowError."""
    def finish(self) -> dict[str, int | str]:
        """Writes lists and tables and closes. {"bytes", "sha256", "tokens", "strays", "population"}."""
    def abandon(self) -> None:
        """Stops writing and closes; the file stays as it is."""
