"""A question for a table: read, held to the rules, and turned into one cell's identity a combination."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from core.mart import vocabulary
from core.mart.layout import SourceEntry
from ronda.v1 import error_pb2, value_pb2
from ronda.v1.statistics_service_pb2 import CountingRule, Dimension
from server.errors import Refusal
from server.statistics.mart import OpenMart

MOST_DIMENSIONS = 3
MOST_CELLS = 20_000  # some 50 us of a worker each, while which its checks wait their turn
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_OFFENCE_LETTERS = 4  # of a code in a table by offence: a longer one is none of its rows

Node = tuple[str, str]  # code, Spanish text

FACT_OF_RULE: dict[int, str] = {
    CountingRule.COUNTING_RULE_EVENT: "fact_incident",
    CountingRule.COUNTING_RULE_OFFENCE: "fact_incident",
    CountingRule.COUNTING_RULE_SUSPECT: "fact_incident",
    CountingRule.COUNTING_RULE_VICTIM: "fact_victim",
    CountingRule.COUNTING_RULE_CASE_STEP: "fact_case_step",
    CountingRule.COUNTING_RULE_CHECK: "fact_check",
    CountingRule.COUNTING_RULE_CALL: "fact_call",
}
RULE_OF_FACT: dict[str, int] = {fact: rule for rule, fact in reversed(FACT_OF_RULE.items())}
"""The first rule of each."""
# Dimension -> column of the facts, SQL of its code. What a source does not say is the empty text.
COLUMN: dict[int, tuple[str, str]] = {
    Dimension.DIMENSION_YEAR: ("occurred", "strftime({}, '%Y')"),
    Dimension.DIMENSION_MONTH: ("occurred", "strftime({}, '%Y-%m')"),
    Dimension.DIMENSION_WEEK: (
        "occurred",
        "CAST(greatest(CAST(date_trunc('week', {0}) AS DATE), make_date(year({0}), 1, 1)) AS VARCHAR)",
    ),
    Dimension.DIMENSION_WEEKDAY: ("occurred", "CAST(isodow({}) AS VARCHAR)"),
    Dimension.DIMENSION_HOUR: ("hour", "coalesce(CAST({} AS VARCHAR), '')"),
    Dimension.DIMENSION_DEPARTMENT: ("department", "{}"),
    Dimension.DIMENSION_MUNICIPALITY: ("municipality", "{}"),
    Dimension.DIMENSION_ZONE: ("zone", "coalesce(CAST({} AS VARCHAR), '')"),
    Dimension.DIMENSION_OFFENCE: ("iccs", "left({}, 4)"),
    Dimension.DIMENSION_SEX: ("sex", "coalesce({}, '')"),
    Dimension.DIMENSION_AGE_BAND: ("age_band", "coalesce({}, '')"),
    Dimension.DIMENSION_RELATION: ("relation", "coalesce({}, '')"),
    Dimension.DIMENSION_MECHANISM: ("mechanism", "coalesce({}, '')"),
    Dimension.DIMENSION_STEP: ("step", "coalesce({}, '')"),
    Dimension.DIMENSION_PURPOSE: ("purpose", "coalesce({}, '')"),
    Dimension.DIMENSION_METHOD: ("method", "coalesce({}, '')"),
    Dimension.DIMENSION_LEVEL: ("level", "coalesce({}, '')"),
    Dimension.DIMENSION_HIT: ("hit", "coalesce({}, '')"),
}
TIMES = (Dimension.DIMENSION_YEAR, Dimension.DIMENSION_MONTH, Dimension.DIMENSION_WEEK)
PLACES = (Dimension.DIMENSION_DEPARTMENT, Dimension.DIMENSION_MUNICIPALITY)
PERSONS = (Dimension.DIMENSION_SEX, Dimension.DIMENSION_AGE_BAND, Dimension.DIMENSION_RELATION)
_OF_OFFENCES = ("fact_incident", "fact_victim", "fact_case_step")
_ONLY_OF: dict[int, tuple[str, ...]] = {
    Dimension.DIMENSION_HOUR: ("fact_incident", "fact_check", "fact_call"),
    Dimension.DIMENSION_DEPARTMENT: (*_OF_OFFENCES, "fact_call"),
    Dimension.DIMENSION_MUNICIPALITY: (*_OF_OFFENCES, "fact_call"),
    Dimension.DIMENSION_OFFENCE: _OF_OFFENCES,
    Dimension.DIMENSION_MECHANISM: _OF_OFFENCES,
    Dimension.DIMENSION_ZONE: ("fact_incident",),
    Dimension.DIMENSION_SEX: ("fact_victim",),
    Dimension.DIMENSION_AGE_BAND: ("fact_victim",),
    Dimension.DIMENSION_RELATION: ("fact_victim",),
    Dimension.DIMENSION_STEP: ("fact_case_step",),
    Dimension.DIMENSION_PURPOSE: ("fact_check",),
    Dimension.DIMENSION_METHOD: ("fact_check",),
    Dimension.DIMENSION_LEVEL: ("fact_check",),
    Dimension.DIMENSION_HIT: ("fact_check",),
}


def invalid(name: str, rule: str) -> Refusal:
    """A field that breaks a rule."""
    return Refusal(error_pb2.ERROR_REASON_FIELD_INVALID, field=name, rule=rule)


@dataclass(frozen=True)
class Question:
    """A question that keeps the rules. fixed: dimension's word -> code."""

    source: SourceEntry
    rule: int
    every_offence: bool
    by: tuple[int, ...]
    first_year: int
    last_year: int
    month: int
    offence: str
    fixed: dict[str, str]
    vintage: date
    domains: tuple[tuple[Node, ...], ...] = field(default=())

    @property
    def time(self) -> int | None:
        """The dimension of time, if any."""
        return next((each for each in self.by if each in TIMES), None)

    def identity(self, codes: Sequence[str]) -> str:
        """Returns the identity of a cell, the same in every table."""
        return Identities(self).of(codes)


