"""`./run bench-answers --only factorial`: warrants with a damaged number, each on a person of its own.

A nation's Judiciary lists these warrants alone. The person meant and the damage are kept apart. A warrant with too
little data (a name of several, and a number that identifies nobody) is counted apart.
"""

from __future__ import annotations

import datetime
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from rich.table import Table

from bench.answers.asking import CLEAR, HIT, POSSIBLE, Asker, level_of
from bench.bars import Bar, printing_console, write_report
from bench.names import nations
from bench.names.tables import plain
from core.engine.entry import Engine
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as contract

SEED = 8_147
_WORK = nations.WORK.parent / "answers-work"
_INNOCENT = 5_000
_SHARE = 5  # of so many living persons one is wanted
_ADULT_BORN = datetime.date(2004, 1, 1)
_TAGS = {
    "NOMBRE1": "first_given", "NOMBRE2": "second_given", "NOMBRE3": "third_given",
    "APELLIDO1": "first_surname", "APELLIDO2": "second_surname",
}  # fmt: skip
Person = dict[str, Any]


def _digit(cui: str, rng: random.Random) -> str:
    place = rng.randrange(9)
    return cui[:place] + str((int(cui[place]) + rng.randrange(1, 10)) % 10) + cui[place + 1 :]


def _exchanged(cui: str, rng: random.Random) -> str:
    places = [place for place in range(8) if cui[place] != cui[place + 1]]
    place = rng.choice(places)
    return cui[:place] + cui[place + 1] + cui[place] + cui[place + 2 :]


def _place(cui: str, rng: random.Random) -> str:
    return cui[:9] + rng.choice([each for each in ("0101", "1601", "0901", "1315", "2201") if each != cui[9:]])


def _lost(cui: str, rng: random.Random) -> str:
    place = rng.randrange(13)
    return cui[:place] + cui[place + 1 :]


def _doubled(cui: str, rng: random.Random) -> str:
    place = rng.randrange(13)
    return cui[: place + 1] + cui[place:]


SLIPS: dict[str, Callable[[str, random.Random], str]] = {
    "its own": lambda cui, _: cui,
    "another digit": _digit,
    "two digits exchanged": _exchanged,
    "another place part": _place,
    "a digit lost": _lost,
    "a digit doubled": _doubled,
}
ELSEWHOSE = ("a stranger's", "a parent's", "none")
BESIDE = ("name", "name, date", "one given name, both surnames", "one given name, one surname, date")
_TELLING = ("another digit", "two digits exchanged", "another place part")

BARS = {
    "slip clear": Bar("a slip in the CUI, whole name, no date: the wanted shown CLEAR", 0, "rows"),
    "clear": Bar("wanted shown CLEAR where fewer than one other fits as well, of a thousand rows", 0, "per thousand"),
    "others clear": Bar("wanted shown CLEAR elsewhere, of a thousand rows", 2, "per thousand"),
    "innocent hit": Bar("number's bearers HIT where name or date beside it is another's", 0, "persons"),
    "innocent possible": Bar("persons whom no warrant means shown POSSIBLE", 0.01, "share"),
}


@dataclass(frozen=True)
class Case:
    """One warrant: the person meant, the damage, and the bearer of its number (a stranger or parent)."""

    person: Person
    number: str
    beside: str
    warrant: nations.Warrant
    bearer: str = ""


