"""`[record.subject]` of a manifest: who or what a record is about (docs/manifests.md)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from indexer.damaged_letters import mend
from ronda.v1 import value_pb2
from tests.core import naive_countries, naive_dates, naive_identifiers, naive_names, naive_written
from tests.core.naive_identifiers import IdentifierError, IdentifierKind
from tests.oracle.record import Record
from tests.oracle.values import NO_DATE, RowValues

PARTS = ("first_given", "second_given", "third_given", "first_surname", "second_surname", "married_surname")
KEY_PARTS = PARTS[:5]
DEPARTMENTS = range(1, 23)
MUNICIPALITIES = (17, 8, 16, 16, 14, 14, 19, 8, 24, 21, 9, 30, 33, 21, 8, 17, 14, 5, 11, 11, 7, 17)


def fill(
    record: Record, spec: dict[str, Any], values: RowValues, date: tuple[int, int, int] = NO_DATE
) -> dict[str, Any]:
    """Fills the record; returns what message fields may be filled from (name, birth date...)."""
    known: dict[str, Any] = {}
    if record.about == "person" or record.section == 34:
        _identifiers(record, spec, values, known)
        known["name"] = _name(record, spec, values)
        known["full_name"] = record.name
        _person(record, spec, values, known, about_year(spec, values, date))
    _vehicle(record, spec, values, known)
    return known


@lru_cache(1 << 17)  # a row's records say the same numbers
def canonical(kind: IdentifierKind, text: str) -> str:
    try:
        return naive_identifiers.canonical(kind, text) if text else ""
    except IdentifierError:
        return ""


def _identifiers(record: Record, spec: dict[str, Any], values: RowValues, known: dict[str, Any]) -> None:
    cui = values.text(spec.get("cui"))
    if cui:
        digits, valid = naive_identifiers.cui_digits(cui)
        if digits:
            record.cui, record.cui_valid = digits, valid
        else:
            record.shown_cui = naive_written.shown_cui(cui) or ""
    for kind, name in (
        (IdentifierKind.CEDULA, "cedula"),
        (IdentifierKind.NIT, "nit"),
        (IdentifierKind.LICENCE, "licence"),
        (IdentifierKind.TELEPHONE, "telephone"),
    ):
        setattr(record, name, canonical(kind, values.text(spec.get(name))))
        known[name] = getattr(record, name)
    if not record.cui and len(record.nit) == 13 and naive_identifiers.problem(IdentifierKind.CUI, record.nit) is None:
        record.cui = record.nit
    known["cui"] = record.cui
    written = values.text(spec.get("document_number"))
    country = country_of(values.text(spec.get("document_country")))
    beside = naive_countries.split(written)
    if beside is not None and country in ("", beside[0]):
        country, written = beside[0], beside[1]
    number = canonical(IdentifierKind.DOCUMENT_NUMBER, written)
    if number:
        record.document = (country, number)
        known["document"] = value_pb2.ForeignDocument(country=country, number=number)
    record.organisation = values.flag(spec.get("organisation", False))


def country_of(text: str) -> str:
    try:
        return naive_identifiers.country_code(text)
    except IdentifierError:
        return ""


def _of_a_name(spec: dict[str, Any], key: str, values: RowValues) -> str:
    """With its letters put back ("Damaged letters"; tests/indexer/test_damaged_letters.py holds that)."""
    return mend(values.text(spec.get(key)))[0]


def _name(record: Record, spec: dict[str, Any], values: RowValues) -> value_pb2.PersonName:
    parts = {part: _of_a_name(spec, part, values) for part in PARTS}
    full = "" if any(parts.values()) else _of_a_name(spec, "full_name", values)
    if full and spec.get("comma_parts"):
        pieces = [" ".join(p.split()) for p in full.split(",")]
        if len(pieces) == len(spec["comma_parts"]):
            parts |= {part: piece for part, piece in zip(spec["comma_parts"], pieces, strict=True) if part}
            full = ""
    if full and spec.get("name_order") == "surname_first" and "," in full:
        surnames, given = full.split(",", 1)
        full = " ".join(f"{given} {surnames}".split())
    if any(parts.values()):
        married = parts["married_surname"]
        if married and not married.upper().startswith("DE "):
            married = f"DE {married}"
        record.name = " ".join(p for p in [*(parts[p] for p in KEY_PARTS), married] if p)
    else:
        record.name = full
    record.name_key = naive_names.name_key_of_parts(**{p: parts[p] for p in KEY_PARTS}, full=full)
    record.name_text = naive_names.name_text(parts, full)
    return value_pb2.PersonName(**parts, full=full)


def _person(record: Record, spec: dict[str, Any], values: RowValues, known: dict[str, Any], about: int) -> None:
    from ronda.v1.value_pb2 import Sex

    written = values.text(spec.get("birth_date"))
    read = values.date(spec.get("birth_date"), birth=True)
    known["birth_readable"] = read is not None or about > 0
    record.birth = known["birth_date"] = naive_dates.birth_date(read, "" if about else written)
    record.sex = known["sex"] = values.enumerated(spec.get("sex"), Sex, "SEX_")
    for key in ("birth_department", "residence_department"):
        department = values.number(spec.get(key)) or 0
        setattr(record, key, department if department in DEPARTMENTS else 0)
        known[key] = getattr(record, key)
    municipality = values.number(spec.get("birth_municipality")) or 0
    limit = MUNICIPALITIES[record.birth_department - 1] if record.birth_department else 0
    known["birth_municipality"] = municipality if 1 <= municipality <= limit else 0
    for key in ("father", "mother"):
        known[f"{key}_name"] = _of_a_name(spec, f"{key}_name", values)
        setattr(record, key, naive_names.name_text({}, known[f"{key}_name"]))
    death = values.date(spec.get("death_date"))
    known["death_date"] = death or NO_DATE
    record.dead = death is None or any(death) or values.flag(spec.get("dead", False))


def only_shown(record: Record, spec: dict[str, Any]) -> str:
    """The field by whose text alone the subject is shown, though it is no identifier; "" = none."""
    if record.about == "person":
        stated = (record.cui, record.document[1], record.nit, record.licence, record.cedula)
        return "subject.cui" if record.shown_cui and not any(stated) else ""
    return "subject.plate" if record.shown_plate[1] and not (record.plate or record.vin or record.chassis) else ""


def shows_unread(record: Record, spec: dict[str, Any], values: RowValues) -> bool:
    """Whether a cell of a person's number shows one that was not read: digits that differ, or ILEGIBLE."""
    held = (
        ("cui", record.cui),
        ("document_number", record.document[1]),
        ("nit", record.nit),
        ("licence", record.licence),
        ("cedula", record.cedula),
    )
    texts = [values.text(spec.get(key)) for key, number in held if not number]
    digits = [{c for c in text if "0" <= c <= "9"} for text in texts]
    return any(len(found) > 1 for found in digits) or any("ilegib" in text.lower() for text in texts)


