"""Text files in blocks of whole lines, decoded; bytes outside the encoding become U+FFFD and their lines are marked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from indexer.readers.batch import BLOCK_BYTES, LINE_BYTES_MAX, Unreadable

_PYTHON_NAMES = {"utf-8": "utf-8", "latin-1": "latin-1", "cp1252": "cp1252", "cp850": "cp850"}


def open_source(path: Path) -> BinaryIO:
    """Opens a source file. Raises Unreadable (missing, locked, no permission, a directory)."""
    try:
        return path.open("rb")
    except OSError as error:
        raise Unreadable(f"{path.name}: {error.strerror or 'cannot be opened'}") from error


def blocks(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Blocks that end with a line break, and whether it is the last, which may lack one. Raises Unreadable."""
    rest = b""
    while True:
        try:
            read = file.read(BLOCK_BYTES)
        except OSError as error:
            raise Unreadable(f"reading stopped: {error.strerror}") from error
        if not read:
            if rest:
                yield rest, True
            return
        block = rest + read if rest else read
        cut = block.rfind(b"\n") + 1
        rest = block[cut:]
        if len(rest) > LINE_BYTES_MAX:
            raise Unreadable(f"a line is longer than {LINE_BYTES_MAX} bytes")
        if cut:
            yield block[:cut], False


def decode(block: bytes, encoding: str) -> tuple[str, bool]:
    """The text, and whether U+FFFD stands in it for bytes outside the encoding."""
    try:
        return block.decode(_PYTHON_NAMES[encoding]), False
    except UnicodeDecodeError:
        return block.decode(_PYTHON_NAMES[encoding], errors="replace"), True


def without_bom(block: bytes, encoding: str) -> bytes:
    """The first block of a file without a UTF-8 byte order mark."""
    return block.removeprefix(b"\xef\xbb\xbf") if encoding == "utf-8" else block
