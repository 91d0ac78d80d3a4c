"""The tables of the kinds of noise, read once: kinds.toml, transliterations.tsv, telephone.tsv."""

from __future__ import annotations

import csv
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOM = Path(__file__).parent
LANGUAGES = ("ar", "fa", "ru", "zh", "ko", "he", "am")
GENERAL = ("clerk", "editing", "pet", "ocr", "telephone")
KINDS = (*GENERAL, *LANGUAGES)


@dataclass(frozen=True)
class Rule:
    """One way to write a sound otherwise. share: of the places where it fits, or a weight among others."""

    seen: re.Pattern[str]
    written: str
    share: float


@cache
def _whole() -> dict[str, dict[str, object]]:
    return tomllib.loads((ROOM / "kinds.toml").read_text(encoding="utf-8"))


@cache
def weights(section: str) -> dict[str, float]:
    """Returns a section of kinds.toml with numbers as values."""
    return {name: float(str(value)) for name, value in _whole()[section].items()}


@cache
def language_of() -> dict[str, str]:
    """Culture to language; cultures of no language of LANGUAGES are left out."""
    found: dict[str, str] = {}
    for language, cultures in _whole()["languages"].items():
        found |= dict.fromkeys((str(culture) for culture in cultures), language)  # type: ignore[attr-defined]
    return found


def _rows(name: str) -> list[dict[str, str]]:
    with (ROOM / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@cache
def transliterations(language: str) -> tuple[Rule, ...]:
    """Rules of one language, in the order of the file."""
    return tuple(
        # "\1-" keeps the first of a doubled letter.
        Rule(re.compile(row["seen"]), row["written"], float(row["share"]))
        for row in _rows("transliterations")
        if language in row["languages"].split()
    )


@cache
def misheard() -> tuple[Rule, ...]:
    """Returns the changes of sounds on a bad line."""
    return tuple(Rule(re.compile(row["seen"]), row["written"] or "", float(row["share"])) for row in _rows("telephone"))
