"""Refused alert rows that still show who or what they may be about (docs/manifests.md, `Refused records`)."""

from __future__ import annotations

from typing import Any

from ronda.v1 import alert_pb2, section_pb2
from tests.core.identifiers import naive_identifiers, naive_shown
from tests.core.identifiers.naive_identifiers import IdentifierError
from tests.core.standardise import naive_dates
from tests.oracle import subject_fields
from tests.oracle.record import PERSON, VEHICLE, AlertRow, Record
from tests.oracle.sources import Row
from tests.oracle.values import NO_DATE, RefusedError, RowValues, whole_day


def damaged_records(
    manifest: dict[str, Any], ordinal: int, spec: dict[str, Any], values: RowValues, row: Row, error: RefusedError
) -> list[Record]:
    """Returns the records of a refused row: one for each that it alone shows; none if it shows none or was no alert."""
    found = damaged_record(manifest, ordinal, spec, values, row, error, 0)
    if found is None or row.refused:
        return [] if found is None else [found]
    several = max(len(found.shown_cuis), len(found.shown_plates)) if found.only_shown else 1
    rest = (damaged_record(manifest, ordinal, spec, values, row, error, which) for which in range(1, several))
    return [found, *(record for record in rest if record is not None)]


def damaged_record(
    manifest: dict[str, Any],
    ordinal: int,
    spec: dict[str, Any],
    values: RowValues,
    row: Row,
    error: RefusedError,
    which: int,
) -> Record | None:
    """Returns the damaged record of the subject that the row shows at that place."""
    told = row.refused in ("", "undecodable_bytes")  # which cell is in which column
    standards: frozenset[str] = frozenset(spec.get("clearance", ())) if told else frozenset()
    if "alert" not in spec and not standards:
        return None
    protects = bool(spec.get("alert", {}).get("protected"))
    from ronda.v1 import person_records_pb2

    about_person = spec["section"] not in ("vehicle_alert", "vehicle_other_record")
    section = section_pb2.SECTION_DAMAGED_RECORD if about_person else section_pb2.SECTION_VEHICLE_DAMAGED_RECORD
    register = manifest["register"]
    record = Record(
        ordinal,
        register["id"],
        section,
        str(row.number),
        0,
        row.number,
        PERSON if about_person else VEHICLE,
        person_records_pb2.DamagedRecord(),
    )
    try:
        record.sensitivity = (
            section_pb2.SENSITIVITY_DISCREET
            if row.refused and not isinstance(spec.get("sensitivity", "OPEN"), str)
            else values.enumerated(
                spec.get("sensitivity", "OPEN"), section_pb2.Sensitivity, "SENSITIVITY_", strict="sensitivity"
            )
            or section_pb2.SENSITIVITY_OPEN
        )
    except RefusedError:
        record.sensitivity = section_pb2.SENSITIVITY_DISCREET if "alert" in spec else section_pb2.SENSITIVITY_OPEN
    record.standards = standards
    record.source = spec["source"]
    if row.refused:
        _from_loose_cells(record, row.loose)
    else:
        date = values.date(spec.get("date")) or NO_DATE
        subject_fields.fill(record, spec["subject"], values, date)
        subject_fields.take_shown(record, spec["subject"], which)
        record.sort_day = whole_day(date)
        record.about_year = subject_fields.about_year(spec["subject"], values, date) if about_person else 0
        record.record_id = (values.text(spec["record_id"]) if "record_id" in spec else "") or str(row.number)
    stated = (record.cui, any(record.document), record.nit, record.licence, record.cedula, record.name_key)
    if not (
        any(stated) or record.loose_number
        if about_person
        else record.plate or record.vin or record.chassis or record.engine
    ):
        return None
    if "alert" in spec:
        kind = 0 if protects else alert_pb2.ALERT_KIND_DAMAGED_RECORD
        record.alert = AlertRow(kind, alert_pb2.ALERT_STATE_PENDING)
        record.alert.hit.authority = register["contact"]
        if not protects and not row.refused:
            _state_that_is_readable(record.alert, spec["alert"], values)
        record.alert.unread = about_person and subject_fields.shows_unread(record, spec["subject"], values)
    message = record.message
    message.record.register_id = register["id"]
    message.record.record_id = record.record_id
    message.text = f"registro dañado: consulte a {register['contact']}"
    message.field = error.field
    message.rule = error.rule
    return record


def _state_that_is_readable(alert: AlertRow, spec: dict[str, Any], values: RowValues) -> None:
    begins, ends, closed, issued = (
        values.date(spec.get(key)) for key in ("valid_from", "valid_to", "state_date", "issued")
    )
    alert.issued = whole_day(issued or NO_DATE)
    alert.valid_from, alert.valid_to, *spans = naive_dates.alert_validity(begins, ends, alert.issued)
    alert.spans = (spans[0], spans[1])
    try:
        state = values.enumerated(spec["state"], alert_pb2.AlertState, "ALERT_STATE_", strict="alert.state")
    except RefusedError:
        return
    if state not in (alert_pb2.ALERT_STATE_PENDING, alert_pb2.ALERT_STATE_UNSPECIFIED):
        alert.state = alert_pb2.ALERT_STATE_PENDING if alert.may_stand_yet(closed) else state
    alert.issued = None  # what the record tells of its day of issue is the damaged row's own


def _from_loose_cells(record: Record, cells: tuple[str, ...]) -> None:
    for cell in cells:
        text = cell.strip()
        if record.about == PERSON:
            digits, valid = naive_identifiers.cui_digits(text)
            record.cui = record.cui or (digits if digits and valid else next(iter(naive_shown.shown_cuis(text)), ""))
            continue
        plate: naive_identifiers.Plate | None
        try:
            plate = naive_identifiers.plate(text)
        except IdentifierError:
            plate = next((shown for shown in naive_shown.shown_plates(text) if shown.type), None)
        if plate is not None and plate.type and not record.plate:
            record.plate_type, record.plate, record.plate_country = plate.type, plate.number, plate.country
