"""Makes small generations for tests: standard records as plain dicts, assembled into files and a manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.assembly.assembler import Assembly, assemble
from core.names.keys import name_key
from indexer.standard import ENTITY_SCHEMA, LINKED_SCHEMA
from ronda.v1 import person_alerts_pb2, person_pb2, person_records_pb2, vehicle_pb2

DAY = 20000  # 2024-10-04
ENTITY_DEFAULTS = {"homonyms": None, "name_only_alerts": None, "name_only_flags": 0, "identity_fed": None}
RECORD_DEFAULTS: dict[str, Any] = {
    "register": 0,
    "section": 1,
    "version": 0,
    "row": 1,
    "subject": 1,
    "sensitivity": 1,
    "clearance": 0,
    "cui_valid": True,
    "organisation": False,
    "sex": 0,
    "birth_department": 0,
    "residence_department": 0,
    "share": 0,
    "alert_kind": 0,
    "alert_state": 0,
    "alert_flags": 0,
    "state_date": 0,
    "link_criterion": 0,
    "link_level": 0,
    "owner_level": 0,
}
PAYLOADS = {
    1: person_pb2.IdentityClaim,
    2: person_pb2.Address,
    5: person_alerts_pb2.Warrant,
    7: person_alerts_pb2.ProtectionOrder,
    10: person_alerts_pb2.DocumentAlert,
    12: person_records_pb2.Detention,
    16: person_records_pb2.Fine,
    17: person_records_pb2.BorderCrossing,
    21: person_records_pb2.TaxRegistration,
    32: vehicle_pb2.VehicleRegistration,
    33: vehicle_pb2.PlateAssignment,
    34: vehicle_pb2.Owner,
    35: vehicle_pb2.VehicleAlert,
}


def register(ordinal: int, identifier: str, **changes: Any) -> dict[str, Any]:
    """An entry of MANIFEST.json's "registers"."""
    return {
        "ordinal": ordinal,
        "id": identifier,
        "name": identifier.upper(),
        "owner": "",
        "contact": "",
        "roles": {"person": ["identity"], "vehicle": []},
        "identifies": [],
        "sections": [1],
        "needed_sections": {"person": [1], "vehicle": []},
        "authoritative_for": [],
        "standards": [],
        "stale_after_s": 86400,
        "state": "loaded",
        "as_of_ms": 1_700_000_000_123,
        "carried_forward": False,
        "carried_reason": "",
        "rows_read": 1,
        "rows_refused": 0,
        "checksum": "",
        **changes,
    }


REGISTERS = [
    register(0, "renap", identifies=["cui", "cedula", "document"]),
    register(1, "sat", identifies=["nit", "plate", "vin"], roles={"person": ["identity"], "vehicle": ["identity"]}),
    register(2, "oj", roles={"person": ["alert"], "vehicle": []}, authoritative_for=[1], sections=[5, 7]),
    register(3, "pnc", roles={"person": ["alert", "context"], "vehicle": ["alert"]}, sections=[5, 12, 35]),
]


def record(entity: int, record_id: str, **fields: Any) -> dict[str, Any]:
    """A linked record; `message` holds fields of its payload, `name` also makes the name key and text."""
    section = fields.get("section", 1)
    message = PAYLOADS[section](**fields.pop("message", {}))
    identifier = REGISTERS[fields.get("register", 0)]["id"]
    message.record.register_id = identifier
    message.record.record_id = record_id
    if "name" in fields and "name_key" not in fields:
        fields["name_key"] = name_key(fields["name"])
        fields["name_text"] = fields["name"]
    return {
        **RECORD_DEFAULTS,
        "entity": entity,
        "record_id": record_id,
        "payload": message.SerializeToString(),
        **fields,
    }


def subject_id(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def entity(number: int, kind: int = 1, **fields: Any) -> dict[str, Any]:
    return {**ENTITY_DEFAULTS, "entity": number, "kind": kind, "subject_id": subject_id(f"entity {number}"), **fields}


def sort_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    day = row.get("sort_day")
    return (
        row["entity"],
        row["section"],
        day is None,
        -(day or 0),
        row["register"],
        row["record_id"].encode(),
        row["version"],
        row["row"],
    )


def batches(rows: Sequence[Mapping[str, Any]], schema: pa.Schema, size: int) -> list[pa.RecordBatch]:
    columns = {name: [row.get(name) for row in rows] for name in schema.names}
    table = pa.table(columns, schema=schema)
    return table.to_batches(max_chunksize=size)


def build(
    directory: Path,
    entities: Sequence[Mapping[str, Any]],
    records: Sequence[Mapping[str, Any]],
    *,
    registers: Sequence[Mapping[str, Any]] = REGISTERS,
    batch_rows: int = 7,
) -> Assembly:
    """Assembles a generation into `directory`, manifest included."""
    directory.mkdir(parents=True, exist_ok=True)
    made = assemble(
        directory,
        batches(entities, ENTITY_SCHEMA, batch_rows),
        batches(sorted(records, key=sort_key), LINKED_SCHEMA, batch_rows),
        registers,
    )
    manifest = {
        "format_version": 2,
        "generation_id": "20261124T160351Z-0badcafe",
        "built_at_ms": 1_700_000_100_000,
        "persons": made.persons,
        "vehicles": made.vehicles,
        "files": made.files,
        "registers": list(registers),
    }
    (directory / "MANIFEST.json").write_text(json.dumps(manifest), encoding="utf-8")
    return made
