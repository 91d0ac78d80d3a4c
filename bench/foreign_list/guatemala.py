"""Strangers of Guatemala's own distribution: names from the tables of the synthetic nation, drawn as it draws them."""

from __future__ import annotations

from functools import cache
from itertools import accumulate
from typing import Any

from bench.foreign_list import dates
from bench.foreign_list.clerk import as_asked
from bench.foreign_list.draws import Draws
from bench.foreign_list.halves import half_of
from nation import tables

# As nation/naming.py and nation/vocabulary.py weigh them.
_GIVEN_OFFSET, _SURNAME_OFFSET, _MAYAN_OFFSET = 5.0, 8.0, 4.0
_MAYAN_SURNAME, _SECOND_GIVEN, _THIRD_GIVEN, _ONE_SURNAME, _MARRIED = 0.75, 0.78, 0.03, 0.05, 0.2


@cache
def _ranked(table: str, offset: float, community: str = "") -> tuple[tuple[str, ...], tuple[float, ...]]:
    names = tuple(row["name"] for row in tables.rows(table) if not community or row["community"] == community)
    return names, tuple(accumulate(1.0 / (rank + offset) for rank in range(len(names))))


@cache
def _departments() -> tuple[tuple[float, ...], tuple[tuple[tuple[str, float], ...], ...]]:
    """Cumulative populations, and the communities of each."""
    found = tables.departments()
    return tuple(accumulate(float(d.population) for d in found)), tuple(d.communities for d in found)


def _draw(draws: Draws, table: str, offset: float, community: str = "") -> str:
    names, cumulative = _ranked(table, offset, community)
    return names[draws.place(cumulative)]


def guatemalan(seed: int, number: int) -> dict[str, Any]:
    """One of Guatemala's people; half of them women, as in the street and not as on lists."""
    draws = Draws(seed, "guatemalan", number)
    populations, communities = _departments()
    community, left = "", 100.0
    place = draws.place(populations)
    for name, share in communities[place]:
        if draws.chance(share * 100.0 / left):
            community = name
            break
        left -= share * 100.0
    sex = "F" if draws.chance(0.5) else "M"
    given = [_draw(draws, "given_female" if sex == "F" else "given_male", _GIVEN_OFFSET)]
    if draws.chance(_SECOND_GIVEN):
        given.append(_draw(draws, "given_female" if sex == "F" else "given_male", _GIVEN_OFFSET))
        if draws.chance(_THIRD_GIVEN):
            given.append(_draw(draws, "given_female" if sex == "F" else "given_male", _GIVEN_OFFSET))

    def surname() -> str:
        if community and draws.chance(_MAYAN_SURNAME):
            return _draw(draws, "surnames_mayan", _MAYAN_OFFSET, community)
        return _draw(draws, "surnames_spanish", _SURNAME_OFFSET)

    surnames = [surname()] if draws.chance(_ONE_SURNAME) else [surname(), surname()]
    if sex == "F" and draws.chance(_MARRIED):
        surnames.append(f"de {surname()}")
    asked, noise = as_asked(" ".join([*dict.fromkeys(given), *surnames]), draws)
    identifier = f"G{number:06d}"
    return {
        "id": identifier,
        "half": half_of(identifier, seed),
        "sex": sex,
        "community": community,
        "asked": asked,
        "noise": noise,
        "birth": dates.birth(draws).isoformat(),
    }
