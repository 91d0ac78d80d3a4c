"""`limits.toml`: allowances by name. Policy decides which callers may use which; the first in the file holds.

    [patrol]
    officer = { count = 30, seconds = 60, burst = 20 }      # look-ups of one officer
    officer_day = { count = 600, seconds = 86400, burst = 600 }
    device = { count = 60, seconds = 60, burst = 40 }       # look-ups from one device, by any user
    rows = { count = 1000000, seconds = 86400, burst = 1000000 }  # rows of Clear, of one device
    neighbours = { count = 12, seconds = 28800, burst = 12 }  # identifiers near one just asked for
    misses = { count = 30, seconds = 28800, burst = 30 }    # identifiers of nobody
    subjects = { count = 90, seconds = 3600, burst = 180 }  # different subjects
    repeats = { count = 6, seconds = 86400, burst = 6 }     # one subject
    hours = [5, 23]                                          # local hours of expected use: from, until
    refuse = ["neighbours", "misses", "repeats", "hours"]    # refused; the others are marked in the audit record
    persons = { listed_hour = 100, listed_day = 200, day = 300 }  # different persons shown: by lists, by any way

A missing limit means no limit, with two exceptions. Without `rows`, rows are forbidden. Without `persons`, the
settings' values hold (`persons_day`...), or none if `refuse` is empty. Within `persons` a missing bound is no bound. A
batch of Clear counts as its rows, so `burst` of `rows` must hold a whole batch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.documents import toml_of
from core.files.regular_file import read_file
from server.settings import SettingsError, file_fault

Limit = tuple[int, float, int]
_ALL_HOURS = (1 << 24) - 1


class _Limit(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    count: int = Field(gt=0)
    seconds: float = Field(gt=0)
    burst: int = Field(gt=0)


class PersonBounds(BaseModel):
    """The number of different persons that an officer may be shown; None = no bound."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listed_hour: int | None = Field(default=None, gt=0, le=1_000_000)
    listed_day: int | None = Field(default=None, gt=0, le=1_000_000)
    day: int | None = Field(default=None, gt=0, le=1_000_000)


class Allowance(BaseModel):
    """The number of questions that one caller may ask."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    officer: _Limit | None = None
    officer_day: _Limit | None = None
    device: _Limit | None = None
    rows: _Limit | None = None
    neighbours: _Limit | None = None
    repeats: _Limit | None = None
    misses: _Limit | None = None
    subjects: _Limit | None = None
    persons: PersonBounds | None = None
    hours: tuple[int, int] = (0, 24)
    refuse: frozenset[Literal["neighbours", "misses", "subjects", "repeats", "hours"]] = frozenset(
        {"neighbours", "misses"}
    )

    @model_validator(mode="after")
    def _hours_are_of_a_day(self) -> Allowance:
        if not all(0 <= hour <= 24 for hour in self.hours):
            raise ValueError("hours: from 0 to 24")
        return self

    @property
    def hour_mask(self) -> int:
        """Bit of each local hour of expected use; a span may pass midnight ([22, 6])."""
        first, last = self.hours
        span = (last - first) % 24 or 24
        return sum(1 << ((first + ahead) % 24) for ahead in range(span)) & _ALL_HOURS

    def persons_shown(self, usual: PersonBounds) -> tuple[int, int, int]:
        """Bounds as Caller.give takes them. usual: of an allowance that states none and refuses something."""
        bounds = self.persons or (usual if self.refuse else PersonBounds())
        return bounds.listed_hour or 0, bounds.listed_day or 0, bounds.day or 0

    def limit(self, name: str) -> Limit | None:
        """One of the limits as (count, seconds, burst)."""
        given: _Limit | None = getattr(self, name)
        return (given.count, given.seconds, given.burst) if given is not None else None


def read_allowances(path: Path) -> dict[str, Allowance]:
    """Returns the allowances by name, in the file's order. Raises SettingsError with the file and the rule."""
    try:
        text = read_file(path)
    except OSError as error:
        raise file_fault(path, error) from None
    return allowances_of(text, path)


def allowances_of(text: bytes, path: Path) -> dict[str, Allowance]:
    """The same of the file's text. Raises SettingsError."""
    try:
        tables = toml_of(text)
    except ValueError as error:
        raise file_fault(path, error) from None
    found = {}
    for name, table in tables.items():
        try:
            found[name] = Allowance.model_validate(table)
        except ValidationError as error:
            issue = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, (name, *issue["loc"])))
            raise SettingsError(f"{path}: {where}: {issue['msg']}") from None
    return found
