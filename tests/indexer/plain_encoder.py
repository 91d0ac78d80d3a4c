"""The encoder in plain Python and protobuf's own classes, written from docs/manifests.md: core.standardise's twin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import xxhash
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from indexer import standard
from indexer.manifest.agreement import BOOLEANS, date_values
from indexer.manifest.fields import DEFAULTS, ENUMS, SECTIONS, is_vehicle_section, message_fields, section_message
from indexer.manifest.model import Manifest
from indexer.manifest.records import Alert, Record
from indexer.manifest.values import Condition, Value
from ronda.v1 import alert_pb2, person_alerts_pb2, person_records_pb2, section_pb2, value_pb2
from tests.core.identifiers import naive_identifiers
from tests.core.names import naive_names
from tests.core.standardise import naive_dates
from tests.core.standardise.naive_courts import court_name
from tests.indexer.plain_subject import PARTS, PlainSubject, alert_validity, enum_of, good_date, read_subject, validity
from tests.indexer.plain_values import BAD, Date, Row, Unknown, day_number, same_word

STANDARDS = {"police": 8, "criminal": 16, "renas": 32}
_OPEN = (alert_pb2.ALERT_STATE_UNSPECIFIED, alert_pb2.ALERT_STATE_PENDING)
TRUE_WORDS, FALSE_WORDS = {"1", "S", "SI", "Y", "T", "TRUE", "V"}, {"0", "N", "NO", "F", "FALSE"}


class Refusal(NamedTuple):
    row: int
    section: str
    rule: str


def encode(manifest: Manifest, ordinal: int, rows: list[Row]) -> tuple[list[dict[str, Any]], list[Refusal]]:
    """Standard records and refusals of rows of one source, in order."""
    records: list[dict[str, Any]] = []
    refusals: list[Refusal] = []
    for row in rows:
        for place, record in enumerate(manifest.record, 1):
            if record.source != row.source.name:
                continue
            failing = [c for c in record.when if not row.holds(c)]
            counts = record.alert is not None or bool(record.clearance)
            if any(not counts or not row.untold(c) for c in failing):
                continue
            subject = read_subject(row, record)
            rule, field = ("unknown_code", failing[-1].column) if failing else broken_rule(row, record, subject)
            if rule:
                refusals.append(Refusal(row.number, record.section, rule))
                made = damaged(manifest, ordinal, row, record, subject, rule, field)
            else:
                made = [(0, standard_record(manifest, ordinal, row, record, subject))]
            for further, each in made:
                records.append(each | key(manifest, row) | {"part": place + 256 * further})
    return records, refusals


def key(manifest: Manifest, row: Row) -> dict[str, Any]:
    """Returns which source the row is of, and its line there."""
    line = row.source.line
    text = row.text(Value(column=line)) if line is not None else None
    return {
        "source": 1 + xxhash.xxh3_64(row.source.name.encode()).intdigest() % 32767,
        "record_line": None if line is None else text or "",
    }


def named(record: Record) -> Iterator[tuple[str, Value]]:
    yield from ((name, value) for name, value in record.subject if isinstance(value, Value))
    for name, value in [*record.fields.items(), *record.attributes.items()]:
        if isinstance(value, Value):
            yield name, value
        elif isinstance(value, dict):
            yield from ((f"{name}.{part}", text) for part, text in value.items())


def broken_rule(row: Row, record: Record, subject: PlainSubject) -> tuple[str, str]:
    dates = {value.column: value for value in date_values(record) if value.column is not None}
    required = {name: row.date(dates[name]) if name in dates else row.cells[name] for name in record.require}
    for name, found in required.items():
        if found is None:
            return "required_missing", name
    for name, found in required.items():
        if found == BAD and name in dates:
            return "unparsable_date", name
    alert = record.alert
    if alert is not None:
        for name, value in (("valid_from", alert.valid_from), ("valid_to", alert.valid_to)):
            if row.date(value) == BAD:
                return "unparsable_date", f"alert.{name}"
    if record.record_id is not None and row.text(record.record_id) is None:
        return "record_id_missing", "record_id"
    coded = [("sensitivity", record.sensitivity, "sensitivity")]
    if alert is not None:
        coded += [("alert.kind", alert.kind, "alert_kind")] if alert.kind is not None else []
        coded += [("alert.state", alert.state, "alert_state")]
    for name, value, enum in coded:
        if not isinstance(enum_of(row, value, ENUMS[enum]), int):
            return "unknown_code", name
    for name, value in named(record):
        if value.strict and isinstance(row.coded(value), Unknown):
            return "unknown_code", name
    shown = subject.only_shown(is_vehicle_section(record.section))
    if alert is not None and not alert.protected and shown:
        return "unreadable_identifier", f"subject.{shown}"
    if not (subject.names_a_vehicle() if is_vehicle_section(record.section) else subject.names_a_person()):
        return "no_subject", ""
    return "", ""


def reference(manifest: Manifest, row: Row, record: Record) -> value_pb2.RecordReference:
    version = row.whole_number(record.version)
    return value_pb2.RecordReference(
        register_id=manifest.id,
        record_id=(row.text(record.record_id) if record.record_id is not None else None) or str(row.number),
        version=version if isinstance(version, int) else 0,
    )


def damaged(
    manifest: Manifest, ordinal: int, row: Row, record: Record, subject: PlainSubject, rule: str, field: str
) -> list[tuple[int, dict[str, Any]]]:
    """Each with its place among the subjects that the row shows."""
    vehicle = is_vehicle_section(record.section)
    if record.alert is None and not record.clearance:
        return []
    return [
        (place, damaged_record(manifest, ordinal, row, record, each, rule, field))
        for place, each in enumerate(subject.as_shown(vehicle))
        if (each.names_a_vehicle() if vehicle else each.names_a_person() or each.document_number or each.loose_number)
    ]


def damaged_record(
    manifest: Manifest, ordinal: int, row: Row, record: Record, subject: PlainSubject, rule: str, field: str
) -> dict[str, Any]:
    vehicle = is_vehicle_section(record.section)
    contact = manifest.register_.contact
    sensitivity = enum_of(row, record.sensitivity, ENUMS["sensitivity"])
    if not isinstance(sensitivity, int):
        sensitivity = section_pb2.SENSITIVITY_OPEN if record.alert is None else section_pb2.SENSITIVITY_DISCREET
    message = person_records_pb2.DamagedRecord(
        record=reference(manifest, row, record), text=f"registro dañado: consulte a {contact}", field=field, rule=rule
    )
    found = head(ordinal, row, record, subject, message, message.record)
    found |= {
        "section": SECTIONS["vehicle_damaged_record" if vehicle else "damaged_record"],
        "sensitivity": sensitivity,
        "clearance": sum(STANDARDS[name] for name in record.clearance),
    }
    if record.clearance:
        found["clearance"] |= standard.CLEARANCE_CERTIFICATE
    if record.alert is None:
        return found
    found["alert_state"] = alert_pb2.ALERT_STATE_PENDING
    if record.alert.protected:
        found["alert_flags"] = standard.ALERT_PROTECTED
    else:
        found |= readable_state(row, record.alert)
        found["alert_flags"] = standard.ALERT_UNREAD if shows_unread(row, record, subject) else 0
        found["alert_kind"] = alert_pb2.ALERT_KIND_DAMAGED_RECORD
        found["hit_payload"] = alert_pb2.Hit(authority=contact).SerializeToString()
    return found


def readable_state(row: Row, alert: Alert) -> dict[str, Any]:
    """Returns what a damaged row says all the same of whether its order stands."""
    state = enum_of(row, alert.state, ENUMS["alert_state"])
    first, last, first_span, last_span = alert_validity(row, alert)
    if isinstance(state, int) and state not in _OPEN:
        later, before = naive_dates.may_close_later(
            _readable(row, alert.state_date), day_number(row.date(alert.issued))
        )
        if later:
            state, last = alert_pb2.ALERT_STATE_PENDING, earlier(last, before)
    else:
        state = alert_pb2.ALERT_STATE_PENDING
    return {
        "alert_state": state,
        "alert_from": first,
        "alert_to": last,
        "alert_from_span": first_span or None,
        "alert_to_span": last_span or None,
    }


def earlier(last: int | None, other: int | None) -> int | None:
    return min((day for day in (last, other) if day is not None), default=None)


def _readable(row: Row, value: Value | None) -> Date | None:
    return good_date(row.date(value))


def standard_record(
    manifest: Manifest, ordinal: int, row: Row, record: Record, subject: PlainSubject
) -> dict[str, Any]:
    message = payload(row, record, subject, reference(manifest, row, record))
    found = head(ordinal, row, record, subject, message, reference(manifest, row, record))
    for name in record.clearance:
        found["clearance"] |= STANDARDS[name]
    if record.clearance and row.certificate_untold(record.certificate_visible):
        found["clearance"] |= standard.CLEARANCE_CERTIFICATE | standard.CLEARANCE_UNTOLD
    elif record.clearance and row.flag(record.certificate_visible):
        found["clearance"] |= standard.CLEARANCE_CERTIFICATE
    found["sensitivity"] = enum_of(row, record.sensitivity, ENUMS["sensitivity"])
    if record.alert is not None:
        found |= alert_columns(row, record, subject, record.alert)
        acted = good_date(row.date(record.alert.issued)) or (0, 0, 0)
        if not all(acted):
            acted = good_date(row.date(record.date)) or (0, 0, 0)
        child = found["alert_kind"] == alert_pb2.ALERT_KIND_MISSING_CHILD
        doubtful = naive_dates.is_doubtful(subject.birth or (0, 0, 0), subject.birth_readable, acted, child)
        if doubtful and not is_vehicle_section(record.section):
            found["alert_flags"] |= standard.ALERT_BIRTH_DOUBTED
        elif subject.birth and row.is_turned(record.subject.birth_date) and not is_vehicle_section(record.section):
            found["alert_flags"] |= standard.ALERT_BIRTH_TURNED
        if found["alert_kind"] == alert_pb2.ALERT_KIND_STOLEN_PLATE and is_vehicle_section(record.section):
            found["subject"] = standard.SUBJECT_PLATE
    elif found["sort_day"] is None:
        first, _, span, _ = validity(row, record.date, None)
        found |= {"issued_first": first, "issued_span": span or None}
    return found


def head(
    ordinal: int, row: Row, record: Record, s: PlainSubject, message: Message, ref: value_pb2.RecordReference
) -> dict[str, Any]:
    birth = s.birth or (0, 0, 0)
    return {
        "register": ordinal,
        "section": SECTIONS[record.section],
        "record_id": ref.record_id,
        "version": ref.version,
        "row": row.number,
        "subject": standard.SUBJECT_VEHICLE if is_vehicle_section(record.section) else standard.SUBJECT_PERSON,
        "sort_day": day_number(row.date(record.date)),
        "clearance": 0,
        "payload": message.SerializeToString(deterministic=True),
        "cui": s.cui,
        "cui_valid": s.cui_valid,
        "document_country": s.document_country,
        "document_number": s.document_number,
        "nit": s.nit,
        "licence": s.licence,
        "cedula": s.cedula,
        "loose_number": s.loose_number,
        "telephone": s.telephone,
        "organisation": s.organisation,
        "name": s.name,
        "name_key": s.name_key,
        "name_text": s.name_text,
        "birth_year": birth[0] or None,
        "birth_month": birth[1] or None,
        "birth_mday": birth[2] or None,
        "about_year": s.about_year,
        "sex": s.sex,
        "birth_department": s.birth_department,
        "residence_department": s.residence_department,
        "father": naive_names.parent_text(s.father) or None,
        "mother": naive_names.parent_text(s.mother) or None,
        "death_day": (day_number(s.death) or 0) if s.dead else None,
        "plate_type": s.plate.type or None if s.plate else None,
        "plate": s.plate.number if s.plate else None,
        "plate_country": s.plate.country if s.plate else None,
        "vin": s.vin,
        "chassis": s.chassis,
        "engine": s.engine,
        "make": s.make,
        "line": s.line,
        "colour": s.colour,
        "model_year": s.model_year,
        "vehicle_type": s.vehicle_type,
        "valid_from": s.validity[0],
        "valid_to": s.validity[1],
        "valid_from_span": s.validity[2] or None,
        "valid_to_span": s.validity[3] or None,
        "share": s.share,
        "alert_kind": 0,
        "alert_state": 0,
        "alert_flags": 0,
        "alert_from": None,
        "alert_to": None,
        "alert_from_span": None,
        "alert_to_span": None,
        "state_date": 0,
        "state_date_parts": None,
        "issued_day": None,
        "state_first": None,
        "state_span": None,
        "issued_first": None,
        "issued_span": None,
        "merge_key": None,
        "hit_payload": None,
    }


def shows_unread(row: Row, record: Record, s: PlainSubject) -> bool:
    """A cell of a person's number that shows one and was not read."""
    given = record.subject
    held = [(given.cui, s.cui), (given.document_number, s.document_number), (given.nit, s.nit)]
    held += [(given.licence, s.licence), (given.cedula, s.cedula)]
    texts = [row.text(value) or "" for value, number in held if number is None]
    shown = any(len(set(re.findall("[0-9]", text))) > 1 or "ilegib" in text.lower() for text in texts)
    return shown and not is_vehicle_section(record.section)


