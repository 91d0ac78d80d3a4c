"""Persons that a name fits: everybody on file is compared (docs/answers.md sections 8 and 13, "Search").

The comparison of two names is core.names.comparison's, which has a naive twin of its own; the rest is here once more.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import core
from core.linking.index import name_roles
from core.linking.scan import NameScan
from core.names.comparison import Person, compare
from core.names.frequencies import NameFrequencies
from ronda.v1 import error_pb2, person_pb2, section_pb2
from tests.core.names import naive_names
from tests.oracle import agreement
from tests.oracle.agreement import AGREES, DISAGREES, UNKNOWN
from tests.oracle.alerts import stored_alerts
from tests.oracle.asked import PersonQuestion, QuestionError
from tests.oracle.name_holders import holders_by_token, rare_holders, shares_a_word
from tests.oracle.name_tokens import KINDS, kind
from tests.oracle.record import PERSON, Birth, Record, Subject

if TYPE_CHECKING:
    from tests.oracle.oracle import Oracle
    from tests.oracle.view import View

POSSIBLE_SCORE = 0.05  # from which somebody in whom not all agrees is found
FILLING = 1400  # hundredths of a bit below the population's, from which a page of a search is filled
ALERT, ALERT_DATED = 240, 550  # hundredths of a bit above the population, from which a check is POSSIBLE
ALERTED_LIST = 45_000
LAST_FILLER_YEAR = 1900  # a date of it or before tells nothing
SHORT_NAME, SHORT_NAME_BITS = 2, 150
UNSURE_MOST = 200
WORDS_ENOUGH = 3
BROAD = 100
SOUND_LETTERS = 32
PAGE_DEFAULT = 20
MARRIED = 3  # role of name_roles
WHOLE_KINDS = KINDS[1 : KINDS.index("initial")]  # not "none", and no beginnings and ends of words
_WEIGHTS_TEXT = (Path(core.__path__[0]) / "names" / "weights.pxd").read_text(encoding="utf-8")
WEIGHTS = {name: int(value) for name, value in re.findall(r"^    ([A-Z_]+) = (-?\d+)", _WEIGHTS_TEXT, re.M)}
_CURVE = (Path(core.__path__[0]) / "names" / "score_curve.pxd").read_text(encoding="utf-8")
SCORE_KNOTS, SCORE_VALUES = (
    [int(value) for value in re.findall(r"-?\d+", listed)]
    for listed in re.findall(r"SCORE_(?:KNOTS|VALUES)\[SCORE_COUNT\] = {([^}]*)}", _CURVE)
)


@lru_cache(1 << 18)
def _birth_evidence(asked: Birth, filed: Birth) -> int:
    return round(100 * compare(Person(birth=[asked]), Person(birth=[filed])).evidence)


@dataclass
class Likeness:
    """The comparison of the asked name with one name on file."""

    agreement: int
    evidence: int  # hundredths of a bit
    dated: int  # where the birth dates are equal
    covered: bool  # every asked token is paired


@dataclass
class Fit:
    """Somebody that the name fits."""

    subject: Subject
    evidence: int
    names: int  # Agreement of all names
    comparable: int  # of those that comparisons use
    birth: int
    parents: int
    sex: int
    covered: bool  # every asked token is paired
    matched: Record
    weak: bool = False  # too little evidence to give colour
    unsure: bool = False  # there for an alert alone
    several_words: bool = False  # of the asked name

    @property
    def contradicted(self) -> bool:
        return DISAGREES in (self.names, self.birth)

    @property
    def agrees(self) -> bool:
        """Names agree, or all that was asked is there, and nothing disagrees."""
        return (self.names == AGREES or self.covered) and DISAGREES not in (self.birth, self.sex)

    @property
    def holds_all(self) -> bool:
        """A name on file holds all that was asked, two words or more."""
        return self.agrees and self.several_words


class NamesOnFile:
    """Every name on file, and how common its sounds are."""

    def __init__(self, oracle: Oracle) -> None:
        self.subjects = [s for s in oracle.subjects if s.about == PERSON]
        self.holders: dict[str, list[Subject]] = defaultdict(list)
        self._births: dict[Subject, set[Birth]] = {}
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

    def births(self, subject: Subject) -> set[Birth]:
        """Returns all that are stated of somebody, by any register."""
        found = self._births.get(subject)
        if found is None:
            found = self._births[subject] = {link.record.birth for link in subject.links if link.record.birth[0]}
        return found

    @cached_property
    def places(self) -> dict[str, int]:
        return {text: place for place, text in enumerate(self.holders)}

    @cached_property
    def by_token(self) -> dict[str, list[Subject]]:
        return holders_by_token(self.subjects)

    @cached_property
    def scan(self) -> NameScan:
        return NameScan(list(self.holders), self.frequencies)

    def score(self, evidence: int) -> float:
        return probability(evidence, self.prior)

    @property
    def few(self) -> int:
        """The least evidence that is enough to fill a page."""
        return self.prior - FILLING

    @property
    def listed(self) -> int:
        """As if all on file were a list of alerts, but no longer than one is."""
        return min(self.prior, math.floor(100 * math.log2(ALERTED_LIST) + 0.5))


def probability(evidence: int, prior: int) -> float:
    """docs/names.md, "Persons": log-odds on a curve of straight lines, which go on beyond its ends."""
    above = evidence - prior
    at = min(max(bisect_right(SCORE_KNOTS, above), 1), len(SCORE_KNOTS) - 1)
    (x, y), (x_next, y_next) = [(SCORE_KNOTS[i], SCORE_VALUES[i]) for i in (at - 1, at)]
    bits = y + (above - x) * (y_next - y) / (x_next - x)
    return 1 / (1 + math.exp(-bits / 100 * 0.6931471805599453))


class Likenesses:
    """The asked name against every name on file, by its text."""

    def __init__(
        self,
        file: NamesOnFile,
        names: Sequence[int],
        evidence: Sequence[int],
        covered: Sequence[int],
        dated: Sequence[int],
    ):
        self.places, self.names, self.evidence, self.covered = file.places, names, evidence, covered
        self.dated = dated

    def __getitem__(self, text: str) -> Likeness:
        place = self.places[text]
        names = self.names[place]
        covered = bool(self.covered[place]) and names != DISAGREES
        return Likeness(names, self.evidence[place], self.dated[place], covered)


@dataclass
class Asked:
    """A name question. `searched`: of SearchPersons: years, department and municipality sift, and the page is
    filled; `checked`: of a check, which names those with an alert below that score, too; `cleared`: of a clearance,
    where those born over a year off count only if nobody nearer fits."""

    question: PersonQuestion
    searched: bool = False
    checked: bool = False
    cleared: bool = False
    page: int = 0
    year_from: int = 0
    year_to: int = 0
    department: int = 0
    municipality: int = 0
    field: str = "names"


def name_fits(view: View, asked: Asked) -> list[Fit]:
    """Best first, by evidence and then subject order; those who are there for an alert alone last."""
    roles = name_roles(asked.question.name_text)
    if not roles:
        return []
    if all(len(token) == 1 for token, _ in roles):
        raise QuestionError(error_pb2.ERROR_REASON_QUERY_TOO_BROAD, asked.field)
    file = view.oracle.names_on_file
    likenesses = Likenesses(file, *file.scan.compare(asked.question.name_text))
    near = _near(file, asked, likenesses)
    found = [f for s in near if (f := _fit(view, s, asked, likenesses)) is not None]
    found = [f for f in found if f.agrees or f.evidence >= file.few]
    found = [f for f in found if like_by_more_than_initials(roles, _texts(f.subject))]
    if asked.searched:
        _add_holders(view, asked, likenesses, found, [token for token, _ in roles])
    found.sort(key=lambda f: (-f.evidence, f.subject.place))
    return _searched(file, asked, found) if asked.searched else _checked(view, asked, found, roles)


def found_beside(view: View, asked: Asked) -> list[Fit]:
    """Returns persons found by names not quite those of a number's bearer: once more without the birth date.

    The asked date may be the bearer's. The weak aside, but where three words or more are all borne.
    """
    found = _found_once(view, asked)
    if asked.question.birth[0] > LAST_FILLER_YEAR:
        undated = replace(asked, question=replace(asked.question, birth=(0, 0, 0)))
        known = {fit.subject for fit in found}
        found += [fit for fit in _found_once(view, undated) if fit.subject not in known]
    for fit in found:
        fit.weak = False
    return found


def _found_once(view: View, asked: Asked) -> list[Fit]:
    words = len(name_roles(asked.question.name_text))
    enough = asked.question.birth[0] <= LAST_FILLER_YEAR and words >= WORDS_ENOUGH
    return [fit for fit in name_fits(view, asked) if enough or not fit.weak]


def _add_holders(view: View, asked: Asked, likenesses: Likenesses, found: list[Fit], words: list[str]) -> None:
    """Adds whoever holds a rare word of those asked to a page that is not full."""
    file, page = view.oracle.names_on_file, asked.page or PAGE_DEFAULT
    if len(found) >= page:
        return
    met = {fit.subject for fit in found}
    for holders, all_of_them in rare_holders(words, file.by_token, file.frequencies):
        if not all_of_them and len(found) >= page:
            return
        for subject in holders:
            texts = [c.name_text for c in view.claims(subject) if c.name_text]
            if subject in met or not shares_a_word(words, texts):
                continue
            met.add(subject)
            fit = _fit(view, subject, asked, likenesses)
            if fit is not None:
                found.append(fit)


def _near(file: NamesOnFile, asked: Asked, likenesses: Likenesses) -> set[Subject]:
    """Returns who may fit: nobody else has enough evidence, whatever of theirs is hidden."""
    question = asked.question
    most = WEIGHTS["SEX_SAME"] * bool(question.sex) + WEIGHTS["DEPARTMENT_SAME"] * bool(asked.department)
    most += (WEIGHTS["DEPARTMENT_SAME"] + WEIGHTS["MUNICIPALITY_SAME"]) * bool(asked.municipality)
    most += WEIGHTS["PARENTS_AGREE"] * bool(question.father or question.mother)
    birth_most = WEIGHTS["BIRTH_EQUAL"] * bool(question.birth[0])
    least = file.few - most
    near: set[Subject] = set()
    for text, names, plain, dated in zip(
        file.holders, likenesses.names, likenesses.evidence, likenesses.dated, strict=True
    ):
        evidence = dated if birth_most else plain
        if names != DISAGREES or evidence >= least:
            near.update(file.holders[text])
        elif birth_most and evidence + birth_most >= least:
            for subject in file.holders[text]:
                told = max([0, *(_birth_evidence(question.birth, birth) for birth in file.births(subject))])
                if evidence + told >= least:
                    near.add(subject)
    return near


def _searched(file: NamesOnFile, asked: Asked, found: list[Fit]) -> list[Fit]:
    """Returns those that agree or have enough score; on a page with room, the likeliest others too."""
    for fit in found:
        fit.weak = file.score(fit.evidence) < POSSIBLE_SCORE
    listed = [f for f in found if f.agrees or not f.weak]
    others = [f for f in found if not f.agrees and f.weak]
    filled = {id(f) for f in listed + others[: max(0, (asked.page or PAGE_DEFAULT) - len(listed))]}
    return [f for f in found if id(f) in filled]


def _checked(view: View, asked: Asked, found: list[Fit], roles: list[tuple[str, int]]) -> list[Fit]:
    """Returns who agrees or reaches the alert score; of the others, those who have an alert."""
    file = view.oracle.names_on_file
    dated = asked.question.birth[0] > LAST_FILLER_YEAR
    short = not dated and sum(role != MARRIED for _, role in roles) <= SHORT_NAME
    fits: list[Fit] = []
    others: list[Fit] = []
    for fit in found:
        least = ALERT_DATED if dated else ALERT + (SHORT_NAME_BITS if short else 0)
        alerts = fit.evidence >= file.listed + least
        sure = fit.birth == AGREES and (fit.names == AGREES or fit.holds_all)
        fit.weak = not alerts and not is_meant(view, fit)
        (fits if alerts or (sure if dated else fit.agrees) else others).append(fit)
    if asked.cleared and dated:
        years = {id(f): _years_off(view, f.subject, asked.question.birth[0]) for f in fits}
        near = any(off is not None and off <= 1 for off in years.values())
        return [f for f in fits if not near or (years[id(f)] or 0) <= 1]
    if not asked.checked:
        return fits
    others = [f for f in others if file.score(f.evidence) >= POSSIBLE_SCORE][:UNSURE_MOST]
    for fit in others:
        fit.weak = fit.unsure = True
    return fits + [f for f in others if has_alert(view, f.subject)]


def _years_off(view: View, subject: Subject, year: int) -> int | None:
    """Returns how far the nearest year of birth on file is; None = none is."""
    return min((abs(c.birth[0] - year) for c in view.comparable(subject) if c.birth[0]), default=None)


def has_alert(view: View, subject: Subject) -> bool:
    """Returns whether the caller sees an alert in force."""
    return any(alert.in_force(view.today) for alert in stored_alerts(view, subject))


def is_meant(view: View, fit: Fit) -> bool:
    """Names agree or hold all that was asked, and birth date or parents agree, of somebody who lives."""
    return (
        fit.subject.kind in (person_pb2.SUBJECT_KIND_PERSON, person_pb2.SUBJECT_KIND_UNIDENTIFIED)
        and not view.is_dead(fit.subject)
        and (fit.comparable == AGREES or fit.holds_all)
        and AGREES in (fit.birth, fit.parents)
        and fit.sex != DISAGREES
    )


def _texts(subject: Subject) -> set[str]:
    return {link.record.name_text for link in subject.links if link.record.name_text}


def like_by_more_than_initials(roles: list[tuple[str, int]], texts: Iterable[str]) -> bool:
    """Returns whether a word asked, and one of any name on file, go together and both are more than a letter."""
    asked = [token for token, _ in roles if len(token) > 1]
    for text in texts:
        held = [token for token, _ in name_roles(text)]
        if any(kind(a, b) in WHOLE_KINDS for a in asked for b in held):
            return True
        if set(asked) & set(map("".join, pairwise(held))) or set(held) & set(map("".join, pairwise(asked))):
            return True
    return False


def _fit(view: View, subject: Subject, asked: Asked, likenesses: Likenesses) -> Fit | None:
    question = asked.question
    named = [c for c in view.claims(subject) if c.name_text]
    if not named:
        return None
    comparable = view.comparable(subject)
    if _sifted(asked, comparable):
        return None
    mine = [likenesses[c.name_text] for c in named]
    parents = agreement.parents(question.father, question.mother, comparable)
    births = [_birth_evidence(question.birth, c.birth) for c in comparable if c.birth[0] and question.birth[0]]
    equal = max(births, default=0) == WEIGHTS["BIRTH_EQUAL"] and question.birth[1:] != (1, 1)
    evidence = max(k.dated if equal else k.evidence for k in mine) + _attributes(asked, comparable)
    if parents != UNKNOWN:
        evidence += WEIGHTS["PARENTS_AGREE" if parents == AGREES else "PARENTS_DISAGREE"]
    return Fit(
        subject,
        evidence,
        names=agreement.best(k.agreement for k in mine),
        comparable=agreement.best(likenesses[c.name_text].agreement for c in comparable if c.name_text),
        birth=agreement.birth_dates(question.birth, comparable),
        parents=parents,
        sex=agreement.sexes(question.sex, comparable),
        covered=any(k.covered for k in mine),
        matched=max(named, key=lambda c: likenesses[c.name_text].evidence),
        several_words=len(name_roles(question.name_text)) > 1,
    )


def _sifted(asked: Asked, claims: list[Record]) -> bool:
    """Returns whether what is known of somebody lies outside what a search wants."""
    years = [c.birth[0] for c in claims if c.birth[0] > LAST_FILLER_YEAR]
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
