"""The subject of a row, in plain Python, written from docs/manifests.md ([record.subject])."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from google.protobuf.descriptor import EnumDescriptor

from core.identifiers.kinds import IdentifierKind
from core.identifiers.types import IdentifierError, Plate
from indexer.manifest.fields import ENUMS, enum_numbers
from indexer.manifest.records import Alert, Record
from indexer.manifest.values import Value
from tests.core.identifiers import naive_countries, naive_identifiers, naive_named, naive_shown, naive_written
from tests.core.names import naive_names
from tests.core.standardise import naive_dates
from tests.core.standardise.naive_dates import NOTHING
from tests.indexer.plain_values import BAD, Date, Row, Unknown, day_number

PARTS = ("first_given", "second_given", "third_given", "first_surname", "second_surname", "married_surname")


@dataclass
class PlainSubject:
    """The subject's values; None = unknown."""

    cui: str | None
    cui_valid: bool
    nit: str | None
    cedula: str | None
    loose_number: str | None
    licence: str | None
    telephone: str | None
    document_number: str | None
    document_country: str | None
    organisation: bool
    parts: dict[str, str]
    name: str | None
    name_key: str | None
    name_text: str | None
    birth: Date | None
    birth_readable: bool
    about_year: int | None
    sex: int
    birth_department: int
    birth_municipality: int
    residence_department: int
    father: str | None
    mother: str | None
    dead: bool
    death: Date | None
    plate: Plate | None
    vin: str | None
    chassis: str | None
    engine: str | None
    make: str | None
    line: str | None
    colour: str | None
    vehicle_type: str | None
    model_year: int | None
    valid_from: Date | None
    valid_to: Date | None
    validity: tuple[int | None, int | None, int, int]
    share: int
    shown_cuis: list[str]
    shown_plates: list[Plate]

    def only_shown(self, vehicle: bool) -> str:
        """The key of the field that alone shows the subject, by a text that is no identifier; "" = none."""
        if vehicle:
            return "plate" if self.shown_plates and not (self.plate or self.vin or self.chassis) else ""
        stated = (self.cui, self.document_number, self.nit, self.licence, self.cedula)
        return "cui" if self.shown_cuis and not any(stated) else ""

    def as_shown(self, vehicle: bool) -> list[PlainSubject]:
        """As each that is shown; several are none beside another number."""
        cuis = self.shown_cuis if len(self.shown_cuis) == 1 or self.only_shown(False) else []
        plates = self.shown_plates if len(self.shown_plates) == 1 or self.only_shown(True) else []
        first = replace(self, cui=self.cui or next(iter(cuis), None), plate=self.plate or next(iter(plates), None))
        if vehicle and self.only_shown(True):
            return [replace(first, plate=shown) for shown in plates]
        if not vehicle and self.only_shown(False):
            return [replace(first, cui=shown) for shown in cuis]
        return [first]

    def names_a_person(self) -> bool:
        found = (
            self.cui,
            self.document_number and self.document_country,
            self.nit,
            self.licence,
            self.cedula,
            self.name_key,
        )
        return any(value is not None for value in found)

    def names_a_vehicle(self) -> bool:
        return any(value is not None for value in (self.plate, self.vin, self.chassis, self.engine))


def enum_of(row: Row, value: Value | None, enum: EnumDescriptor) -> int | Unknown | None:
    if value is None:
        return None
    found = row.coded(value)
    if isinstance(found, str):
        return enum_numbers(enum).get(found, Unknown(found))
    return found


def good_date(date: Date | str | None) -> Date | None:
    return date if isinstance(date, tuple) else None