def alert_columns(row: Row, record: Record, subject: PlainSubject, alert: Alert) -> dict[str, Any]:
    state_date = good_date(row.date(alert.state_date))
    first, last, first_span, last_span = alert_validity(row, alert)
    state_days = validity(row, alert.state_date, None)
    issued_days = validity(row, alert.issued if row.date(alert.issued) is not None else record.date, None)
    stated = enum_of(row, alert.state, ENUMS["alert_state"])
    later = False
    if alert.protected and stated not in _OPEN:
        later, before = naive_dates.may_close_later(state_date, day_number(row.date(alert.issued)))
        last = earlier(last, before) if later else last
    cautions = [caution.flag for caution in alert.cautions if row.holds(caution)]
    flags = standard.ALERT_MISUSE if row.flag(alert.misuse) else 0
    flags |= standard.ALERT_ARMED if "ARMED" in cautions else 0
    flags |= standard.ALERT_PROTECTED if alert.protected else 0
    flags |= standard.ALERT_HIDES_YET if later else 0
    flags |= standard.ALERT_UNREAD if shows_unread(row, record, subject) else 0
    keys = [row.text(value) for value in alert.merge_key]
    if alert.court is not None:
        keys.insert(0, court_name(row.text(alert.court) or "") or None)
    merge = "|".join(upper(key) for key in keys if key is not None) if keys and None not in keys else None
    whole = state_date is not None and all(state_date)
    hit = alert_pb2.Hit(cautions=[f"CAUTION_FLAG_{flag}" for flag in cautions])
    put(hit, "offence", offence(row, alert))
    for name in ("issued", "valid_from", "valid_to"):
        put(hit, name, partial(good_date(row.date(getattr(alert, name)))))
    put(hit, "authority", row.text(alert.authority))
    return {
        "alert_kind": enum_of(row, alert.kind, ENUMS["alert_kind"]) or 0,
        "alert_state": enum_of(row, alert.state, ENUMS["alert_state"]),
        "alert_flags": flags,
        "alert_from": first,
        "alert_to": last,
        "alert_from_span": first_span or None,
        "alert_to_span": last_span or None,
        "state_date": state_date[0] * 10000 + state_date[1] * 100 + state_date[2] if state_date and whole else 0,
        "state_first": state_days[0],
        "state_span": state_days[2] or None,
        "issued_first": issued_days[0],
        "issued_span": issued_days[2] or None,
        "state_date_parts": value_pb2.PartialDate(
            year=state_date[0], month=state_date[1], day=state_date[2]
        ).SerializeToString()
        if state_date
        else None,
        "issued_day": day_number(row.date(alert.issued)),
        "merge_key": merge,
        "hit_payload": None if alert.protected else hit.SerializeToString(deterministic=True),
    }


