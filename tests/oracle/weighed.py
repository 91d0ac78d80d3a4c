"""Persons meant by a record with a number in doubt (docs/answers.md section 5, "Numbers weighed"), pair by pair."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.names.comparison import compare_texts
from ronda.v1 import level_pb2, section_pb2
from tests.core import naive_calendar
from tests.core.identifiers.naive_identifiers import cui_rule
from tests.core.standardise import naive_dates
from tests.oracle import agreement
from tests.oracle.agreement import AGREES, DISAGREES
from tests.oracle.naming import WEIGHTS
from tests.oracle.record import Birth, Link, Record, Subject

DIGIT, EXCHANGED, PLACE, LOST, DOUBLED = 2900, 3200, 2700, 3000, 3000  # hundredths of a bit
LOOSE, ALONE = 2500, 6000  # the second where no name stands there
NEAR, FAR_CUI = 1200, 2000  # of who bears the name: another number one slip off, a CUI with two digits wrong
NEAR_DATED = 2000  # without a name, beside the birth date: another number one slip off
RELATIVE = 12
LEAST = 2.4
WINDOW = 10
POPULATION_LEAST = 45_000
BEARERS_MOST = 1_000


class Weighable(Protocol):
    """The weighed facts of a person on file."""

    subject: Subject
    names_evidence: tuple[int, int]  # of the names, and where the birth dates are equal
    weighed: bool
    by_name: bool
    names: int
    claims: list[Record]


@dataclass(frozen=True)
class Doubt:
    """A record's number, its bearer (None = a document's without its country, nobody's), and what is on file of that
    subject; and of each number of a document who has it with a country."""

    record: Record
    subject: Subject | None
    claims: list[Record]
    borne: bool
    documents: Mapping[str, set[Subject]]
    nits: Mapping[str, set[Subject]]  # of each NIT who has it, by a record that is no alert and no owner's

    def tells(self, subject: Subject) -> int:
        """Hundredths of a bit that the stated number tells for somebody; 0 = nothing."""
        country, number = self.record.document
        whole = LOOSE if self.record.name_key else ALONE
        loose = whole if number and not country and subject in self.documents.get(number, ()) else 0
        loose = max(loose, whole if subject in self.nits.get(self.record.loose_number, ()) else 0)
        near = 0 if self.record.name_key or self.record.cui or not self.is_near_another(subject) else NEAR_DATED
        return max(loose, self._slip_of(subject.key), near)

    def tells_miscounted(self, subject: Subject) -> bool:
        """Returns whether the CUI's cell shows somebody's valid CUI but for a digit lost or too many."""
        return not self.record.cui and self._slip_of(subject.key) > 0

    def is_near_another(self, subject: Subject) -> bool:
        """Returns whether the stated number, no CUI, is nearly one of somebody's."""
        return any(_is_his(link) and self._is_near(link.record) for link in subject.links)

    def tells_beside_name(self, subject: Subject) -> int:
        """The same for somebody who bears the record's name: the number is nearly one of his."""
        found = NEAR if self.is_near_another(subject) else 0
        cui = subject.key.removeprefix("cui:")
        apart = sum(a != b for a, b in zip(self.record.cui, cui, strict=False)) if subject.has_cui else 0
        return max(found, FAR_CUI if apart == 2 else 0, self.tells(subject))

    def _is_near(self, other: Record) -> bool:
        stated = self.record
        numbers = [
            (stated.nit or stated.loose_number, other.nit),
            (stated.licence, other.licence),
            (stated.cedula, other.cedula),
        ]
        if stated.document[0] and stated.document[0] == other.document[0]:
            numbers.append((stated.document[1], other.document[1]))
        return any(len(a) >= 5 and len(b) >= 5 and _is_one_slip(a, b) for a, b in numbers)

    def _slip_of(self, key: str) -> int:
        cui = key.removeprefix("cui:")
        if not key.startswith("cui:") or cui_rule(cui):
            return 0
        stated = self.record.cui
        if not stated:
            return _miscounted(self.record.loose_number, cui)
        shortened = stated.startswith("0") and stated != cui and stated[1:] in without_a_digit(cui)
        return max(_slip(stated, cui), LOST if shortened else 0)


def _is_his(link: Link) -> bool:
    """By an identifier, no alert and no owner's."""
    by_number = link.criterion not in (0, level_pb2.CRITERION_NAMES)
    is_alert = link.record.alert is not None and link.record.alert.kind
    return by_number and not is_alert and link.section != section_pb2.SECTION_OWNER


def _is_one_slip(a: str, b: str) -> bool:
    if len(a) != len(b):
        return a in without_a_digit(b) or b in without_a_digit(a)
    apart = [place for place in range(len(a)) if a[place] != b[place]]
    if len(apart) == 2 and apart[1] == apart[0] + 1:
        return a[apart[0]] == b[apart[1]] and a[apart[1]] == b[apart[0]]
    return len(apart) == 1


