"""Persons wanted under one number and known by another (docs/answers.md section 5, "Wanted under another number")."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ronda.v1 import level_pb2
from tests.oracle.record import Birth, Link, Record, Subject

if TYPE_CHECKING:
    from tests.oracle.linking import Linking

AT_MOST = 50
LAST_FILLER_YEAR = 1900
NAMES, BIRTH_DATE, SEX = level_pb2.CRITERION_NAMES, level_pb2.CRITERION_BIRTH_DATE, level_pb2.CRITERION_SEX
Person = tuple[str, Birth]  # name key, whole birth date


def join(linking: Linking, links: list[Link], on_file: list[tuple[Subject, list[Record]]]) -> None:
    """Joins what the identified `links`, and links by name that are HIT, say of a subject to everybody else on file
    who bears the name and birth date."""
    bearers: dict[Person, list[tuple[Subject, Record]]] = defaultdict(list)
    for subject, claims in on_file:
        for claim in claims:
            if _is_whole(claim):
                bearers[claim.name_key, claim.birth].append((subject, claim))
    numbered = [link for link in links if _stops(link.record)]
    by_name = [
        k for s in linking.by_key.values() for k in s.links if k.criterion == NAMES and k.level == level_pb2.LEVEL_HIT
    ]
    for link in numbered + by_name:
        told = list(linking.claims_on_file(link.subject))
        if not told:
            told += [other.record for other in numbered if other.subject is link.subject]
        if link in numbered:
            told.append(link.record)
        alike: dict[str, bool] = {}
        for one in filter(_is_whole, told):
            for subject, claim in bearers[one.name_key, one.birth]:
                sex, both = claim.sex, subject.has_cui and link.subject.has_cui
                another = subject is not link.subject and (not both or _are_one_person(one, claim))
                if another and not (one.sex and sex and one.sex != sex):
                    alike[subject.key] = alike.get(subject.key, False) or bool(one.sex and sex)
        if len(alike) <= AT_MOST:
            for key, of_one_sex in alike.items():
                _join(linking, link.record, linking.by_key[key], of_one_sex)


def _join(linking: Linking, record: Record, subject: Subject, of_one_sex: bool) -> None:
    if any(link.record is record for link in subject.links):
        return
    joined = linking.join(record, subject, NAMES, level_pb2.LEVEL_POSSIBLE)
    joined.agrees = [int(c) for c in (NAMES, BIRTH_DATE, *[SEX] * of_one_sex)]
    joined.disagrees = [level_pb2.CRITERION_CUI] if record.cui else []


def _are_one_person(a: Record, b: Record) -> bool:
    """One parent at least stated alike on both sides, and no parent or department of birth otherwise."""
    stated = [(x, y) for x, y in ((a.father, b.father), (a.mother, b.mother)) if x and y]
    departments = {a.birth_department, b.birth_department} - {0}
    return bool(stated) and all(x == y for x, y in stated) and len(departments) < 2


def _is_whole(record: Record) -> bool:
    return bool(record.name_key) and all(record.birth) and record.birth[0] > LAST_FILLER_YEAR


def _stops(record: Record) -> bool:
    """An alert, no protected side, or a record of a clearance standard."""
    return (record.alert is not None and bool(record.alert.kind)) or bool(record.standards)
