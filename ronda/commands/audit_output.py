"""How `ronda audit` shows records: a table for people, JSON for machines, the questions opened on demand."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any

from ronda.commands.audit_words import METHODS, OUTCOMES, PURPOSES
from ronda.commands.office_words import who_text
from ronda.commands.output import print_json, print_renderables

if TYPE_CHECKING:
    from server.audit.reading import AuditReader, AuditRecord


GUATEMALA = datetime.timezone(datetime.timedelta(hours=-6))  # no daylight saving time
ZONE = "Guatemala"  # said in the heading of each column of times


def when(time_ms: int) -> str:
    """dd/mm/yyyy hh:mm:ss of Guatemala, as officers read dates."""
    return datetime.datetime.fromtimestamp(time_ms / 1000, GUATEMALA).strftime("%d/%m/%Y %H:%M:%S")


def _names(record: AuditRecord) -> dict[str, str]:
    """Names of method, purpose and status."""
    from core.access.caller import METHOD_OF_CLEAR
    from core.engine.entry import Method
    from ronda.v1 import context_pb2, error_pb2
    from server.audit.looking import Tool

    known = {METHOD_OF_CLEAR: "CLEAR", **{each.value: each.name for each in (*Method, *Tool)}}
    purpose = context_pb2.Purpose.DESCRIPTOR.values_by_number.get(record.purpose)
    reason = error_pb2.ErrorReason.DESCRIPTOR.values_by_number.get(record.status)
    return {
        "method": known.get(record.method, str(record.method)),
        "purpose": purpose.name.removeprefix("PURPOSE_") if purpose is not None else str(record.purpose),
        "status": "OK" if not record.status else reason.name.removeprefix("ERROR_REASON_") if reason else "?",
    }


def _question(reader: AuditReader, record: AuditRecord) -> Any:
    """What was asked, opened: a contract message as JSON, or a tool's arguments."""
    from google.protobuf.json_format import MessageToDict
    from google.protobuf.message import DecodeError

    from core.access.caller import METHOD_OF_CLEAR
    from core.engine.entry import Method
    from ronda.v1 import check_service_pb2 as checks
    from ronda.v1 import clearance_service_pb2 as clearance
    from server.audit.looking import Tool

    kinds: dict[int, Any] = {
        Method.CHECK: checks.CheckRequest,
        Method.CHECK_PERSON: checks.CheckPersonRequest,
        Method.CHECK_VEHICLE: checks.CheckVehicleRequest,
        Method.SEARCH_PERSONS: checks.SearchPersonsRequest,
        Method.SEARCH_VEHICLES: checks.SearchVehiclesRequest,
        Method.LIST_RECORDS: checks.ListRecordsRequest,
        METHOD_OF_CLEAR: clearance.ClearRequest,
    }
    opened = reader.question(record)
    if not opened:
        return None if opened is not None else "EL SELLO NO CORRESPONDE"
    try:
        if record.method >= min(Tool):
            return json.loads(opened)
        return MessageToDict(kinds[record.method].FromString(opened), preserving_proto_field_name=True)
    except (KeyError, ValueError, DecodeError):
        return opened.hex()


def _as_dict(reader: AuditReader, record: AuditRecord, questions: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "record": f"{record.segment}/{record.place}",
        "time": datetime.datetime.fromtimestamp(record.time_ms / 1000, GUATEMALA).isoformat(timespec="seconds"),
        **_names(record),
        "identity": record.identity,
        "case_number": record.case_number,
        "request_id": record.request_id,
        "generation": record.generation,
        "answer_id": record.answer_id.hex(),
        "latency_us": record.latency_us,
        "flags": record.flags,
        "stands_for": record.stands_for,
        "subjects_shown": len(record.entries),
    }
    if questions:
        found["question"] = _question(reader, record)
    return found


def show_records(
    reader: AuditReader, rows: list[tuple[AuditRecord, str]], title: str, as_json: bool, questions: bool
) -> None:
    from clients.terminal.whole_table import WholeTable
    from server.audit.misuse import who_is

    if as_json:
        print_json([_as_dict(reader, record, questions) | ({"how": how} if how else {}) for record, how in rows])
        return
    headings = [f"hora ({ZONE})", "quién", "unidad", "propósito", "caso", "consulta", "resultado", "cómo", "registro"]
    table = WholeTable(f"{title}: {len(rows)}", *headings, *(["pregunta"] if questions else []))
    for record, how in rows:
        names = _names(record)
        cells = [
            when(record.time_ms),
            who_text(record.identity, who_is(record.identity)),
            str(record.identity.get("unit", "")),
            PURPOSES.get(names["purpose"], names["purpose"]),
            record.case_number,
            METHODS.get(names["method"], names["method"]),
            OUTCOMES.get(names["status"], names["status"]) + (f" ({n} más)" if (n := record.stands_for) > 1 else ""),
            how,
            f"{record.segment}/{record.place}",
        ]
        if questions:
            cells.append(json.dumps(_question(reader, record), ensure_ascii=False))
        table.add(*cells)
    print_renderables(table)