def read_subject(row: Row, record: Record) -> PlainSubject:
    given = record.subject

    def canonical(value: Value | None, kind: int) -> str | None:
        text = row.text(value)
        try:
            return None if text is None else naive_identifiers.canonical(kind, text)
        except IdentifierError:
            return None

    def number(value: Value | None, most: int) -> int:
        found = row.whole_number(value)
        return found if isinstance(found, int) and 1 <= found <= most else 0

    cui_text = row.text(given.cui)
    cui, valid = naive_identifiers.cui_digits(cui_text) if cui_text is not None else (None, True)
    cui_shown_only = cui is None
    cui = cui if cui is not None and naive_written.without_filler(cui) else None
    if cui is None:
        valid = True
    nit = canonical(given.nit, IdentifierKind.NIT)
    shown_cuis = naive_shown.shown_cuis(cui_text) if cui_text is not None and cui_shown_only else []
    if cui is None and nit is not None and naive_identifiers.cui_digits(nit)[1]:
        cui = nit
    issuer, document_number = document(row.text(given.document_country), row.text(given.document_number))
    cedula = canonical(given.cedula, IdentifierKind.CEDULA)
    licence = naive_written.without_filler(canonical(given.licence, IdentifierKind.LICENCE) or "") or None
    unread = cui_text if cui_text is not None and cui_shown_only and not shown_cuis else ""
    foreign = issuer not in (None, "GTM")
    elsewhere = False  # the CUI's cell holds another number of the row
    if unread and row.text(given.cedula) is None:
        cedula = outcome(IdentifierKind.CEDULA, unread)
        elsewhere = cedula is not None
    other = outcome(IdentifierKind.DOCUMENT_NUMBER, unread) if foreign and cedula is None else None
    if other is not None and naive_shown.looks_like_document(other):
        beside = row.text(given.document_number)
        if beside is None:
            document_number, elsewhere = other, True
        elif cui is None and valid_cui(beside) is not None:
            cui, document_number = valid_cui(beside), other
    if cui is None and not shown_cuis:
        own = issuer == "GTM" or (issuer is None and row.text(given.document_country) is None)
        texts = [row.text(given.document_number) if own else None, licence, row.text(given.cedula)]
        cui = next((found for text in texts if (found := valid_cui(text)) is not None), None)
    parts, name = names(row, record)
    key = naive_names.name_key_of_parts(*(parts.get(p, "") for p in PARTS[:5])) if parts else ""
    bare = name
    if not parts and name is not None:
        rest = naive_named.without_cuis(name) if cui is None else name
        bare = rest if naive_names.name_key(rest) else name
        key = naive_names.name_key(bare)
    nobody = naive_names.names_nobody(name)
    sex = enum_of(row, given.sex, ENUMS["sex"])
    age, day = row.whole_number(given.about_age), row.date(record.date)
    about = None
    if isinstance(age, int) and 0 <= age <= 130 and isinstance(day, tuple) and day[0]:
        about = day[0] - age
    if age == BAD and record.date is not None:
        about = naive_dates.about_year(row.text(given.about_age) or "", good_date(day) or NOTHING)
    born, stated = row.date(given.birth_date, birth=True), row.text(given.birth_date)
    if about is None and isinstance(born, str) and stated is not None:
        about = naive_dates.about_year(stated, good_date(day) or NOTHING)
    death = row.date(given.death_date)
    year = naive_dates.birth_date(None, stated or "") if isinstance(born, str) and about is None else None
    bearing, plates = plate(row, record), shown_plates(row, record)
    numbers = []
    for value in (given.vin, given.chassis):
        taken = None if bearing is not None or plates else plate_elsewhere(row, record, row.text(value))
        bearing = bearing or taken
        number_there = None if taken else canonical(value, IdentifierKind.VIN)
        numbers.append(naive_written.without_filler(number_there or "") or None)
    vin, chassis = chassis_numbers(*numbers)
    if vin is None and plate(row, record) is None and not plates and plate_country(row, record) is not None:
        found = canonical(given.plate, IdentifierKind.VIN)
        vin = found if found is not None and naive_shown.is_vin_elsewhere(found) else None
    loose = naive_shown.loose_number(unread) if unread and cui is None and not elsewhere else ""
    if not loose and cui is None and nit is None:
        loose = naive_shown.unchecked_nit(row.text(given.nit) or "")
    document_number = naive_written.without_filler(document_number or "") or None
    return PlainSubject(
        cui=cui,
        cui_valid=valid,
        nit=nit,
        cedula=cedula,
        loose_number=loose or None,
        licence=licence,
        telephone=canonical(given.telephone, IdentifierKind.TELEPHONE),
        document_number=document_number,
        document_country=issuer if document_number is not None else None,
        organisation=row.flag(given.organisation),
        parts=parts,
        name=name,
        name_key=None if nobody else key or None,
        name_text=None if nobody else naive_names.name_text(parts, None if parts else bare) or None,
        birth=year if year is not None and year[0] else good_date(born),
        birth_readable=not isinstance(born, str) or about is not None or (year is not None and bool(year[0])),
        about_year=about,
        sex=sex if isinstance(sex, int) else 0,
        birth_department=number(given.birth_department, 22),
        birth_municipality=number(given.birth_municipality, 33),
        residence_department=number(given.residence_department, 22),
        father=row.text(given.father_name),
        mother=row.text(given.mother_name),
        dead=death is not None or row.flag(given.dead),
        death=good_date(death),
        plate=bearing,
        vin=vin,
        chassis=chassis,
        engine=naive_written.without_filler(canonical(given.engine, IdentifierKind.ENGINE) or "") or None,
        make=row.text(given.make),
        line=row.text(given.line),
        colour=row.text(given.colour),
        vehicle_type=row.text(given.vehicle_type),
        model_year=number(given.model_year, 9999) or None,
        valid_from=good_date(row.date(given.valid_from)),
        valid_to=good_date(row.date(given.valid_to)),
        validity=validity(row, given.valid_from, given.valid_to),
        share=number(given.share, 100),
        shown_cuis=shown_cuis,
        shown_plates=plates,
    )


Days = tuple[int | None, int | None, int, int]


def _read(row: Row, value: Value | None) -> Date | None:
    """Returns (0, 0, 0) of an empty cell; None of one that is no date."""
    date = row.date(value)
    return (0, 0, 0) if date is None else None if isinstance(date, str) else date


def validity(row: Row, begins: Value | None, ends: Value | None) -> Days:
    return naive_dates.validity(_read(row, begins), _read(row, ends))


