"""`[record.subject]` of a manifest: who or what a record is about (docs/manifests.md)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from indexer.standardise.letters import mend
from ronda.v1 import value_pb2
from tests.core.identifiers import naive_countries, naive_identifiers, naive_named, naive_shown, naive_written
from tests.core.identifiers.naive_identifiers import IdentifierError, IdentifierKind
from tests.core.names import naive_names
from tests.core.standardise import naive_dates
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
            if naive_written.without_filler(digits):
                record.cui, record.cui_valid = digits, valid
        else:
            record.shown_cuis = tuple(naive_shown.shown_cuis(cui))
    for kind, name in (
        (IdentifierKind.CEDULA, "cedula"),
        (IdentifierKind.NIT, "nit"),
        (IdentifierKind.LICENCE, "licence"),
        (IdentifierKind.TELEPHONE, "telephone"),
    ):
        number = canonical(kind, values.text(spec.get(name)))
        setattr(record, name, naive_written.without_filler(number) if kind is IdentifierKind.LICENCE else number)
        known[name] = getattr(record, name)
    if not record.cui and len(record.nit) == 13 and naive_identifiers.problem(IdentifierKind.CUI, record.nit) is None:
        record.cui = record.nit
    stated = values.text(spec.get("document_country"))
    written = values.text(spec.get("document_number"))
    country = country_of(stated)
    beside = naive_countries.split(written)
    if beside is not None and country in ("", beside[0]):
        country, written = beside[0], beside[1]
    number = canonical(IdentifierKind.DOCUMENT_NUMBER, written)
    number = _in_other_columns(record, spec, values, number, country, readable=bool(country) or not stated)
    number = naive_written.without_filler(number)
    known["cui"], known["cedula"] = record.cui, record.cedula
    if number:
        record.document = (country, number)
        known["document"] = value_pb2.ForeignDocument(country=country, number=number)
    record.organisation = values.flag(spec.get("organisation", False))


def country_of(text: str) -> str:
    try:
        return naive_identifiers.country_code(text)
    except IdentifierError:
        return ""


def _in_other_columns(
    record: Record, spec: dict[str, Any], values: RowValues, number: str, country: str, *, readable: bool
) -> str:
    """The document's number; a cédula, document or CUI from another's column ("In another's column")."""
    texts = {key: values.text(spec.get(key)) for key in ("cui", "cedula", "document_number")}
    digits = naive_identifiers.cui_digits(texts["cui"])[0] if texts["cui"] else None
    foreign = country not in ("", "GTM")
    unread = texts["cui"] if digits is None and not record.shown_cuis else ""
    if unread:
        if not texts["cedula"]:
            record.cedula = canonical(IdentifierKind.CEDULA, texts["cui"])
            unread = unread if not record.cedula else ""
        other = canonical(IdentifierKind.DOCUMENT_NUMBER, texts["cui"]) if foreign and not record.cedula else ""
        if naive_shown.looks_like_document(other):
            exchanged = _valid_cui(texts["document_number"])
            if not texts["document_number"]:
                number, unread = other, ""
            elif exchanged and not record.cui:
                record.cui, number = exchanged, other
    if not record.cui and not record.shown_cuis:
        own = "" if foreign or not readable else texts["document_number"]
        record.cui = _valid_cui(own) or _valid_cui(record.licence) or _valid_cui(texts["cedula"])
    record.loose_number = naive_shown.loose_number(unread) if unread and not record.cui else ""
    if not record.loose_number and not record.cui and not record.nit:
        record.loose_number = naive_shown.unchecked_nit(values.text(spec.get("nit")))
    return number


def _valid_cui(text: str) -> str:
    digits, valid = naive_identifiers.cui_digits(text) if text else (None, False)
    return digits if digits and valid else ""


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
    record.named_cuis = tuple(naive_named.cuis(record.name)) if not record.cui else ()
    rest = naive_named.without_cuis(full) if not record.cui else full
    full = rest if naive_names.name_key(rest) else full  # of a number alone nobody is named, and it is shown as it is
    record.name_key = naive_names.name_key_of_parts(**{p: parts[p] for p in KEY_PARTS}, full=full)
    record.name_text = naive_names.name_text(parts, full)
    if naive_names.names_nobody(record.name):
        record.name_key = record.name_text = ""
    return value_pb2.PersonName(**parts, full=full)


def _person(record: Record, spec: dict[str, Any], values: RowValues, known: dict[str, Any], about: int) -> None:
    from ronda.v1.value_pb2 import Sex

    written = values.text(spec.get("birth_date"))
    read = values.date(spec.get("birth_date"), birth=True)
    known["birth_readable"] = read is not None or about > 0
    record.birth = known["birth_date"] = naive_dates.birth_date(read, "" if about else written)
    record.turned = bool(record.birth[0]) and values.is_turned(spec.get("birth_date"))
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
        setattr(record, key, naive_names.parent_text(known[f"{key}_name"]))
    death = values.date(spec.get("death_date"))
    known["death_date"] = death or NO_DATE
    record.dead = death is None or any(death) or values.flag(spec.get("dead", False))


def only_shown(record: Record, spec: dict[str, Any]) -> str:
    """Returns the field that shows the subject by its text alone, though it is no identifier; "" = none."""
    if record.about == "person":
        stated = (record.cui, record.document[1], record.nit, record.licence, record.cedula)
        return "subject.cui" if record.shown_cuis and not any(stated) else ""
    return "subject.plate" if record.shown_plates and not (record.plate or record.vin or record.chassis) else ""


def shows_unread(record: Record, spec: dict[str, Any], values: RowValues) -> bool:
    """Returns whether a cell of a person's number shows one that was not read: digits that differ, or ILEGIBLE."""
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


