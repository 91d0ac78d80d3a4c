"""Labelled pairs of every kind of noise, with hard negatives: half A to fit weights on, half B to judge them by.

A pair of two persons is one that a search shows: the listed person nearest to a stranger or to another listed one, and
siblings, twins, cousins and namesakes beside the listed person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from bench.foreign_list.product import birth_of
from bench.names.kinds import people, table, truth
from bench.names.kinds.people import Person
from bench.names.kinds.ronda import OnFile, name_parts
from bench.names.kinds.truth import Question

Birth = tuple[int, int, int]

STRANGERS = 2_000  # of each kind
_WRONG = 3  # of an answer that are another person's


@dataclass(frozen=True)
class LabelledPair:
    """One name asked and one person on file.

    kind: of noise, of the stranger's too; of relatives the relation. against: "" = the same person, else "listed" (the
    question is about another listed person), "stranger", or the relation. held: given and surnames, or full, as
    core.names.comparison takes it. Births: year, month, day, both always known.
    """

    kind: str
    half: str
    asked: str
    held: Mapping[str, str]
    asked_birth: Birth
    held_birth: Birth
    same: bool
    against: str
    question: str  # its id: pairs of one question belong together
    person: str  # id of who is on file


def _pair(question: Question, person: Person, against: str) -> LabelledPair:
    return LabelledPair(
        question.kind,
        question.half,
        question.asked,
        name_parts(person),
        birth_of(question.birth),
        birth_of(person.born.isoformat()),
        not against,
        against,
        question.id,
        person.id,
    )


def _nearest(on_file: OnFile, question: Question) -> list[Person]:
    """Returns the listed persons that a search by name alone puts first, without the one who is meant.

    If its page is short, the best of a full scan: a search that fills its pages shows them.
    """
    found = [one.person for one in on_file.found(question, dated=False)]
    if len(found) < _WRONG + 1:
        found = [person for person, _ in on_file.scanned(question, _WRONG + 1)]
    others = [person for person in found if person != question.person]
    return [people.listed(int(person[1:])) for person in others[:_WRONG]]


def labelled_pairs(
    half: str = "A",
    kinds: Sequence[str] = table.KINDS,
    questions: int | None = None,
    strangers: int = STRANGERS,
    relatives: int = STRANGERS,
) -> Iterator[LabelledPair]:
    """Pairs of one half, or "AB": of each kind, questions (None: all) and strangers; then of each relation.

    Leave one kind out by naming the others. All of one half takes two minutes: keep what is read of it.
    """
    on_file = OnFile()
    for kind in kinds:
        for question in islice(truth.questions(kind, half), questions):
            yield _pair(question, people.listed(int(question.person[1:])), "")
            for person in _nearest(on_file, question):
                yield _pair(question, person, "listed")
        for question in truth.strangers(kind, strangers, half):
            for person in _nearest(on_file, question):
                yield _pair(question, person, "stranger")
    for relation in people.RELATIONS:
        for question in truth.relatives(relation, relatives, half):
            yield _pair(question, people.listed(int(question.near[1:])), relation)