class Identities:
    """The identity of each cell of a question, the same in every table; for many cells.

    The counting rule is not part of it. An event is mostly one offence, with one suspect, and so the same under its
    gravest offence as under each. Separate rounding for each rule would be several draws of one number, and their mean
    would reveal it.
    """

    def __init__(self, question: Question) -> None:
        nodes: dict[str, str | None] = {**question.fixed, "offence": question.offence}
        month = f"-{question.month:02}" if question.month else ""
        nodes["time"] = f"{question.first_year}{month}"
        at: dict[str, tuple[int, str]] = {}  # name -> place among the codes, what stands before the code
        for place, dimension in enumerate(question.by):
            name = "time" if dimension in TIMES else "place" if dimension in PLACES else word_of(dimension)
            at[name] = place, "w" if dimension == Dimension.DIMENSION_WEEK else ""
            nodes[name] = None
        self._head = f"{question.source.id};{RULE_OF_FACT[question.source.fact]};0;"
        self._sections = _sections_with_parts(question)
        # By each node's name: its text, or the place that its code makes.
        self._parts: list[tuple[int, str]] = []
        for name, code in sorted(nodes.items()):
            if code is None:
                place, before = at[name]
                self._parts.append((place, f"{name}={before}"))
            elif code:
                self._parts.append((-1, f"{name}={code}"))

    def of(self, codes: Sequence[str]) -> str:
        """Returns the identity of the cell with these codes."""
        # "?" is what a source does not say: part of the whole, and not the whole, which has no such part.
        told = [text if place < 0 else text + (codes[place] or "?") for place, text in self._parts]
        if self._sections:
            told = [f"{text}-" if text in self._sections else text for text in told]
        return self._head + ";".join(told)


def _sections_with_parts(question: Question) -> set[str]:
    """Returns the sections' own rows ("offence=02") of a table by offence; they are not the whole sections."""
    if Dimension.DIMENSION_OFFENCE not in question.by:
        return set()
    codes = [code for code, _ in question.domains[question.by.index(Dimension.DIMENSION_OFFENCE)]]
    return {f"offence={code}" for code in codes if any(other != code and other.startswith(code) for other in codes)}


def word_of(dimension: int) -> str:
    """The word of a dimension in identities: "sex"."""
    return Dimension.Name(dimension).removeprefix("DIMENSION_").lower()


def as_date(given: value_pb2.PartialDate, name: str) -> date:
    """A whole date. Raises Refusal."""
    try:
        return date(given.year, given.month, given.day)
    except ValueError:
        raise invalid(name, "a whole date") from None