def cases(persons: list[Person], rng: random.Random) -> Iterator[Case]:
    """Warrants on one in five living adults, each kind of damage as often."""
    living = [one for one in persons if one["death_date"] is None and one["birth_date"] < _ADULT_BORN]
    rng.shuffle(living)
    wanted, others = living[: len(living) // _SHARE], living[len(living) // _SHARE :]
    unwanted = {one["cui"] for one in others}
    kinds = [(number, beside) for number in (*SLIPS, *ELSEWHOSE) for beside in BESIDE]
    for place, one in enumerate(wanted):
        number, beside = kinds[place % len(kinds)]
        bearer = ""
        if number == "a stranger's":
            bearer = others[place % len(others)]["cui"]
        elif number == "a parent's":
            parents = [cui for cui in (one["father_cui"], one["mother_cui"]) if cui in unwanted]
            if not parents:
                continue
            bearer = rng.choice(parents)
        stated = bearer if number in ELSEWHOSE else SLIPS[number](one["cui"], rng)
        yield Case(one, number, beside, _warrant(one, beside, stated), bearer)


def _warrant(one: Person, beside: str, stated: str) -> nations.Warrant:
    names = {tag: plain(one[part] or "") for tag, part in _TAGS.items()}
    if beside.startswith("one given name"):
        names["NOMBRE2"] = names["NOMBRE3"] = ""
    if "one surname" in beside:
        names["APELLIDO2"] = ""
    birth = one["birth_date"] if beside.endswith("date") else None
    return nations.Warrant(names, birth, one["sex"] == 1, stated)


def run(persons: int) -> bool:
    """Measures, prints, writes; True when every bar is met."""
    kept: list[Case] = []

    def write(nation: Path) -> list[str]:
        everybody = pq.read_table(nation / "truth" / "persons.parquet").to_pylist()
        kept.extend(cases(everybody, random.Random(SEED)))
        nations.write_warrants(nation, (case.warrant for case in kept))
        return [case.person["cui"] for case in kept]

    nation = nations.prepare("factorial", persons, SEED, warrants=write, damage=0.0, work=_WORK)
    everybody = pq.read_table(nation.directory / "nation" / "truth" / "persons.parquet").to_pylist()
    kept = kept or list(cases(everybody, random.Random(SEED)))
    manifest = json.loads((nation.generation / "MANIFEST.json").read_text(encoding="utf-8"))
    clock_ms = max(register["as_of_ms"] or 0 for register in manifest["registers"]) + 3_600_000
    return _report(kept, everybody, Asker(Engine(Generation.open(nation.generation)), clock_ms), persons)


def _words(one: Person, beside: str) -> tuple[str, ...]:
    names = _warrant(one, beside, "").names
    return tuple(names.values())


def _report(kept: list[Case], everybody: list[Person], asker: Asker, persons: int) -> bool:
    bearers: dict[str, Counter[tuple[Any, ...]]] = {}
    living = [one for one in everybody if one["death_date"] is None]
    for beside in BESIDE:
        bearers[beside] = Counter((_words(one, beside), _date(one, beside)) for one in living)
    of = {one["cui"]: one for one in everybody}
    levels: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    clear, others_clear, slip_clear, hits = 0, 0, 0, 0
    for case in kept:
        level = _level(asker, case.person["cui"])
        levels[case.number, case.beside][level] += 1
        alone = bearers[case.beside][_words(case.person, case.beside), _date(case.person, case.beside)] == 1
        told = alone or case.number in _TELLING or case.number == "its own"
        clear += level == CLEAR and told
        others_clear += level == CLEAR and not told
        slip_clear += level == CLEAR and case.number in _TELLING and case.beside == "name"
        # Where all that is stated is the bearer's too, nobody can have more.
        fits = case.bearer and _words(of[case.bearer], case.beside) == _words(case.person, case.beside)
        fits = fits and _date(of[case.bearer], case.beside) == _date(case.person, case.beside)
        hits += bool(case.bearer) and not fits and _level(asker, case.bearer) == HIT
    meant = {case.person["cui"] for case in kept} | {case.bearer for case in kept}
    innocent = [one["cui"] for one in living if one["cui"] not in meant]
    asked = random.Random(SEED).sample(innocent, min(_INNOCENT, len(innocent)))
    possible = sum(_level(asker, cui) >= POSSIBLE for cui in asked) / len(asked)
    _print(levels)
    values = {
        "slip clear": slip_clear,
        "clear": round(1000 * clear / len(kept), 2),
        "others clear": round(1000 * others_clear / len(kept), 2),
        "innocent hit": hits,
        "innocent possible": round(possible, 4),
    }
    rows = [BARS[name].measured(value) for name, value in values.items()]
    write_report(f"answers-factorial-{persons}", rows, [])
    return all(row["met"] for row in rows)


def _date(one: Person, beside: str) -> datetime.date | None:
    return one["birth_date"] if beside.endswith("date") else None


def _level(asker: Asker, cui: str) -> int:
    return level_of(asker.bytes(contract.CheckPersonRequest(cui=cui)))


def _print(levels: dict[tuple[str, str], Counter[int]]) -> None:
    table = Table(title="The wanted by own number: HIT / POSSIBLE / neither / CLEAR", title_justify="left")
    table.add_column("number on the warrant")
    for beside in BESIDE:
        table.add_column(beside)
    for number in (*SLIPS, *ELSEWHOSE):
        cells = []
        for beside in BESIDE:
            found = levels[number, beside]
            neither = found.total() - found[HIT] - found[POSSIBLE] - found[CLEAR]
            cells.append(f"{found[HIT]} / {found[POSSIBLE]} / {neither} / {found[CLEAR]}")
        table.add_row(number, *cells)
    printing_console().print(table)
