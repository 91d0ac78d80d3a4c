"""The published views, one after another: the alerts that changed from one to the next, by subject.

Within a base only the new deltas are read. A new base is compared with the one before: the subjects that a change
touched, and those with an alert in force in either. The ledger gives the states between two views.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from core.calendar import guatemala_day
from core.errors import CoreError
from core.files.regular_file import read_file
from core.generation.reader import DossierReader
from core.generation.store import Generation
from core.generation.view_file import LIVE, VIEW, StatedView, read_view
from core.identifiers.kinds import SUBJECT_KEY, IdentifierKind
from core.ledger.change import RECORD_KINDS, Change
from core.ledger.reader import FOLDER, LedgerReader, Position
from ronda.v1 import section_pb2
from server.calls.alerted import alerted_subjects
from server.logs import WARNING, log
from server.recall.alerts import (
    Fed,
    RecordId,
    StandingAlert,
    What,
    alerts_of,
    changes_between,
    discreet_between,
    fed_since,
)
from server.recall.speaking import Words, spoken_after, went_back
from server.recall.store import AlertChange, RecallStore, Taken

_ID_BYTES = 64
_TAILS = (6, 7, 8)  # characters of a chassis or engine number that find it (docs/answers.md section 4)
_TAIL_OF: dict[int, int] = {
    IdentifierKind.VIN: IdentifierKind.CHASSIS_TAIL,
    IdentifierKind.ENGINE: IdentifierKind.ENGINE_TAIL,
}
_NOBODYS_OWN = frozenset({IdentifierKind.TELEPHONE})  # shared: who asked for it asked for nobody


@dataclass
class Seen:
    """A view that is due: what it comes to, and what changed."""

    taken: Taken
    changes: list[AlertChange]
    deltas: set[str]
    position: Position | None


@dataclass
class _Subject:
    alerts: list[StandingAlert] = field(default_factory=list)
    asked_by: tuple[bytes, ...] = ()  # kind and canonical text of its keys
    is_of_base: bool = False  # no delta has it


class _Due(NamedTuple):
    base: str
    stamp: tuple[int, int] | None
    view: StatedView | None
    anew: bool  # of another ledger than the view before


class Views:
    """Follows the serving views. For one thread at a time."""

    def __init__(self, data: Path, store: RecallStore) -> None:
        self._data, self._store = data, store
        self._base: Generation | None = None
        self._seen: set[str] = set()  # deltas
        self._stamp: tuple[int, int] | None = None
        self._position: Position | None = None

    def look(self) -> Seen | None:
        """Returns what is due; None = nothing new. Until `done` it returns the same. Raises CoreError, OSError."""
        placed, sequence = self._store.place()
        due = self._due(placed, sequence)
        if due is None:
            return None
        current, stamp, stated, anew = due
        is_a_copy = anew and stated is not None and stated.ledger in ("", self._store.ledger())
        if anew:
            log("recall_ledger_anew", level=WARNING, generation=current, is_a_copy=is_a_copy)
            sequence = 0
        home = self._data / LIVE / current
        if not self._serves(current):
            self._base, self._seen = Generation.open(self._data / "generations" / current), set()
        assert self._base is not None
        now_at = stated.sequence if stated is not None else 0
        ids = list(stated.deltas) if stated is not None else []
        other = anew or placed not in ("", current)
        new = [delta_id for delta_id in ids if anew or placed != current or delta_id not in self._seen]
        touched = self._touched(home, new)
        if other:
            before = self._other_base(placed)
            touched = self._all_that_may_differ(before, touched)
        else:
            before = self._base
        entries, position = self._fed(sequence, now_at) if placed else ([], None)
        registers = self._base.manifest["registers"]
        news = [] if is_a_copy else entries  # an older copy repeats what was sent
        spoken = went_back(registers, self._store.spoken(), anew=anew, older=current < placed)
        words = Words.of(registers, spoken, _records(news), other=other)
        changes, standing = self._compare(touched, before, now_at, fed_since(news), words, other=other)
        self._stamp = stamp
        after = spoken_after(registers, spoken)
        anew_ms = time.time_ns() // 1_000_000 if anew else 0
        ledger = stated.ledger if stated is not None else ""
        taken = Taken(current, now_at, standing, anew_ms, spoken=after, ledger=ledger)
        return Seen(taken, changes, set(ids), position)

    def done(self, seen: Seen) -> None:
        """Notes that the view is taken over."""
        self._seen, self._position = seen.deltas, seen.position

    def again(self) -> None:
        """Marks the view as due again: it could not be taken over."""
        self._stamp = None

    def _serves(self, base_id: str) -> bool:
        return self._base is not None and self._base.generation_id == base_id

    def _due(self, placed: str, sequence: int) -> _Due | None:
        """The base and view to be looked at; None = as before. What CURRENT names, or, while its changes are not laid
        over it yet, the base before, which serves: none of them is undone.
        """
        current = _current(self._data)
        if not current or (current == placed and self._is_as_before(current)):
            return None
        stamp, stated = self._view_of(current)
        if not sequence or (stated is not None and stated.sequence >= sequence):
            return _Due(current, stamp, stated, anew=False)
        if self._began_anew(sequence, stated):
            return _Due(current, stamp, stated, anew=True)
        if placed in ("", current) or not (self._data / "generations" / placed).is_dir() or self._is_as_before(placed):
            return None
        stamp, stated = self._view_of(placed)
        is_behind = stated is None or stated.sequence < sequence
        return None if is_behind else _Due(placed, stamp, stated, anew=False)

    def _view_of(self, base_id: str) -> tuple[tuple[int, int] | None, StatedView | None]:
        home = self._data / LIVE / base_id
        stamp = _stamp(home / VIEW)
        return stamp, read_view(home) if stamp is not None else None

    def _is_as_before(self, base_id: str) -> bool:
        return self._serves(base_id) and _stamp(self._data / LIVE / base_id / VIEW) == self._stamp

    def _began_anew(self, sequence: int, stated: StatedView | None) -> bool:
        """Returns whether the last view's ledger was put away, and another began (docs/feed.md).

        Otherwise no officer would get any notice until the new one is as long.
        """
        try:
            with LedgerReader(self._data / FOLDER) as reader:
                end, ledger = reader.end, reader.ledger_id.hex()
        except (CoreError, OSError):
            return False
        return end < sequence and (stated is None or stated.ledger in ("", ledger))

    # ---- who ----

    def _touched(self, home: Path, delta_ids: list[str]) -> dict[bytes, _Subject]:
        """Returns the subjects of these deltas, oldest first: the newest delta holds a subject's present state."""
        found: dict[bytes, _Subject] = {}
        for delta_id in delta_ids:
            delta = Generation.open(home / delta_id)
            for number in range(delta.entities):
                reader = DossierReader(delta.dossier(number))
                found[reader.subject_id] = _subject(reader)
            stated = delta.manifest.get("delta") or {}
            found |= {bytes.fromhex(text): _Subject() for text in stated.get("gone", ())}
        return found

    def _other_base(self, base_id: str) -> Generation | None:
        """The base before; None where it is gone, and nobody can say what it said."""
        try:
            return Generation.open(self._data / "generations" / base_id)
        except (CoreError, OSError) as error:
            log("recall_base_gone", level=WARNING, generation=base_id, error=error)
            return None

    def _all_that_may_differ(self, before: Generation | None, touched: dict[bytes, _Subject]) -> dict[bytes, _Subject]:
        assert self._base is not None
        who = self._store.touched()
        for generation in (before, self._base) if before is not None else ():
            who.update(alerted_subjects(generation.directory))
        others = {subject: _of_base(self._base, subject) or _Subject() for subject in who - touched.keys()}
        for other in others.values():
            other.is_of_base = True
        return {**others, **touched}

    # ---- what ----

    def _compare(
        self,
        touched: Mapping[bytes, _Subject],
        before: Generation | None,
        sequence: int,
        fed: Mapping[RecordId, Fed],
        words: Words,
        *,
        other: bool,
    ) -> tuple[list[AlertChange], dict[bytes, list[StandingAlert] | None]]:
        """other: `before` is not the base that serves."""
        assert self._base is not None
        changes: list[AlertChange] = []
        standing: dict[bytes, list[StandingAlert] | None] = {}
        now_ms = time.time_ns() // 1_000_000
        elsewhere = {record for each in touched.values() for alert in _pending(each.alerts) for record in alert.records}
        for subject, now in touched.items():
            kept = was = self._store.standing(subject)
            if was is None and before is not None:
                of_base = _of_base(before, subject)
                was = of_base.alerts if of_base is not None else []
            before_it = now.alerts if was is None else was
            alerts = words.standing(before_it, now.alerts)
            told = changes_between(before_it, alerts, fed, elsewhere)
            told += [(What.NEW, alert) for alert in discreet_between(before_it, alerts)]
            for what, alert in told:
                base_id, asked_by = self._base.generation_id, now.asked_by
                changes.append(
                    AlertChange(what, subject, alert, base_id, sequence, not other, now_ms, asked_by=asked_by)
                )
            if now.is_of_base and _pending(alerts) == _pending(now.alerts):
                if kept is not None:
                    standing[subject] = None
            elif was is None or other or _pending(was) != _pending(alerts):
                standing[subject] = list(alerts)
        return changes, standing

    def _fed(self, after: int, to: int) -> tuple[list[Change], Position | None]:
        """Returns the ledger's changes of records between two views, and the position read to."""
        if after >= to:
            return [], self._position
        found: list[Change] = []
        try:
            with LedgerReader(self._data / FOLDER) as reader:
                at = self._position
                if at is None or at.sequence != after:
                    at = reader.seek(min(after, reader.end))
                while at.sequence < to:
                    entries, at = reader.read(at, to - at.sequence)
                    if not entries:
                        break
                    found += (entry for entry in entries if entry.kind in RECORD_KINDS)
        except (CoreError, OSError) as error:
            log("recall_ledger_not_read", level=WARNING, error=error)
            return [], None
        return found, at


