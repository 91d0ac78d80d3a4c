"""The files of a mart, and MART.json, the index for all readers.

<data>/mart/CURRENT                          id of the mart that answers, replaced by one atomic rename
<data>/mart/disclosure.key                   32 random bytes, mode 0600: hides and rounds a cell the same way for ever
<data>/mart/own/                             what Ronda counts itself, as deliveries: the present ones
<data>/mart/<id>/MART.json                   `Mart`: sources, deliveries, labels, each file with its size and SHA-256
<data>/mart/<id>/<fact>.<source>.<year>.parquet   facts, FACT_COLUMNS, sorted by offence, department and day
<data>/mart/<id>/rollup.<name>.<source>.<year>.parquet   sums of those facts (core/mart/rollups.py)
<data>/mart/<id>/dim_place.parquet           department, municipality (INE code, four digits), names
<data>/mart/<id>/dim_offence.parquet         iccs, level, text
<data>/mart/<id>/population.parquet          municipality, year, population
<data>/mart/<id>/gaps.parquet                source, department (or a municipality), first_day, after_day, expected,
                                             share, country_share, known_from, known_until: days lost, what part of
                                             events lies there, and at which vintages
<data>/mart/<id>/development.parquet         source, municipality, needed: deliveries until a week is all but complete
<data>/mart/<id>/unmapped.parquet            source, text, rows: offences that no map knows
<data>/mart/<id>/refused.parquet             source, file, row, field, rule: of rows without a fact; no values

No fact has a subject, a name, a number of a person or a document, an address, a point or a minute.
"""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.files.regular_file import read_file

FOLDER = "mart"
OWN = "own"
CURRENT = "CURRENT"
DISCLOSURE_KEY = "disclosure.key"
MART = "MART.json"
MART_VERSION: Final = 1
OPEN_END = date(9999, 12, 31)  # `known_until` of what still holds

FACTS = ("fact_incident", "fact_victim", "fact_case_step", "fact_check", "fact_call")
Fact = Literal["fact_incident", "fact_victim", "fact_case_step", "fact_check", "fact_call"]
OWN_FACTS = ("fact_check", "fact_call")
"""Counted by Ronda itself, and published by nobody: without offences, and without a place where none is recorded."""

FACT_COLUMNS: dict[str, str] = {
    "unit_no": "BIGINT",  # of the event, victim or step within its file; means nothing outside
    "principal": "BOOLEAN",  # whether it is the gravest offence of its unit; a unit has a row an offence
    "iccs": "VARCHAR",
    "occurred": "DATE",  # or registered, where the source counts by that: its `date_basis`
    "hour": "TINYINT",
    "department": "VARCHAR",
    "municipality": "VARCHAR",
    "zone": "TINYINT",
    "sex": "VARCHAR",
    "age_band": "VARCHAR",
    "relation": "VARCHAR",
    "mechanism": "VARCHAR",
    "step": "VARCHAR",
    "n": "INTEGER",  # how many units the row stands for; over 1 where the source publishes counts
    "suspects": "INTEGER",
    "known_from": "DATE",  # the first delivery that had it, as it is here
    "known_until": "DATE",  # the first later one that had it no more, or otherwise
}
"""Column -> DuckDB type."""

MORE_COLUMNS: dict[str, dict[str, str]] = {
    "fact_check": {"purpose": "VARCHAR", "method": "VARCHAR", "level": "VARCHAR", "hit": "VARCHAR"}
}
"""Further columns of one fact alone."""


def columns_of(fact: str) -> dict[str, str]:
    """Column -> DuckDB type, of a fact's files."""
    return {**FACT_COLUMNS, **MORE_COLUMNS.get(fact, {})}


class MartDamaged(Exception):
    """MART.json or the key is not there, or not what this release reads: says the file and the rule."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class DeliveryEntry(_Part):
    """One file as an institution handed it over. rule: why none of it was used; "" = it was."""

    file: str
    year: int
    delivered: date
    rows: int = 0
    refused: int = 0
    total_rows: int = 0  # rows of totals, checked and left out
    rule: str = ""
    detail: str = ""
    notes: list[str] = Field(default_factory=list)


class SourceEntry(_Part):
    """A source and how complete it is."""

    id: str
    institution: str
    title: str
    fact: Fact
    primary: bool
    date_basis: Literal["occurred", "registered", "step"]
    day_precision: Literal["day", "month"]
    counts: str
    stale_after_days: int
    first_day: date | None
    last_day: date | None
    deliveries: list[DeliveryEntry]
    rows: int = 0
    late: int = 0
    corrected: int = 0
    withdrawn: int = 0
    unmapped_rows: int = 0
    unreadable: dict[str, int] = Field(default_factory=dict)
    demo: list[str] = Field(default_factory=list)

    @property
    def delivered(self) -> list[DeliveryEntry]:
        """The used deliveries, oldest first."""
        return sorted((each for each in self.deliveries if not each.rule), key=lambda each: each.delivered)


class FileEntry(_Part):
    """A file's size in bytes and digest."""

    size: int
    sha256: str


class Mart(_Part):
    """MART.json."""

    mart_version: Literal[1]  # MART_VERSION
    id: str
    built_at: str
    as_of: date
    sources: list[SourceEntry]
    files: dict[str, FileEntry]
    demo: list[str] = Field(default_factory=list)

    def source(self, source_id: str) -> SourceEntry | None:
        """Returns the source with this id."""
        return next((each for each in self.sources if each.id == source_id), None)


def current_mart(data: Path) -> str | None:
    """The id that CURRENT names; None when none was built."""
    try:
        return read_file(data / FOLDER / CURRENT).decode("ascii").strip() or None
    except FileNotFoundError:
        return None


def read_mart(folder: Path) -> Mart:
    """MART.json of a mart's directory. Raises MartDamaged."""
    try:
        mart = Mart.model_validate_json(read_file(folder / MART))
    except (OSError, ValidationError, json.JSONDecodeError) as error:
        rule = "is not what this release reads" if isinstance(error, ValidationError) else type(error).__name__
        raise MartDamaged(f"{MART}: {rule}") from None
    missing = [
        name
        for name, entry in mart.files.items()
        if not (folder / name).is_file() or (folder / name).stat().st_size != entry.size
    ]
    if missing:
        raise MartDamaged(f"{missing[0]}: is not there, or has another size than {MART} says")
    return mart


def written_as(path: Path) -> str:
    """A path as SQL writes it behind COPY ... TO: quoted, of whatever letters."""
    return "'" + str(path).replace("'", "''") + "'"


def read_as(path: Path) -> str:
    """A path as DuckDB's readers take it: a pattern, in which these letters mean themselves."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def fact_files(mart: Mart, fact: str, source_id: str) -> list[str]:
    """Names of the files with a source's facts, by year."""
    return sorted(name for name in mart.files if name.startswith(f"{fact}.{source_id}."))
