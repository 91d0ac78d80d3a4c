"""Fed changes become standard records, by the same manifests and the same encoder as extracts.

An UPSERT carries a row as the extract of its source states it. A CANCEL carries none: the records that stand are
closed, or, where they are no alert, gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from core.calendar import day_of
from core.ledger.change import RECORD_KINDS, Change, Kind
from indexer.live.fed_closed import without_mark
from indexer.live.record_key import Place, RecordKey, are_meant, said_of_each
from indexer.manifest.model import Manifest
from indexer.readers.batch import batch_of_rows
from indexer.standard import ALERT_PROTECTED, LEVEL_HIDES
from indexer.standardise.quarantine import Refused
from indexer.standardise.standardiser import Standardiser
from ronda.v1 import person_pb2, vehicle_pb2
from ronda.v1.alert_pb2 import ALERT_STATE_CANCELLED, ALERT_STATE_PENDING
from ronda.v1.value_pb2 import PartialDate

_GUATEMALA = timedelta(hours=-6)
NO_REGISTER = 255  # core/generation/dossier.pxd


@dataclass(frozen=True)
class RefusedChange:
    """A change that no record could be made of: never what it held."""

    sequence: int
    register: str
    source: str  # of the manifest
    record_id: str  # never shown: it may hold a person's number
    rule: str
    may_mean: frozenset[Place] = frozenset()  # of an UPSERT of one of several records: all of them

    @classmethod
    def of(cls, change: Change, rule: str, may_mean: frozenset[Place] = frozenset()) -> RefusedChange:
        """A change and the rule that refuses it."""
        return cls(change.sequence, change.register, change.manifest_source, change.record_id, rule, may_mean)


@dataclass
class _SourceOfRegister:
    ordinal: int
    number: int
    standardiser: Standardiser


@dataclass(frozen=True)
class FedRecords:
    """The newest word on each record of a tick."""

    keys: dict[RecordKey, Change]
    rows: list[pa.Table] = field(default_factory=list)  # STANDARD_SCHEMA; of CANCEL none
    refused: list[RefusedChange] = field(default_factory=list)

    @property
    def cancelled(self) -> dict[RecordKey, Change]:
        """The cancellations, by what they mean."""
        return {key: change for key, change in self.keys.items() if change.kind is Kind.CANCEL}


class FedRows:
    """The manifests' sources, ready to encode. Not thread-safe."""

    def __init__(self, manifests: Sequence[Manifest]) -> None:
        self._sources: dict[tuple[str, str], _SourceOfRegister] = {}
        self._of_alerts: dict[str, _SourceOfRegister] = {}  # of registers with one source of alerts
        self._ids = [manifest.id for manifest in manifests]
        self._with_line = {
            (ordinal, source.number)
            for ordinal, manifest in enumerate(manifests)
            for source in manifest.source
            if source.line is not None
        }
        self._ordinals = {register: ordinal for ordinal, register in enumerate(self._ids)}
        for ordinal, manifest in enumerate(manifests):
            sources = {
                source.name: _SourceOfRegister(ordinal, source.number, Standardiser(manifest, source, ordinal))
                for source in manifest.source
            }
            self._sources |= {(manifest.id, name): source for name, source in sources.items()}
            if len(sources) == 1:
                self._sources[manifest.id, ""] = next(iter(sources.values()))
            of_alerts = {record.source for record in manifest.record if record.alert is not None}
            if len(of_alerts) == 1:
                self._of_alerts[manifest.id] = sources[of_alerts.pop()]

    def read(self, changes: Sequence[Change]) -> FedRecords:
        """The last change of each record, and its rows; changes that are neither UPSERT nor CANCEL are left out."""
        found = FedRecords({})
        for change in changes:
            if change.kind not in RECORD_KINDS:
                continue
            key = self.key(change)
            if key is None:
                found.refused.append(RefusedChange.of(change, "unknown_source"))
                continue
            found.keys[key] = change
        upserts: dict[tuple[str, str], list[tuple[RecordKey, Change]]] = {}
        for key, change in found.keys.items():
            if change.kind is Kind.UPSERT:
                upserts.setdefault((change.register, change.manifest_source), []).append((key, change))
        for source, together in upserts.items():
            for number in self._encode(self._sources[source].standardiser, together, found):
                del found.keys[together[number][0]]  # what stands goes on, and its register is said to lack a change
        return found

    def unreadable(self, changes: Sequence[Change]) -> set[int]:
        """Sequences of the UPSERTs and CANCELs that `read` would refuse."""
        found: set[int] = set()
        upserts: dict[tuple[str, str], list[tuple[RecordKey, Change]]] = {}
        for change in changes:
            key = self.key(change)
            if key is None:
                found.add(change.sequence)
            elif change.kind is Kind.UPSERT:
                upserts.setdefault((change.register, change.manifest_source), []).append((key, change))
        for source, together in upserts.items():
            failed = self._encode(self._sources[source].standardiser, together, FedRecords({}))
            found |= {together[number][1].sequence for number in failed}
        return found

    def key(self, change: Change) -> RecordKey | None:
        """Returns the records that a change names; None = no such source.

        A CANCEL without a source means the register's only source of alerts, else any. One with a source in no manifest
        (renamed since) may mean any: the cancellation itself is real.
        """
        source = self._sources.get((change.register, change.manifest_source))
        if source is None and change.kind is Kind.CANCEL and not change.manifest_source:
            source = self._of_alerts.get(change.register)
        if source is not None:
            line = source.standardiser.line_of(change.record)
            return RecordKey(source.ordinal, change.record_id, source.number, line)
        if change.kind is Kind.CANCEL and change.register in self._ordinals:
            return RecordKey(self._ordinals[change.register], change.record_id, None, None)
        return None

    def has_line(self, key: RecordKey) -> bool:
        """Returns whether the manifest names a line for the key's source."""
        return (key.register, key.source) in self._with_line

    def register_id(self, ordinal: int) -> str:
        """Id of a register."""
        return self._ids[ordinal]

    def ordinal(self, register: str) -> int:
        """Returns the ordinal of a register; 255 = no manifest has it."""
        return self._ordinals.get(register, NO_REGISTER)

    def states(self, upserts: Sequence[Change]) -> dict[int, dict[int | None, int]]:
        """Alert state by part of what each row gives, by sequence; PENDING where two differ. What an extract would
        refuse is left out."""
        by_source: dict[tuple[str, str], list[Change]] = {}
        for change in upserts:
            if self.key(change) is not None:
                by_source.setdefault((change.register, change.manifest_source), []).append(change)
        found: dict[int, dict[int | None, int]] = {}
        for source, together in by_source.items():
            made = _made(self._sources[source].standardiser, together)
            read = {*range(len(together))} - {why.row for why in made.turned_down} - made.foreign
            found |= {together[number].sequence: {} for number in read}
            columns = (made.rows.column(name).to_pylist() for name in ("row", "part", "alert_state"))
            for number, part, state in zip(*columns, strict=True):
                if number in read:
                    stated = found[together[number].sequence]
                    stated[part] = state if stated.get(part, state) == state else ALERT_STATE_PENDING
        return found

    @staticmethod
    def _encode(
        standardiser: Standardiser, upserts: Sequence[tuple[RecordKey, Change]], found: FedRecords
    ) -> list[int]:
        """Adds the records of changes of one source, all at once; places of those of which none could be made."""
        made = _made(standardiser, [change for _, change in upserts])
        for number, rule in [
            *((why.row, why.rule) for why in made.turned_down),
            *((number, "another_record_id") for number in sorted(made.foreign)),
        ]:
            found.refused.append(RefusedChange.of(upserts[number][1], rule))
        rows = made.rows
        first = pa.array(np.ones(rows.num_rows), rows.schema.field("row").type)  # each was a row by itself
        found.rows.append(
            rows.set_column(rows.schema.get_field_index("row"), rows.schema.field("row"), first).take(
                np.flatnonzero(made.own)
            )
        )
        whole = {number for number, is_own in zip(rows.column("row").to_pylist(), made.own, strict=True) if is_own}
        # none, and none refused: the manifest's `when` leaves it out, as it would of an extract
        failed = ({why.row for why in made.turned_down} | made.foreign) - whole
        return sorted(failed)


