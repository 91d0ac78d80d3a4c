"""Finds which officers saw which subjects: the audit log, searched by keyed hashes while it grows.

Sealed segments have an index on disk (server/audit/index.py); a search touches nothing else of them. Open segments are
read as they grow, and their hashes are held in memory: 12 bytes an entry, for one segment of each worker.

An altered record is skipped, logged once (`audit_record_damaged`) and counted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core.access.caller import METHOD_OF_CLEAR
from core.audit.reader import Flag, How, Question, read_question, read_text
from core.audit.rows import altered_places, index_rows, sound_end, text_offsets
from core.engine.entry import Method
from server.audit.index import U64, open_index
from server.audit.keys import HashKey, keyed_hash
from server.audit.methods import LOOK_UPS
from server.audit.seals import SEALS_FILE, Seals, read_seals
from server.audit.segments import (
    AlteredRecord,
    HeaderAltered,
    Mapped,
    SegmentDamaged,
    SegmentId,
    altered_records,
    list_segments,
    mapped,
    read_header,
)
from server.logs import ERROR, WARNING, log

NOTICED = {*LOOK_UPS, Method.LIST_RECORDS, METHOD_OF_CLEAR}
"""The methods reported to the owner of a discreet alert."""
_DAY_MS = 86_400_000
_SHOWN = frozenset({How.ASKED, How.OWNER, How.CANDIDATE, How.SUGGESTED})


class Wanted:
    """Keyed hashes that are looked for, and which subject each means."""

    def __init__(self, keys: Iterable[HashKey]) -> None:
        self._keys = list(keys)
        self._hashes: dict[str, dict[bytes, int]] = {key.id: {} for key in self._keys}
        self._sorted: dict[str, U64] = {}

    def add(self, subject: int, named: Iterable[bytes]) -> None:
        """named: its id, and what asks for it (kind and canonical text)."""
        for text in named:
            for key in self._keys:
                self._hashes[key.id][keyed_hash(key.key, text)] = subject
        self._sorted.clear()

    def of(self, key_id: str) -> Mapping[bytes, int]:
        """Returns the hashes under one key; empty for a key that is no longer kept."""
        return self._hashes.get(key_id, {})

    def short(self, key_id: str) -> U64:
        """First eight bytes of each under one key, ascending."""
        if key_id not in self._sorted:
            self._sorted[key_id] = np.unique(np.frombuffer(b"".join(h[:8] for h in self._hashes[key_id]), "<u8"))
        return self._sorted[key_id]


@dataclass(frozen=True, slots=True)
class Look:
    """An answered look-up of an officer that showed a subject, or that asked for one in vain."""

    key: str  # officer/request id, so that a hedge or a retry is the same one; else log/segment/place
    officer: str  # "institution/NIP"
    answer_id: bytes  # 16 bytes; zeros = none
    time_ms: int
    generation: str  # that answered; "" = none
    sequence: int  # of the ledger, that the answer saw; 0 = none
    gateway: str = ""  # SPIFFE name of the gateway that asked for the officer; "" = the officer's own device
    method: int = Method.CHECK
    purpose: int = 0
    case_number: str = ""
    identity: bytes = b""  # JSON: who asked
    is_chosen: bool = False  # the person was chosen from a list found by name: SubjectFound of the question


class Found(NamedTuple):
    """A look-up, which of the wanted subjects it concerns, and how that came into the answer."""

    subject: int
    look: Look
    how: int = How.ASKED
    is_by_number: bool = True  # of its own, or of a vehicle that it owns: not by name, nor as one of several

    @property
    def is_recalled(self) -> bool:
        """Returns whether its officer gets recalls: it is a look-up that showed the subject."""
        return self.look.method in LOOK_UPS and self.how in _SHOWN


class _Open:
    """A segment that is not sealed yet, as far as it was read."""

    def __init__(self, segment: SegmentId) -> None:
        self.id = segment
        self.key_id = ""  # of its hash key; "" = its header is not there yet
        self.texts: dict[int, int] = {}  # place -> offset
        self.new = _no_rows()  # what the last `read` found
        self.altered: set[int] = set()  # offsets of what it passed over
        self.has_bad_index = False
        self._end = 0  # of what was read
        self._rows: list[tuple[U64, U64]] = []

    def read(self, directory: Path) -> None:
        """Reads what was appended. Raises OSError, SegmentDamaged."""
        self.new, self.altered = _no_rows(), set()
        before = self._end
        with mapped(self.id.path(directory)) as data:
            after = sound_end(data, before, self.altered)
            if after == before or len(altered_places(data, self.altered)) < len(self.altered):
                self.altered = set()
                return  # nothing came; or one was whole only at the second look, and the next reading begins with it
            if not self.key_id:
                self.key_id = str(read_header(data)["hash_key"])
            told: set[int] = set()  # are in `altered`
            with memoryview(data) as whole, whole[before:after] as appended:
                hashes, offsets, _, _ = index_rows(appended, after - before, told)
                self.texts |= {place: before + at for place, _, at in text_offsets(appended, after - before, told)}
        self._end = after
        self.new = np.frombuffer(hashes, "<u8"), np.frombuffer(offsets, "<u4").astype(np.uint64) + np.uint64(before)
        self._rows.append(self.new)

    def rows(self) -> tuple[U64, U64]:
        """Hashes and offsets of everything that was read."""
        if len(self._rows) > 1:
            hashes, offsets = zip(*self._rows, strict=True)
            self._rows = [(np.concatenate(hashes), np.concatenate(offsets))]
        return self._rows[0] if self._rows else _no_rows()


class Looks:
    """An audit directory's look-ups. For one thread at a time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._open: dict[SegmentId, _Open] = {}
        self._sealed: dict[SegmentId, str] = {}  # id of its hash key; "" = not looked at yet
        self._sealed_ms: dict[SegmentId, int] = {}  # those of which it is known
        self._newest: dict[str, int] = {}
        self._listed = False
        self._altered: set[AlteredRecord] = set()
        self._seals, self._seals_size = Seals(), 0
        self._first_since: tuple[int, float] | None = None

    @property
    def altered(self) -> int:
        """The number of altered records met."""
        return len(self._altered)

    def _tell_altered(self, segment: SegmentId, offsets: set[int]) -> None:
        """Logs each once. Raises OSError."""
        for each in set(altered_records(self._directory, segment, offsets)) - self._altered:
            self._altered.add(each)
            log("audit_record_damaged", level=ERROR, log=segment.log, segment=segment.number, record=each.place)

    def refresh(self, since_ms: int) -> None:
        """Reads what was appended; segments that were sealed before `since_ms` are let go. Raises OSError."""
        seals = self._read_seals()
        since_ms = self._believed(since_ms)
        self._discover(since_ms)
        for segment in list(self._open.values()):
            sealed = segment.id in seals.indexed  # asked first: nothing comes after it
            try:
                segment.read(self._directory)
            except FileNotFoundError:  # dropped after its years
                del self._open[segment.id]
            except HeaderAltered:
                self._tell_altered(segment.id, {0})
            except SegmentDamaged:
                continue
            else:
                self._tell_altered(segment.id, segment.altered)
                if sealed and not len(segment.new[0]) and not segment.has_bad_index:  # what is new is asked for first
                    del self._open[segment.id]
                    self._sealed[segment.id] = segment.key_id
                    self._sealed_ms[segment.id] = time.time_ns() // 1_000_000

    def _read_seals(self) -> Seals:
        """The file `seals` as it is now. Raises SealsDamaged, OSError."""
        path = self._directory / SEALS_FILE
        size = path.stat().st_size if path.exists() else 0
        if size != self._seals_size:  # lines are only added
            self._seals, self._seals_size = read_seals(self._directory), size
        return self._seals

    def _believed(self, since_ms: int) -> int:
        """`since_ms`, unless the clock stepped: it moves on no faster than the monotonic clock, and a day."""
        if self._first_since is None:
            self._first_since = since_ms, time.monotonic()
        first_ms, at_s = self._first_since
        return min(since_ms, first_ms + int((time.monotonic() - at_s) * 1000) + _DAY_MS)

    def _discover(self, since_ms: int) -> None:
        """Finds segments: at first all that exist, then each log's next numbers."""
        found: list[SegmentId] = []
        if not self._listed:
            self._listed = True
            seals = self._seals.sealed
            for segment in list_segments(self._directory):
                self._newest[segment.log] = max(segment.number, self._newest.get(segment.log, 0))
                if segment not in seals:
                    found.append(segment)
                elif seals[segment].sealed_ms >= since_ms:
                    self._sealed_ms[segment] = seals[segment].sealed_ms
                    if segment in self._seals.indexed:
                        self._sealed[segment] = ""
                    else:
                        found.append(segment)
        logs = self._directory / "logs"
        for path in logs.iterdir() if logs.is_dir() else ():
            number = self._newest.get(path.name, 0) + 1
            while (segment := SegmentId(path.name, number)).path(self._directory).exists():
                found.append(segment)
                self._newest[path.name] = number
                number += 1
        self._open |= {segment: _Open(segment) for segment in found}
        for segment in [one for one, sealed_ms in self._sealed_ms.items() if sealed_ms < since_ms]:
            del self._sealed_ms[segment]
            self._sealed.pop(segment, None)

    def appended(self, wanted: Wanted) -> Iterator[Found]:
        """Yields the wanted records read by the last `refresh`. Raises OSError."""
        for segment in self._open.values():
            yield from self._of_open(segment, segment.new, wanted)

    def all(self, wanted: Wanted) -> Iterator[Found]:
        """Yields the wanted records of the whole log. Raises OSError."""
        for segment in self._open.values():
            yield from self._of_open(segment, segment.rows(), wanted)
        for sealed in list(self._sealed):
            yield from self._of_sealed(sealed, wanted)

    def _of_open(self, segment: _Open, rows: tuple[U64, U64], wanted: Wanted) -> Iterator[Found]:
        hashes = wanted.of(segment.key_id)
        if not hashes or not len(rows[0]):
            return
        offsets = np.unique(rows[1][np.isin(rows[0], wanted.short(segment.key_id))]).tolist()
        if offsets:
            with mapped(segment.id.path(self._directory)) as data:
                yield from self._read(data, segment.id, offsets, segment.texts, hashes)

    def _of_sealed(self, segment: SegmentId, wanted: Wanted) -> Iterator[Found]:
        try:
            if not self._sealed[segment]:
                with mapped(segment.path(self._directory)) as data:
                    self._sealed[segment] = str(read_header(data)["hash_key"])
            hashes = wanted.of(self._sealed[segment])
            if not hashes:
                return
            with open_index(self._directory, segment, self._seals.indexed.get(segment)) as index:
                offsets = index.of_any(wanted.short(self._sealed[segment])) if index is not None else None
                texts = {place: at for place, _, at in index.texts()} if index is not None and offsets else {}
                del index
        except (FileNotFoundError, SegmentDamaged) as error:
            if isinstance(error, HeaderAltered):
                self._tell_altered(segment, {0})
            log("recall_segment_left_out", level=WARNING, segment=str(segment), error=error)
            del self._sealed[segment]
            return
        if offsets is None:  # its index is damaged: read as if there were none
            del self._sealed[segment]
            self._open[segment] = _Open(segment)
            self._open[segment].has_bad_index = True
            self._open[segment].read(self._directory)
            self._tell_altered(segment, self._open[segment].altered)
            yield from self._of_open(self._open[segment], self._open[segment].rows(), wanted)
        elif offsets:
            with mapped(segment.path(self._directory)) as data:
                yield from self._read(data, segment, offsets, texts, hashes)

    def _read(
        self,
        data: Mapped,
        segment: SegmentId,
        offsets: list[int],
        texts: Mapping[int, int],
        hashes: Mapping[bytes, int],
    ) -> Iterator[Found]:
        wrong: set[int] = set()
        for offset in offsets:
            read = _Reading(data, texts)
            try:
                question = read.question(offset)
                if question.method not in NOTICED or question.status or question.flags & Flag.SUMMED:
                    continue
                subjects = _subjects(question, hashes)
                identity = read.text(question.identity) if subjects and question.identity else b"{}"
                officer, gateway = _asker(identity)
                generation = read.text(question.generation).decode() if question.generation else ""
            except (ValueError, KeyError):  # nobody can be notified of its content
                wrong.add(read.at)
                continue
            if officer:
                look = _look(question, segment, officer, gateway, generation, identity)
                by_number = {How.OWNER, How.ASKED} if question.asked in hashes else {How.OWNER}
                yield from (Found(subject, look, how, how in by_number) for subject, how in subjects.items())
        self._tell_altered(segment, wrong)


