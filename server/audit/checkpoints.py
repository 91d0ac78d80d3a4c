"""Checkpoints: a few lines of text that bind every record of every log at one moment, signed with Ed25519.

    ronda audit checkpoint 1
    key 4f1d3a...                                   id of the signing key
    number 42
    time_ms 1795546862123
    seals 17 <root>                                 lines of the file `seals`, and the root of the tree over them
    open worker-0 18 5321 <root>                    a segment not yet sealed: log, number, records, root of its tree
    signature <base64>                              over everything before this line

A checkpoint stands alone: anyone with one can check whether any later state continues it. Two files lie beside the
checkpoints. The changes of keys say which key signs which number (`keys`, key_chain.py). The restorations make void the
checkpoints of records that a restore lost (`restorations`, restorations.py).
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import heapq
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.files.regular_file import open_regular, read_file
from core.files.replacement import make_directory, replace_file
from server.audit.key_chain import CHANGE_FIRST_LINE, CheckpointError, KeyChain, read_change
from server.audit.keys import key_id
from server.audit.restorations import RESTORATION_FIRST_LINE, Restorations
from server.audit.segments import SegmentId

CHECKPOINTS = "checkpoints"  # folder of the audit directory
KEY_CHANGES = "keys"  # file beside the checkpoints; never dropped
RESTORATIONS = "restorations"  # the same
ASKED = "restorations.asked"  # of a keeper: a restoration that no person there has accepted
ANSWERS = "restorations.answers"  # of a keeper: who accepted or refused one, a line each
FIRST_LINE = "ronda audit checkpoint 1"
_HASH = r"([0-9a-f]{64})"
_OPEN = re.compile(rf"^open ([a-z0-9][a-z0-9-]{{0,31}}) (\d{{1,8}}) (\d{{1,18}}) {_HASH}$")
_HEAD = re.compile(
    rf"{FIRST_LINE}\nkey ([0-9a-f]{{16}})\nnumber (\d{{1,18}})\ntime_ms (-?\d{{1,18}})\nseals (\d{{1,18}}) {_HASH}\n"
)
_KEY = re.compile(r"^key ([0-9a-f]{1,64})$", re.MULTILINE)
_NAMED_KEY = re.compile(r"^(?:key|next) ([0-9a-f]{1,64})\b", re.MULTILINE)
_DAY_FILE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_NUMBER = re.compile(r"^number (\d{1,18})$", re.MULTILINE)
_HEAD_BYTES = 4096  # of a file: its first number is there
_TAIL_BYTES = 4 << 20  # of a file: several times the longest checkpoint
_DAYS_AHEAD = 60  # a file of a day further ahead of those that are removed was named by a wrong clock


@dataclass(frozen=True)
class Head:
    """A tree at one moment: its size and its root."""

    size: int
    root: bytes


@dataclass(frozen=True)
class Checkpoint:
    """The content of a checkpoint. opened: segments not yet sealed."""

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


def parse(text: str, keys: KeyChain) -> Checkpoint:
    """Reads a checkpoint and checks that the key of its number signed it. Raises CheckpointError."""
    body, _, signed = text.rpartition("signature ")
    head = _HEAD.match(body)
    if head is None or not body.endswith("\n"):
        raise CheckpointError("no checkpoint")
    try:
        signature = base64.b64decode(signed.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise CheckpointError("the signature does not hold") from None
    keys.check_signed(int(head[2]), head[1], body, signature)
    opened = {}
    for line in body[head.end() :].splitlines():
        match = _OPEN.match(line)
        if match is None:
            raise CheckpointError("a line that is none")
        opened[SegmentId(match[1], int(match[2]))] = Head(int(match[3]), bytes.fromhex(match[4]))
    seals = Head(int(head[4]), bytes.fromhex(head[5]))
    return Checkpoint(head[1], int(head[2]), int(head[3]), seals, opened, text)


class AppendedLost(OSError):
    """The records appended here before are gone: the directory was emptied, or its disk is no longer mounted."""

    def __init__(self, held: int, appended: int) -> None:
        super().__init__(0, f"checkpoint {appended} was kept here, and is gone")
        self.held = held
        self.appended = appended


class CheckpointFiles:
    """Checkpoints appended to one file a day (UTC): the server's own, or a keeper's. Files have mode 0600."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._appended: tuple[int, Path, int] | None = None  # number, file, and its bytes then

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
            self._appended = checkpoint.number, self._directory / day, os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)

    def find_appended(self) -> None:
        """Raises AppendedLost unless what was appended last is there, OSError."""
        if self._appended is None:
            return
        number, path, size = self._appended
        try:
            is_there = path.stat().st_size >= size
        except FileNotFoundError:
            is_there = False
        if not is_there:
            stated = self.last_stated()
            raise AppendedLost(stated[1] if stated is not None else 0, number)

    def days(self) -> list[Path]:
        """The files, by the day that names each."""
        if not self._directory.is_dir():
            return []
        return sorted(path for path in self._directory.iterdir() if _DAY_FILE.match(path.name))

    def texts(self) -> Iterator[str]:
        """Every checkpoint's text, by its number; an unfinished one at a file's end (a crash) is left out.

        The clock that names a file may step: the number tells which checkpoint is newer, the day does not. In a file
        numbers ascend; a file in which they do not gives its texts as they stand.
        """
        together: list[Path] = []
        last = -1
        for span in self._spans():
            if together and span.first > last:
                yield from _merged(together)
                together = []
            together.append(span.path)
            last = max(last, span.last)
        yield from _merged(together)

    def last(self, keys: KeyChain) -> Checkpoint | None:
        """The newest whole checkpoint that no restoration here makes void.

        Raises CheckpointError when the key of its number did not sign it.
        """
        return self.newest(keys, self.restorations(keys))

    def newest(self, keys: KeyChain, restorations: Restorations, up_to: int | None = None) -> Checkpoint | None:
        """The newest whole checkpoint that is not void by these, numbered `up_to` at most. Raises as `last`."""
        text = self._newest_text(
            lambda number: (up_to is None or number <= up_to) and not restorations.void(number),
        )
        return parse(text, keys) if text else None

    def key_changes(self) -> list[str]:
        """The texts of the changes of keys, unproven. Raises OSError."""
        return self._texts_in(KEY_CHANGES, CHANGE_FIRST_LINE)

    def restoration_texts(self) -> list[str]:
        """The texts of the restorations, unproven. Raises OSError."""
        return self._texts_in(RESTORATIONS, RESTORATION_FIRST_LINE)

    def asked(self) -> list[str]:
        """The text of the restoration that a keeper was asked to accept, unproven; [] = none. Raises OSError."""
        return self._texts_in(ASKED, RESTORATION_FIRST_LINE)

    def restorations(self, keys: KeyChain) -> Restorations:
        """The restorations. Raises RestorationError, OSError."""
        return Restorations.of(self.restoration_texts(), keys)

    def write_restorations(self, texts: Sequence[str]) -> None:
        """Replaces the file of restorations, on disk when it returns. Raises OSError."""
        self._write_texts(RESTORATIONS, texts)

    def write_asked(self, text: str) -> None:
        """Replaces what a keeper was asked to accept; "" = nothing. Raises OSError."""
        if text:
            self._write_texts(ASKED, [text])
        else:
            (self._directory / ASKED).unlink(missing_ok=True)

    def note_answer(self, answer: str, text: str, at_ms: int, account: str) -> None:
        """Adds what a person answered about a restoration, on disk when it returns. Raises OSError."""
        line = f"{at_ms} {answer} {hashlib.sha256(text.encode()).hexdigest()} {account}\n"
        replace_file(self._directory / ANSWERS, self._answers() + line.encode())

    def last_answer(self, text: str) -> str:
        """Returns a person's last answer about this restoration; "" = none. Raises OSError."""
        digest = hashlib.sha256(text.encode()).hexdigest().encode()
        lines = [line.split(b" ", 3) for line in self._answers().splitlines()]
        given = [line[1] for line in lines if line[2:3] == [digest]]
        return given[-1].decode("ascii", "replace") if given else ""

    def _answers(self) -> bytes:
        try:
            return read_file(self._directory / ANSWERS)
        except FileNotFoundError:
            return b""

    def _texts_in(self, name: str, first_line: str) -> list[str]:
        try:
            content = read_file(self._directory / name).decode("ascii", "replace")
        except FileNotFoundError:
            return []
        before, *pieces = content.split(f"{first_line}\n")
        return ([before] if before else []) + [f"{first_line}\n{piece}" for piece in pieces]

    def _write_texts(self, name: str, texts: Sequence[str]) -> None:
        make_directory(self._directory)
        replace_file(self._directory / name, "".join(texts).encode())

    def keys(self, known: Ed25519PublicKey) -> KeyChain:
        """Returns the keys that sign here; the caller knows one of them. Raises KeyChainError, OSError."""
        return KeyChain.of(known, self.key_changes())

    def write_key_changes(self, texts: Sequence[str]) -> None:
        """Replaces the file of changes, on disk when it returns. Raises OSError."""
        self._write_texts(KEY_CHANGES, texts)

    def next_signer(self) -> str:
        """Id of the key that signs the next checkpoint, unproven; "" = any may. Raises CheckpointError, OSError."""
        if texts := self.key_changes():
            return key_id(read_change(texts[-1]).following)
        stated = self.last_stated()
        return stated[0] if stated is not None else ""

    def last_stated(self) -> tuple[str, int, str] | None:
        """Key, number and text of the newest whole checkpoint, unproven; None = there is none. Raises OSError."""
        text = self._last_text()
        named = _KEY.search(text)
        return (named[1], _number(text), text) if named is not None else None

    def stated_keys(self) -> set[str]:
        """Ids of the keys that checkpoints and changes of keys name, unproven. Raises OSError."""
        named = (each for text in (*self.texts(), *self.key_changes()) for each in _NAMED_KEY.finditer(text))
        return {each[1] for each in named}

    def _last_text(self) -> str:
        return max((_last_text(path) for path in self.days()), key=_number, default="")

    def _newest_text(self, counts: Callable[[int], bool]) -> str:
        """Returns the newest checkpoint that counts by its number; reads whole files only if the last one does not."""
        last = self._last_text()
        if not last or counts(_number(last)):
            return last
        best = ""
        for span in sorted(self._spans(), key=lambda each: each.last, reverse=True):
            if _number(best) >= span.last:
                break
            counting = [text for text in _texts(span.path) if counts(_number(text))]
            best = max([best, *counting], key=_number)
        return best

    def drop_before(self, day: datetime.date) -> None:
        """Removes files of days before `day`: newer checkpoints bind the same records.

        Only the oldest numbers go, so that no number is missing between those that stay. A file named by a clock far
        behind stays until the earlier ones go; one named by a clock far ahead goes with its neighbours.
        """
        spans = self._spans()
        if not spans:
            return
        newest = max(spans, key=lambda span: span.last)
        latest = (day + datetime.timedelta(_DAYS_AHEAD)).isoformat()
        kept = [span for span in spans if span is newest or day.isoformat() <= span.path.name <= latest]
        oldest_kept = min(span.first for span in kept)
        for span in spans:
            if span not in kept and span.last < oldest_kept:
                span.path.unlink()

    def _spans(self) -> list[_Span]:
        """Files that hold a whole checkpoint, by their first number."""
        found = []
        for path in self.days():
            with open_regular(path) as file:
                first = _NUMBER.search(file.read(_HEAD_BYTES).decode("ascii", errors="replace"))
            if first is not None and (last := _last_text(path)):
                found.append(_Span(int(first[1]), _number(last), path))
        return sorted(found, key=lambda span: span.first)


@dataclass(frozen=True)
class _Span:
    """The numbers that a file holds, unproven."""

    first: int
    last: int
    path: Path


def _number(text: str) -> int:
    """The number that a text states, unproven; -1 = none."""
    found = _NUMBER.search(text)
    return int(found[1]) if found is not None else -1


def _merged(paths: list[Path]) -> Iterator[str]:
    return heapq.merge(*map(_texts, paths), key=_number)


def _texts(path: Path) -> Iterator[str]:
    return _whole_texts(read_file(path).decode("ascii", errors="replace"))


def _last_text(path: Path) -> str:
    """The last whole text of a file; "" = it has none. Reads the end of a large file alone."""
    with open_regular(path) as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        tail = file.read().decode("ascii", errors="replace")
    return next(reversed([*_whole_texts(tail)]), "")


def _whole_texts(content: str) -> Iterator[str]:
    for piece in content.split(f"{FIRST_LINE}\n")[1:]:
        if piece.endswith("\n") and "\nsignature " in piece:
            yield f"{FIRST_LINE}\n{piece}"