@dataclass(frozen=True)
class _Made:
    """Standard records of some changes of one source; their `row` is the change's place among these."""

    rows: pa.Table
    own: list[bool]  # of each, whether it has the id that its change says
    foreign: set[int]  # places of changes of which one has not
    turned_down: list[Refused]


def _made(standardiser: Standardiser, upserts: Sequence[Change]) -> _Made:
    numbers = list(range(len(upserts)))
    cells = [[change.record.get(column) for column in standardiser.columns] for change in upserts]
    turned_down = standardiser.add(batch_of_rows(numbers, cells, standardiser.columns, [], 0))
    rows = standardiser.take()
    of_change: list[int] = rows.column("row").to_numpy().tolist()
    own = [
        record_id == upserts[number].record_id
        for number, record_id in zip(of_change, rows.column("record_id").to_pylist(), strict=True)
    ]
    foreign = {number for number, is_own in zip(of_change, own, strict=True) if not is_own}
    return _Made(rows, own, foreign, turned_down)


# ---- cancelled ----

_OF_A_CLOSING = (
    *("payload", "alert_state", "state_date", "state_date_parts", "state_first", "state_span"),
    *("alert_flags", "hit_payload"),
)


def are_alerts(rows: pa.Table) -> np.ndarray[Any, Any]:
    """Returns which records a CANCEL closes and leaves where they are: alerts, and protected sides of orders."""
    flags = rows.column("alert_flags").to_numpy()
    return np.asarray((rows.column("alert_kind").to_numpy() != 0) | (flags & ALERT_PROTECTED != 0))


