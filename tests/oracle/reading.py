"""Manifests interpreted row by row: every standard record of a register (docs/manifests.md, `[[record]]`)."""

# The oracle keeps enum values as plain numbers; the stubs want their enum types.
# mypy: disable-error-code="union-attr,return-value,arg-type"

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from ronda.v1 import alert_pb2, level_pb2, person_alerts_pb2, person_pb2, section_pb2, vehicle_pb2
from tests.core.standardise import naive_courts, naive_dates
from tests.oracle import subject_fields
from tests.oracle.damaged import damaged_records
from tests.oracle.record import PERSON, PLATE, VEHICLE, AlertRow, Record
from tests.oracle.sources import Row, rows_of
from tests.oracle.values import NO_DATE, RefusedError, RowValues, whole_day

OWNER, OWNED_VEHICLE = section_pb2.SECTION_OWNER, section_pb2.SECTION_OWNED_VEHICLE
DEFAULTS: dict[str, dict[str, str]] = {
    "IdentityClaim": {
        name: name
        for name in [
            "cui",
            "cedula",
            "nit",
            "document",
            "name",
            "birth_date",
            "sex",
            "birth_department",
            "birth_municipality",
            "death_date",
            "father_name",
            "mother_name",
        ]
    },
    "Address": {"department": "residence_department"},
    "Telephone": {"number": "telephone"},
    "Warrant": {
        "court": "alert.authority",
        "offence": "alert.offence",
        "issued": "alert.issued",
        "state": "alert.state",
        "state_date": "alert.state_date",
        "name": "full_name",
    },
    "TravelBan": {
        "authority": "alert.authority",
        "valid_from": "alert.valid_from",
        "valid_to": "alert.valid_to",
        "state": "alert.state",
    },
    "ProtectionOrder": {
        "role": "alert.protected",
        "court": "alert.authority",
        "valid_from": "alert.valid_from",
        "valid_to": "alert.valid_to",
        "state": "alert.state",
    },
    "MissingReport": {"state": "alert.state", "authority": "alert.authority"},
    "PrisonStay": {"offence": "alert.offence"},
    "DocumentAlert": {"reported": "date", "state": "alert.state"},
    "DiscreetAlert": {"valid_from": "alert.valid_from", "valid_to": "alert.valid_to", "state": "alert.state"},
    "Detention": {"date": "date", "certificate_visible": "certificate_visible"},
    "Sentence": {"date": "date", "certificate_visible": "certificate_visible"},
    "Complaint": {"date": "date"},
    "PoliceRecord": {"date": "date", "certificate_visible": "certificate_visible"},
    "Fine": {"date": "date"},
    "BorderCrossing": {"date": "date"},
    "Licence": {"number": "licence"},
    "TaxRegistration": {"nit": "nit", "name": "full_name"},
    "OwnedVehicle": {
        "plate": "plate",
        "type": "vehicle_type",
        "make": "make",
        "line": "line",
        "model_year": "model_year",
        "colour": "colour",
        "valid_from": "valid_from",
        "valid_to": "valid_to",
    },
    "OtherRecord": {"date": "date", "state": "alert.state"},
    "VehicleRegistration": {
        "type": "vehicle_type",
        "make": "make",
        "line": "line",
        "model_year": "model_year",
        "colour": "colour",
        "vin": "vin",
        "chassis": "chassis",
        "engine": "engine",
    },
    "PlateAssignment": {
        "plate": "plate",
        "country": "plate_country",
        "valid_from": "valid_from",
        "valid_to": "valid_to",
    },
    "Owner": {"name": "full_name", "share_percent": "share", "valid_from": "valid_from", "valid_to": "valid_to"},
    "VehicleAlert": {
        "kind": "alert.kind",
        "reported": "date",
        "state": "alert.state",
        "state_date": "alert.state_date",
    },
}


@dataclass
class Extract:
    """The content of a register's files."""

    records: list[Record] = field(default_factory=list)
    rows_read: int = 0
    rows_refused: int = 0
    refusals: list[tuple[int, str, str]] = field(default_factory=list)  # row, field, rule


def section_number(name: str) -> int:
    return int(section_pb2.Section.Value("SECTION_" + name.upper()))


def section_field(section: int) -> FieldDescriptor:
    """The field of Person or Vehicle that a section fills."""
    message = person_pb2.Person if section < 32 else vehicle_pb2.Vehicle
    return message.DESCRIPTOR.fields_by_number[section]


