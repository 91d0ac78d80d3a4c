"""Comparing what two sides say: names, dates, sex, parents (docs/answers.md sections 2 and 3)."""

from __future__ import annotations

from collections.abc import Iterable

from core.names.comparison import compare_texts
from ronda.v1 import level_pb2
from tests.core import naive_calendar
from tests.oracle.record import Birth, Record

AGREES = level_pb2.AGREEMENT_AGREES
DISAGREES = level_pb2.AGREEMENT_DISAGREES
UNKNOWN = level_pb2.AGREEMENT_UNKNOWN


def best(outcomes: Iterable[int]) -> int:
    """The best of the outcomes of those that state the thing; UNKNOWN when nobody states it."""
    found = set(outcomes)
    return next((outcome for outcome in (AGREES, UNKNOWN, DISAGREES) if outcome in found), UNKNOWN)


def names(text: str, claims: Iterable[Record]) -> int:
    """Returns the agreement with a stored name. The comparison has a naive twin, tests/oracle/name_match.py."""
    return best(compare_texts(text, c.name_text) for c in claims if c.name_text) if text else UNKNOWN


def birth_dates(birth: Birth, claims: Iterable[Record]) -> int:
    if not birth[0]:
        return UNKNOWN
    return best(naive_calendar.compare_birth_dates(birth, c.birth) for c in claims if c.birth[0])


def sexes(sex: int, claims: Iterable[Record]) -> int:
    return best(AGREES if sex == c.sex else DISAGREES for c in claims if c.sex) if sex else UNKNOWN


def parents(father: str, mother: str, claims: Iterable[Record]) -> int:
    return best(_parents_of_one(father, mother, c) for c in claims if (father and c.father) or (mother and c.mother))


def each_parent(father: str, mother: str, claim: Record) -> list[int]:
    """Agreement of each parent that both sides state."""
    both = ((father, claim.father), (mother, claim.mother))
    return [compare_texts(asked, filed) for asked, filed in both if asked and filed]


def _parents_of_one(father: str, mother: str, claim: Record) -> int:
    outcomes = each_parent(father, mother, claim)
    if DISAGREES in outcomes:
        return DISAGREES
    return AGREES if AGREES in outcomes else UNKNOWN


def only_parent(record: Record, claims: Iterable[Record]) -> str:
    """Returns the parent that alone is a claim's, where the other is another's there: father before mother, or ""."""
    found = [each_parent(record.father, record.mother, c) for c in claims]
    return "father" if [AGREES, DISAGREES] in found else "mother" if [DISAGREES, AGREES] in found else ""


def stated_parents(record: Record, claims: Iterable[Record]) -> bool:
    """Returns whether one claim bears every parent that the record states."""
    return any(
        all(
            theirs and compare_texts(ours, theirs) == AGREES
            for ours, theirs in ((record.father, claim.father), (record.mother, claim.mother))
            if ours
        )
        for claim in claims
    )