def _miscounted(shown: str, cui: str) -> int:
    if len(shown) == 12:
        return LOST if shown in without_a_digit(cui) else 0
    return DOUBLED if len(shown) == 14 and cui in without_a_digit(shown) else 0


def without_a_digit(number: str) -> set[str]:
    return {number[:place] + number[place + 1 :] for place in range(len(number))}


def _slip(stated: str, borne: str) -> int:
    apart = [place for place in range(13) if stated[place] != borne[place]]
    if len(apart) == 1:
        return DIGIT
    if (
        len(apart) == 2
        and apart[1] == apart[0] + 1
        and stated[apart[0] : apart[0] + 2] == borne[apart[1]] + borne[apart[0]]
    ):
        return EXCHANGED
    return PLACE if apart and apart[0] >= 9 else 0


def weigh(record: Record, doubt: Doubt, fits: Sequence[Weighable], population: int) -> None:
    """Sets `weighed` of each that the record means."""
    alike = [fit for fit in fits if fit.by_name and fit.names == AGREES]
    few = alike if len(alike) <= BEARERS_MOST else []
    bearers = few if doubt.subject is not None else []
    beside = few if record.loose_number else bearers
    told = {}
    for fit in fits:
        number = doubt.tells_beside_name(fit.subject) if fit in beside else doubt.tells(fit.subject)
        if not number and fit not in bearers:
            continue
        if fit.names == DISAGREES or (doubt.borne and (fit.names != AGREES or _bears_name(record, doubt.claims))):
            continue
        dated = agreement.best(_agreements(record, fit.claims)) == AGREES
        if not record.name_key and not dated and number < ALONE:
            continue
        bits = fit.names_evidence[_of_one_day(record, fit.claims)] / 100
        if fit.names == AGREES:
            bits = min(bits, math.log2(population / max(1, len(alike))))
        bits += (_birth(record, fit.claims) + _sex(record, fit.claims) + number) / 100
        parents = agreement.parents(record.father, record.mother, fit.claims)
        bits += 6 if parents == AGREES else -6 if parents == DISAGREES else 0
        bits += RELATIVE if any(_are_relatives(a, b) for a in fit.claims for b in doubt.claims) else 0
        agrees = fit.names == AGREES and agreement.best(_agreements(record, fit.claims)) != DISAGREES
        if bits >= math.log2(population if agrees else max(population, POPULATION_LEAST)) + LEAST:
            told[fit] = bits
    for fit, bits in told.items():
        fit.weighed = bits >= max(told.values()) - WINDOW


def _birth_pairs(record: Record, claims: Sequence[Record]) -> list[tuple[Birth, Birth]]:
    births = [record.birth]
    if record.own_date:
        outcomes = [naive_calendar.compare_birth_dates(record.birth, claim.birth) for claim in claims if claim.birth[0]]
        births = [] if set(outcomes) == {DISAGREES} else births
    elif record.doubtful:
        void = not record.turned and not naive_dates.is_january_first(record.birth)
        births = [] if void else [record.birth, (record.birth[0], 0, 0)]
    return [(birth, claim.birth) for birth in births for claim in claims if birth[0] and claim.birth[0]]


def _birth(record: Record, claims: Sequence[Record]) -> int:
    return max((_birth_bits(*pair) for pair in _birth_pairs(record, claims)), default=0)


def _agreements(record: Record, claims: Sequence[Record]) -> list[int]:
    return [naive_calendar.compare_birth_dates(*pair) for pair in _birth_pairs(record, claims)]


def _of_one_day(record: Record, claims: Sequence[Record]) -> bool:
    pairs = _birth_pairs(record, claims)
    return any(_birth_bits(*pair) == WEIGHTS["BIRTH_EQUAL"] and pair[0][1:] != (1, 1) for pair in pairs)


def _birth_bits(a: tuple[int, int, int], b: tuple[int, int, int]) -> int:
    grade = naive_calendar.grade(a, b)
    return 0 if grade == "none" else WEIGHTS["BIRTH_" + grade.upper().replace(" ", "_")]


def _sex(record: Record, claims: Sequence[Record]) -> int:
    known = {claim.sex for claim in claims if claim.sex}
    if not record.sex or not known:
        return 0
    return WEIGHTS["SEX_SAME" if record.sex in known else "SEX_DIFFERS"]


def _bears_name(record: Record, claims: Sequence[Record]) -> bool:
    return any(_alike(record.name_text, claim.name_text) for claim in claims)


def _alike(a: str, b: str) -> bool:
    return bool(a and b) and compare_texts(a, b) == AGREES


def _are_relatives(a: Record, b: Record) -> bool:
    pairs = [
        (a.father, b.name_text),
        (a.mother, b.name_text),
        (a.name_text, b.father),
        (a.name_text, b.mother),
        (a.father, b.father),
        (a.mother, b.mother),
    ]
    return any(_alike(*pair) for pair in pairs)
