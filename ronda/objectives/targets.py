"""The file of objectives (TOML): what is asked, how fast, and what each question may take. docs/objectives.md."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.documents import toml_of
from core.files.regular_file import read_file
from ronda.setting_rules import setting_rule

# Percentile -> share. A percentile needs as many calls as make one slower than it.
PERCENTILES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "p999_ms": 0.999}
_MOST_QUESTIONS = 1_000_000
# Those of settings aside (ronda/setting_rules.py); by the library's type of error.
_RULES = {
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "greater_than": "must be above {gt}",
    "less_than_equal": "must be {le:g} at most",
    "string_too_long": "must have {max_length} characters at most",
    "tuple_type": "must be [[target]], one or several",
}


class TargetsError(ValueError):
    """The file cannot be used: names the file, the field and the rule, never a question."""


class Target(BaseModel):
    """One objective: questions of one method at a steady rate, whatever the server does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=200)
    method: Literal["Check", "CheckPerson", "CheckVehicle"] = "Check"
    questions: Path  # a question a line; relative to the file of objectives
    rate: float = Field(gt=0, le=2000)  # questions a second; beyond that one Python client is the cap
    seconds: float = Field(gt=0, le=3600)
    callers: int = Field(default=16, ge=1, le=256)  # questions under way at once, at most
    deadline_ms: float = Field(default=5000, gt=0, le=60_000)
    p50_ms: float | None = Field(default=None, gt=0)
    p95_ms: float | None = Field(default=None, gt=0)
    p99_ms: float | None = Field(default=None, gt=0)
    p999_ms: float | None = Field(default=None, gt=0)
    failures: int = Field(default=0, ge=0)  # questions without an answer, at most

    @property
    def count(self) -> int:
        """Questions that are asked."""
        return max(1, round(self.rate * self.seconds))

    @model_validator(mode="after")
    def _is_measurable(self) -> Target:
        for name, share in PERCENTILES.items():
            needed = round(1 / (1 - share))
            if getattr(self, name) is not None and self.count < needed:
                raise ValueError(f"{name}: needs {needed} questions, and rate x seconds are {self.count}")
        if all(getattr(self, name) is None for name in PERCENTILES):
            raise ValueError(f"no objective: give one of {', '.join(PERCENTILES)}")
        return self


class Targets(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: tuple[Target, ...]


def read_targets(path: Path) -> tuple[Target, ...]:
    """The objectives of a file. Raises TargetsError."""
    try:
        found = Targets.model_validate(toml_of(read_file(path)))
    except OSError as error:
        raise TargetsError(f"{path}: {error.strerror}") from None
    except ValidationError as error:  # a ValueError too
        issues = error.errors(include_input=False, include_url=False)
        raise TargetsError("\n".join(f"{path}: {_place(issue['loc'])}: {_rule(issue)}" for issue in issues)) from None
    except ValueError as error:
        raise TargetsError(f"{path}: {error}") from None
    if not found.target:
        raise TargetsError(f"{path}: target: needs at least one [[target]]")
    return found.target


def read_questions(target: Target, beside: Path) -> list[str]:
    """The questions of an objective: lines that are neither empty nor a comment (#). Raises TargetsError."""
    path = beside / target.questions
    try:
        lines = read_file(path).decode().splitlines()
    except OSError as error:
        raise TargetsError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TargetsError(f"{path}: must be UTF-8") from None
    questions = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not questions:
        raise TargetsError(f"{path}: holds no question")
    if len(questions) > _MOST_QUESTIONS:
        raise TargetsError(f"{path}: holds over {_MOST_QUESTIONS:,} questions")
    return questions


def _place(location: tuple[int | str, ...]) -> str:
    """`target[2].rate`, counted from 1, as a reader of the file counts tables."""
    words = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(words).lstrip(".") or "the file"


def _rule(issue: object) -> str:
    assert isinstance(issue, dict)
    if rule := _RULES.get(issue["type"]):
        return rule.format_map(issue.get("ctx", {}))
    return setting_rule(issue)