def take_shown(record: Record) -> None:
    record.cui = record.cui or record.shown_cui
    if not record.plate and record.shown_plate[1]:
        record.plate_type, record.plate = record.shown_plate
        record.plate_country = "GTM"


def about_year(spec: dict[str, Any], values: RowValues, date: tuple[int, int, int]) -> int:
    """Birth year from the apparent age on the record's date; 0 = unknown."""
    age = values.number(spec.get("about_age"))
    if age is not None and date[0]:
        return date[0] - age
    if values.date(spec.get("birth_date"), birth=True) is None:
        return naive_dates.about_year(values.text(spec["birth_date"]), date[0]) or 0
    return 0


def _vehicle(record: Record, spec: dict[str, Any], values: RowValues, known: dict[str, Any]) -> None:
    stated = values.text(spec.get("plate_country"))
    country = country_of(stated) or stated.upper() or "GTM"
    text = values.text(spec.get("plate"))
    if text:
        kind = values.text(spec.get("plate_type")).upper()
        plate = _plate(text, country) or (_plate(f"{kind} {text}", country) if kind and country == "GTM" else None)
        if plate is None and country == "GTM":
            shown = naive_written.shown_plate(text)
            record.shown_plate = (shown.type, shown.number) if shown is not None else ("", "")
        if plate is not None:
            record.plate, record.plate_country = plate.number, plate.country
            record.plate_type = plate.type
            if not plate.type and kind:
                typed = _plate(f"{kind} {plate.number}", country)
                record.plate_type = typed.type if typed is not None else ""
            known["plate_country"] = plate.country
    known["plate"] = record.plate_text
    for key in ("vin", "chassis"):
        number = naive_written.without_filler(canonical(IdentifierKind.VIN, values.text(spec.get(key))))
        if not number:
            continue
        if naive_identifiers.is_vin(number):
            record.vin = record.vin or number
        else:
            record.chassis = record.chassis or number
    record.engine = naive_written.without_filler(canonical(IdentifierKind.ENGINE, values.text(spec.get("engine"))))
    for key in ("make", "line", "colour"):
        setattr(record, key, values.text(spec.get(key)))
    record.model_year = values.number(spec.get("model_year")) or 0
    record.share = values.number(spec.get("share")) or 0
    for key in ("vin", "chassis", "engine", "make", "line", "colour", "model_year", "share"):
        known[key] = getattr(record, key)
    known["vehicle_type"] = values.text(spec.get("vehicle_type"))
    for key in ("valid_from", "valid_to"):
        known[key] = values.date(spec.get(key)) or NO_DATE
    dates = [values.date(spec.get(key)) for key in ("valid_from", "valid_to")]
    record.valid_from, record.valid_to, *spans = naive_dates.validity(*dates)
    record.spans = (spans[0], spans[1])


def _plate(text: str, country: str) -> naive_identifiers.Plate | None:
    try:
        return naive_identifiers.plate(text, country)
    except IdentifierError:
        return None
