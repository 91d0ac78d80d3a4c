"""A warrant's statements about its person, field by field, and one change of them after another.

A field is right (as on file), another's (of one rival), a slip from right, or left out. Each change is drawn from a
seed, so that a chain of statements on one person can be made again.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from bench.answers.truth import Person
from bench.names.tables import plain
from nation import tables

FILLERS = ("-1", "N/A", "SIN DATO", "")
"""Texts that the Judiciary's manifest takes for an empty cell."""
_NAMES = {
    "NOMBRE1": "first_given", "NOMBRE2": "second_given", "NOMBRE3": "third_given",
    "APELLIDO1": "first_surname", "APELLIDO2": "second_surname",
}  # fmt: skip
NAMES = tuple(_NAMES)
_BEGINS_WITH = {
    "CUI": 0.8, "NOMBRE1": 1, "APELLIDO1": 1, "NOMBRE2": 0.85, "NOMBRE3": 0.9, "APELLIDO2": 0.9,
    "NACIMIENTO": 0.6, "SEXO": 0.9, "PADRE": 0.3, "MADRE": 0.3, "DEPARTAMENTO": 0.3, "DOCUMENTO": 0.15,
}  # fmt: skip
FIELDS = tuple(_BEGINS_WITH)
_WITH_SLIPS = ("CUI", "NOMBRE1", "NOMBRE2", "APELLIDO1", "APELLIDO2", "NACIMIENTO", "DOCUMENTO")


class Is(IntEnum):
    """The relation of a stated field to the person meant; a higher one supports them more."""

    OF_ANOTHER = 0
    LEFT_OUT = 1
    SLIP = 2
    RIGHT = 3


@dataclass(frozen=True)
class Statement:
    """One warrant. meant, rival: persons of the truth; texts: by tag, "" = left out; how: of each tag."""

    meant: Person
    rival: Person
    texts: Mapping[str, str]
    how: Mapping[str, Is]

    def fits_rival(self) -> bool:
        """Returns whether all but one stated and distinguishing field is the rival's, or a slip of what both have.

        A residence and a letter for the sex distinguish nobody.
        """
        own, of_rival = right(self.meant), right(self.rival)
        shared = {tag for tag, how in self.how.items() if how is Is.SLIP and own[tag] == of_rival[tag]}
        told = {tag: text for tag, text in self.texts.items() if text and tag not in {"SEXO", "DEPARTAMENTO", *shared}}
        return sum(text != of_rival[tag] for tag, text in told.items()) <= 1

    def with_field(self, tag: str, how: Is, rng: random.Random) -> Statement:
        """The statement with one field in another state."""
        own, of_rival = right(self.meant)[tag], right(self.rival)[tag]
        text = {Is.RIGHT: own, Is.OF_ANOTHER: of_rival, Is.LEFT_OUT: ""}.get(how)
        stated = slip(tag, own, rng) if text is None else text
        return replace(self, texts={**self.texts, tag: stated}, how={**self.how, tag: how})


def right(person: Person) -> dict[str, str]:
    """Returns the row that a fully informed clerk would write of a person; "" for a missing value."""
    born: datetime.date = person["birth_date"]
    department = tables.departments()[person["home_department"] - 1].name.upper() if person["home_department"] else ""
    return {
        "CUI": person["cui"],
        **{tag: plain(person[part] or "") for tag, part in _NAMES.items()},
        "NACIMIENTO": f"{born:%d/%m/%Y}",
        "SEXO": "F" if person["sex"] == 1 else "M",
        "PADRE": plain(person["father_name"] or ""),
        "MADRE": plain(person["mother_name"] or ""),
        "DEPARTAMENTO": department,
        "DOCUMENTO": f"GTM {person['passport']}" if person["passport"] else "",
    }


def slip(tag: str, text: str, rng: random.Random) -> str:
    """A slip of a clerk's hand: a digit or letter for another, two exchanged, another place part, day for month."""
    if tag == "NACIMIENTO":
        day, month, year = text.split("/")
        if int(day) <= 12 and day != month and rng.random() < 0.3:
            return f"{month}/{day}/{year}"
        return f"{day}/{month}/{int(year) + rng.choice((-1, 1, 10, -10))}"
    if tag == "CUI" and rng.random() < 0.3:
        return text[:9] + rng.choice([each for each in ("0101", "1601", "0901", "1315", "2201") if each != text[9:]])
    head, word = (text[:4], text[4:]) if tag == "DOCUMENTO" else ("", text)
    pairs = [at for at in range(len(word) - 1) if word[at] != word[at + 1]]
    if pairs and rng.random() < 0.4:
        at = rng.choice(pairs)
        return head + word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    at = rng.randrange(min(len(word), 9))
    letters = "0123456789" if word[at].isdigit() else "AEIOLNRST"
    return head + word[:at] + rng.choice([each for each in letters if each != word[at]]) + word[at + 1 :]


def begun(meant: Person, rival: Person, rng: random.Random) -> Statement:
    """A first statement: some of what is right, and sometimes a field of the rival's."""
    blank = Statement(meant, rival, dict.fromkeys(FIELDS, ""), dict.fromkeys(FIELDS, Is.LEFT_OUT))
    found = blank
    for tag, share in _BEGINS_WITH.items():
        if right(meant)[tag] and rng.random() < share:
            found = found.with_field(tag, Is.RIGHT, rng)
    if rng.random() < 0.4:
        changed = _next(found, rng)
        found = changed[0] if changed else found
    return found


def chain(statement: Statement, rng: random.Random) -> Iterator[tuple[Statement, str, Is]]:
    """Statements without end, each one field away from the one before: the statement, its tag, and what it had been."""
    while True:
        changed = _next(statement, rng)
        if changed is None:
            return
        yield changed
        statement = changed[0]


def _next(statement: Statement, rng: random.Random) -> tuple[Statement, str, Is] | None:
    """One field changed; None where nothing can be."""
    own, of_rival = right(statement.meant), right(statement.rival)
    for _ in range(50):
        tag = rng.choice(FIELDS)
        before = statement.how[tag]
        choices = [Is.LEFT_OUT]
        if own[tag]:
            choices += [Is.RIGHT, Is.RIGHT] + ([Is.SLIP] if tag in _WITH_SLIPS else [])
        if of_rival[tag] and of_rival[tag] != own[tag]:
            choices.append(Is.OF_ANOTHER)
        how = rng.choice(choices)
        if how == before or (how is Is.LEFT_OUT and len([text for text in statement.texts.values() if text]) < 3):
            continue
        return statement.with_field(tag, how, rng), tag, before
    return None
