"""Comparing what two sides say: names, dates, sex, parents (docs/answers.md sections 2 and 3)."""

from __future__ import annotations

from collections.abc import Iterable

from ronda.v1 import level_pb2
from tests.core import naive_calendar, naive_names
from tests.oracle.record import Birth, Record

AGREES = level_pb2.AGREEMENT_AGREES
DISAGREES = level_pb2.AGREEMENT_DISAGREES
UNKNOWN = level_pb2.AGREEMENT_UNKNOWN


def best(outcomes: Iterable[int]) -> int:
    """The best of the outcomes of those that state the thing; UNKNOWN when nobody states it."""
    found = set(outcomes)
    return next((outcome for outcome in (AGREES, UNKNOWN, DISAGREES) if outcome in found), UNKNOWN)


def names(key: str, claims: Iterable[Record]) -> int:
    return best(naive_names.compare_keys(key, c.name_key) for c in claims if c.name_key) if key else UNKNOWN


def birth_dates(birth: Birth, claims: Iterable[Record]) -> int:
    if not birth[0]:
        return UNKNOWN
    return best(naive_calendar.compare_birth_dates(birth, c.birth) for c in claims if c.birth[0])


def sexes(sex: int, claims: Iterable[Record]) -> int:
    return best(AGREES if sex == c.sex else DISAGREES for c in claims if c.sex) if sex else UNKNOWN


def parents(father_key: str, mother_key: str, claims: Iterable[Record]) -> int:
    return best(
        _parents_of_one(father_key, mother_key, c)
        for c in claims
        if (father_key and c.father_key) or (mother_key and c.mother_key)
    )


def _parents_of_one(father_key: str, mother_key: str, claim: Record) -> int:
    outcomes = [
        naive_names.compare_keys(asked, filed)
        for asked, filed in ((father_key, claim.father_key), (mother_key, claim.mother_key))
        if asked and filed
    ]
    if DISAGREES in outcomes:
        return DISAGREES
    return AGREES if AGREES in outcomes else UNKNOWN