def _records(changes: Iterable[Change]) -> set[RecordId]:
    return {(change.register, change.record_id) for change in changes}


def _subject(reader: DossierReader) -> _Subject:
    keys = []
    for each in reader.identifiers():
        if each.kind not in _NOBODYS_OWN and each.sensitivity <= section_pb2.SENSITIVITY_OPEN:
            keys += [bytes([kind]) + text.encode() for kind, text in as_asked(each.kind, each.text)]
    return _Subject(alerts_of(reader, guatemala_day(time.time_ns() // 1_000_000)), tuple(dict.fromkeys(keys)))


def as_asked(kind: int, text: str) -> list[tuple[int, str]]:
    """Kinds and canonical texts by which somebody may ask for an identifier that a dossier states."""
    if kind == IdentifierKind.PLATE:  # "P-123BCD|GTM" is asked as GTM:123BCD
        plate, _, country = text.partition("|")
        return [(kind, f"{country}:{plate.partition('-')[2]}")]
    if kind == IdentifierKind.DOCUMENT:  # "USA:X123": without its country too
        return [(kind, text), (IdentifierKind.DOCUMENT_NUMBER, text.partition(":")[2])]
    if kind in _TAIL_OF:
        return [(kind, text), *((_TAIL_OF[kind], text[-length:]) for length in _TAILS if len(text) >= length)]
    return [(kind, text)]


def _pending(alerts: Sequence[StandingAlert]) -> list[StandingAlert]:
    return [each for each in alerts if each.pending]


def _of_base(base: Generation, subject: bytes) -> _Subject | None:
    for entity in base.lookup(SUBJECT_KEY, subject):
        reader = DossierReader(base.dossier(entity))
        if reader.subject_id == subject:
            return _subject(reader)
    return None


def _current(data: Path) -> str:
    try:
        return read_file(data / "CURRENT", _ID_BYTES).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino
