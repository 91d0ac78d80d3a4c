"""The document of an export: what the person gets, and beside it what only the reviewer sees."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from core.engine.entry import Engine
from server.audit.reading import Look
from server.habeas_data.holdings import Held, Holdings, holdings
from server.habeas_data.looks import Looked, looked

FORMAT = "ronda-subject-export/1"
NOTICE = (
    "Este documento contiene los datos que constan en los registros consultados por Ronda en la fecha indicada. "
    "Por ley pueden no figurar datos reservados o de terceras personas (Decreto 57-2008)."
)


def compose(
    engine: Engine, cui: str, looks: Iterable[Look], closed_cases: Collection[str], clock_ms: int, request_id: str
) -> dict[str, Any]:
    """Returns `released`, for the person, and `reviewer_only`: the withheld records, with reasons. All of it is JSON.

    `released` never shows that a record was withheld: otherwise a person without withheld records would look different.
    """
    held = holdings(engine, cui, clock_ms)
    seen = looked(looks, closed_cases)
    return {
        "format": FORMAT,
        "request": request_id,
        "released": _released(held, seen, cui, clock_ms),
        "reviewer_only": {
            "records": [_kept_record(record) for record in held.records if record.kept_back or record.others],
            "looks": [{"why": look.kept_back or "the officer is a third party", **look.reviewer} for look in seen],
        },
    }


def _released(held: Holdings, seen: list[Looked], cui: str, clock_ms: int) -> dict[str, Any]:
    records = [record for record in held.records if not record.kept_back]
    return {
        "cui": cui,
        "made_at": datetime.fromtimestamp(clock_ms / 1000, UTC).isoformat(timespec="seconds"),
        "generation": held.generation,
        "notice": NOTICE,
        "registers": held.registers,
        "records": [_record(record) for record in records],
        "looks": [look.shared for look in seen if not look.kept_back],
    }


def _record(record: Held) -> dict[str, Any]:
    return {
        "section": record.section,
        "register": record.register,
        "record_id": record.record_id,
        "expunged": record.sensitivity == "EXPUNGED",
        "data": record.data,
    }


def _kept_record(record: Held) -> dict[str, Any]:
    return {"why": record.kept_back or "names other persons", **_record(record), "others": record.others}


def digest(document: dict[str, Any]) -> str:
    """sha256 of a document, hexadecimal: the same for the same content."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