def message_class(section: int) -> Any:
    from google.protobuf.message_factory import GetMessageClass

    return GetMessageClass(section_field(section).message_type)


def read_register(manifest: dict[str, Any], ordinal: int, directory: Path, dsn: str) -> Extract:
    extract = Extract()
    for source in manifest["source"]:
        records = [r for r in manifest["record"] if r["source"] == source["name"]]
        told = dict(source, _columns=sorted(_columns(records)))
        for row in rows_of(told, directory, dsn):
            extract.rows_read += 1
            _read_row(manifest, ordinal, told, records, row, extract)
    return extract


def _columns(spec: Any, within: str = "") -> set[str]:
    """Every column that a part of a manifest names."""
    found: set[str] = set()
    if isinstance(spec, dict):
        for key, value in spec.items():
            if key in ("column", "columns") or (key in ("require", "record_id", "version", "date")):
                found |= {value} if isinstance(value, str) else _columns(value, "column")
            elif key in (
                "source",
                "section",
                "codes",
                "join",
                "const",
                "in",
                "not_in",
                "others",
                "clearance",
                "sensitivity",
            ):
                continue
            else:
                found |= _columns(value, "" if key in ("record", "when", "alert") else "column")
    elif isinstance(spec, list | tuple):
        for item in spec:
            found |= _columns(item, within)
    elif isinstance(spec, str) and within == "column":
        found.add(spec)
    return found


def _read_row(
    manifest: dict[str, Any],
    ordinal: int,
    source: dict[str, Any],
    records: list[dict[str, Any]],
    row: Row,
    extract: Extract,
) -> None:
    values = RowValues(row.cells, source, manifest.get("codes", {}))
    refused = False
    for spec in records:
        failing = [c for c in _conditions(spec.get("when", [])) if not row.refused and not values.holds(c)]
        if any(not ("alert" in spec or spec.get("clearance")) or not values.untold(c) for c in failing):
            continue
        try:
            if row.refused:
                raise RefusedError(row.refused, "")
            if failing:
                raise RefusedError("unknown_code", failing[-1]["column"])
            extract.records.append(standard_record(manifest, ordinal, spec, values, row.number))
        except RefusedError as error:
            refused = True
            extract.refusals.append((row.number, error.field, error.rule))
            extract.records += damaged_records(manifest, ordinal, spec, values, row, error)
        if row.refused and any("alert" in s for s in records) and "alert" in spec:
            break
    extract.rows_refused += refused


def line_of_row(manifest: dict[str, Any], spec: dict[str, Any], values: RowValues) -> str:
    """By the `line` of the record's source."""
    lines = [source.get("line") for source in manifest["source"] if source["name"] == spec["source"]]
    return values.cell(lines[0]) or "" if lines[0] else ""


def _conditions(when: Any) -> list[dict[str, Any]]:
    return [when] if isinstance(when, dict) else list(when)


def standard_record(
    manifest: dict[str, Any], ordinal: int, spec: dict[str, Any], values: RowValues, row: int
) -> Record:
    section = section_number(spec["section"])
    for column in spec.get("require", ()):
        if not values.cell(column):
            raise RefusedError("required_missing", column)
    dated = _date_columns(spec)
    for column in spec.get("require", ()):
        if column in dated and values.date(column) is None:
            raise RefusedError("unparsable_date", column)
    record_id = values.text(spec["record_id"]) if "record_id" in spec else str(row)
    if not record_id:
        raise RefusedError("record_id_missing", "record_id")
    date = values.date(spec.get("date")) or NO_DATE
    sensitivity = values.enumerated(
        spec.get("sensitivity", "OPEN"), section_pb2.Sensitivity, "SENSITIVITY_", strict="sensitivity"
    )
    record = Record(
        register=ordinal,
        register_id=manifest["register"]["id"],
        section=section,
        record_id=record_id,
        version=values.number(spec.get("version")) or 0,
        row=row,
        about=PERSON if section < 32 else VEHICLE,
        message=message_class(section)(),
        source=spec["source"],
        line_of_row=line_of_row(manifest, spec, values),
        sensitivity=sensitivity or section_pb2.SENSITIVITY_OPEN,
        sort_day=whole_day(date),
        dated_days=naive_dates.days_of(values.date(spec.get("date"))),
        standards=frozenset(spec.get("clearance", ())),
        certificate_visible=values.flag(spec.get("certificate_visible", True)),
        certificate_untold=values.certificate_untold(spec.get("certificate_visible", True)),
    )
    known = subject_fields.fill(record, spec["subject"], values, date)
    record.about_year = subject_fields.about_year(spec["subject"], values, date) if section < 32 else 0
    known |= {"date": date, "dated": values.date(spec.get("date")), "certificate_visible": record.certificate_visible}
    if "alert" in spec:
        _alert(record, spec["alert"], values, known)
        assert record.alert is not None
        record.alert.unread = record.about == PERSON and subject_fields.shows_unread(record, spec["subject"], values)
    shown = subject_fields.only_shown(record, spec["subject"])
    if "alert" in spec and not spec["alert"].get("protected") and shown:
        raise RefusedError("unreadable_identifier", shown)
    if not has_subject(record):
        raise RefusedError("no_subject", "")
    _message(record, spec, values, known)
    return record