def upper(text: str) -> str:
    """A to Z and the letters of Latin-1."""
    return "".join(c.upper() if "a" <= c <= "z" or ("à" <= c <= "þ" and c != "÷") else c for c in text)


def partial(date: Date | None) -> value_pb2.PartialDate | None:
    return None if date is None else value_pb2.PartialDate(year=date[0], month=date[1], day=date[2])


def offence(row: Row, alert: Alert) -> value_pb2.CodedText | None:
    code, text = row.text(alert.offence.code), row.text(alert.offence.text)
    return None if code is None and text is None else value_pb2.CodedText(code=code or "", text=text or "")


def put(message: Message, field: str, value: Any) -> None:
    """Sets a field; None leaves it unset."""
    if isinstance(value, Message):
        getattr(message, field).CopyFrom(value)
        getattr(message, field).SetInParent()
    elif value is not None:
        setattr(message, field, value)


def payload(row: Row, record: Record, s: PlainSubject, ref: value_pb2.RecordReference) -> Message:
    descriptor = section_message(record.section)
    message: Message = GetMessageClass(descriptor)()
    fields = message_fields(descriptor)
    put(message, "record", ref)
    for name, source in DEFAULTS.get(descriptor.name, {}).items():
        if name not in record.fields:
            put(message, name, derived(row, record, s, source))
    for name, field in fields.items():
        if name in record.fields:
            put(message, name, stated(row, field, record.fields[name]))
    if "identifier_valid" in fields:
        put(message, "identifier_valid", s.cui_valid)
    if "vin_check_digit_valid" in fields:
        put(message, "vin_check_digit_valid", s.vin is None or naive_identifiers.vin_check_digit_valid(s.vin))
    if "attributes" in fields:
        for name, value in record.attributes.items():
            if (text := row.text(value)) is not None:
                message.attributes.add(name=name, value=text)  # type: ignore[attr-defined]
    return message


