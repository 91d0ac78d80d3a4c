"""Roll-ups: a source's facts of one year, summed beforehand for a board's questions. Exact, and with all vintages.

A roll-up has columns of FACT_COLUMNS, in their meaning, so that one SQL asks facts and roll-ups alike. `n` and
`suspects` are sums; `occurred` is the first of the days that its grain holds together, and stands for all of them:

    span      days of one month and one week         answers years, months, weeks
    weekday   days of one month and one weekday      answers years, months, weekdays
    month     days of one month                      answers years, months

Left out are `unit_no` (questions by unit use the facts) and the columns that it does not name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.mart.layout import Fact, Mart

Grain = Literal["span", "weekday", "month"]
Part = Literal["year", "month", "week", "weekday"]

ALWAYS = ("principal", "iccs", "occurred", "department", "n", "suspects", "known_from", "known_until")
"""Columns of every roll-up."""

ANSWERS: dict[Grain, tuple[Part, ...]] = {
    "span": ("year", "month", "week"),
    "weekday": ("year", "month", "weekday"),
    "month": ("year", "month"),
}


@dataclass(frozen=True)
class Rollup:
    """One of them. columns: besides ALWAYS."""

    name: str
    fact: Fact
    grain: Grain
    columns: tuple[str, ...] = ()

    def answers(self, parts: set[Part], columns: set[str]) -> bool:
        """Returns whether it answers a question that needs these parts of the date and these columns."""
        return parts <= set(ANSWERS[self.grain]) and columns <= {*ALWAYS, *self.columns}

    def file(self, source: str, year: int) -> str:
        """Its name in a mart."""
        return f"rollup.{self.name}.{source}.{year}.parquet"


ROLLUPS = (
    Rollup("weeks", "fact_incident", "span"),
    Rollup("town_weeks", "fact_incident", "span", ("municipality",)),
    Rollup("mechanisms", "fact_incident", "month", ("municipality", "mechanism")),
    Rollup("hours", "fact_incident", "weekday", ("hour",)),
    Rollup("town_hours", "fact_incident", "month", ("municipality", "hour")),
    Rollup("victim_weeks", "fact_victim", "span"),
    Rollup("victim_town_weeks", "fact_victim", "span", ("municipality",)),
    Rollup("victims", "fact_victim", "month", ("sex", "age_band", "relation", "mechanism")),
    Rollup("step_weeks", "fact_case_step", "span", ("step",)),
)


def rollup_files(mart: Mart, fact: str, source: str) -> dict[Rollup, dict[int, str]]:
    """Roll-up -> year -> its file, of those that this mart has."""
    found: dict[Rollup, dict[int, str]] = {}
    for each in ROLLUPS:
        if each.fact != fact:
            continue
        start = f"rollup.{each.name}.{source}."
        years = {int(name[len(start) :].split(".")[0]): name for name in mart.files if name.startswith(start)}
        if years:
            found[each] = years
    return found
