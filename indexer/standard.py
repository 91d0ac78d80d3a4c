"""The standard record as Arrow schemas: the form of every register before linking (docs/standard-record.md).

A register's row yields one or more standard records, staged as Parquet with `STANDARD_SCHEMA` by
`indexer.standardise.standardiser` and joined to its subject by `indexer.linking.stage`, which adds `LINK_FIELDS`. The
columns are those of core/standard_record.toml.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

import pyarrow as pa

from core.standard_record import ENTITY, LINK, NUMBERS, PARTS, STANDARD, Column

SUBJECT_PERSON = NUMBERS["SUBJECT_PERSON"]
SUBJECT_VEHICLE = NUMBERS["SUBJECT_VEHICLE"]
SUBJECT_PLATE = NUMBERS["SUBJECT_PLATE"]

CLEARANCE_CERTIFICATE = NUMBERS["CLEARANCE_CERTIFICATE"]
CLEARANCE_POLICE = NUMBERS["CLEARANCE_POLICE"]
CLEARANCE_CRIMINAL = NUMBERS["CLEARANCE_CRIMINAL"]
CLEARANCE_RENAS = NUMBERS["CLEARANCE_RENAS"]
CLEARANCE_UNTOLD = NUMBERS["CLEARANCE_UNTOLD"]

ALERT_MISUSE = NUMBERS["ALERT_MISUSE"]
ALERT_ARMED = NUMBERS["ALERT_ARMED"]
ALERT_UNREAD = NUMBERS["ALERT_UNREAD"]
ALERT_BIRTH_TURNED = NUMBERS["ALERT_BIRTH_TURNED"]
ALERT_BIRTH_DOUBTED = NUMBERS["ALERT_BIRTH_DOUBTED"]
ALERT_FED_CLOSED = NUMBERS["ALERT_FED_CLOSED"]
ALERT_PROTECTED = NUMBERS["ALERT_PROTECTED"]
ALERT_HIDES_YET = NUMBERS["ALERT_HIDES_YET"]

LEVEL_BY_RULE = NUMBERS["LEVEL_BY_RULE"]
LEVEL_DOUBTED = NUMBERS["LEVEL_DOUBTED"]
LEVEL_HIDES = NUMBERS["LEVEL_HIDES"]

NAME_ONLY_CROWDED = NUMBERS["NAME_ONLY_CROWDED"]
NAME_ONLY_ONE_BEARER = NUMBERS["NAME_ONLY_ONE_BEARER"]

_TYPES: dict[str, Any] = {
    "b": pa.bool_(), "c": pa.int8(), "C": pa.uint8(), "s": pa.int16(), "i": pa.int32(), "I": pa.uint32(),
    "l": pa.int64(), "u": pa.string(), "z": pa.binary(), "w:16": pa.binary(16),
}  # fmt: skip
_NOTHING: dict[str, Any] = {"b": False, "u": "", "z": b""}


def _fields(columns: Iterable[Column]) -> list[pa.Field[Any]]:
    return [pa.field(column.name, _TYPES[column.format], column.nullable) for column in columns]


STANDARD_SCHEMA = pa.schema(_fields(STANDARD))
LINK_FIELDS = _fields(LINK)
# Sorted by entity; what the assembler (core.assembly.assembler) reads, together with ENTITY_SCHEMA sorted the same way.
LINKED_SCHEMA = pa.schema(_fields((*STANDARD, *LINK)))
ENTITY_SCHEMA = pa.schema(_fields(ENTITY))

EMPTY_RECORD: dict[str, Any] = {
    column.name: None if column.nullable else _NOTHING.get(column.format, 0) for column in STANDARD
}


def person_columns(but: Container[str]) -> str:
    """SQL list of what a record says of its person, save columns read in a way of their own; empty texts are null."""
    return ", ".join(
        f"nullif({column.name}, '') AS {column.name}" if column.format == "u" else column.name
        for column in PARTS["person"].columns
        if column.name not in but
    )
