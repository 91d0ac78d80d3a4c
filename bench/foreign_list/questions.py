"""Questions about the persons of the list, as an officer puts them, each with its truth."""

from __future__ import annotations

from typing import Any

from bench.foreign_list import dates
from bench.foreign_list.aliases import WEIGHTS, make_alias
from bench.foreign_list.clerk import as_asked
from bench.foreign_list.draws import Draws
from bench.foreign_list.halves import half_of
from bench.foreign_list.listed import Listed
from bench.foreign_list.short_forms import bare

EACH = 6  # questions about one person
# What is asked: the name as listed, an alias of the list, or one that the person has and the list has not.
SOURCES = {"name": 42.0, "alias": 25.0, "unlisted": 33.0}
# Nobody types another script at the roadside; a war name that the list lacks leads nowhere.
_NOT_ASKED = ("original_script",)
_NOT_UNLISTED = ("original_script", "nom_de_guerre")


def question(seed: int, person: Listed, number: int) -> dict[str, Any]:
    """Returns the question of that number (0 to EACH - 1) about `person`.

    source, kind: the text asked, and the alias's kind ("" of the name itself); noise: kinds of clerk.KINDS, in order;
    birth: "", `YYYY-MM-DD`, `YYYY-MM` or `YYYY`; birth_kind: none, exact, or a kind of dates.NOISE.
    """
    draws = Draws(seed, "question", person.number, number)
    source, kind, text = _asked_name(person, draws)
    asked, noise = as_asked(text, draws)
    given = draws.weighted(dates.GIVEN)
    birth = person.born.isoformat() if given == "exact" else ""
    if given == "noisy":
        birth, given = dates.noisy(person.born, draws)
    return {
        "id": f"Q{person.number:05d}-{number}",
        "half": half_of(person.id, seed),
        "person": person.id,
        "culture": person.person.culture,
        "sex": person.person.sex,
        "source": source,
        "kind": kind,
        "asked": asked,
        "noise": noise,
        "birth": birth,
        "birth_kind": given,
        "birth_on_list": person.born_on_list,
    }


def _asked_name(person: Listed, draws: Draws) -> tuple[str, str, str]:
    """(source, kind of alias, text); the name itself where there is no alias to ask."""
    source = draws.weighted(SOURCES)
    if source == "alias":
        asked = [alias for alias in person.aliases if alias.kind not in _NOT_ASKED]
        if asked:
            alias = draws.pick(asked)
            return source, alias.kind, alias.text
    if source == "unlisted":
        known = {bare(text) for text in (person.text, *(alias.text for alias in person.aliases))}
        weights = {kind: weight for kind, weight in WEIGHTS.items() if kind not in _NOT_UNLISTED}
        for _ in range(20):
            kind = draws.weighted(weights)
            text = make_alias(kind, person.person, person.words, draws)
            if text and bare(text) not in known:
                return source, kind, text
    return "name", "", person.text