def _no_rows() -> tuple[U64, U64]:
    return np.empty(0, np.uint64), np.empty(0, np.uint64)


class _Reading:
    """One question with the texts that it names. at: offset of what was read last."""

    def __init__(self, data: Mapped, texts: Mapping[int, int]) -> None:
        self._data, self._texts = data, texts
        self.at = 0

    def question(self, offset: int) -> Question:
        """Raises ValueError."""
        self.at = offset
        return read_question(self._data, offset)

    def text(self, place: int) -> bytes:
        """Raises ValueError, KeyError: it was passed over."""
        self.at = self._texts[place]
        return read_text(self._data, self.at)


def _look(question: Question, segment: SegmentId, officer: str, gateway: str, generation: str, identity: bytes) -> Look:
    request_id = question.request_id.decode(errors="replace")
    return Look(
        f"{officer}/{request_id}" if request_id else f"{segment}/{question.place}",
        officer,
        question.answer_id,
        question.time_ms,
        generation,
        question.overlay_sequence,
        gateway,
        question.method,
        question.purpose,
        question.case_number.decode(errors="replace"),
        identity,
        bool(question.flags & Flag.CHOSEN_BY_NAME),
    )


def _subjects(question: Question, hashes: Mapping[bytes, int]) -> dict[int, int]:
    """Returns the wanted subjects that were shown, with the strongest way of each."""
    shown: dict[int, int] = {}
    for entry in question.entries:
        if entry.how != How.AUDIT and entry.subject in hashes:
            subject = hashes[entry.subject]
            shown[subject] = min(entry.how, shown.get(subject, entry.how))
    if question.asked in hashes and all(entry.how != How.ASKED for entry in question.entries):
        # Nobody had that number; else a record that states it may be about somebody else too.
        shown[hashes[question.asked]] = How.ASKED
    return shown


def _asker(text: bytes) -> tuple[str, str]:
    """Officer and gateway; ("", "") = nobody who could subscribe: a tool, or a device without an officer.

    Raises ValueError.
    """
    identity: Any = json.loads(text)
    nip = identity.get("nip", "") if isinstance(identity, dict) else ""
    return (f"{identity.get('institution', '')}/{nip}", gateway_of(identity)) if nip else ("", "")


def gateway_of(identity: Mapping[str, Any]) -> str:
    """Returns the gateway that asks on the officer's behalf, by an audit record's identity; "" = no gateway."""
    acts = identity.get("act")
    return str(acts.get("device", "")) if isinstance(acts, Mapping) else ""
