"""Linking's result for hand-made records, found by record id and canonical identifier; and common records."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa

from indexer.linking.stage import Linked
from indexer.standard import ENTITY_SCHEMA
from tests.indexer.staged_records import (
    IDENTITY,
    KEY,
    OJ,
    PLATE_ASSIGNMENT,
    RENAP,
    SAT,
    TAX,
    TRANSITO,
    VEHICLE_FINE,
    WARRANT,
    cui,
    link_records,
    record,
)

CUI, DOCUMENT, NIT, LICENCE, CEDULA, NAMES, PARENTS, BIRTH_DATE, SEX = range(1, 10)
PLATE, VIN, ENGINE = 11, 13, 15
BY_RULE, POSSIBLE, HIT = 0, 4, 5
PERSON, ORGANISATION, UNIDENTIFIED, VEHICLE, PLATE_SUBJECT = 1, 2, 3, 4, 5
BORN = (1980, 1, 2)


def rows_of(linked: Linked) -> list[dict[str, Any]]:
    """The linked records in the order of dossiers."""
    found = []
    for ordered in linked.linked():
        whole = [pa.record_batch(batch).to_pylist() for batch in ordered.batches]
        found += [whole[place >> 32][place & 0xFFFFFFFF] for place in ordered.places.tolist()]
    return found


class Result:
    """Linked records and entities, looked up by record id and canonical identifier."""

    def __init__(self, directory: Path, records: list[dict[str, Any]]) -> None:
        linked = link_records(directory, records)
        entities = pa.Table.from_batches(linked.entities(), schema=ENTITY_SCHEMA).to_pylist()
        self.rows = rows_of(linked)
        self.entities = {row["entity"]: row for row in entities}
        self.by_id = {row["subject_id"]: row["entity"] for row in entities}
        assert (linked.persons, linked.vehicles) == (
            sum(row["kind"] < VEHICLE for row in entities),
            sum(row["kind"] >= VEHICLE for row in entities),
        )
        assert [row["entity"] for row in entities] == list(range(len(entities)))

    def entity(self, identifier: str) -> int | None:
        """Entity of a canonical identifier; None when there is no such subject."""
        return self.by_id.get(hashlib.blake2b(identifier.encode(), key=KEY, digest_size=16).digest())

    def links(self, record_id: str) -> set[tuple[int, int, int]]:
        """(entity, criterion, level) of each copy of a record."""
        return {(r["entity"], r["link_criterion"], r["link_level"]) for r in self.rows if r["record_id"] == record_id}

    def row(self, record_id: str, entity: int | None = None) -> dict[str, Any]:
        """The one copy of a record, or the one at an entity."""
        (found,) = (r for r in self.rows if r["record_id"] == record_id and entity in (None, r["entity"]))
        return found

    def kind(self, identifier: str) -> int:
        """Kind of a subject."""
        entity = self.entity(identifier)
        assert entity is not None
        return int(self.entities[entity]["kind"])


def citizen(number: int, name: str = "ANA LUCIA CAAL CHOC", **fields: Any) -> dict[str, Any]:
    """A RENAP identity claim."""
    return record(RENAP, IDENTITY, f"renap-{number}", cui=cui(number), name=name, **fields)


def warrant(record_id: str = "w", **fields: Any) -> dict[str, Any]:
    """A pending warrant of the Judiciary."""
    return record(OJ, WARRANT, record_id, alert_kind=1, alert_state=1, **fields)


def identified(register: int, number: int, **fields: Any) -> dict[str, Any]:
    """A record with a CUI and another identifier: it feeds the crosswalk when the register identifies that kind."""
    return record(register, TAX, f"x-{register}-{number}", cui=cui(number), **fields)


def borne(record_id: str, vin: str, plate: str = "123BCD", **fields: Any) -> dict[str, Any]:
    """A plate assignment of SAT."""
    return record(SAT, PLATE_ASSIGNMENT, record_id, vin=vin, plate=plate, plate_type="P", **fields)


def by_plate(record_id: str, day: int | None = None, **fields: Any) -> dict[str, Any]:
    """A fine that knows only the plate."""
    return record(
        TRANSITO, VEHICLE_FINE, record_id, **{"plate": "123BCD", "plate_type": "P", "sort_day": day, **fields}
    )
