"""Checks that the keys of a manifest agree with each other and with the contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from google.protobuf.descriptor import Descriptor, EnumDescriptor

from indexer.manifest.alerts import check_alert_sections
from indexer.manifest.fields import (
    COMPUTED_FIELDS,
    COMPUTED_SECTIONS,
    ENUMS,
    OWNER_STORED_FIELDS,
    SECTIONS,
    MessageField,
    enum_numbers,
    is_vehicle_section,
    message_fields,
    section_message,
)
from indexer.manifest.records import Alert, FieldValue, Record
from indexer.manifest.sources import CsvSource, FixedWidthSource, PostgresqlSource
from indexer.manifest.values import Condition, Value

if TYPE_CHECKING:
    from indexer.manifest.model import Manifest
    from indexer.manifest.sources import Source

BOOLEANS = {"true": 1, "false": 0}


def check(manifest: Manifest) -> None:
    """Raises ValueError with the key and the rule of the first contradiction."""
    names = [source.name for source in manifest.source]
    if len(set(names)) != len(names):
        raise ValueError("source: two sources have one name")
    if len({source.number for source in manifest.source}) != len(names):
        raise ValueError("source: the names of two sources give one number: call one of them otherwise")
    sources = {source.name: source for source in manifest.source}
    for source in manifest.source:
        _check_source(source)
    for number, record in enumerate(manifest.record):
        where = f"record.{number} ({record.section})"
        try:
            _check_record(manifest, sources, record)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
    if unused := [name for name in names if name not in {record.source for record in manifest.record}]:
        raise ValueError(f"source {unused[0]!r}: no record names it")
    roles = manifest.register_.roles
    for kind, held in (("person", roles.person), ("vehicle", roles.vehicle)):
        fills = [r for r in manifest.record if is_vehicle_section(r.section) == (kind == "vehicle")]
        if held and not fills:
            raise ValueError(f"register.roles.{kind}: no record fills a section of that kind")
        if fills and not held:
            raise ValueError(f"register.roles.{kind}: records fill {fills[0].section}, so a role is needed")
        alerts = [r for r in fills if r.alert is not None and not r.alert.protected]
        if bool(alerts) != ("alert" in held):
            raise ValueError(f"register.roles.{kind}: role alert goes with records that have [record.alert]")


def _check_source(source: Source) -> None:
    for key, said in (("as_of", source.as_of), ("feed_sequence", source.feed_sequence)):
        if said is None:
            continue
        if isinstance(source, PostgresqlSource) and said.origin in ("mtime", "xml_attribute", "file_name"):
            raise ValueError(f"source {source.name}: a postgresql source has no {said.origin}")
        if not isinstance(source, PostgresqlSource) and said.origin == "query":
            raise ValueError(f"source {source.name}: only a postgresql source has {key} from query")
        if said.origin == "xml_attribute" and source.format != "xml":
            raise ValueError(f"source {source.name}: only an xml source has an xml_attribute")


def record_columns(record: Record) -> set[str]:
    """Every column that a record reads."""
    found = {condition.column for condition in record.when} | set(record.require)
    for value in _values(record):
        found.update(value.origin)
    flags = [record.certificate_visible, record.subject.organisation, record.subject.dead]
    if record.alert is not None:
        flags += [record.alert.misuse, *record.alert.cautions]
    found.update(flag.column for flag in flags if isinstance(flag, Condition))
    found.update(value.column for value in record.fields.values() if isinstance(value, Condition))
    return found


def date_values(record: Record) -> list[Value]:
    """Every value that is read as a date, so that `require` may ask that it can be."""
    subject, alert = record.subject, record.alert
    found = [record.date, subject.birth_date, subject.death_date, subject.valid_from, subject.valid_to]
    if alert is not None:
        found += [alert.state_date, alert.valid_from, alert.valid_to, alert.issued]
    fields = message_fields(section_message(record.section))
    found += [v for name, v in record.fields.items() if fields[name].kind == "date" and isinstance(v, Value)]
    return [value for value in found if value is not None]


def _values(record: Record) -> Iterator[Value]:
    yield from (v for v in (record.record_id, record.version, record.date, record.sensitivity) if v is not None)
    yield from (v for _, v in record.subject if isinstance(v, Value))
    for value in record.fields.values():
        if isinstance(value, Value):
            yield value
        elif isinstance(value, dict):
            yield from value.values()
    yield from record.attributes.values()
    if record.alert is not None:
        yield from (v for _, v in record.alert if isinstance(v, Value))
        yield from record.alert.merge_key
        yield from (v for v in (record.alert.offence.code, record.alert.offence.text) if v is not None)


def _check_record(manifest: Manifest, sources: dict[str, Source], record: Record) -> None:
    if record.section not in SECTIONS or record.section in COMPUTED_SECTIONS:
        raise ValueError(f"section {record.section!r} is none that a manifest may fill")
    if record.source not in sources:
        raise ValueError(f"source {record.source!r} is not in this manifest")
    source = sources[record.source]
    if isinstance(source, FixedWidthSource | CsvSource) and source.columns:
        known = {c if isinstance(c, str) else c.name for c in source.columns}
        read = record_columns(record) | ({source.line} if source.line is not None else set())
        if missing := sorted(read - known):
            raise ValueError(f"column {missing[0]!r} is not in source {source.name}")
    for value in _values(record):
        if value.codes is not None and value.codes not in manifest.codes:
            raise ValueError(f"codes {value.codes!r} is not in this manifest")
    for standard in record.clearance:
        if standard not in manifest.register_.standards:
            raise ValueError(f"clearance {standard!r} is not among register.standards")
    _check_enum(manifest, "sensitivity", record.sensitivity, ENUMS["sensitivity"])
    if record.subject.sex is not None:
        _check_enum(manifest, "subject.sex", record.subject.sex, ENUMS["sex"])
    if record.alert is not None:
        _check_alert(manifest, record, record.alert)
    check_alert_sections(record, manifest.codes)
    _check_fields(manifest, record)


def _check_alert(manifest: Manifest, record: Record, alert: Alert) -> None:
    _check_enum(manifest, "alert.state", alert.state, ENUMS["alert_state"])
    if alert.kind is not None:
        _check_enum(manifest, "alert.kind", alert.kind, ENUMS["alert_kind"])
    for caution in alert.cautions:
        if caution.flag not in enum_numbers(ENUMS["caution"]):
            raise ValueError(f"alert.cautions: {caution.flag!r} is no caution flag")
    if alert.protected and (record.section != "protection_order" or record.sensitivity.const != "VICTIM"):
        raise ValueError('alert.protected belongs to section protection_order with sensitivity = "VICTIM"')
    if is_vehicle_section(record.section) and record.section not in ("vehicle_alert", "vehicle_other_record"):
        raise ValueError("of the vehicle sections only vehicle_alert and vehicle_other_record are alerts")


def _check_enum(manifest: Manifest, key: str, value: Value, enum: EnumDescriptor) -> None:
    numbers = enum_numbers(enum)
    words = [value.const] if value.const is not None else list(manifest.codes.get(value.codes or "", {}).values())
    for word in words:
        if word not in numbers:
            raise ValueError(f"{key}: {word!r} is no {enum.name}")


def _check_fields(manifest: Manifest, record: Record) -> None:
    message: Descriptor = section_message(record.section)
    fields = message_fields(message)
    if record.attributes and "attributes" not in fields:
        raise ValueError("attributes belong to other_record and vehicle_other_record")
    for name, value in record.fields.items():
        if name not in fields:
            raise ValueError(f"fields.{name}: {message.name} has no such field")
        if name in COMPUTED_FIELDS or (message.name == "Owner" and name not in OWNER_STORED_FIELDS):
            raise ValueError(f"fields.{name} is computed, not read")
        _check_field(manifest, fields[name], value)


def _check_field(manifest: Manifest, field: MessageField, value: FieldValue) -> None:
    key = f"fields.{field.name}"
    if isinstance(value, dict) != (field.kind == "message"):
        raise ValueError(f"{key}: {'needs' if field.kind == 'message' else 'takes no'} parts ({field.name}.code = ...)")
    if isinstance(value, Condition) and field.kind != "bool":
        raise ValueError(f"{key}: only a true/false field takes a condition")
    if isinstance(value, Value):
        if field.enum is not None:
            _check_enum(manifest, key, value, field.enum)
        if value.unit is not None and field.kind != "money":
            raise ValueError(f"{key}: only an amount takes a unit")
        if field.kind == "bool":
            words = (
                [value.const] if value.const is not None else list(manifest.codes.get(value.codes or "", {}).values())
            )
            if any(word not in BOOLEANS for word in words):
                raise ValueError(f"{key}: codes of a true/false field are true or false")
    if isinstance(value, dict) and field.message is not None:
        parts = message_fields(field.message)
        for part in value:
            if part not in parts or parts[part].kind != "text":
                raise ValueError(f"{key}.{part}: {field.message.name} has no such text field")
