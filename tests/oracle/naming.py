"""Whom a name fits: everybody on file is compared (docs/answers.md sections 8 and 13, "Search").

The comparison of two names is core.names.comparison's, which has a naive twin of its own; the rest is here once more.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import core
from core.linking.index import name_roles
from core.linking.scan import NameScan
from core.names.comparison import Person, compare
from core.names.frequencies import NameFrequencies
from ronda.v1 import error_pb2, section_pb2
from tests.core.names import naive_names
from tests.oracle import agreement
from tests.oracle.agreement import AGREES, DISAGREES, UNKNOWN
from tests.oracle.asked import PersonQuestion, QuestionError
from tests.oracle.name_tokens import KINDS, kind
from tests.oracle.record import PERSON, Record, Subject

if TYPE_CHECKING:
    from tests.oracle.oracle import Oracle
    from tests.oracle.view import View

POSSIBLE_SCORE = 0.01  # of a search
FEW_SCORE = 0.0005  # of one that found fewer than FEW
FEW = 5
CHECKED_SCORE = 0.5  # of a check or clearance with a birth date
BROAD = 100
SOUND_LETTERS = 32
WHOLE_KINDS = KINDS[1 : KINDS.index("initial")]  # not "none", and no beginnings and ends of words
WEIGHTS = {
    name: int(value)
    for name, value in re.findall(
        r"^    ([A-Z_]+) = (-?\d+)",
        (Path(core.__path__[0]) / "names" / "weights.pxd").read_text(encoding="utf-8"),
        re.M,
    )
}


@dataclass
class Likeness:
    """How the asked name compares with one name on file."""

    agreement: int
    evidence: int  # hundredths of a bit
    covered: bool  # every asked token is paired


@dataclass
class Fit:
    """Somebody whom the name fits."""

    subject: Subject
    evidence: int
    comparable: int  # Agreement of the names that comparisons use
    birth: int
    parents: int
    sex: int
    matched: Record


class NamesOnFile:
    """Every name on file, and how common its sounds are."""

    def __init__(self, oracle: Oracle) -> None:
        self.subjects = [s for s in oracle.subjects if s.about == PERSON]
        self.holders: dict[str, list[Subject]] = defaultdict(list)
        sounds: Counter[str] = Counter()
        self.population = 0
        for subject in self.subjects:
            opened = set()
            for link in subject.links:
                text = link.record.name_text
                if not text:
                    continue
                if not self.holders[text] or self.holders[text][-1] is not subject:
                    self.holders[text].append(subject)
                if link.sensitivity == section_pb2.SENSITIVITY_OPEN:
                    opened |= {naive_names.phonetic_key(t[:SOUND_LETTERS]) for t in naive_names.tokens(text)[:16]}
            sounds.update(opened)
            self.population += bool(opened)
        self.population = max(1, self.population)
        self.frequencies = NameFrequencies(dict(sounds), self.population)
        self.prior = math.floor(100 * math.log2(self.population) + 0.5)

    @cached_property
    def places(self) -> dict[str, int]:
        return {text: place for place, text in enumerate(self.holders)}

    @cached_property
    def scan(self) -> NameScan:
        return NameScan(list(self.holders), self.frequencies)

    def score(self, evidence: int) -> float:
        bits = (WEIGHTS["SLOPE"] * (evidence - self.prior) / 100.0 + WEIGHTS["OFFSET"]) / 100.0
        return 1 / (1 + math.exp(-bits * 0.6931471805599453))


class Likenesses:
    """Of the asked name with every name on file, by its text."""

    def __init__(self, file: NamesOnFile, names: Sequence[int], evidence: Sequence[int], covered: Sequence[int]):
        self.places, self.names, self.evidence, self.covered = file.places, names, evidence, covered

    def __getitem__(self, text: str) -> Likeness:
        place = self.places[text]
        names = self.names[place]
        return Likeness(names, self.evidence[place], bool(self.covered[place]) and names != DISAGREES)


@dataclass
class Asked:
    """A name question. `searched`: of SearchPersons, whose years, department and municipality sift."""

    question: PersonQuestion
    searched: bool = False
    year_from: int = 0
    year_to: int = 0
    department: int = 0
    municipality: int = 0
    field: str = "names"


def name_fits(view: View, asked: Asked) -> list[Fit]:
    """Best first, by evidence and then subject order."""
    question = asked.question
    roles = name_roles(question.name_text)
    if not roles:
        return []
    if all(len(token) == 1 for token, _ in roles):
        raise QuestionError(error_pb2.ERROR_REASON_QUERY_TOO_BROAD, asked.field)
    file = view.oracle.names_on_file
    likenesses = Likenesses(file, *file.scan.compare(question.name_text))
    near: set[Subject] = set()
    for text, names in zip(file.holders, likenesses.names, strict=True):
        if names != DISAGREES:
            near.update(file.holders[text])
    fits: list[Fit] = []
    used = CHECKED_SCORE

    def look(far: bool) -> list[Fit]:
        found = [f for s in near if (f := _fit(view, s, asked, likenesses, used, far)) is not None]
        return [f for f in found if like_by_more_than_initials(roles, _texts(f.subject))]

    for possible in (POSSIBLE_SCORE, FEW_SCORE) if asked.searched else (CHECKED_SCORE,):
        if len(fits) < FEW:
            used = possible
            fits = look(far=False)
    if all(question.birth) and not any(_states_year(view, f.subject) for f in fits):
        fits = look(far=True)
    return sorted(fits, key=lambda f: (-f.evidence, f.subject.place))


def _texts(subject: Subject) -> set[str]:
    return {link.record.name_text for link in subject.links if link.record.name_text}


def like_by_more_than_initials(roles: list[tuple[str, int]], texts: Iterable[str]) -> bool:
    """Whether a word asked, and one of any name on file, go together and both are more than a letter."""
    asked = [token for token, _ in roles if len(token) > 1]
    for text in texts:
        held = [token for token, _ in name_roles(text)]
        if any(kind(a, b) in WHOLE_KINDS for a in asked for b in held):
            return True
        if set(asked) & set(map("".join, pairwise(held))) or set(held) & set(map("".join, pairwise(asked))):
            return True
    return False


def _states_year(view: View, subject: Subject) -> bool:
    return any(c.birth[0] for c in view.comparable(subject))


def _fit(view: View, subject: Subject, asked: Asked, likenesses: Likenesses, possible: float, far: bool) -> Fit | None:
    """far: whether years of birth may be further apart than one."""
    question = asked.question
    file = view.oracle.names_on_file
    named = [c for c in view.claims(subject) if c.name_text]
    if not named:
        return None
    comparable = view.comparable(subject)
    mine = [likenesses[c.name_text] for c in named]
    names = agreement.best(k.agreement for k in mine)
    birth = agreement.birth_dates(question.birth, comparable)
    if DISAGREES in (names, birth) or _sifted(asked, comparable):
        return None
    sex = agreement.sexes(question.sex, comparable)
    if asked.searched and sex == DISAGREES:
        return None
    years = [c.birth[0] for c in comparable if c.birth[0]]
    if question.birth[0] and years and not far and all(abs(y - question.birth[0]) > 1 for y in years):
        return None
    matched = max(named, key=lambda c: likenesses[c.name_text].evidence)
    parents = agreement.parents(question.father, question.mother, comparable)
    evidence = max(k.evidence for k in mine) + _attributes(asked, comparable)
    if parents != UNKNOWN:
        evidence += WEIGHTS["PARENTS_AGREE" if parents == AGREES else "PARENTS_DISAGREE"]
    compared = agreement.best(likenesses[c.name_text].agreement for c in comparable if c.name_text)
    fit = Fit(subject, evidence, compared, birth, parents, sex, matched)
    covered = any(k.covered for k in mine)
    if asked.searched:
        sure = names == AGREES or covered
        return fit if sure or file.score(evidence) >= possible else None
    if not question.birth[0]:
        return fit if names == AGREES or covered else None
    if names == AGREES and birth == AGREES:
        return fit
    if names != AGREES and not any(c.birth[0] for c in comparable):
        return None
    return fit if file.score(evidence) >= CHECKED_SCORE else None


def _sifted(asked: Asked, claims: list[Record]) -> bool:
    """Whether what is known of somebody lies outside what a search wants."""
    years = [c.birth[0] for c in claims if c.birth[0]]
    inside = any(asked.year_from <= y <= (asked.year_to or y) for y in years)
    if (asked.year_from or asked.year_to) and years and not inside:
        return True
    departments = [c.birth_department for c in claims if c.birth_department]
    if asked.department and departments and asked.department not in departments:
        return True
    towns = [t for c in claims if (t := town(c))]
    return bool(asked.municipality and towns and asked.municipality not in towns)


def town(record: Record) -> int:
    """Municipality of birth, INE code, that a CUI ends in."""
    if len(record.cui) != 13:
        return 0
    code = int(record.cui[9:])
    return code if code < 4096 else 0


def _attributes(asked: Asked, claims: list[Record]) -> int:
    """Evidence of birth date, sex, department and municipality: the best of the claims for each."""
    question = asked.question
    births = [c.birth for c in claims if c.birth[0]]
    towns = {town(c) for c in claims}
    here = asked.municipality if asked.municipality in towns else 0
    sexes = [c.sex for c in claims if c.sex]
    sex = question.sex if question.sex in sexes else next(iter(sexes), 0)
    departments = {d for c in claims for d in (c.birth_department, c.residence_department) if d}
    found = compare(
        Person(
            birth=[question.birth] if question.birth[0] else [(0, 0, 0)],
            sex=question.sex,
            department=asked.department,
            municipality=asked.municipality,
        ),
        Person(
            birth=births or [(0, 0, 0)],
            sex=sex,
            department=sorted(departments) or [0],
            municipality=here,
        ),
    )
    return round(100 * found.evidence)


def narrowing(fits: list[Fit], view: View, asked: Asked) -> str:
    """The field of a search that would leave the fewest persons, on average, once it is known."""
    question = asked.question
    fields: list[tuple[str, bool, Any]] = [
        ("birth_date", bool(any(question.birth) or asked.year_from or asked.year_to), _counted_year),
        ("department", bool(asked.department or asked.municipality), lambda c: c.birth_department),
        ("sex", bool(question.sex), lambda c: c.sex),
    ]
    best, least = "names", float(len(fits))
    for name, given, value in fields:
        if given:
            continue
        counts: Counter[int] = Counter()
        for fit in fits:
            counts[next((v for c in view.comparable(fit.subject) if (v := value(c))), 0)] += 1
        unknown = counts.pop(0, 0)
        known = sum(counts.values())
        left = sum(n * n for n in counts.values()) / known + unknown if known else unknown
        if left < least:
            best, least = name, left
    return best


def _counted_year(claim: Record) -> int:
    return min(max(claim.birth[0] - 1700, 1), 511) if claim.birth[0] else 0
