"""The names and birth dates that a reply may hold. An SMS is not secret, and it stays on the telephone.

| person | sent |
|---|---|
| the person asked by an identifier | the name on file, and the birth date: a borrowed DPI is found by them |
| a person asked by name | given name and initial of the surname |
| an owner | the same; an organisation in full |
| a minor, or a possible minor by the birth date | nothing: "menor de edad" |

If the subject is not certain nothing is sent at all: clients.sms.reply then asks for no name.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from clients.spanish import words as spanish
from ronda.v1 import level_pb2, person_pb2

if TYPE_CHECKING:
    from ronda.v1 import vehicle_pb2

A_MINOR = "menor de edad"
_OF_AGE = 18
_PARTICLES = frozenset({"de", "del", "la", "las", "los", "y", "van", "von", "da", "do", "dos"})


def name_of(person: person_pb2.Person, *, asked_by_name: bool) -> str:
    """Returns the name of the person who was asked about; "" = none may be sent."""
    if is_minor(person):
        return ""
    return short_name(person.name) if asked_by_name else person.name


def birth_date_of(person: person_pb2.Person, *, asked_by_name: bool) -> str:
    """Returns the birth date of the person who was asked about; "" = none may be sent."""
    if asked_by_name or is_minor(person):
        return ""
    return next((born for each in person.identity_claims if (born := spanish.date_text(each.birth_date))), "")


def owner_name(owner: vehicle_pb2.Owner) -> str:
    """Returns what is sent of an owner; "" = the register names nobody."""
    if not owner.name:
        return ""
    if is_minor(owner.person):
        return A_MINOR
    if owner.kind == person_pb2.SUBJECT_KIND_ORGANISATION:
        return owner.name
    return short_name(owner.person.name or owner.name)  # a vehicle register may write surnames first


def is_minor(person: person_pb2.Person) -> bool:
    """Returns whether somebody is under 18, or may be by a birth date that is not whole."""
    if level_pb2.CAUTION_FLAG_MINOR in person.cautions:
        return True
    today = datetime.now(UTC).date()
    return any(_is_under_age(each.birth_date, today) for each in person.identity_claims if each.birth_date.year)


def _is_under_age(born: object, today: date) -> bool:
    latest = (born.year, born.month or 12, born.day or 31)  # type: ignore[attr-defined]
    return latest > (today.year - _OF_AGE, today.month, today.day)


def short_name(name: str) -> str:
    """Returns given name and initial of the surname: "Ana X" of "Ana María Xicay Tzul" and of "XICAY TZUL, ANA"."""
    surnames, comma, given = name.partition(",")
    if comma:
        return _joined(given.split()[:1] or ["?"], surnames.split())
    words = name.split()
    # One given name and one or two surnames, or else two surnames at the end.
    return _joined(words[:1], words[1 if len(words) <= 3 else -2 :])


def _joined(given: list[str], surnames: list[str]) -> str:
    initial = next((each[0] for each in surnames if each.lower() not in _PARTICLES), "")
    return " ".join([*given, initial.upper()] if initial else given)
