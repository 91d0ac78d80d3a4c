"""The answer to a question: every combination a cell, under disclosure control, with its state and its change."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from core.mart.layout import SourceEntry
from ronda.v1 import statistics_service_pb2 as contract
from ronda.v1 import value_pb2
from ronda.v1.statistics_service_pb2 import CellState, Dimension
from server.statistics import changes, disclosure, weekly
from server.statistics.counting import Counts, count
from server.statistics.coverage import Coverage, stale_now
from server.statistics.mart import OpenMart
from server.statistics.question import PERSONS, RULE_OF_FACT, Identities, Question, invalid

_CELLS_A_MESSAGE = 500
_DAYS_A_YEAR = 365.25
_PER = 100_000


def partial(day: date | None) -> value_pb2.PartialDate | None:
    """A date as the contract has it."""
    return value_pb2.PartialDate(year=day.year, month=day.month, day=day.day) if day else None


def answer(
    question: Question, opened: OpenMart, today: date, rates: bool, change: bool
) -> Iterator[contract.QueryResponse]:
    """The messages of a table. Raises Refusal."""
    if rates and not rates_fit(question):
        raise invalid("rates", "only by year or month and place")
    by_week = question.time == Dimension.DIMENSION_WEEK
    if change and by_week:
        weekly.check_size(question)
    limits = change and by_week
    counts = weekly.counts_with_history(question, opened) if limits else count(question, opened)
    cells = _cells(question, opened, counts)
    if rates:
        _add_rates(question, opened, cells)
    tested = 0
    if limits:
        tested = weekly.add_limits(question, opened, cells, counts)
    elif change:
        tested = _add_changes(question, opened, cells)
    coverage = Coverage(question, opened)
    frame = contract.StatisticsFrame(
        mart_id=opened.mart.id,
        source=source_message(question.source, opened, today),
        rule=question.rule,  # type: ignore[arg-type]
        every_offence=question.every_offence,
        offence=value_pb2.CodedText(code=question.offence, text=opened.offences.get(question.offence, "")),
        vintage=partial(question.vintage),
        as_of=partial(coverage.as_of),
        by=question.by,  # type: ignore[arg-type]
        disclosure=disclosure.TEXT,
        coverage=coverage.sentences(),
        demo=sorted({*opened.mart.demo, *question.source.demo}),
        cells=len(cells),
        hidden=sum(not cell.HasField("value") for cell in cells),
        tested=tested,
        population="habitantes por municipio y año" if rates else "",
        change_method="" if not change else weekly.METHOD if by_week else changes.METHOD,
    )
    for start in range(0, len(cells), _CELLS_A_MESSAGE):
        yield contract.QueryResponse(frame=None if start else frame, cells=cells[start : start + _CELLS_A_MESSAGE])


def rates_fit(question: Question) -> bool:
    """Returns whether a population of exactly these persons and periods is known."""
    fits = (
        Dimension.DIMENSION_YEAR,
        Dimension.DIMENSION_MONTH,
        Dimension.DIMENSION_DEPARTMENT,
        Dimension.DIMENSION_MUNICIPALITY,
        Dimension.DIMENSION_OFFENCE,
        Dimension.DIMENSION_MECHANISM,
    )
    persons = [Dimension.Name(each).removeprefix("DIMENSION_").lower() for each in PERSONS]
    return all(each in fits for each in question.by) and not any(name in question.fixed for name in persons)


def _cells(question: Question, opened: OpenMart, counts: Counts) -> list[contract.StatisticsCell]:
    coverage, identities = Coverage(question, opened), Identities(question)
    cells = []
    texts = [[value_pb2.CodedText(code=code, text=text) for code, text in nodes] for nodes in question.domains]
    for keys in itertools.product(*texts):
        codes = tuple(key.code for key in keys)
        cell = contract.StatisticsCell(keys=keys, state=coverage.state(codes))
        value = opened.disclosure.shown(identities.of(codes), counts.get(codes, 0))
        if value is not None:
            cell.value = value
        cells.append(cell)
    return cells


def _add_rates(question: Question, opened: OpenMart, cells: list[contract.StatisticsCell]) -> None:
    for cell in cells:
        named = {dimension: key.code for dimension, key in zip(question.by, cell.keys, strict=True)}
        place = (
            named.get(Dimension.DIMENSION_MUNICIPALITY)
            or named.get(Dimension.DIMENSION_DEPARTMENT)
            or question.fixed.get("place", "")
        )
        time = named.get(question.time or 0, "")
        year = int(time[:4]) if time else question.first_year
        persons = disclosure.rounded_population(opened.population.get((place, year), 0))
        cell.population = persons
        months = 1 if question.month or question.time == Dimension.DIMENSION_MONTH else 12
        # What is not whole has no rate: half a year's events over all inhabitants would look like a fall.
        if persons and cell.HasField("value") and cell.state == CellState.CELL_STATE_COMPLETE:
            cell.rate = round(cell.value * _PER / persons * 12 / months, 1)


def _add_changes(question: Question, opened: OpenMart, cells: list[contract.StatisticsCell]) -> int:
    """Against the period a year before, from the figures as they are shown; returns how many cells were tested."""
    earlier = replace(question, first_year=question.first_year - 1, last_year=question.last_year - 1)
    earlier = replace(earlier, domains=tuple(tuple(_year_before(question, place)) for place in range(len(question.by))))
    before = _cells(earlier, opened, count(earlier, opened))
    tested = 0
    for cell, old in zip(cells, before, strict=True):
        if old.HasField("value"):
            cell.before = old.value
        whole = cell.state == old.state == CellState.CELL_STATE_COMPLETE
        if whole and cell.HasField("value") and old.HasField("value"):
            cell.z = round(changes.score(cell.value, old.value), 2)
            cell.change = changes.state_of(cell.z)
            tested += 1
    return tested


def _year_before(question: Question, place: int) -> Iterator[tuple[str, str]]:
    timed = question.by[place] == question.time
    for code, text in question.domains[place]:
        yield (f"{int(code[:4]) - 1}{code[4:]}", text) if timed else (code, text)


def source_message(source: SourceEntry, opened: OpenMart, today: date) -> contract.StatisticsSource:
    """A source as the contract has it."""
    delivered = source.delivered

    def shown(name: str, count: int) -> int:
        return opened.disclosure.shown(f"{source.id};{name}", count) or 0

    return contract.StatisticsSource(
        id=source.id,
        institution=source.institution,
        title=source.title,
        rule=RULE_OF_FACT[source.fact],  # type: ignore[arg-type]
        counts=source.counts,
        units=shown("units", source.rows),
        late=shown("late", source.late),
        corrected=shown("corrected", source.corrected),
        withdrawn=shown("withdrawn", source.withdrawn),
        unmapped=shown("unmapped", source.unmapped_rows),
        refused=sum(each.refused for each in delivered),
        refused_files=[
            value_pb2.CodedText(code=each.rule, text=f"{each.file} {each.detail}".strip())
            for each in source.deliveries
            if each.rule
        ],
        first_day=partial(source.first_day),
        last_day=partial(source.last_day),
        first_delivery=partial(delivered[0].delivered if delivered else None),
        last_delivery=partial(delivered[-1].delivered if delivered else None),
        stale=stale_now(source, today),
        unmapped_texts=[
            value_pb2.CodedText(code=str(shown(f"text={text}", rows) or ""), text=text)
            for text, rows in opened.unmapped.get(source.id, [])
        ],
    )
