"""A list on the server's disk: a line of JSON that says what it is, then its blocks as they are sent.

<data>/hotlists/<generation>-<yyyymmdd>-<mask>.list   whole or not there: renamed into place; its steps: steps_file.py
<data>/hotlists/wanted/<mask>                         a mask that callers have; touched whenever one asks
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from core.documents import json_of
from core.files.replacement import replacing
from ronda.v1 import hotlist_service_pb2
from server.hotlist.entries import Listed, ListKey
from server.hotlist.orders import FOLDER
from server.hotlist.steps_file import begin_steps

FORMAT = 1
BLOCK_ENTRIES = 256
_BLOCK_BYTES = 60_000  # before it is compressed: below the contract's 64 KiB whatever zlib makes of it
_LEVEL = 6


@dataclass(frozen=True)
class ListFile:
    """The content of the first line, and the start of the blocks."""

    path: Path
    list_id: str
    generation_id: str
    entries: int
    left_out: int
    sizes: tuple[int, ...]  # of the blocks, in bytes
    sha256: bytes
    registers: bytes  # HotlistHeader of which only `registers` and `data_as_of` are set, encoded
    made_ms: int  # what was fed until then is in it; 0 = nobody says
    offset: int
    stamp: tuple[int, int]  # of the file: another may take its place

    def is_replaced(self) -> bool:
        """Returns whether another list is at this path, or none."""
        try:
            return _stamp(self.path.stat()) != self.stamp
        except OSError:
            return True

    def blocks(self) -> Iterator[bytes]:
        """Every block, in order. Raises OSError, for a list that was replaced too."""
        with self.path.open("rb") as file:
            if _stamp(os.fstat(file.fileno())) != self.stamp:
                raise FileNotFoundError
            file.seek(self.offset)
            for size in self.sizes:
                yield file.read(size)


def list_path(data: Path, generation_id: str, day: str, mask: int) -> Path:
    """Returns the path of a mask's list. day: yyyymmdd."""
    return data / FOLDER / f"{generation_id}-{day}-{mask:x}.list"


def write_list(
    path: Path,
    generation_id: str,
    listed: Iterable[Listed],
    most: int,
    registers: bytes,
    left_out: int = 0,
    made_ms: int = 0,
    watched: Iterable[ListKey] = (),
) -> None:
    """Writes at most so many entries, the gravest and newest first to stay, and the file of its steps.

    left_out: beside those. watched: as `begin_steps`. Raises OSError.
    """
    whole = sorted(listed, key=lambda each: (each.gravity, -each.issued))
    kept = whole[:most]
    kept.sort(key=lambda each: (each.key_kind, each.entry.key, each.gravity))
    blocks = compressed_blocks(kept)
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    line = {
        "format": FORMAT,
        "list_id": id_of_list(registers, digest.digest()),
        "generation_id": generation_id,
        "entries": len(kept),
        "left_out": left_out + len(whole) - len(kept),
        "made_ms": made_ms,
        "sizes": [len(block) for block in blocks],
        "sha256": digest.hexdigest(),
        "registers": base64.b64encode(registers).decode(),
    }
    with replacing(path) as file:
        file.write(json.dumps(line).encode() + b"\n")
        file.writelines(blocks)
        begin_steps(path, str(line["list_id"]), watched)


def read_list(path: Path) -> ListFile | None:
    """Returns the list file at this path; None if there is none. Raises OSError; ValueError if it is no list."""
    try:
        with path.open("rb") as file:
            line = file.readline()
            stamp = _stamp(os.fstat(file.fileno()))
    except FileNotFoundError:
        return None
    told = json_of(line)
    if told.get("format") != FORMAT:
        raise ValueError("a list of another format")
    return ListFile(
        path,
        told["list_id"],
        told["generation_id"],
        told["entries"],
        told["left_out"],
        tuple(told["sizes"]),
        bytes.fromhex(told["sha256"]),
        base64.b64decode(told["registers"]),
        told.get("made_ms", 0),
        len(line),
        stamp,
    )


def id_of_list(registers: bytes, sha256: bytes) -> str:
    """The same for the same blocks and registers."""
    return hashlib.sha256(registers + sha256).hexdigest()[:32]


def compressed_blocks(ordered: list[Listed]) -> list[bytes]:
    """Blocks as they are sent, of entries in a list's order."""
    return [zlib.compress(block, _LEVEL) for block in _blocks(ordered)]


def _stamp(status: os.stat_result) -> tuple[int, int]:
    return status.st_ino, status.st_mtime_ns


def _blocks(ordered: list[Listed]) -> Iterator[bytes]:
    """Encoded blocks: of one kind of key each, the entries of one key in one block."""
    for kind, of_kind in groupby(ordered, key=lambda each: each.key_kind):
        block = hotlist_service_pb2.HotlistBlock(key_kind=kind)
        size = 0
        for _, of_key in groupby(of_kind, key=lambda each: each.entry.key):
            together = [each.entry for each in of_key]
            added = sum(entry.ByteSize() + 4 for entry in together)
            if block.entries and (len(block.entries) + len(together) > BLOCK_ENTRIES or size + added > _BLOCK_BYTES):
                yield block.SerializeToString()
                block = hotlist_service_pb2.HotlistBlock(key_kind=kind)
                size = 0
            block.entries.extend(together)
            size += added
        yield block.SerializeToString()
