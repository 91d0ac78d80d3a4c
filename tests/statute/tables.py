"""The statute's rules (docs/statute.md) and their cases (docs/cases, one TOML file a rule)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

ROOT = Path(__file__).parents[2]
STATUTE = ROOT / "docs" / "statute.md"
CASES = ROOT / "docs" / "cases"
_RULE = re.compile(r"^\*\*(\d+)\. (.+?)\*\*(.*?)(?=^\*\*\d+\. |^#|\Z)", re.MULTILINE | re.DOTALL)

Cells = dict[str, str]
Level = Literal["HIT", "POSSIBLE", "INCOMPLETE", "INSUFFICIENT", "CLEAR"]
Result = Literal["WITH_RECORD", "NO_RECORD", "REVIEW", "INCOMPLETE", "INVALID"]
Sees = Literal["all", "no minors", "no victims", "no discreet", "no warrants"]
NOT_ASKED = {"level", "result", "clear", "notes", "address", "sees", "purpose", "chosen", "by"}


class Ask(BaseModel):
    """A question with what it must be answered. Keys besides these are what is asked: cells as in rows, or `box`."""

    model_config = ConfigDict(extra="allow")

    level: Level | None = None
    clear: Literal["WANTED", "CRIMINAL_RECORD", "POLICE_RECORD"] | None = None
    result: Result | None = None
    notes: list[str] = []
    address: bool | None = None
    sees: Sees = "all"
    purpose: str = ""
    chosen: bool = False

    @property
    def asked(self) -> Cells:
        """Returns what is asked, by key."""
        return {key: str(value) for key, value in (self.model_extra or {}).items()}


class Case(BaseModel):
    """The files' content, and questions. side: the person protected by the demanded answer."""

    model_config = ConfigDict(extra="forbid")

    says: str
    side: Literal["defence", "victim"]
    persons: list[Cells] = []
    vehicles: list[Cells] = []
    orders: list[Cells] = []
    registers: dict[str, Literal["stale", "missing"]] = {}
    ask: Annotated[list[Ask], Field(min_length=1)]


class Table(BaseModel):
    """The cases of a rule."""

    model_config = ConfigDict(extra="forbid")

    rule: int
    case: list[Case]


@cache
def rules() -> dict[int, tuple[str, str]]:
    """Returns title and text of each rule."""
    text = STATUTE.read_text(encoding="utf-8")
    return {int(number): (title, " ".join(rest.split())) for number, title, rest in _RULE.findall(text)}


def read_table(path: Path) -> Table:
    """A file of cases; raises ValueError that says what is wrong with it."""
    return Table.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


@cache
def tables(folder: Path = CASES) -> dict[str, Table]:
    """Those of a folder by file name."""
    return {path.stem: read_table(path) for path in sorted(folder.glob("*.toml"))}
