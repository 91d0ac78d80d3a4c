"""Persons as alert registers know them: a name as it was heard, perhaps no CUI, a birth date or only an age."""

from __future__ import annotations

import numpy as np

from nation import days
from nation.days import NO_DAY
from nation.heard import Heard
from nation.people import Ints
from nation.vocabulary import PLAIN
from nation.world import World
from nation.written_names import FAULT_KINDS, PARTS, faulty_names, parent_names, right_names

_WRONG_DATE = 0.1  # of the birth dates given without a CUI
_MISTYPED_CUI = 0.01  # of the CUIs given


def hear(world: World, persons: Ints, stream: str, *, cui_rate: float, fault_rate: float) -> list[Heard]:
    """Returns rows about `persons` (places in the block), a share `cui_rate` with their CUI.

    A row without CUI has a birth date (6 in 10), or an age, parents (2 in 10), a department (7 in 10).
    """
    rng = world.plan.random(stream)
    n = len(persons)
    names = faulty_names(world, persons, fault_rate, rng)
    cuis = world.papers.cui_texts().take(persons_array(persons)).to_pylist()
    columns = {name: names.parts[name].to_pylist() for name in PARTS}
    fathers = parent_names(world, persons, mother=False).to_pylist()
    mothers = parent_names(world, persons, mother=True).to_pylist()
    full = names.full().to_pylist()
    ages = world.people.age(world.plan.today)
    draws = rng.random((n, 7))
    found = []
    for i, person in enumerate(persons.tolist()):
        has_cui = draws[i, 0] < cui_rate
        birth = int(world.people.birth[person]) if has_cui or draws[i, 1] < 0.6 else NO_DAY
        heard = Heard(
            person=person,
            cui=cuis[i] if has_cui else "",
            parts={name: column[i] for name, column in columns.items() if column[i]},
            full=full[i],
            birth=birth,
            age=int(ages[person]) + int(draws[i, 2] * 5) - 2 if birth == NO_DAY and draws[i, 6] < 0.6 else None,
            sex=int(world.people.sex[person]) if draws[i, 3] < 0.9 else 0,
            department=int(world.people.home_department[person]) if draws[i, 4] < 0.7 else 0,
        )
        heard.damage += FAULT_KINDS[int(names.fault[i])]
        if draws[i, 5] < 0.2:
            heard.father, heard.mother = fathers[i] or "", mothers[i] or ""
        if not has_cui and birth != NO_DAY and draws[i, 6] < _WRONG_DATE:
            _blur(heard, draws[i, 2])
        if has_cui and draws[i, 6] < _MISTYPED_CUI:
            heard.cui = _mistyped(heard.cui, draws[i, 2])
            heard.damage.append("cui_digit_wrong")
        found.append(heard)
    return found


def _mistyped(cui: str, draw: float) -> str:
    """One of the eight digits of the serial number is another: its check digit tells."""
    place = int(draw * 8)
    return f"{cui[:place]}{(int(cui[place]) + 1 + int(draw * 64) % 8) % 10}{cui[place + 1 :]}"


def _blur(heard: Heard, draw: float) -> None:
    """Known noise: day and month swapped, a year off, or only the month known."""
    born = days.date(heard.birth)
    if draw < 0.34 and born.day <= 12:
        heard.birth = days.number(born.replace(month=born.day, day=born.month))
        heard.damage.append("date_swapped")
    elif draw < 0.67:
        day = 28 if (born.month, born.day) == (2, 29) else born.day
        heard.birth = days.number(born.replace(year=born.year + (1 if draw < 0.5 else -1), day=day))
        heard.damage.append("date_year_off")
    else:
        heard.month_only = True
        heard.damage.append("date_partial")


def hear_exactly(world: World, person: int, *, with_cui: bool = True) -> Heard:
    """A row that says all that is true of a person, for the cast."""
    one = np.array([person], dtype=np.int32)
    names = right_names(world, one, PLAIN)
    return Heard(
        person=person,
        cui=f"{int(world.papers.cui[person]):013d}" if with_cui else "",
        parts={name: names.parts[name][0].as_py() for name in PARTS if names.parts[name][0].as_py()},
        full=names.full()[0].as_py(),
        birth=int(world.people.birth[person]),
        sex=int(world.people.sex[person]),
        department=int(world.people.home_department[person]),
    )


def persons_array(persons: Ints) -> Ints:
    """Places as Arrow's `take` wants them."""
    return np.ascontiguousarray(persons)