def are_closed(rows: pa.Table, cancelled: Mapping[RecordKey, Change]) -> np.ndarray[Any, Any]:
    """Returns which linked records are alerts that one of these cancellations means."""
    if not cancelled:
        return np.zeros(rows.num_rows, dtype=bool)
    return np.asarray(are_meant(rows, cancelled) & are_alerts(rows))


def closed_rows(rows: pa.Table, cancelled: Mapping[RecordKey, Change]) -> pa.Table:
    """Returns the records that a CANCEL closes: its alerts, CANCELLED on the day of the event.

    Other records are gone, and a closed order hides nobody. rows: linked records, or standard ones, which are linked
    afterwards.
    """
    closed = are_closed(rows, cancelled)
    if "link_level" in rows.column_names:
        closed &= rows.column("link_level").to_numpy() != LEVEL_HIDES
    rows = rows.take(np.flatnonzero(closed))
    columns: dict[str, list[Any]] = {name: rows.column(name).to_pylist() for name in _OF_A_CLOSING}
    sections: list[int] = rows.column("section").to_numpy().tolist()
    for place, change in enumerate(said_of_each(rows, cancelled)):
        if columns["alert_state"][place] != ALERT_STATE_PENDING or change is None:
            continue
        when = datetime.fromtimestamp(change.event_ms / 1000, UTC) + _GUATEMALA
        stated = PartialDate(year=when.year, month=when.month, day=when.day)
        flags, hit = without_mark(columns["alert_flags"][place], columns["hit_payload"][place])
        closed_as = {
            "payload": _closed_payload(sections[place], columns["payload"][place], stated),
            "alert_state": ALERT_STATE_CANCELLED,
            "state_date": when.year * 10000 + when.month * 100 + when.day,
            "state_date_parts": stated.SerializeToString(),
            "state_first": day_of(when.year, when.month, when.day),
            "state_span": None,
            "alert_flags": flags,
            "hit_payload": hit,
        }
        for name, value in closed_as.items():
            columns[name][place] = value
    for name, column in columns.items():
        at = rows.schema.get_field_index(name)
        rows = rows.set_column(at, rows.schema.field(at), pa.array(column, rows.schema.field(at).type))
    return rows


def _closed_payload(section: int, payload: bytes, stated: PartialDate) -> bytes:
    """The section's message with state and day of the state, where it has them."""
    for subject in (person_pb2.Person, vehicle_pb2.Vehicle):
        described = subject.DESCRIPTOR.fields_by_number.get(section)
        if described is None:
            continue
        message = getattr(subject(), described.name).add()
        message.ParseFromString(payload)
        names = message.DESCRIPTOR.fields_by_name
        if "state" in names:
            message.state = ALERT_STATE_CANCELLED
        if "state_date" in names:
            message.state_date.CopyFrom(stated)
        return bytes(message.SerializeToString())
    return payload