def take_shown(record: Record, spec: dict[str, Any], which: int) -> None:
    """One of those that are shown; of several none, beside another identifier."""
    record.only_shown = only_shown(record, spec)
    if record.shown_cuis and not record.cui and (len(record.shown_cuis) == 1 or record.only_shown):
        record.cui = record.shown_cuis[which]
    if record.shown_plates and not record.plate and (len(record.shown_plates) == 1 or record.only_shown):
        record.plate_type, record.plate = record.shown_plates[which]
        record.plate_country = "GTM"


def about_year(spec: dict[str, Any], values: RowValues, date: tuple[int, int, int]) -> int:
    """Birth year from the apparent age on the record's date; 0 = unknown."""
    age = values.number(spec.get("about_age"))
    if age is not None and date[0]:
        return date[0] - age
    if age is None and (told := naive_dates.about_year(values.text(spec.get("about_age")), date)):
        return told
    if values.date(spec.get("birth_date"), birth=True) is None:
        return naive_dates.about_year(values.text(spec["birth_date"]), date) or 0
    return 0


def _vehicle(record: Record, spec: dict[str, Any], values: RowValues, known: dict[str, Any]) -> None:
    stated = values.text(spec.get("plate_country"))
    country = country_of(stated) or stated.upper() or "GTM"
    text = values.text(spec.get("plate"))
    unread = False
    if text:
        kind = values.text(spec.get("plate_type")).upper()
        plate = _plate(text, country) or (_plate(f"{kind} {text}", country) if kind and country == "GTM" else None)
        beside = naive_countries.split(text) if plate is None and not stated else None
        if beside is not None and not beside[2] and beside[0] != "GTM":
            plate = _plate(beside[1], beside[0])
        unread = plate is None
        if plate is None and country == "GTM":
            record.shown_plates = tuple((shown.type, shown.number) for shown in naive_shown.shown_plates(text))
        if plate is not None:
            record.plate, record.plate_country = plate.number, plate.country
            record.plate_type = plate.type
            if not plate.type and kind and plate.country == "GTM":
                typed = _plate(f"{kind} {plate.number}", country)
                record.plate_type = typed.type if typed is not None else ""
            known["plate_country"] = plate.country
    for key in ("vin", "chassis"):
        taken = None if record.plate or record.shown_plates else _plate_elsewhere(spec, key, values, country)
        if taken is not None:
            record.plate_type, record.plate, record.plate_country = taken.type, taken.number, taken.country
            known["plate_country"] = taken.country
            continue
        number = naive_written.without_filler(canonical(IdentifierKind.VIN, values.text(spec.get(key))))
        if not number:
            continue
        if not record.vin and naive_identifiers.is_vin(number):
            record.vin = number
        elif number != record.vin:
            record.chassis = number
    known["plate"] = record.plate_text
    number = canonical(IdentifierKind.VIN, text)
    if unread and not record.shown_plates and not record.vin and naive_shown.is_vin_elsewhere(number):
        record.vin = number
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
    begins, ends = (values.date(spec.get(key)) for key in ("valid_from", "valid_to"))
    record.valid_from, record.valid_to, *spans = naive_dates.validity(begins, ends)
    record.spans = (spans[0], spans[1])


def _plate_elsewhere(spec: dict[str, Any], key: str, values: RowValues, country: str) -> naive_identifiers.Plate | None:
    """The plate, with its type, in the cell of a VIN or chassis."""
    text, kind = values.text(spec.get(key)), values.text(spec.get("plate_type")).upper()
    found = _plate(text, "GTM") if text and country == "GTM" else None
    if found is not None and not found.type and kind:
        found = _plate(f"{kind} {found.number}", "GTM")
    return found if found is not None and found.type and found.number[-1].isalpha() else None


def _plate(text: str, country: str) -> naive_identifiers.Plate | None:
    try:
        return naive_identifiers.plate(text, country)
    except IdentifierError:
        return None