def has_subject(record: Record) -> bool:
    if record.about == PERSON:
        return any((record.cui, all(record.document), record.nit, record.licence, record.cedula, record.name_key))
    return any((record.plate, record.vin, record.chassis, record.engine))


def _column_of(spec: Any) -> str:
    return spec if isinstance(spec, str) else str(spec.get("column", ""))


def _date_columns(spec: dict[str, Any]) -> set[str]:
    """Columns of the record that are read as dates."""
    section = message_class(section_number(spec["section"])).DESCRIPTOR
    found = [spec.get("date")]
    found += [spec["subject"].get(k) for k in ("birth_date", "death_date", "valid_from", "valid_to")]
    found += [spec.get("alert", {}).get(k) for k in ("state_date", "valid_from", "valid_to", "issued")]
    for name, value in spec.get("fields", {}).items():
        kind = section.fields_by_name[name.split(".")[0]].message_type
        if kind is not None and kind.name == "PartialDate":
            found.append(value)
    return {_column_of(f) for f in found if f is not None}


def _alert(record: Record, spec: dict[str, Any], values: RowValues, known: dict[str, Any]) -> None:
    dates = {}
    for key in ("valid_from", "valid_to"):
        date = values.date(spec.get(key))
        if date is None:
            raise RefusedError("unparsable_date", f"alert.{key}")
        dates[key] = date
    kind = 0
    if "kind" in spec:
        kind = values.enumerated(spec["kind"], alert_pb2.AlertKind, "ALERT_KIND_", strict="alert.kind")
    state = values.enumerated(spec["state"], alert_pb2.AlertState, "ALERT_STATE_", strict="alert.state")
    stated = {key: values.date(spec.get(key)) for key in ("state_date", "issued")}
    dates |= {key: date or NO_DATE for key, date in stated.items()}
    parts = [values.text(v).upper() for v in spec.get("merge_key", ())]
    if "court" in spec:
        parts.insert(0, naive_courts.court_name(values.text(spec["court"])))
    alert = AlertRow(kind, state, dates["state_date"], misuse=values.flag(spec.get("misuse", False)))
    alert.state_days = naive_dates.days_of(stated["state_date"])
    alert.issued_days = naive_dates.days_of(stated["issued"] if stated["issued"] != NO_DATE else known["dated"])
    record.dated_days = alert.issued_days
    alert.merge_key = "|".join(parts) if parts and all(parts) else None
    alert.issued = whole_day(dates["issued"])
    days = naive_dates.alert_validity(dates["valid_from"], dates["valid_to"], alert.issued)
    alert.valid_from, alert.valid_to, alert.spans = days[0], days[1], days[2:]
    if not kind and state not in (alert_pb2.ALERT_STATE_PENDING, alert_pb2.ALERT_STATE_UNSPECIFIED):
        alert.hides_yet = alert.may_stand_yet(stated["state_date"])
    offence = spec.get("offence", {})
    hit = alert.hit
    hit.authority = values.text(spec.get("authority"))
    code, text = values.text(offence.get("code")), values.text(offence.get("text"))
    if code or text:
        hit.offence.code, hit.offence.text = code, text
    for key in ("issued", "valid_from", "valid_to"):
        if any(dates[key]):
            set_date(getattr(hit, key), dates[key])
    for caution in spec.get("cautions", ()):
        if values.holds(caution):
            number = level_pb2.CautionFlag.Value("CAUTION_FLAG_" + caution["flag"].removeprefix("CAUTION_FLAG_"))
            if number not in hit.cautions:
                hit.cautions.append(number)
    hit.cautions.sort()
    record.alert = alert
    known |= {f"alert.{key}": value for key, value in dates.items()}
    known |= {"alert.state": state, "alert.kind": kind, "alert.authority": hit.authority}
    known["alert.offence"] = hit.offence if hit.HasField("offence") else None
    known["alert.protected"] = (
        person_alerts_pb2.PROTECTION_ROLE_PROTECTED
        if spec.get("protected")
        else person_alerts_pb2.PROTECTION_ROLE_RESTRAINED
    )
    acted = dates["issued"] if all(dates["issued"]) else known["date"]
    record.doubtful = naive_dates.is_doubtful(
        record.birth, known.get("birth_readable", True), acted, kind == alert_pb2.ALERT_KIND_MISSING_CHILD
    )
    record.turned = record.turned and not record.doubtful
    record.doubtful = record.doubtful or record.turned
    if kind == alert_pb2.ALERT_KIND_STOLEN_PLATE:
        record.about = PLATE


