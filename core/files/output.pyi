"""A file written from front to back, hashed and written in a thread of its own while the caller goes on."""

from pathlib import Path

from typing_extensions import disjoint_base

@disjoint_base
class OutputFile:
    """Creates `path`, which must not exist, with the header of core/files/layout.pxd.

    durable: what is finished is on the disk; else a power cut may leave any part of it.
    """

    def __init__(self, path: str | Path, magic: bytes, build: int, durable: bool = True) -> None: ...
    def write(self, data: bytes) -> None:
        """Appends bytes; they are written later."""
    def flush(self) -> None:
        """Hands everything written so far to the writing thread. Raises OSError of an earlier write, MemoryError."""
    def finish(self) -> dict[str, int | str]:
        """Writes the rest, syncs where it is to be durable, and closes. Raises OSError.

        Returns {"bytes": size, "sha256": hexadecimal}.
        """
    def abandon(self) -> None:
        """Stops writing and closes; the file stays as it is."""

def rewrite_large_pages(path: Path) -> dict[str, int | str]:
    """Writes a file anew, from front to back as an OutputFile is, which somebody else wrote page by page; returns what
    `finish` does. Raises OSError: the file may then be at `path` with ".small-pages" behind its name.
    """

def stated_file(path: Path) -> dict[str, int | str]:
    """Returns the same as `finish`, for a file from another writer. Raises OSError."""

def write_trailer(file: OutputFile, magic: bytes, table: int, count: int, table_checksum: int) -> None:
    """Appends the FileTrailer of core/files/layout.pxd."""
