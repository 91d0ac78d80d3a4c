"""The counts of a question, from the facts of its source and years, as known at its vintage."""

from __future__ import annotations

from typing import Any

from ronda.v1.statistics_service_pb2 import CountingRule
from server.statistics.mart import OpenMart
from server.statistics.question import COLUMN, Question

_FILTERS = {"sex": "sex", "age_band": "age_band", "relation": "relation", "mechanism": "mechanism", "step": "step"}


def count(question: Question, opened: OpenMart) -> dict[tuple[str, ...], int]:
    """Codes of the breakdown -> the exact count; a combination without a fact is not there."""
    files = opened.facts(question.source, question.first_year, question.last_year)
    if not files:
        return {}
    query, values = statement(question, files)
    rows: list[Any] = opened.db.execute(query, values).fetchall()
    return {tuple(row[:-1]): int(row[-1]) for row in rows if row[-1]}


def statement(question: Question, files: list[str]) -> tuple[str, list[Any]]:
    """SQL and its values. Nothing that a caller typed is part of the text."""
    keys = [f"{COLUMN[dimension]} AS k{place}" for place, dimension in enumerate(question.by)]
    names = [f"k{place}" for place in range(len(question.by))]
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
    for name, column in _FILTERS.items():
        if name in question.fixed:
            where.append(f"{column} = ?")
            values.append(question.fixed[name])
    amount = "coalesce(suspects, 0)" if question.rule == CountingRule.COUNTING_RULE_SUSPECT else "n"
    each_offence = question.every_offence and question.rule == CountingRule.COUNTING_RULE_OFFENCE
    if not question.every_offence:
        where.append("principal")
    source = f"read_parquet([{', '.join('?' for _ in files)}])"
    chosen = ", ".join([*keys, f"{amount} AS amount", "year(occurred) AS year", "unit_no"])
    # A unit with two offences below one node is still one unit: only offences are counted each.
    distinct = "DISTINCT " if question.every_offence and not each_offence else ""
    group = f"GROUP BY {', '.join(names)}" if names else ""
    query = (
        f"SELECT {', '.join([*names, 'sum(amount)'])} FROM "  # noqa: S608 # of the tables above
        f"(SELECT {distinct}{chosen} FROM {source} WHERE {' AND '.join(where)}) {group}"
    )
    return query, [*files, *values]