def read_question(request: Any, opened: OpenMart, today: date) -> Question:
    """Raises Refusal, which names the field and the rule."""
    rule = request.rule or CountingRule.COUNTING_RULE_VICTIM
    if rule not in FACT_OF_RULE:
        raise invalid("rule", "unknown counting rule")
    source = _source(request, opened, FACT_OF_RULE[rule])
    by = tuple(request.by)
    if len(by) > MOST_DIMENSIONS:
        raise invalid("by", "at most three dimensions")
    if len(set(by)) < len(by) or sum(each in TIMES for each in by) > 1 or sum(each in PLACES for each in by) > 1:
        raise invalid("by", "one dimension of time and one of place")
    for each in by:
        if each not in COLUMN:
            raise invalid("by", "unknown dimension")
        if source.fact not in _ONLY_OF.get(each, (source.fact,)):
            raise invalid("by", "the source does not have this dimension")
        if each == Dimension.DIMENSION_OFFENCE and len(request.filter.offence) > _OFFENCE_LETTERS:
            raise invalid("by", "held fixed already")
        if source.day_precision == "month" and each in (Dimension.DIMENSION_WEEK, Dimension.DIMENSION_WEEKDAY):
            raise invalid("by", "the source does not have this dimension")
    filters = request.filter
    first, last = filters.first_year, filters.last_year or filters.first_year
    if not _FIRST_YEAR <= first <= last <= _LAST_YEAR:
        raise invalid("filter.first_year", "a year, not after the last one")
    if first < last and not any(each in TIMES for each in by):
        raise invalid("filter.last_year", "several years need a dimension of time")
    if filters.month and (not 1 <= filters.month <= 12 or first < last or any(each in TIMES for each in by)):
        raise invalid("filter.month", "1 to 12, of one year, without a dimension of time")
    question = Question(
        source=source,
        rule=rule,
        every_offence=bool(request.every_offence),
        by=by,
        first_year=first,
        last_year=last,
        month=filters.month,
        offence=_offence(filters.offence, source, opened),
        fixed=_fixed(filters, by, source, opened),
        vintage=_vintage(request, source, today),
    )
    return _with_domains(question, opened)


def _source(request: Any, opened: OpenMart, fact: str) -> SourceEntry:
    if request.source:
        found = opened.mart.source(request.source)
        if found is None:
            raise invalid("source", "unknown source")
        if found.fact != fact:
            raise invalid("rule", "the source does not count this")
        return found
    mine = [each for each in opened.mart.sources if each.fact == fact and each.delivered]
    chosen = next((each for each in mine if each.primary), mine[0] if mine else None)
    if chosen is None:
        raise invalid("rule", "no source counts this")
    return chosen


def _offence(code: str, source: SourceEntry, opened: OpenMart) -> str:
    if code and source.fact not in _OF_OFFENCES:
        raise invalid("filter.offence", "the source does not have this dimension")
    if code and code not in opened.offences:
        raise invalid("filter.offence", "unknown ICCS code")
    return code


def _vintage(request: Any, source: SourceEntry, today: date) -> date:
    vintage = as_date(request.vintage, "vintage") if request.HasField("vintage") else today
    first = source.delivered[0].delivered if source.delivered else today
    if vintage < first:
        raise invalid("vintage", "before the first delivery")
    if vintage > today:
        raise invalid("vintage", "not after today")
    return vintage


def _fixed(filters: Any, by: Sequence[int], source: SourceEntry, opened: OpenMart) -> dict[str, str]:
    fixed: dict[str, str] = {}
    for name in ("department", "municipality"):
        if getattr(filters, name) and source.fact not in _ONLY_OF[Dimension.DIMENSION_DEPARTMENT]:
            raise invalid(f"filter.{name}", "the source does not have this dimension")
    if filters.department:
        if filters.department not in opened.departments:
            raise invalid("filter.department", "unknown department")
        fixed["place"] = filters.department
    if filters.municipality:
        if filters.municipality not in opened.municipalities:
            raise invalid("filter.municipality", "unknown municipality")
        if filters.department and filters.municipality[:2] != filters.department:
            raise invalid("filter.municipality", "of another department")
        fixed["place"] = filters.municipality
    if (filters.municipality and any(each in PLACES for each in by)) or (
        filters.department and Dimension.DIMENSION_DEPARTMENT in by
    ):
        raise invalid("by", "the place is held fixed already")
    if Dimension.DIMENSION_ZONE in by and not filters.municipality:
        raise invalid("by", "zones are those of one municipality")
    known: dict[str, Any] = {
        "sex": vocabulary.SEXES,
        "age_band": vocabulary.AGE_BANDS,
        "relation": vocabulary.RELATIONS,
        "mechanism": vocabulary.MECHANISMS,
        "step": vocabulary.STEPS,
    }
    for name, codes in known.items():
        code = getattr(filters, name)
        if not code:
            continue
        if code not in tuple(codes):
            raise invalid(f"filter.{name}", "unknown code")
        dimension = Dimension.Value(f"DIMENSION_{name.upper()}")
        if source.fact not in _ONLY_OF.get(dimension, (source.fact,)):
            raise invalid(f"filter.{name}", "the source does not have this dimension")
        if dimension in by:
            raise invalid("by", "held fixed already")
        fixed[name] = code
    return fixed