def alert_validity(row: Row, alert: Alert) -> Days:
    issued = day_number(row.date(alert.issued))
    return naive_dates.alert_validity(_read(row, alert.valid_from), _read(row, alert.valid_to), issued)


def names(row: Row, record: Record) -> tuple[dict[str, str], str | None]:
    """The parts of the name, and the name as an officer reads it."""
    given = record.subject
    texts = {part: row.text(getattr(given, part)) for part in PARTS}
    parts = {part: text for part, text in texts.items() if text is not None}
    full = row.text(given.full_name)
    if not parts and full is not None and given.comma_parts:
        pieces = full.split(",")
        if len(pieces) == len(given.comma_parts):
            parts = {
                p: piece.strip(" ")
                for p, piece in zip(given.comma_parts, pieces, strict=True)
                if p and piece.strip(" ")
            }
    if parts:
        shown = [parts[part] for part in PARTS[:5] if part in parts]
        married = parts.get("married_surname")
        if married is not None:
            shown.append(married if re.match("(?i)de .", married, re.ASCII) else f"DE {married}")
        return parts, " ".join(shown)
    if full is not None and given.name_order == "surname_first" and "," in full:
        surnames, _, others = full.partition(",")
        if surnames.strip(" ") and others.strip(" "):
            return {}, f"{others.strip(' ')} {surnames.strip(' ')}"
    return {}, full


def country(text: str | None) -> str | None:
    try:
        return None if text is None else naive_identifiers.country_code(text)
    except IdentifierError:
        return None


def document(issuer: str | None, text: str | None) -> tuple[str | None, str | None]:
    """Country and number; the country may stand beside the number."""
    code = country(issuer)
    beside = naive_countries.split(text) if text is not None else None
    if beside is not None and code in (None, beside[0]):
        code, text = beside[0], beside[1]
    try:
        number = None if text is None else naive_identifiers.canonical(IdentifierKind.DOCUMENT_NUMBER, text)
    except IdentifierError:
        return code, None
    return code, number


def plate(row: Row, record: Record) -> Plate | None:
    given = record.subject
    text, kind, issuer = row.text(given.plate), row.text(given.plate_type), row.text(given.plate_country)
    if text is None or (issuer is not None and country(issuer) is None):
        return None
    issuer = country(issuer) or "GTM"
    found = read_plate(text, issuer)
    beside = naive_countries.split(text) if found is None and row.text(given.plate_country) is None else None
    if (
        beside is not None
        and not beside[2]
        and beside[0] != "GTM"
        and not (kind and read_plate(f"{kind} {text}", "GTM"))
    ):
        return read_plate(beside[1], beside[0])
    if kind is None or issuer != "GTM" or (found is not None and found.type):
        return found
    typed = read_plate(f"{kind} {found.number if found else text}", "GTM")
    fits = len(f"{kind} {found.number if found else text}".encode()) <= 72
    return typed if typed is not None and typed.type and fits else found


def read_plate(text: str, issuer: str) -> Plate | None:
    try:
        return naive_identifiers.plate(text, issuer)
    except IdentifierError:
        return None


def outcome(kind: int, text: str) -> str | None:
    try:
        return naive_identifiers.canonical(kind, text) if text else None
    except IdentifierError:
        return None


def valid_cui(text: str | None) -> str | None:
    digits, valid = naive_identifiers.cui_digits(text) if text is not None else (None, False)
    return digits if valid else None


def plate_country(row: Row, record: Record) -> str | None:
    """None where it can't be read."""
    issuer = row.text(record.subject.plate_country)
    return "GTM" if issuer is None else country(issuer)


def plate_elsewhere(row: Row, record: Record, text: str | None) -> Plate | None:
    """The plate, with its type, in the cell of a VIN or chassis."""
    if text is None or plate_country(row, record) != "GTM":
        return None
    found, kind = read_plate(text, "GTM"), row.text(record.subject.plate_type)
    if found is not None and not found.type and kind is not None and len(f"{kind} {found.number}".encode()) <= 72:
        found = read_plate(f"{kind} {found.number}", "GTM")
    return found if found is not None and found.type and found.number[-1].isalpha() else None


def shown_plates(row: Row, record: Record) -> list[Plate]:
    """Returns the plates shown by a cell that is no plate."""
    text, issuer = row.text(record.subject.plate), row.text(record.subject.plate_country)
    if text is None or (issuer is not None and country(issuer) != "GTM") or plate(row, record) is not None:
        return []
    return naive_shown.shown_plates(text)


def chassis_numbers(vin: str | None, chassis: str | None) -> tuple[str | None, str | None]:
    """17 characters of the VIN's alphabet are the VIN, in whichever of the two."""
    found_vin = vin if vin is not None and naive_identifiers.is_vin(vin) else None
    found_chassis = vin if found_vin is None else None
    if chassis is not None:
        if found_vin is None and naive_identifiers.is_vin(chassis):
            found_vin = chassis
        elif chassis != found_vin:
            found_chassis = chassis
    return found_vin, found_chassis


def is_bad(value: object) -> bool:
    return value == BAD
