"""A register as MANIFEST.json states it, turned into the numbers and encoded bytes that the core works with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.wire import encode_fields

_ROLES = {"alert": 1, "identity": 2, "context": 3}  # ronda.v1.RegisterRole
_IDENTIFIES = {  # KEY_* of core/generation/dossier.pxd; 30 is IDENTIFIES_FOREIGN_DOCUMENT of core/generation/store.pxd
    "cui": 1,
    "nit": 2,
    "cedula": 3,
    "document": 4,
    "licence": 6,
    "telephone": 7,
    "plate": 8,
    "vin": 9,
    "engine": 11,
    "foreign_document": 30,
}
_STANDARDS = {"police": 8, "criminal": 16, "renas": 32}  # RECORD_STANDARD_*


@dataclass(frozen=True)
class RegisterEntry:
    """Masks have bit (1 << n) for number n; see struct Register in core/generation/store.pxd."""

    id: bytes
    name: bytes
    loaded: bool
    carried_forward: bool
    roles_person: int
    roles_vehicle: int
    sections: int
    needed_person: int
    needed_vehicle: int
    identifies: int
    authoritative: int
    standards: int
    stale_after_ms: int
    as_of_ms: int
    rows_read: int
    rows_refused: int
    status: bytes
    as_of: bytes


def _mask(numbers: Iterable[int], end: int) -> int:
    mask = 0
    for number in numbers:
        if not 0 <= number < end:
            raise ValueError(f"number {number} is outside 0 to {end - 1}")
        mask |= 1 << number
    return mask


def timestamp(milliseconds: int) -> bytes:
    """google.protobuf.Timestamp of UTC milliseconds, encoded."""
    seconds, rest = divmod(milliseconds, 1000)
    fields: list[tuple[int, str, object]] = [(1, "int", seconds)] if seconds else []
    if rest:
        fields.append((2, "int", rest * 1_000_000))
    return encode_fields(fields)


def register_entry(stated: Mapping[str, Any], ordinal: int) -> RegisterEntry:
    """Reads an entry of MANIFEST.json's "registers".

    Raises KeyError, TypeError or ValueError, which name the key, when it is not as the format says.
    """
    if stated["ordinal"] != ordinal:
        raise ValueError("ordinal is not its place in the list")
    loaded = stated["state"] == "loaded"
    as_of_ms = int(stated["as_of_ms"] or 0) if loaded else 0
    rows_refused = int(stated.get("rows_refused") or 0)
    carried = bool(stated.get("carried_forward"))
    as_of = timestamp(as_of_ms) if loaded else b""
    status: list[tuple[int, str, object]] = [(1, "bytes", stated["id"].encode()), (2, "bytes", stated["name"].encode())]
    if loaded:
        status.append((4, "bytes", as_of))
    if carried:
        status.append((6, "uint", 1))
    if rows_refused:
        status.append((7, "int", rows_refused))
    roles = stated["roles"]
    needed = stated["needed_sections"]
    return RegisterEntry(
        id=stated["id"].encode(),
        name=stated["name"].encode(),
        loaded=loaded,
        carried_forward=carried,
        roles_person=_mask((_ROLES[role] for role in roles.get("person", ())), 32),
        roles_vehicle=_mask((_ROLES[role] for role in roles.get("vehicle", ())), 32),
        sections=_mask(stated["sections"], 64),
        needed_person=_mask(needed.get("person", ()), 64),
        needed_vehicle=_mask(needed.get("vehicle", ()), 64),
        identifies=_mask((_IDENTIFIES[kind] for kind in stated["identifies"]), 32),
        authoritative=_mask(stated["authoritative_for"], 32),
        standards=sum(_STANDARDS[standard] for standard in set(stated.get("standards", ()))),
        stale_after_ms=int(stated["stale_after_s"]) * 1000,
        as_of_ms=as_of_ms,
        rows_read=int(stated.get("rows_read") or 0),
        rows_refused=rows_refused,
        status=encode_fields(status),
        as_of=as_of,
    )
