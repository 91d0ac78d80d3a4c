"""People who are not on the list and are asked about: drawn as the list is, or related to somebody on it."""

from __future__ import annotations

import datetime
from typing import Any

from bench.foreign_list import dates
from bench.foreign_list.aliases import WEIGHTS, make_alias
from bench.foreign_list.clerk import as_asked
from bench.foreign_list.draws import Draws
from bench.foreign_list.halves import half_of
from bench.foreign_list.lineage import Lineage, father_of, sibling, son_of
from bench.foreign_list.listed import Listed, draw_person
from bench.foreign_list.shapes import words_of
from bench.foreign_list.written import Words, text_of

# Relatives of listed persons, twins of the same day among them, and namesakes: the same name, another birth date.
RELATIONS = {"sibling": 42.0, "twin": 6.0, "father": 15.0, "son": 18.0, "namesake": 19.0}
_ALIAS = 0.45  # asked by another name than the usual one, as the listed are
_UNLIKELY = ("original_script", "nom_de_guerre")


def _asked(person: Lineage, words: Words, draws: Draws) -> tuple[str, str, list[str]]:
    """(kind of alias or "", text, noise): strangers are misheard as often as the listed."""
    text, kind = text_of(words), ""
    if draws.chance(_ALIAS):
        drawn = draws.weighted({name: weight for name, weight in WEIGHTS.items() if name not in _UNLIKELY})
        other = make_alias(drawn, person, words, draws)
        if other:
            text, kind = other, drawn
    asked, noise = as_asked(text, draws)
    return kind, asked, noise


def _row(
    identifier: str, half: str, person: Lineage, asked: tuple[str, str, list[str]], born: datetime.date
) -> dict[str, Any]:
    kind, text, noise = asked
    return {
        "id": identifier,
        "half": half,
        "relation": "",
        "person": "",
        "culture": person.culture,
        "nationality": person.nationality,
        "sex": person.sex,
        "kind": kind,
        "asked": text,
        "noise": noise,
        "birth": born.isoformat(),
    }


def stranger(seed: int, number: int) -> dict[str, Any]:
    """Somebody of the list's cultures, unrelated to all; who bears a listed name does so by chance."""
    draws = Draws(seed, "stranger", number)
    person = draw_person(draws)
    asked = _asked(person, words_of(person, draws), draws)
    identifier = f"S{number:06d}"
    return _row(identifier, half_of(identifier, seed), person, asked, dates.birth(draws, person.culture))


def relative(seed: int, number: int, of: Listed) -> dict[str, Any]:
    """A relative or namesake of a listed person; of that person's half, so that neither half tells of the other."""
    draws = Draws(seed, "relative", number)
    relation = draws.weighted(RELATIONS)
    if relation == "son" and of.person.sex != "M":
        relation = "sibling"
    person, words, born = of.person, of.words, of.born
    if relation == "namesake":
        while abs((born - of.born).days) < 400:
            born = dates.birth(draws, person.culture)
    elif relation in ("sibling", "twin"):
        person = sibling(person, draws)
        born = of.born if relation == "twin" else dates.near(of.born, draws)
        words = words_of(person, draws)
    else:
        person = father_of(person, draws) if relation == "father" else son_of(person, draws)
        born = dates.generation_apart(of.born, draws, relation == "father")
        words = words_of(person, draws)
    row = _row(f"R{number:06d}", half_of(of.id, seed), person, _asked(person, words, draws), born)
    return row | {"relation": relation, "person": of.id}
