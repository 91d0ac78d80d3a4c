"""The persons on the list, by number: name, aliases, birth date as far as the list knows it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from bench.foreign_list import dates
from bench.foreign_list.aliases import COUNTS, Alias, make_aliases
from bench.foreign_list.cultures import cultures
from bench.foreign_list.draws import Draws
from bench.foreign_list.halves import half_of
from bench.foreign_list.lineage import Lineage, draw_lineage
from bench.foreign_list.shapes import words_of
from bench.foreign_list.written import UNDIVIDED, Words, parts_of, text_of, turned

PARTED = 0.6  # of those whose names have given names and surnames: the list has fields for them
_STYLES = {"usual": 60.0, "capitals": 22.0, "surname_first": 18.0}


@dataclass(frozen=True)
class Listed:
    """One person of the list, with what only its maker knows: who he is by birth, when he truly was born."""

    number: int
    person: Lineage
    words: Words
    text: str
    born: datetime.date
    born_on_list: str  # a kind of dates.ON_LIST
    aliases: tuple[Alias, ...]
    parted: bool

    @property
    def id(self) -> str:
        """P00001 and so on."""
        return f"P{self.number:05d}"

    def row(self, seed: int) -> dict[str, Any]:
        """Returns the row of listed.jsonl."""
        return {
            "id": self.id,
            "half": half_of(self.id, seed),
            "culture": self.person.culture,
            "nationality": self.person.nationality,
            "sex": self.person.sex,
            "name": self.text,
            "parts": parts_of(self.words) if self.parted else {},
            "birth": dates.as_listed(self.born, self.born_on_list),
            "birth_kind": self.born_on_list,
            "aliases": [{"kind": alias.kind, "name": alias.text} for alias in self.aliases],
        }


@cache
def _shares() -> dict[str, float]:
    return {name: culture.share for name, culture in cultures().items()}


def draw_person(draws: Draws) -> Lineage:
    """Somebody of any culture, by its share."""
    culture = draws.weighted(_shares())
    return draw_lineage(cultures()[culture], draws)


def styled(words: Words, draws: Draws) -> str:
    """As one list writes it: usual order, capitals, or surnames first with a comma."""
    style = draws.weighted(_STYLES)
    text = text_of(words)
    if style == "capitals":
        return text.upper()
    family = [word for word in words if word.shown and word.role in ("surname", "maternal", "married")]
    kept = tuple(word for word in words if word.shown)
    if style == "surname_first" and family and len(family) < len(kept) and kept[0] not in family:
        other = turned(kept)
        return f"{text_of(other[: len(family)]).upper()}, {text_of(other[len(family) :])}"
    return text


@lru_cache(maxsize=8192)
def listed(seed: int, number: int) -> Listed:
    """The person of that number."""
    draws = Draws(seed, "listed", number)
    person = draw_person(draws)
    words = words_of(person, draws)
    text = styled(words, draws)
    born = dates.birth(draws, person.culture)
    on_list = draws.weighted(dates.ON_LIST)
    parted = person.of.shape not in UNDIVIDED and draws.chance(PARTED)
    aliases = make_aliases(person, words, draws, draws.weighted(COUNTS), (text,))
    return Listed(number, person, words, text, born, on_list, tuple(aliases), parted)
