"""The records of one section, each with all that it says: one table, headings in Spanish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clients.officer_view.ownership import Day, day_of, why_not_looked_up
from clients.spanish import words as spanish
from clients.spanish.places import department_name, municipality_name
from clients.spanish.records import FIELDS, ROLES
from clients.terminal.whole_table import WholeTable
from ronda.v1 import vehicle_pb2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.protobuf.message import Message
    from google.protobuf.timestamp_pb2 import Timestamp

_ENUMS: dict[str, dict[Any, str]] = {
    "ronda.v1.Sex": spanish.SEXES,
    "ronda.v1.AlertState": spanish.STATES,
    "ronda.v1.AlertKind": spanish.ALERTS,
    "ronda.v1.SubjectKind": spanish.SUBJECT_KINDS,
    "ronda.v1.IdentityStatus": spanish.IDENTITY,
    "ronda.v1.ProtectionRole": ROLES,
    "ronda.v1.Level": {level: colour for level, (colour, _) in spanish.LEVELS.items()},
}
_DEPARTMENTS = ("department", "birth_department")
_MUNICIPALITIES = {
    "municipality": "department",
    "birth_municipality": "birth_department",
}  # and where its department is
_OF_OWNERS_TODAY = ("level", "identity_status")
_NESTED_DOSSIER = "ronda.v1.Person"  # an owner's, which has a page of its own: `ronda check`


def records_table(section: int, records: Sequence[Message], total: int, answered_at: Timestamp) -> WholeTable:
    """A row a record, newest first; a column a field that any of them states."""
    today = day_of(answered_at)
    name = spanish.SECTIONS.get(section, "registros")  # type: ignore[call-overload]
    title = f"{name}: {len(records)} de {total}"
    fields = [f for f in records[0].DESCRIPTOR.fields if f.name != "record" and _type(f) != _NESTED_DOSSIER]
    table = WholeTable(title, "registro", *(FIELDS.get(f.name, f.name) for f in fields), lines_between=True)
    for record in records:
        source: Any = getattr(record, "record")  # noqa: B009 # every record has one, and Message knows none
        said = f"{source.register_id} {source.record_id}" + (" (enlace posible)" if source.possible else "")
        table.add(said, *(_value(record, field, today) for field in fields))
    return table


def _type(field: Any) -> str:
    return field.message_type.full_name if field.message_type is not None else ""


def _value(record: Message, field: Any, today: Day) -> str:
    if isinstance(record, vehicle_pb2.Owner) and field.name in _OF_OWNERS_TODAY and why_not_looked_up(record, today):
        return why_not_looked_up(record, today) if field.name == "level" else ""
    if field.is_repeated:
        return "\n".join(_message(each) for each in getattr(record, field.name))
    value = getattr(record, field.name)
    if field.name in _DEPARTMENTS:
        return department_name(value)
    if field.name in _MUNICIPALITIES:
        return municipality_name(getattr(record, _MUNICIPALITIES[field.name], 0), value)
    if field.message_type is not None:
        return _message(value) if record.HasField(field.name) else ""
    if field.enum_type is not None:
        return _ENUMS.get(field.enum_type.full_name, {}).get(value, f"código {value}") if value else ""
    if isinstance(value, bool):
        return ("sí" if value else "no") if not field.has_presence or record.HasField(field.name) else ""
    if field.name == "amount_centavos":
        return f"Q {value / 100:,.2f}" if value else ""
    if field.name == "cui":
        return spanish.cui_text(value)
    return str(value) if value else ""


def _message(value: Any) -> str:
    match value.DESCRIPTOR.name:
        case "PartialDate":
            return spanish.date_text(value)
        case "PersonName":
            return spanish.name_text(value)
        case "CodedText":
            return str(value.text or value.code)
        case "ForeignDocument":
            return f"{value.country} {value.number}".strip()
        case _:  # an attribute that no section foresaw: its name and its text
            return ": ".join(str(part) for _, part in value.ListFields())
