"""The persons on the list, the strangers, and the relatives of listed persons."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from bench.foreign_list import dates
from bench.foreign_list.cultures import cultures
from bench.foreign_list.draws import Draws
from bench.foreign_list.halves import half_of
from bench.foreign_list.lineage import Lineage, draw_lineage, sibling
from bench.foreign_list.shapes import words_of
from bench.foreign_list.short_forms import bare
from bench.foreign_list.written import UNDIVIDED, Words, parts_of, text_of
from bench.names import tables
from bench.names.kinds import table

SEED = 32_2026
_WOMEN = 0.4  # more than on a list of alerts: married names are of theirs
RELATIONS = ("sibling", "twin", "cousin", "namesake", "partly namesake")


@dataclass(frozen=True)
class Person:
    """One person with all that belongs to the name; words that the list leaves out are not shown."""

    id: str
    lineage: Lineage
    words: Words
    born: datetime.date

    @property
    def half(self) -> str:
        """A to fit on, B held back; a question about somebody is of the same half."""
        return half_of(self.id, SEED)

    @property
    def text(self) -> str:
        """As on the list: Guatemala's registers write capitals without accents."""
        text = text_of(self.words)
        return tables.plain(text) if self.lineage.of.shape == "hispanic" else text

    @property
    def key(self) -> frozenset[str]:
        """The same for every spelling and order of one name: of each word the first of all its spellings."""
        return frozenset(min(map(bare, word.entry.forms)) for word in self.words if word.shown)

    @property
    def parts(self) -> dict[str, str]:
        """Given names, patronymic, surnames; empty where the people has no such parts."""
        if self.lineage.of.shape in UNDIVIDED:
            return {}
        found = parts_of(self.words)
        return {part: tables.plain(text) for part, text in found.items()} if self.text.isupper() else found

    def row(self) -> dict[str, Any]:
        """As bench.foreign_list.product takes it."""
        return {"id": self.id, "half": self.half, "culture": self.lineage.culture, "sex": self.lineage.sex,
                "name": self.text, "parts": self.parts, "birth": self.born.isoformat(), "aliases": []}  # fmt: skip


def drawn(identifier: str, shares: dict[str, float], *stream: str | int) -> Person:
    """Somebody of the cultures, by their shares."""
    draws = Draws(SEED, *stream)
    culture = draws.weighted(shares)
    lineage = draw_lineage(cultures()[culture], draws, "F" if draws.chance(_WOMEN) else "M")
    return Person(identifier, lineage, words_of(lineage, draws), dates.birth(draws, culture))


@lru_cache(maxsize=8192)
def listed(number: int) -> Person:
    """The listed person of that number, from 0."""
    return drawn(f"K{number:05d}", table.weights("listed"), "listed", number)


def count() -> int:
    """Returns the number of persons on the list."""
    return int(sum(table.weights("listed").values()))


@cache
def listed_keys() -> frozenset[frozenset[str]]:
    """Keys of all who are listed."""
    return frozenset(listed(number).key for number in range(count()))


def _of_kind(kind: str) -> dict[str, float]:
    """Returns cultures that a kind of noise is possible for: a language's own, Spanish names of pet names, else all."""
    every = table.weights("listed")
    if kind in table.LANGUAGES:
        return {culture: share for culture, share in every.items() if table.language_of().get(culture) == kind}
    if kind == "pet":
        return {culture: share for culture, share in every.items() if cultures()[culture].shape == "hispanic"}
    return every


def fits(kind: str, person: Person) -> bool:
    """Returns whether a kind of noise is possible for this person's people."""
    return person.lineage.culture in _of_kind(kind)


def stranger(kind: str, number: int) -> Person:
    """Somebody of the peoples of a kind who is not listed; may bear a listed name by chance (Person.key)."""
    return drawn(f"S-{kind}-{number:05d}", _of_kind(kind), "stranger", kind, number)


def relative(of: Person, relation: str) -> Person:
    """Another person who shares much with a listed one; rightly named. Of the same half."""
    draws = Draws(SEED, relation, of.id)
    lineage, words, born = of.lineage, of.words, of.born
    if relation in ("sibling", "twin"):
        lineage = sibling(lineage, draws)
        born = born if relation == "twin" else dates.near(born, draws)
        words = words_of(lineage, draws)
    elif relation == "cousin":
        # Of two brothers: one surname, another mother and father, now and then the same first name.
        other = sibling(lineage, draws)
        given = lineage.given if draws.chance(0.1) else other.given
        lineage = replace(other, sex=lineage.sex if given is lineage.given else other.sex, given=given,
                          father=lineage.of.given("M", draws, lineage.father),
                          maternal=lineage.of.surname(draws, lineage.family, lineage.maternal))  # fmt: skip
        words, born = words_of(lineage, draws), dates.birth(draws, lineage.culture)
    else:
        born = _other_birth(of, draws)
        if relation == "partly namesake":
            lineage = _partly_namesake(lineage, draws)
            words = words_of(lineage, draws)
    return Person(f"{of.id}-{relation}", lineage, words, born)


def _other_birth(of: Person, draws: Draws) -> datetime.date:
    while True:
        born = dates.birth(draws, of.lineage.culture)
        if abs((born - of.born).days) > 400:
            return born


def _partly_namesake(lineage: Lineage, draws: Draws) -> Lineage:
    """The same first given name and first surname, the rest another's."""
    people, given = lineage.of, lineage.given[:1]
    if len(lineage.given) > 1:
        given = (*given, people.given(lineage.sex, draws, *lineage.given))
    return replace(lineage, given=given, father=people.given("M", draws, lineage.father), husband=None,
                   grandfather=people.given("M", draws, lineage.grandfather), kunya=None, laqab=None, nisba=None,
                   maternal=people.surname(draws, lineage.family, lineage.maternal))  # fmt: skip
