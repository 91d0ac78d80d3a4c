"""The steps of a list on the server's disk, beside it: a line of JSON that names the list, then a line a step.

<data>/hotlists/<generation>-<yyyymmdd>-<mask>.steps   number, SHA-256 and HotlistStep of each, in text; appended
<data>/hotlists/<generation>-<yyyymmdd>-<mask>.beat    its time: what was fed until then is in the list and its steps

A list's steps begin before the list exists, so that no list is ever beside the steps of another. The last line may be
half, after a kill: it is ignored, and the maker cuts it off.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from core.documents import json_of
from core.files.replacement import replace_file
from ronda.v1 import hotlist_service_pb2
from server.hotlist.entries import ListKey

_FORMAT = 1
STEP_BYTES = 60_000  # of a step, about: several where more changed at once


@dataclass(frozen=True)
class Step:
    """One step. content: HotlistStep, encoded; chain: its SHA-256."""

    number: int
    content: bytes
    chain: bytes


@dataclass
class StepsFile:
    """The part of a file read so far."""

    path: Path
    list_id: str
    steps: list[Step] = field(default_factory=list)
    size: int = 0  # of the lines that were read, in bytes
    step_bytes: int = 0
    inode: int = 0

    def read_on(self) -> list[Step]:
        """Returns the steps appended since. Raises OSError, ValueError for a file of another list, or a damaged one."""
        fresh: list[Step] = []
        with self.path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not self.inode:
                head = file.readline()
                told = json_of(head)
                if told["format"] != _FORMAT or told["list_id"] != self.list_id:
                    raise ValueError("the steps of another list")
                self.size, self.inode = len(head), status.st_ino
            if status.st_ino != self.inode or status.st_size < self.size:
                raise ValueError("another file")
            file.seek(self.size)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                step = _step(line)
                if step.number != len(self.steps) + 1:
                    raise ValueError("a step is missing")
                self.size += len(line)
                self.step_bytes += len(step.content)
                self.steps.append(step)
                fresh.append(step)
        return fresh

    def append(self, content: bytes) -> Step:
        """One more, on disk by then. Raises OSError: then there is none."""
        step = Step(len(self.steps) + 1, content, hashlib.sha256(content).digest())
        line = f"{step.number} {step.chain.hex()} {base64.b64encode(content).decode()}\n".encode()
        with self.path.open("r+b") as file:
            file.truncate(self.size)
            file.seek(self.size)
            try:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                file.truncate(self.size)
                raise
        self.size += len(line)
        self.step_bytes += len(content)
        self.steps.append(step)
        return step


def _step(line: bytes) -> Step:
    """Raises ValueError."""
    number, chain, text = line.decode("ascii").split()
    content = base64.b64decode(text, validate=True)
    if hashlib.sha256(content).hexdigest() != chain:
        raise ValueError("a step is damaged")
    return Step(int(number), content, bytes.fromhex(chain))


def steps_path(list_path: Path) -> Path:
    """Returns the path of the steps beside a list."""
    return list_path.with_suffix(".steps")


def begin_steps(list_path: Path, list_id: str, watched: Iterable[ListKey]) -> None:
    """A file without steps, in the place of that of the list before. Raises OSError.

    watched: identifiers that may lead elsewhere than in the base, when the list was made.
    """
    path = steps_path(list_path)
    head = {"format": _FORMAT, "list_id": list_id, "watched": sorted(watched)}
    replace_file(path, json.dumps(head).encode() + b"\n")


def read_steps(list_path: Path, list_id: str) -> StepsFile:
    """The steps of this list. Raises OSError, ValueError, KeyError."""
    found = StepsFile(steps_path(list_path), list_id)
    found.read_on()
    return found


def watched_keys(list_path: Path) -> set[ListKey]:
    """Returns the keys given to `begin_steps`. Raises OSError, ValueError, KeyError."""
    with steps_path(list_path).open("rb") as file:
        return {(kind, text) for kind, text in json_of(file.readline())["watched"]}


def touch_beat(list_path: Path, seconds: float) -> None:
    """Notes that changes up to this time are in the list. Raises OSError."""
    path = list_path.with_suffix(".beat")
    try:
        os.utime(path, (seconds, seconds))
    except FileNotFoundError:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        os.utime(path, (seconds, seconds))


def beat_ms(list_path: Path) -> int:
    """The time of it; 0 = there was none."""
    try:
        return list_path.with_suffix(".beat").stat().st_mtime_ns // 1_000_000
    except OSError:
        return 0


def told_keys(content: bytes) -> set[ListKey]:
    """Returns the keys that a step names."""
    step = hotlist_service_pb2.HotlistStep.FromString(content)
    named = {(block.key_kind, entry.key) for block in step.keys for entry in block.entries}
    return named | {(gone.key_kind, gone.key) for gone in step.gone}
