"""Records as an auditor reads them: by subject, by officer, the newest; their sealed questions opened.

The auditor's private key opens the segments' keys. Nothing here writes, and nothing here decides who may look:
server/audit/looking.py does. A record that is not as it was written is shown to nobody: `AuditReader.altered` names it.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.audit.reader import Again, AgainFlag, Entry, Flag, SegmentReader, TextKind, read_question, read_text
from core.audit.rows import QUESTION_ROW, find_hash, index_rows, query_rows, text_offsets
from core.documents import json_of
from server.audit.checkpoints import CHECKPOINTS, CheckpointFiles
from server.audit.index import Index, open_index
from server.audit.keys import SegmentKeys, keyed_hash, open_keys
from server.audit.restorations import Restoration, stated
from server.audit.seals import Seal, read_seals
from server.audit.segments import (
    AlteredRecord,
    HeaderAltered,
    SegmentDamaged,
    SegmentId,
    altered_records,
    list_segments,
    mapped,
    read_header,
)

Data = bytes | mmap
ALTERED: dict[str, Any] = {"altered": True}
"""The identity of the caller if the record that holds it is altered."""
_FOR_EVER = 1 << 62


@dataclass(frozen=True, slots=True)
class MadeOf:
    """The data that, together with the question, makes an answer again (AgainBytes of core/audit/record.pxd)."""

    digest: bytes  # of the response: `response_digest`
    engine: str  # core.built.ENGINE of the server; "" = an earlier release, which did not say
    asker: bytes  # AskerText: the grant, and what page tokens are bound to
    fed: dict[str, Any]  # what the view said of the registers that are fed; {} = nothing was fed
    standard: int
    flags: AgainFlag


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """A question and who was shown. place: in its segment."""

    segment: SegmentId
    place: int
    offset: int
    time_ms: int
    latency_us: int
    method: int
    purpose: int
    status: int  # 0 = answered, else the ErrorReason
    flags: int
    identity: dict[str, Any]
    generation: str
    overlay_sequence: int
    answer_id: bytes
    asked: bytes  # keyed hash; zeros = nothing to hash
    case_number: str
    request_id: str
    entries: tuple[Entry, ...]
    sealed: bytes
    head: bytes  # what the seal is bound to
    made_of: MadeOf | None  # None = nothing was answered, or not by the engine, or by an earlier release

    @property
    def stands_for(self) -> int:
        """The number of calls that it stands for: refusals of one caller are summed (server/calls/refused.py)."""
        return self.overlay_sequence if self.flags & Flag.SUMMED else 1


@dataclass(frozen=True, slots=True)
class Look:
    """A record that concerns a subject. entries: the ways in which it was shown; none = it was asked for in vain."""

    record: AuditRecord
    entries: tuple[Entry, ...]


class Lost(NamedTuple):
    """Parts of the log that are missing for a time. segments: sealed ones that are gone, cut or unreadable."""

    segments: list[SegmentId]
    given_up: list[Restoration]  # when the log was put back from a copy; `ronda audit verify` proves them
    altered: list[AlteredRecord]  # that a reader met; `ronda audit verify` looks at every record


class KeyMissing(Exception):
    """A segment's keys are not sealed to this auditor."""

    def __init__(self, segment: SegmentId) -> None:
        super().__init__(f"segment {segment} is sealed to another auditor's key")
        self.segment = segment