def _with_domains(question: Question, opened: OpenMart) -> Question:
    """Every combination has a cell, whatever is in the facts: one that is not there would say that it is zero."""
    domains = tuple(tuple(domain(question, each, opened)) for each in question.by)
    if math.prod(len(each) for each in domains) > MOST_CELLS:
        raise invalid("by", "at most 20,000 combinations")
    return Question(**{**question.__dict__, "domains": domains})


def domain(question: Question, dimension: int, opened: OpenMart) -> list[Node]:
    """Every node of a dimension that a question may show."""
    unknown = ("", vocabulary.UNKNOWN_TEXT)
    years = range(question.first_year, question.last_year + 1)
    place = question.fixed.get("place", "")
    match dimension:
        case Dimension.DIMENSION_YEAR:
            return [(str(year), str(year)) for year in years]
        case Dimension.DIMENSION_MONTH:
            names = vocabulary.MONTHS
            return [(f"{year}-{n + 1:02}", f"{names[n]} de {year}") for year in years for n in range(12)]
        case Dimension.DIMENSION_WEEK:
            return [(day.isoformat(), f"semana del {day:%d/%m/%Y}") for year in years for day in weeks_of(year)]
        case Dimension.DIMENSION_WEEKDAY:
            return [(str(n), name) for n, name in enumerate(vocabulary.WEEKDAYS, 1)]
        case Dimension.DIMENSION_HOUR:
            return [*((str(hour), f"{hour:02}:00 a {hour:02}:59") for hour in range(24)), unknown]
        case Dimension.DIMENSION_DEPARTMENT:
            return [*sorted(opened.departments.items()), (vocabulary.NOWHERE, "lugar ignorado")]
        case Dimension.DIMENSION_MUNICIPALITY:
            return _municipalities(place, opened)
        case Dimension.DIMENSION_ZONE:
            return [*((str(zone), f"zona {zone}") for zone in range(1, 26)), unknown]
        case Dimension.DIMENSION_OFFENCE:
            return _offences(question.offence, opened)
    words: dict[int, dict[str, str]] = {
        Dimension.DIMENSION_SEX: vocabulary.SEXES,
        Dimension.DIMENSION_AGE_BAND: {band: f"{band} años" for band in vocabulary.AGE_BANDS},
        Dimension.DIMENSION_RELATION: vocabulary.RELATIONS,
        Dimension.DIMENSION_MECHANISM: vocabulary.MECHANISMS,
        Dimension.DIMENSION_STEP: vocabulary.STEPS,
        Dimension.DIMENSION_PURPOSE: vocabulary.PURPOSES,
        Dimension.DIMENSION_METHOD: vocabulary.METHODS,
        Dimension.DIMENSION_LEVEL: vocabulary.LEVELS,
        Dimension.DIMENSION_HIT: vocabulary.HITS,
    }
    return [*words[dimension].items(), unknown]


def _municipalities(department: str, opened: OpenMart) -> list[Node]:
    towns = [(code, name) for code, name in opened.municipalities.items() if code.startswith(department)]
    unknown = vocabulary.TOWN_UNKNOWN
    towns += [
        (code + unknown, f"{name}: municipio ignorado")
        for code, name in opened.departments.items()
        if code.startswith(department)
    ]
    if not department:
        towns.append((vocabulary.NOWHERE + unknown, "lugar ignorado"))
    return sorted(towns)


def _offences(prefix: str, opened: OpenMart) -> list[Node]:
    """A section's row beside its parts' counts what has its code alone."""
    codes = sorted({code[:4] for code in opened.offences if code.startswith(prefix)})
    own = {code for code in codes if any(other != code and other.startswith(code) for other in codes)}
    texts = {code: opened.offences.get(code, code) for code in codes}
    return [(code, f"{texts[code]}: sin más detalle" if code in own else texts[code]) for code in codes]


def weeks_of(year: int) -> list[date]:
    """First days of a year's weeks: January 1, then every Monday."""
    first = date(year, 1, 1)
    monday = first + timedelta((7 - first.weekday()) % 7)
    days = [first] if monday != first else []
    while monday.year == year:
        days.append(monday)
        monday += timedelta(7)
    return days