def set_date(target: Any, date: tuple[int, int, int]) -> None:
    target.year, target.month, target.day = date
    target.SetInParent()


def _message(record: Record, spec: dict[str, Any], values: RowValues, known: dict[str, Any]) -> None:
    message = record.message
    message.record.register_id = record.register_id
    message.record.record_id = record.record_id
    message.record.version = record.version
    named = spec.get("fields", {})
    for name, source in DEFAULTS.get(message.DESCRIPTOR.name, {}).items():
        if name not in {n.split(".")[0] for n in named}:
            put(message, name, known.get(source))
    for name, value in _flat(named, message.DESCRIPTOR):
        *path, last = name.split(".")
        target = message
        for step in path:
            target = getattr(target, step)
        typed = _typed(target.DESCRIPTOR.fields_by_name[last], value, values)
        if typed or not path:  # a part that is null makes no message of its own
            put(target, last, typed)
    for name, value in spec.get("attributes", {}).items():
        text = values.text(value)
        if text:
            message.attributes.add(name=name, value=text)
    if message.DESCRIPTOR.name == "IdentityClaim":
        message.identifier_valid = record.cui_valid
    if message.DESCRIPTOR.name == "VehicleRegistration":
        from tests.core.identifiers import naive_identifiers

        message.vin_check_digit_valid = not record.vin or naive_identifiers.vin_check_digit_valid(record.vin)


def _flat(named: dict[str, Any], descriptor: Any) -> list[tuple[str, Any]]:
    """offence = { code, text } and offence.code = ... alike, as dotted names."""
    found = []
    for name, value in named.items():
        kind = descriptor.fields_by_name[name.split(".")[0]].message_type
        if isinstance(value, dict) and kind is not None and set(value) <= set(kind.fields_by_name):
            found += [(f"{name}.{part}", inner) for part, inner in value.items()]
        else:
            found.append((name, value))
    return found


def _typed(descriptor: FieldDescriptor, spec: Any, values: RowValues) -> Any:
    if descriptor.type == FieldDescriptor.TYPE_BOOL:
        if isinstance(spec, dict) and {"in", "not_in", "present"} & set(spec):
            return None if descriptor.has_presence and not values.cell(spec["column"]) else values.holds(spec)
        return values.boolean(spec)
    if descriptor.type == FieldDescriptor.TYPE_MESSAGE:
        assert descriptor.message_type.name == "PartialDate", descriptor.name
        return values.date(spec)
    if descriptor.type == FieldDescriptor.TYPE_ENUM:
        prefix = descriptor.enum_type.values[0].name.removesuffix("UNSPECIFIED")
        wrapper = {v.name: v.number for v in descriptor.enum_type.values}
        return values.enumerated(spec, _Enum(wrapper), prefix)
    if descriptor.type == FieldDescriptor.TYPE_INT32:
        return values.number(spec, centavos=descriptor.name.endswith("_centavos"))
    return values.text(spec)


class _Enum(dict[str, int]):
    def Value(self, name: str) -> int:
        return self[name]


def put(message: Any, name: str, value: Any) -> None:
    """Sets a field; None leaves it unset."""
    if value is None:
        return
    if isinstance(value, tuple):
        if any(value):
            set_date(getattr(message, name), value)
    elif hasattr(value, "DESCRIPTOR"):
        if value.ByteSize():
            getattr(message, name).CopyFrom(value)
    else:
        setattr(message, name, value)