class Segment:
    """One segment, open. Records come by their offset."""

    def __init__(self, id_: SegmentId, data: Data, altered: set[int] | None = None) -> None:
        """altered: takes the offsets of records that are not as they were written. Raises SegmentDamaged."""
        self.id = id_
        self.data = data
        self.altered: set[int] = altered if altered is not None else set()
        self.header = read_header(data)
        self.end = len(data)
        self._texts: dict[int, str] | None = None
        self._text_places: list[tuple[int, int, int]] = []
        self._text_offsets: dict[int, int] = {}

    def know_texts(self, places: list[tuple[int, int, int]]) -> None:
        """Tells where the text records are, as an index does."""
        self._text_places = places
        self._text_offsets = {place: at for place, _, at in places}
        self._texts = {}
        for place, _, at in places:
            try:
                self._texts[place] = read_text(self.data, at).decode(errors="replace")
            except ValueError:
                self.altered.add(at)

    def texts(self) -> dict[int, str]:
        """Place -> text, of every text record."""
        if self._texts is None:
            self.know_texts(text_offsets(self.data, self.end, self.altered))
        assert self._texts is not None
        return self._texts

    def identities(self) -> dict[int, dict[str, Any]]:
        """Place -> who asks; of one that was altered nothing."""
        texts = self.texts()
        identities = (place for place, what, _ in self._text_places if what == TextKind.IDENTITY)
        return {place: _object(texts[place]) for place in identities if place in texts}

    def asker(self, place: int) -> dict[str, Any]:
        """Returns the caller's identity, by its place: 0 = not known; ALTERED if its record is altered."""
        if not place:
            return {}
        texts = self.texts()
        return _object(texts[place]) if place in texts else ALTERED

    def question_offsets(self) -> list[tuple[int, int]]:
        """(place of the identity, offset) of every question; reads all."""
        _, _, identities, offsets = index_rows(self.data, self.end, self.altered)
        places = memoryview(identities).cast("I")
        return list(zip(places, memoryview(offsets).cast("I"), strict=True))

    def records(self, offsets: Iterable[int]) -> list[AuditRecord]:
        """The questions at these offsets, without those that were altered."""
        found = []
        for offset in offsets:
            try:
                found.append(self.record(offset))
            except SegmentDamaged:
                self.altered.add(offset)
        return found

    def record(self, offset: int) -> AuditRecord:
        """The question at this offset. Raises SegmentDamaged when there is none."""
        try:
            found = read_question(self.data, offset)
        except ValueError:
            raise SegmentDamaged(f"segment {self.id}: no question at offset {offset}") from None
        texts = self.texts()
        return AuditRecord(
            segment=self.id,
            place=found.place,
            offset=offset,
            time_ms=found.time_ms,
            latency_us=found.latency_us,
            method=found.method,
            purpose=found.purpose,
            status=found.status,
            flags=found.flags,
            identity=self.asker(found.identity),
            generation=texts.get(found.generation, ""),
            overlay_sequence=found.overlay_sequence,
            answer_id=found.answer_id,
            asked=found.asked,
            case_number=found.case_number.decode(errors="replace"),
            request_id=found.request_id.decode(errors="replace"),
            entries=found.entries,
            sealed=found.sealed,
            head=found.head,
            made_of=self._made_of(found.again) if found.again is not None else None,
        )

    def _made_of(self, again: Again) -> MadeOf:
        return MadeOf(
            again.digest,
            str(self.header.get("engine", "")),
            self._asker_text(again.asker),
            _object(self.texts()[again.fed]) if again.fed in self.texts() else {},
            again.standard,
            AgainFlag(again.flags),
        )

    def _asker_text(self, place: int) -> bytes:
        at = self._text_offsets.get(place)
        if at is None:
            return b""
        try:
            return read_text(self.data, at)
        except ValueError:
            self.altered.add(at)
            return b""


def _object(text: str) -> dict[str, Any]:
    try:
        found = json_of(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"unreadable": text}


def opened_question(record: AuditRecord, keys: SegmentKeys) -> bytes | None:
    """The request's bytes; None when the seal does not hold, b"" when there was none."""
    if not record.sealed:
        return b""
    nonce = bytes(4) + record.place.to_bytes(8, "little")
    try:
        return AESGCM(keys.query_key).decrypt(nonce, record.sealed, record.head)
    except InvalidTag:
        return None


def response_digest(response: bytes, keys: SegmentKeys, place: int) -> bytes:
    """Returns a response's digest for the record at this place: AES-256-GMAC under the segment's query key."""
    return AESGCM(keys.query_key).encrypt(b"\1\0\0\0" + place.to_bytes(8, "little"), b"", response)


