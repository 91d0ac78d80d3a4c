"""Hand-made standard records: only what a test says, the rest empty."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.names.keys import name_key
from indexer.linking.database import LinkedRegister, StagedFile
from indexer.linking.stage import Linked, link
from indexer.standard import STANDARD_SCHEMA, SUBJECT_PERSON, SUBJECT_VEHICLE

RENAP, SAT, OJ, PNC, TRANSITO, MIGRACION = range(6)
REGISTERS = [
    LinkedRegister(RENAP, "renap", frozenset({"cui", "cedula", "document"}), True),
    LinkedRegister(SAT, "sat", frozenset({"nit", "plate", "vin"}), False),
    LinkedRegister(OJ, "oj", frozenset(), False),
    LinkedRegister(PNC, "pnc", frozenset(), False),
    LinkedRegister(TRANSITO, "transito", frozenset({"licence"}), False),
    LinkedRegister(MIGRACION, "migracion", frozenset({"foreign_document"}), True),
]
KEY = bytes(range(32))

IDENTITY, WARRANT, DETENTION, SENTENCE, FINE, TAX, OWNED_VEHICLE = 1, 5, 12, 13, 16, 21, 22
REGISTRATION, PLATE_ASSIGNMENT, OWNER, VEHICLE_ALERT, VEHICLE_FINE = 32, 33, 34, 35, 36
OPEN, DISCREET, MINOR, VICTIM, EXPUNGED = 1, 2, 3, 4, 5

_EMPTY: dict[Any, Any] = {pa.bool_(): False, pa.string(): "", pa.binary(): b""}


def record(register: int, section: int, record_id: str, **fields: Any) -> dict[str, Any]:
    """One standard record; `name` fills name_key and name_text, `birth=(y, m, d)` the birth columns."""
    row: dict[str, Any] = {f.name: (None if f.nullable else _EMPTY.get(f.type, 0)) for f in STANDARD_SCHEMA}
    row |= {"register": register, "section": section, "record_id": record_id, "sensitivity": OPEN, "cui_valid": True}
    row["subject"] = SUBJECT_VEHICLE if section >= REGISTRATION else SUBJECT_PERSON
    if "name" in fields:
        row["name_key"] = name_key(fields["name"])
        row["name_text"] = fields["name"]
    if "birth" in fields:
        row["birth_year"], row["birth_month"], row["birth_mday"] = (part or None for part in fields.pop("birth"))
    if fields.get("plate"):
        row["plate_country"] = "GTM"
    return row | fields


def stage(directory: Path, records: Sequence[dict[str, Any]]) -> list[StagedFile]:
    """One Parquet file a register, rows numbered in order."""
    directory.mkdir(parents=True, exist_ok=True)
    files = []
    for register in sorted({row["register"] for row in records}):
        rows = [dict(row) for row in records if row["register"] == register]
        for number, row in enumerate(rows, 1):
            row["row"] = row["row"] or number
        path = directory / f"records-{register:05d}.parquet"
        pq.write_table(pa.Table.from_pylist(rows, schema=STANDARD_SCHEMA), path)
        files.append(StagedFile(path, register))
    return files


def link_records(directory: Path, records: Sequence[dict[str, Any]], key: bytes = KEY) -> Linked:
    """Links hand-made records."""
    return link(stage(directory / "staged", records), REGISTERS, key, directory / "work")


def cui(number: int) -> str:
    """A CUI-shaped text; linking does not look at check digits."""
    return f"{number:013d}"
