"""The counts of a question, from the facts of its source and years, or from what was summed of them beforehand."""

from __future__ import annotations

from typing import Any

from core.mart.rollups import Part
from ronda.v1.statistics_service_pb2 import CountingRule, Dimension
from server.statistics.mart import OpenMart
from server.statistics.question import COLUMN, Question

_FILTERS = ("sex", "age_band", "relation", "mechanism", "step")
_PARTS: dict[int, Part] = {
    Dimension.DIMENSION_YEAR: "year",
    Dimension.DIMENSION_MONTH: "month",
    Dimension.DIMENSION_WEEK: "week",
    Dimension.DIMENSION_WEEKDAY: "weekday",
}

Counts = dict[tuple[str, ...], int]


def count(question: Question, opened: OpenMart) -> Counts:
    """Codes of the breakdown -> the exact count; a combination without a fact is not there."""
    parts, columns = _needs(question)
    files = opened.files(question.source, question.first_year, question.last_year, parts, columns)
    if not files:
        return {}
    query, values = statement(question, files)
    rows: list[Any] = opened.db.execute(query, values).fetchall()
    return {tuple(row[:-1]): int(row[-1]) for row in rows if row[-1]}


def _tells_units_apart(question: Question) -> bool:
    """A unit with two offences below one node is still one unit: only offences are counted each."""
    return question.every_offence and question.rule != CountingRule.COUNTING_RULE_OFFENCE


def _needs(question: Question) -> tuple[set[Part], set[str]]:
    """(parts of the date, columns) that it reads."""
    parts = {_PARTS[each] for each in question.by if each in _PARTS}
    if question.month:
        parts.add("month")
    columns = {COLUMN[each][0] for each in question.by} | {name for name in _FILTERS if name in question.fixed}
    if len(question.fixed.get("place", "")) > 2:
        columns.add("municipality")
    if _tells_units_apart(question):
        columns.add("unit_no")
    return parts, columns


def statement(question: Question, files: list[list[str]]) -> tuple[str, list[Any]]:
    """SQL and its values, of files of the same columns each list. Nothing that a caller typed is part of the text."""
    conditions, values = _conditions(question)
    amount = "coalesce(suspects, 0)" if question.rule == CountingRule.COUNTING_RULE_SUSPECT else "n"
    raw = [COLUMN[dimension][0] for dimension in question.by]
    codes = [COLUMN[dimension][1] for dimension in question.by]
    given: list[Any] = []
    parts = []
    for each in files:
        source = f"read_parquet([{', '.join('?' for _ in each)}])"
        if _tells_units_apart(question):
            keys = [f"{code.format(column)} AS r{at}" for at, (column, code) in enumerate(zip(raw, codes, strict=True))]
            chosen = ", ".join([*keys, f"{amount} AS amount", "year(occurred) AS year", "unit_no"])
            parts.append(f"SELECT DISTINCT {chosen} FROM {source} WHERE {conditions}")  # noqa: S608 # of the tables above
        else:
            # By the columns as they are; their codes are made of the few rows that are left.
            keys = [f"{column} AS r{at}" for at, column in enumerate(raw)]
            chosen = ", ".join([*keys, f"sum({amount}) AS amount"])
            parts.append(f"SELECT {chosen} FROM {source} WHERE {conditions} GROUP BY ALL")  # noqa: S608 # as above
        given += [*each, *values]
    if _tells_units_apart(question):
        codes = ["{}"] * len(codes)
    keys = [f"{code.format(f'r{at}')} AS k{at}" for at, code in enumerate(codes)]
    query = f"SELECT {', '.join([*keys, 'sum(amount)'])} FROM ({' UNION ALL '.join(parts)}) GROUP BY ALL"  # noqa: S608
    return query, given


def _conditions(question: Question) -> tuple[str, list[Any]]:
    where = ["known_from <= ?", "known_until > ?"]
    values: list[Any] = [question.vintage, question.vintage]
    if question.offence:
        # A range, and no LIKE: row groups are sorted by offence, and left unread where they hold none of it.
        where += ["iccs >= ?", "iccs < ?"]
        values += [question.offence, question.offence + "~"]
    if question.month:
        where.append("month(occurred) = ?")
        values.append(question.month)
    place = question.fixed.get("place", "")
    if place:
        where.append("department = ?")
        values.append(place[:2])
        if len(place) > 2:
            where.append("municipality = ?")
            values.append(place)
    for name in _FILTERS:
        if name in question.fixed:
            where.append(f"{name} = ?")
            values.append(question.fixed[name])
    if not question.every_offence:
        where.append("principal")
    return " AND ".join(where), values