def derived(row: Row, record: Record, s: PlainSubject, source: str) -> Any:
    alert = record.alert
    group, _, name = source.partition(".")
    if group == "record":
        return partial(good_date(row.date(record.date))) if name == "date" else row.flag(record.certificate_visible)
    if group == "alert":
        if alert is None:
            return None
        if name == "protected":
            return (
                person_alerts_pb2.PROTECTION_ROLE_PROTECTED
                if alert.protected
                else person_alerts_pb2.PROTECTION_ROLE_RESTRAINED
            )
        if name in ("kind", "state"):
            return enum_of(row, getattr(alert, name), ENUMS[f"alert_{name}"])
        if name == "offence":
            return offence(row, alert)
        value = getattr(alert, name)
        return row.text(value) if name == "authority" else partial(good_date(row.date(value)))
    return of_subject(s, name)


def of_subject(s: PlainSubject, name: str) -> Any:
    if name == "document":
        number, country = s.document_number, s.document_country
        return None if number is None else value_pb2.ForeignDocument(country=country or "", number=number)
    if name == "name":
        if s.name is None:
            return None
        return value_pb2.PersonName(**s.parts) if s.parts else value_pb2.PersonName(full=s.name)
    if name == "death_date":
        return (partial(s.death) or value_pb2.PartialDate()) if s.dead else None
    if name in ("birth_date", "valid_from", "valid_to"):
        return partial(s.birth if name == "birth_date" else getattr(s, name))
    if name in ("plate", "plate_country"):
        return None if s.plate is None else s.plate.text if name == "plate" else s.plate.country
    renamed = {"full_name": "name", "father_name": "father", "mother_name": "mother"}
    return getattr(s, renamed.get(name, name))


def stated(row: Row, field: Any, value: Any) -> Any:
    if isinstance(value, dict):
        parts = {name: row.text(part) for name, part in value.items()}
        known = {name: text for name, text in parts.items() if text is not None}
        return field.message._concrete_class(**known) if known else None
    if isinstance(value, Condition):
        if field.optional and row.cells[value.column] is None:
            return None
        return row.holds(value)
    if field.kind == "text":
        return row.text(value)
    if field.kind == "date":
        return partial(good_date(row.date(value)))
    if field.kind == "enum":
        number = enum_of(row, value, field.enum)
        return number if isinstance(number, int) else None
    if field.kind == "bool":
        return boolean(row.coded(value), coded=value.codes is not None or value.const is not None)
    found = row.centavos(value) if field.kind == "money" and value.unit != "centavos" else row.whole_number(value)
    return found if isinstance(found, int) else None


def boolean(text: str | Unknown | None, coded: bool) -> bool | None:
    if not isinstance(text, str):
        return None
    if coded:
        return bool(BOOLEANS[text])
    words = same_word(text)
    return True if words in TRUE_WORDS else False if words in FALSE_WORDS else None


__all__ = ["PARTS", "Refusal", "encode"]