class AuditReader:
    """An audit directory, read with the auditor's key."""

    def __init__(self, directory: Path, auditor: X25519PrivateKey) -> None:
        """Raises SealsDamaged."""
        self.directory = directory
        self._auditor = auditor
        self._seals = read_seals(directory)
        self._hash_keys: dict[str, bytes] = {}
        self._segment_keys: dict[SegmentId, SegmentKeys] = {}
        self._altered: dict[SegmentId, set[int]] = {}  # offsets, as they were met

    def segments(self, since_ms: int = 0, until_ms: int | None = None) -> list[SegmentId]:
        """The segments that may hold records of a time, by log and number."""
        found = []
        for segment in list_segments(self.directory):
            seal = self._seals.sealed.get(segment)
            if seal is None or _within_seal(seal, since_ms, until_ms):
                found.append(segment)
        return found

    def lost(self, since_ms: int = 0, until_ms: int | None = None) -> Lost:
        """Returns the parts of the log that are missing for a time and so are in no answer. Raises OSError.

        Segments dropped after their years are not missing. Call it after reading: only altered records that were read
        are known.
        """
        here = set(self.segments(since_ms, until_ms))
        texts = CheckpointFiles(self.directory / CHECKPOINTS).restoration_texts()
        restorations = [found for text in texts if (found := stated(text)) is not None]
        until = until_ms if until_ms is not None else _FOR_EVER
        given_up = [each for each in restorations if each.kept_ms <= until and since_ms <= each.lost_ms]
        segments = sorted(
            segment
            for segment, seal in self._seals.sealed.items()
            if segment not in self._seals.dropped
            and _within_seal(seal, since_ms, until_ms)
            and not (segment in here and self._is_whole(segment, seal))
        )
        return Lost(segments, given_up, self.altered())

    def altered(self) -> list[AlteredRecord]:
        """The records met so far that are not as they were written, looked at again. Raises OSError."""
        met = sorted(self._altered.items())
        return [each for id_, offsets in met for each in altered_records(self.directory, id_, offsets)]

    @contextmanager
    def open(self, id_: SegmentId) -> Iterator[Segment | None]:
        """One segment; None = it is in the making, or its header cannot be read. Raises OSError."""
        altered = self._altered.setdefault(id_, set())
        with mapped(id_.path(self.directory)) as data:
            segment = None
            try:
                segment = Segment(id_, data, altered)
            except HeaderAltered:
                altered.add(0)
            except SegmentDamaged:
                pass  # `lost` tells of those that are not in the making
            yield segment

    def _is_whole(self, segment: SegmentId, seal: Seal) -> bool:
        with mapped(segment.path(self.directory)) as data:
            if len(data) < seal.size:
                return False
            try:
                read_header(data)
            except SegmentDamaged:
                return False
        return True

    def keys(self, segment: Segment) -> SegmentKeys:
        """Returns the keys sealed in a segment's header. Raises KeyMissing."""
        keys = self._segment_keys.get(segment.id)
        if keys is None:
            keys = open_keys(segment.header, self._auditor)
            if keys is None:
                raise KeyMissing(segment.id)
            self._segment_keys[segment.id] = keys
            self._hash_keys[segment.header["hash_key"]] = keys.hash_key
        return keys

    def hash_key(self, segment: Segment) -> bytes:
        """The hash key of a segment's time, opened once a key. Raises KeyMissing."""
        key = self._hash_keys.get(segment.header["hash_key"])
        return key if key is not None else self.keys(segment).hash_key

    def keys_of(self, id_: SegmentId) -> SegmentKeys:
        """The same of a segment that need not be open. Raises KeyMissing, SegmentDamaged."""
        keys = self._segment_keys.get(id_)
        if keys is None:
            with mapped(id_.path(self.directory)) as data:
                keys = self.keys(Segment(id_, data))
        return keys

    def question(self, record: AuditRecord) -> bytes | None:
        """The request's bytes; None when the seal does not hold. Raises KeyMissing."""
        return opened_question(record, self.keys_of(record.segment))

    def _opened(self, since_ms: int, until_ms: int | None) -> Iterator[tuple[Segment, Index | None]]:
        """The segments that may hold records of a time, each open while it is the turn of it."""
        for id_ in self.segments(since_ms, until_ms):
            with self.open(id_) as segment, open_index(self.directory, id_, self._seals.indexed.get(id_)) as index:
                if segment is not None:
                    seal = self._seals.sealed.get(id_)
                    is_cut = seal is not None and segment.end < seal.size
                    yield segment, None if is_cut else index  # which would lead behind the end
                del index  # it borrows the mapping

    def looks_at(
        self,
        subject_ids: Sequence[bytes],
        asked_keys: Sequence[bytes] = (),
        since_ms: int = 0,
        until_ms: int | None = None,
    ) -> list[Look]:
        """Returns the looks that showed a subject or asked for it, oldest first. Raises KeyMissing.

        subject_ids: 16 bytes each. asked_keys: kind and canonical text of a possible question (AuditFacts.asked_key);
        they find questions in vain. Uses the index if a segment has one.
        """
        looks = []
        for segment, index in self._opened(since_ms, until_ms):
            key = self.hash_key(segment)
            subjects = {keyed_hash(key, subject_id) for subject_id in subject_ids}
            hashes = subjects | {keyed_hash(key, asked_key) for asked_key in asked_keys}
            if index is not None:
                offsets = {offset for each in hashes for offset in index.of_hash(each)}
                if offsets:
                    segment.know_texts(index.texts())
            else:
                found = (find_hash(segment.data, 0, segment.end, each, segment.altered) for each in hashes)
                offsets = {offset for each in found for offset in each}
            del index
            for record in segment.records(sorted(offsets)):
                entries = tuple(entry for entry in record.entries if entry.subject in subjects)
                if (entries or record.asked in hashes) and _within(record, since_ms, until_ms):
                    looks.append(Look(record, entries))
        return sorted(looks, key=lambda look: _order(look.record))

    def asked_by(
        self, matches: Callable[[dict[str, Any]], bool], since_ms: int = 0, until_ms: int | None = None
    ) -> list[AuditRecord]:
        """The questions of every identity that `matches`, oldest first."""
        found = []
        for segment, index in self._opened(since_ms, until_ms):
            if index is not None:
                segment.know_texts(index.texts())
            places = {place for place, identity in segment.identities().items() if matches(identity)}
            if not places:
                offsets = []
            elif index is not None:
                offsets = [offset for place in places for offset in index.of_identity(place)]
            else:
                offsets = [offset for place, offset in segment.question_offsets() if place in places]
            del index
            found += [r for r in segment.records(offsets) if _within(r, since_ms, until_ms)]
        return sorted(found, key=_order)

    def asked_by_officer(
        self, nip: str, institution: str = "", since_ms: int = 0, until_ms: int | None = None
    ) -> list[AuditRecord]:
        """Returns the questions of an officer, oldest first. institution: the officer's, "" = any."""

        def matches(identity: dict[str, Any]) -> bool:
            return identity.get("nip") == nip and institution in ("", identity.get("institution"))

        return self.asked_by(matches, since_ms, until_ms)

    def answered(self, answer_id: bytes) -> list[AuditRecord]:
        """The records of an answer id of 16 bytes, a UUIDv7: its time tells the segments. Reads each of them whole.

        Where they do not hold it (the clock had stepped) all are read.
        """
        at_ms = int(answer_id[:6].hex(), 16)
        return self._answered_between(answer_id, at_ms, at_ms) or self._answered_between(answer_id, 0, None)

    def _answered_between(self, answer_id: bytes, since_ms: int, until_ms: int | None) -> list[AuditRecord]:
        found = []
        for segment, index in self._opened(since_ms, until_ms):
            del index
            rows = np.frombuffer(query_rows(segment.data, segment.end, segment.altered)[0], np.dtype(QUESTION_ROW))
            found += segment.records(rows["offset"][rows["answer_id"] == np.void(answer_id)].tolist())
        return found

    def at(self, id_: SegmentId, place: int) -> AuditRecord:
        """The question at a place, it and each record before it held to its check. Raises SegmentDamaged, OSError."""
        with mapped(id_.path(self.directory)) as data:
            reader, offset = SegmentReader(), 0
            for stop in (place, place + 1):
                offset = reader.offset
                if not reader.walk(data, stop) or reader.records < stop:
                    why = reader.problem or "removed"
                    raise SegmentDamaged(f"segment {id_}: record {reader.records} is wrong ({why})")
            return Segment(id_, data).record(offset)

    def newest(self, count: int) -> list[AuditRecord]:
        """Returns the last `count` questions of all logs, oldest first.

        A log may have several open segments at once (a server that drains while the next one answers). So the number of
        a segment does not give the times in it; only its seal does.
        """
        seals = self._seals.sealed
        latest = [(seals[each].sealed_ms if each in seals else math.inf, each.number, each) for each in self.segments()]
        found: list[AuditRecord] = []
        for until_ms, _, id_ in sorted(latest, reverse=True):
            if len(found) == count and until_ms < found[-1].time_ms:
                break  # neither this one nor what was sealed before it holds anything newer
            with self.open(id_) as segment:
                if segment is not None:
                    last = segment.records(offset for _, offset in segment.question_offsets()[-count:])
                    found = heapq.nlargest(count, found + last, key=_order)
        return found[::-1]


def _order(record: AuditRecord) -> tuple[int, SegmentId, int]:
    return record.time_ms, record.segment, record.place


def _within(record: AuditRecord, since_ms: int, until_ms: int | None) -> bool:
    return since_ms <= record.time_ms and (until_ms is None or record.time_ms <= until_ms)


def _within_seal(seal: Seal, since_ms: int, until_ms: int | None) -> bool:
    """Returns whether a segment may hold records of a time."""
    first, last = sorted((seal.made_ms, seal.sealed_ms))  # the clock may have stepped back in between
    return last >= since_ms and (until_ms is None or first <= until_ms)
