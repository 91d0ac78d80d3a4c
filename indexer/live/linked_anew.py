"""The records around changed ones that are linked again with them: those with a subject that these may decide.

A fine by plate follows the plate's bearer; a warrant by NIT the CUI that a register states beside it; a theft by a VIN
without a bearer, its plate. A record with a number of its own follows that number, with two exceptions. Alerts and
records that count for a clearance are linked otherwise if nothing supports the number. Acts may become a minor's by the
person's date of birth. An owner's number is not the vehicle's. An alert by name follows the number in another
register's record of the same causa.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from indexer.linking.database import STANDARDS
from indexer.linking.subjects import MINOR_SECTIONS
from indexer.live.kept import CROSSED, awaiting_causa
from indexer.live.record_key import RecordKey, keys_of
from indexer.live.standing import as_staged, tails
from indexer.manifest.model import Manifest
from indexer.standard import ALERT_PROTECTED, STANDARD_SCHEMA, SUBJECT_PERSON
from ronda.v1 import section_pb2
from ronda.v1.section_pb2 import SECTION_OWNER, SENSITIVITY_MINOR, SENSITIVITY_OPEN

Number = tuple[str, str]
"""Column, canonical text."""
_PERSONS, _VEHICLES = ("cui",), ("vin", "chassis")  # that a record follows whatever becomes of the others
_PERSONS_TOO, _VEHICLES_TOO = CROSSED, ("plate", "engine")
_NUMBERS = (*_PERSONS, *_PERSONS_TOO, *_VEHICLES, *_VEHICLES_TOO)


def deciding_numbers(rows: pa.Table) -> set[Number]:
    """Returns the numbers by which these records decide about others.

    An alert does so by its engine, beside which it may state a vehicle. It also does so as a vehicle with a number of
    which another states the end.
    """
    found: set[Number] = set()
    for row in rows.select(["alert_kind", *_NUMBERS]).to_pylist():
        for name in _VEHICLES:
            found.update(("chassis", tail) for tail in tails(row[name]))
            if row[name]:  # an alert may have it as VIN, and the vehicle beside its VIN
                found.update((other, row[name]) for other in _VEHICLES)
        for name in ("engine",) if row["alert_kind"] else _NUMBERS:
            if row[name]:
                found.add((name, row[name]))
    return found


def of_these_causas(rows: pa.Table, changed: Iterable[pa.Table]) -> set[RecordKey]:
    """Returns these records that the changed ones' causas may link by name, or linked."""
    causas = {causa for table in changed for causa in table.column("merge_key").to_pylist() if causa}
    if not causas:
        return set()
    is_one = pc.is_in(rows.column("merge_key"), value_set=pa.array(sorted(causas)))
    return keys_of(rows.filter(pc.and_(is_one, pa.array(awaiting_causa(rows)))))


def of_these_persons(rows: pa.Table, replaced: pa.Table) -> set[RecordKey]:
    """Returns these records that are acts of persons with a replaced identity, with any link: they may be a minor's."""
    claims = pc.equal(replaced.column("section"), pa.scalar(section_pb2.SECTION_IDENTITY, pa.uint8()))
    persons = replaced.filter(claims).column("subject_id").combine_chunks()
    if not len(persons):
        return set()
    of_them = pc.is_in(rows.column("subject_id"), value_set=persons)
    acts = pc.is_in(rows.column("section"), value_set=pa.array(MINOR_SECTIONS, pa.uint8()))
    return keys_of(rows.filter(pc.and_(of_them, acts)))


def of_no_alerts(*tables: pa.Table) -> pa.Table:
    """Returns these records that may state the bearer of a number beside it."""
    columns = ["alert_kind", *_PERSONS_TOO]
    rows = pa.concat_tables([table.select(columns) for table in tables])
    return rows.filter(pc.equal(rows.column("alert_kind"), pa.scalar(0, pa.uint8())))


def handed_on(followed: pa.Table) -> set[Number]:
    """Returns the numbers by which relinked records decide about others: their engine is their vehicle's."""
    return {("engine", engine) for engine in followed.column("engine").to_pylist() if engine}


def linked_by_others(rows: pa.Table, numbers: set[Number]) -> set[RecordKey]:
    """Returns these records with a subject that the records with these numbers may decide."""
    if not numbers:
        return set()
    heads = ("section", "subject", "alert_kind", "alert_flags", "clearance")
    found: list[int] = []
    for place, row in enumerate(rows.select([*heads, *_NUMBERS]).to_pylist()):
        is_anew = (
            row["alert_kind"]
            or row["alert_flags"] & ALERT_PROTECTED
            or row["clearance"] & STANDARDS
            or row["section"] in MINOR_SECTIONS
        )
        is_person = row["subject"] == SUBJECT_PERSON
        for is_its, own, others in (
            (is_person or row["section"] == SECTION_OWNER, _PERSONS, _PERSONS_TOO),
            (not is_person, _VEHICLES, _VEHICLES_TOO),
        ):
            if (
                is_its
                and (is_anew or not any(row[name] for name in own))
                and any((name, row[name]) in numbers for name in (*own, *others))
            ):
                found.append(place)
    return keys_of(rows.take(pa.array(found, pa.int64())))


def always_open(manifests: Sequence[Manifest]) -> frozenset[tuple[int, int]]:
    """Returns registers and sections with records that are all stated OPEN."""
    stated: dict[tuple[int, int], bool] = {}
    for ordinal, manifest in enumerate(manifests):
        for record in manifest.record:
            place = ordinal, section_pb2.Section.Value(f"SECTION_{record.section.upper()}")
            stated[place] = stated.get(place, True) and (record.sensitivity.const or "").endswith("OPEN")
    return frozenset(place for place, is_open in stated.items() if is_open)


def as_stated(linked: pa.Table, always_open: Collection[tuple[int, int]]) -> pa.Table:
    """The standard records of linked ones, each once: what linking found to be a minor's act is OPEN again.

    always_open: where no manifest states MINOR itself; elsewhere it stays what it was.
    """
    rows = as_staged(linked)
    sensitivity = rows.column("sensitivity").to_numpy()
    if not (sensitivity == SENSITIVITY_MINOR).any():
        return rows
    of = zip(rows.column("register").to_pylist(), rows.column("section").to_pylist(), strict=True)
    found = np.fromiter((each in always_open for each in of), dtype=bool, count=rows.num_rows)
    stated = np.where(found & (sensitivity == SENSITIVITY_MINOR), SENSITIVITY_OPEN, sensitivity).astype(np.uint8)
    place = STANDARD_SCHEMA.get_field_index("sensitivity")
    return rows.set_column(place, STANDARD_SCHEMA.field(place), pa.array(stated, pa.uint8()))
