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
from indexer.manifest.model import Manifest
from indexer.manifest.sources import Source
from indexer.readers.batch import batch_of_rows
from indexer.standard import ALERT_PROTECTED, LEVEL_HIDES
from indexer.standardise.quarantine import Refused
from indexer.standardise.standardiser import Standardiser
from ronda.v1 import person_pb2, section_pb2, vehicle_pb2
from ronda.v1.alert_pb2 import ALERT_STATE_CANCELLED, ALERT_STATE_PENDING
from ronda.v1.value_pb2 import PartialDate

_GUATEMALA = timedelta(hours=-6)


@dataclass(frozen=True)
class RecordKey:
    """What a change replaces: the records of one id in the sections that its source fills."""

    register: int
    record_id: str
    sections: frozenset[int]


@dataclass(frozen=True)
class RefusedChange:
    """A change that no record could be made of: never what it held."""

    sequence: int
    register: str
    record_id: str  # never told: it may hold a person's number
    rule: str


@dataclass
class _SourceOfRegister:
    ordinal: int
    sections: frozenset[int]
    standardiser: Standardiser


@dataclass(frozen=True)
class FedRecords:
    """The newest word on each record of a tick."""

    keys: dict[RecordKey, Change]
    rows: list[pa.Table] = field(default_factory=list)  # STANDARD_SCHEMA; of CANCEL none
    refused: list[RefusedChange] = field(default_factory=list)


class FedRows:
    """The manifests' sources, ready to encode. Not thread-safe."""

    def __init__(self, manifests: Sequence[Manifest]) -> None:
        self._sources: dict[tuple[str, str], _SourceOfRegister] = {}
        self._whole: dict[
            str, tuple[int, frozenset[int]]
        ] = {}  # of each register: ordinal, sections of all its sources
        self._ids = [manifest.id for manifest in manifests]
        for ordinal, manifest in enumerate(manifests):
            sources = {source.name: _source_of(manifest, source, ordinal) for source in manifest.source}
            self._sources |= {(manifest.id, name): source for name, source in sources.items()}
            if len(sources) == 1:
                self._sources[manifest.id, ""] = next(iter(sources.values()))
            self._whole[manifest.id] = ordinal, frozenset().union(*(each.sections for each in sources.values()))

    def read(self, changes: Sequence[Change]) -> FedRecords:
        """The last change of each record, and its rows; changes that are neither UPSERT nor CANCEL are left out."""
        found = FedRecords({})
        for change in changes:
            if change.kind not in RECORD_KINDS:
                continue
            key = self.key(change)
            if key is None:
                found.refused.append(
                    RefusedChange(change.sequence, change.register, change.record_id, "unknown_source")
                )
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
        """What it replaces; None = no such source.

        A CANCEL need not name one: it means the record wherever its register has it.
        """
        if change.kind is Kind.CANCEL and not change.manifest_source and change.register in self._whole:
            ordinal, sections = self._whole[change.register]
            return RecordKey(ordinal, change.record_id, sections)
        source = self._sources.get((change.register, change.manifest_source))
        return None if source is None else RecordKey(source.ordinal, change.record_id, source.sections)

    def register_id(self, ordinal: int) -> str:
        """Id of a register."""
        return self._ids[ordinal]

    def states(self, upserts: Sequence[Change]) -> dict[int, dict[int, int]]:
        """Alert state by section of what each row gives, by sequence; PENDING where two differ. What an extract would
        refuse is left out."""
        by_source: dict[tuple[str, str], list[Change]] = {}
        for change in upserts:
            if self.key(change) is not None:
                by_source.setdefault((change.register, change.manifest_source), []).append(change)
        found: dict[int, dict[int, int]] = {}
        for source, together in by_source.items():
            made = _made(self._sources[source].standardiser, together)
            read = {*range(len(together))} - {why.row for why in made.turned_down} - made.foreign
            found |= {together[number].sequence: {} for number in read}
            columns = (made.rows.column(name).to_pylist() for name in ("row", "section", "alert_state"))
            for number, section, state in zip(*columns, strict=True):
                if number in read:
                    stated = found[together[number].sequence]
                    stated[section] = state if stated.get(section, state) == state else ALERT_STATE_PENDING
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
            change = upserts[number][1]
            found.refused.append(RefusedChange(change.sequence, change.register, change.record_id, rule))
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


def _source_of(manifest: Manifest, source: Source, ordinal: int) -> _SourceOfRegister:
    sections = {
        section_pb2.Section.Value(f"SECTION_{record.section.upper()}")
        for record in manifest.record
        if record.source == source.name
    }
    damaged = {section_pb2.SECTION_DAMAGED_RECORD, section_pb2.SECTION_VEHICLE_DAMAGED_RECORD}
    return _SourceOfRegister(ordinal, frozenset(sections | damaged), Standardiser(manifest, source, ordinal))


# ---- cancelled ----


def _cancelled(keys: Mapping[RecordKey, Change]) -> dict[tuple[int, str, int], int]:
    """When each record that a CANCEL means held no more."""
    return {
        (key.register, key.record_id, section): change.event_ms
        for key, change in keys.items()
        if change.kind is Kind.CANCEL
        for section in key.sections
    }


def are_closed(rows: pa.Table, keys: Mapping[RecordKey, Change]) -> np.ndarray[Any, Any]:
    """Of linked records those that a CANCEL means and leaves where they are: alerts."""
    cancelled = _cancelled(keys)
    if not cancelled:
        return np.zeros(rows.num_rows, dtype=bool)
    heads = (rows.column(name).to_pylist() for name in ("register", "record_id", "section"))
    meant = np.fromiter((head in cancelled for head in zip(*heads, strict=True)), dtype=bool, count=rows.num_rows)
    flags = rows.column("alert_flags").to_numpy()
    is_alert = (rows.column("alert_kind").to_numpy() != 0) | (flags & ALERT_PROTECTED != 0)
    return np.asarray(meant & is_alert)


def closed_rows(rows: pa.Table, keys: Mapping[RecordKey, Change]) -> pa.Table:
    """Of the records that a CANCEL means: its alerts, CANCELLED on the day of the event; what is no alert is gone, and
    an order that is closed hides nobody."""
    events = _cancelled(keys)
    hides = rows.column("link_level").to_numpy() == LEVEL_HIDES
    rows = rows.take(np.flatnonzero(are_closed(rows, keys) & ~hides))
    changed: list[dict[str, Any]] = []
    for row in rows.to_pylist():
        if row["alert_state"] == ALERT_STATE_PENDING:
            event_ms = events[row["register"], row["record_id"], row["section"]]
            when = datetime.fromtimestamp(event_ms / 1000, UTC) + _GUATEMALA
            stated = PartialDate(year=when.year, month=when.month, day=when.day)
            row["payload"] = _closed_payload(row["section"], row["payload"], stated)
            row["alert_state"] = ALERT_STATE_CANCELLED
            row["state_date"] = when.year * 10000 + when.month * 100 + when.day
            row["state_date_parts"] = stated.SerializeToString()
            row["state_first"] = day_of(when.year, when.month, when.day)
            row["state_span"] = None
        changed.append(row)
    return pa.Table.from_pylist(changed, schema=rows.schema)


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
