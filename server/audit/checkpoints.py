"""Checkpoints: a few lines of text that bind every record of every log at one moment, signed with Ed25519.

    ronda audit checkpoint 1
    key 4f1d3a...                                   id of the signing key
    number 42
    time_ms 1795546862123
    seals 17 <root>                                 lines of the file `seals`, and the root of the tree over them
    open worker-0 18 5321 <root>                    a segment not yet sealed: log, number, records, root of its tree
    signature <base64>                              over everything before this line

A checkpoint stands alone: whoever holds one can tell of any later state whether it continues that one.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from server.audit.keys import key_id
from server.audit.segments import SegmentId

CHECKPOINTS = "checkpoints"  # folder of the audit directory
FIRST_LINE = "ronda audit checkpoint 1"
_HASH = r"([0-9a-f]{64})"
_OPEN = re.compile(rf"^open ([a-z0-9][a-z0-9-]{{0,31}}) (\d{{1,8}}) (\d{{1,18}}) {_HASH}$")
_SEALS = re.compile(rf"^seals (\d{{1,18}}) {_HASH}$")
_KEY = re.compile(r"^key ([0-9a-f]{1,64})$", re.MULTILINE)
_DAY_FILE = re.compile(r"^\d{4}-\d{2}-\d{2}$")


class CheckpointError(Exception):
    """A text that is no checkpoint, or not signed by the key expected."""


@dataclass(frozen=True)
class Head:
    """A tree at one moment: its size and its root."""

    size: int
    root: bytes


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says. opened: segments not yet sealed."""

    key: str
    number: int
    time_ms: int
    seals: Head
    opened: dict[SegmentId, Head]
    text: str = ""  # as signed, with its signature

    def _body(self) -> str:
        lines = [
            FIRST_LINE,
            f"key {self.key}",
            f"number {self.number}",
            f"time_ms {self.time_ms}",
            f"seals {self.seals.size} {self.seals.root.hex()}",
        ]
        for segment, head in sorted(self.opened.items()):
            lines.append(f"open {segment.log} {segment.number} {head.size} {head.root.hex()}")
        return "".join(f"{line}\n" for line in lines)

    def signed(self, key: Ed25519PrivateKey) -> Checkpoint:
        """The same with its text and signature."""
        body = self._body()
        signature = base64.b64encode(key.sign(body.encode())).decode()
        return Checkpoint(
            self.key, self.number, self.time_ms, self.seals, self.opened, f"{body}signature {signature}\n"
        )


def parse(text: str, key: Ed25519PublicKey) -> Checkpoint:
    """Reads a checkpoint and checks its signature. Raises CheckpointError."""
    body, separator, signature = text.rpartition("signature ")
    try:
        key.verify(base64.b64decode(signature.strip(), validate=True), body.encode())
    except (InvalidSignature, binascii.Error, ValueError):
        raise CheckpointError("the signature does not hold") from None
    lines = body.split("\n")
    if not separator or len(lines) < 6 or lines[0] != FIRST_LINE or lines[-1] != "":
        raise CheckpointError("no checkpoint")
    opened = {}
    try:
        key_text, number, time_ms = (lines[i].split(" ")[1] for i in (1, 2, 3))
        seals = _SEALS.match(lines[4])
        if seals is None or key_text != key_id(key):
            raise CheckpointError("no checkpoint of this key")
        for line in lines[5:-1]:
            match = _OPEN.match(line)
            if match is None:
                raise CheckpointError("a line that is none")
            opened[SegmentId(match[1], int(match[2]))] = Head(int(match[3]), bytes.fromhex(match[4]))
        head = Head(int(seals[1]), bytes.fromhex(seals[2]))
        return Checkpoint(key_text, int(number), int(time_ms), head, opened, text)
    except (ValueError, IndexError):
        raise CheckpointError("no checkpoint") from None


class CheckpointFiles:
    """Checkpoints appended to one file a day (UTC): the server's own, or a keeper's. Files have mode 0600."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def append(self, checkpoint: Checkpoint) -> None:
        """Writes it and puts it on disk. Raises OSError."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        day = datetime.datetime.fromtimestamp(checkpoint.time_ms / 1000, datetime.UTC).strftime("%Y-%m-%d")
        descriptor = os.open(self._directory / day, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            data = checkpoint.text.encode()
            if os.write(descriptor, data) != len(data):
                raise OSError(0, "a checkpoint was written in part")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _files(self) -> list[Path]:
        if not self._directory.is_dir():
            return []
        return sorted(path for path in self._directory.iterdir() if _DAY_FILE.match(path.name))

    def texts(self) -> Iterator[str]:
        """Every checkpoint's text, oldest first; an unfinished one at a file's end (a crash) is left out."""
        for path in self._files():
            yield from _texts(path)

    def last(self, key: Ed25519PublicKey) -> Checkpoint | None:
        """The newest checkpoint that is whole. Raises CheckpointError when it is not signed by the key."""
        for path in reversed(self._files()):
            texts = list(_texts(path))
            if texts:
                return parse(texts[-1], key)
        return None

    def last_key(self) -> str:
        """Id of the key that the newest whole checkpoint names, unproven; "" = there is none. Raises OSError."""
        for path in reversed(self._files()):
            for text in reversed(list(_texts(path))):
                named = _KEY.search(text)
                return named[1] if named is not None else ""
        return ""

    def drop_before(self, day: datetime.date) -> None:
        """Removes the files of days before `day`: newer checkpoints bind what they bound."""
        for path in self._files()[:-1]:
            if path.name < day.isoformat():
                path.unlink()


def _texts(path: Path) -> Iterator[str]:
    for piece in path.read_text(encoding="ascii", errors="replace").split(f"{FIRST_LINE}\n")[1:]:
        if piece.endswith("\n") and "\nsignature " in piece:
            yield f"{FIRST_LINE}\n{piece}"
