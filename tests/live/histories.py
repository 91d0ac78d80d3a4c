"""Random histories over a base: odd rows, cancellations, restarts of the writer, new bases, bases that take in what was
fed, and roll-backs, drawn by one number. At the end the view must answer as a build of the changed registers does."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from core.ledger.change import Change
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.live.fed_world import FedWorld, built, differences
from tests.live.odd_changes import BORN, CUIS, DATES, ENDS, NAMES, PLATES, STATES, VINS, OddChanges, by_identifier
from tests.live.shared_numbers import HEADERS, FedNumbers, SharedNumbers
from tests.live.test_a_view_answers_as_a_rebuild import WHO, small_world

_NUMBERS = [str(number) for number in range(1, 7)]  # few, so that sources, sides and lines share them
_POOLS = {
    "CUI": CUIS,
    "NOMBRE": NAMES,
    "NACIMIENTO": BORN,
    "ESTADO": STATES,
    "FECHA": DATES,
    "CERRADA": ["", "", "", *DATES],
    "HASTA": ENDS,
    "PLACA": PLATES,
    "VIN": VINS,
}


def shared_numbers() -> SharedNumbers:
    """Everybody of `small_world`, two vehicles, and a row of each source, so that none is missing."""
    world = SharedNumbers()
    for number, (name, born) in WHO.items():
        world.person(number, name, born, CALLE="3a calle 4-55")
    for number, place in ((1, "P-123BCD"), (2, "P-456FGH")):
        world.car(number, place, [{"CUI": cui_of(number), "NOMBRE": WHO[number][0], "DESDE": "2015-01-01"}])
    numbers = iter(range(90, 99))
    for place, header in HEADERS.items():
        if ("/personas" not in place or place.startswith("mp")) and not place.startswith("sat"):
            world.add(place, NUMERO=str(next(numbers)), **_plain(header, 4))
    return world


def _plain(header: str, number: int) -> dict[str, str]:
    """Returns cells of a row about one person or the person's car."""
    name, born = WHO[number]
    stated = {"CUI": cui_of(number), "NOMBRE": name, "NACIMIENTO": born, "PLACA": f"P-{number}23BCD"}
    stated |= {"ESTADO": "PENDIENTE", "FECHA": "2024-02-03", "VIN": f"3N1AB7AP5FY{number:06d}", "LINEA": "1"}
    cells = {name: stated.get(name.removeprefix("A_").removeprefix("V_"), "") for name in header.split()[1:]}
    return {name: "" if name.startswith("W_") else text for name, text in cells.items()}


class SharedChanges:
    """Odd rows of records that share numbers; cancellations name source and line."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._readable: set[tuple[str, str, str]] = set()  # rows of which every cell can be read

    def feed(self, fed: FedNumbers) -> None:
        """Some ticks of them. What is refused is fed once more in a way that can be read."""
        for _ in range(self._random.randint(1, 5)):
            changes: dict[tuple[str, str, str], Change] = {}
            for _ in range(self._random.choice([1, 1, 2, 5, 20])):
                place = self._random.choice([name for name in HEADERS if name.startswith(("oj", "mp"))])
                cells, is_readable = self._row(place)
                key = place, *fed.world.key(place, cells)
                if key in changes:
                    continue
                if key in self._readable and self._random.random() < 0.4:  # of others the model knows no other row
                    changes[key] = fed.close(*key)
                    self._readable.discard(key)
                else:
                    changes[key] = fed.feed(place, **cells)
                    (self._readable.add if is_readable else self._readable.discard)(key)
            refused = {why.sequence for why in fed.take(*changes.values()).refused}
            mended = []
            for (place, record_id, line), change in changes.items():
                if change.sequence in refused:
                    cells = _plain(HEADERS[place], 4) | {"NUMERO": record_id, "ESTADO": "CANCELADA"}
                    cells = {name: text for name, text in cells.items() if name in HEADERS[place].split()}
                    mended.append(fed.feed(place, **cells | ({"LINEA": line} if "LINEA" in cells else {})))
            assert fed.take(*mended).refused == []

    def _row(self, place: str) -> tuple[dict[str, str], bool]:
        choice = self._random.choice
        share = choice([0, 0.05, 0.2, 0.6])
        cells = {"NUMERO": choice(_NUMBERS)}
        whose = {prefix: choice(list(WHO)) for prefix in ("", "A_", "V_", "W_")}
        for name in HEADERS[place].split()[1:]:
            prefix = name[:2] if name[1] == "_" else ""
            plain = _plain(name.removeprefix(prefix) + " " + name.removeprefix(prefix), whose[prefix])
            pool = _POOLS.get(name.removeprefix(prefix), [""])
            cells[name] = choice(pool) if self._random.random() < share else plain[name.removeprefix(prefix)]
        if "LINEA" in cells:
            cells["LINEA"] = choice(["1", "2", ""])
        if self._random.random() < 0.4:
            cells |= {name: "" for name in cells if name.startswith("W_")}
        return cells, not share


def history(seed: int, directory: Path, bases: dict[str, SmallRegisters]) -> list[str]:
    """Plays one history; what the view says otherwise than the rebuild. bases: built once, by kind of world."""
    dice = random.Random(seed)
    kind = ("small", "shared", "persons")[seed % 3]
    world = shared_numbers() if kind == "shared" else small_world()
    if kind not in bases:
        bases[kind] = built(directory / f"of-{kind}", world)
    fed: FedWorld
    feed: Callable[[], None]
    if isinstance(world, SharedNumbers):
        fed = numbers = FedNumbers(directory / f"history-{seed}", world, bases[kind])
        feed = partial(SharedChanges(seed).feed, numbers)
    else:
        fed = FedWorld(directory / f"history-{seed}", world, bases[kind])
        feed = partial(OddChanges(seed, with_persons=kind == "persons").feed, fed)
    fed.writer.publish()
    known = [(fed.data, fed.base_id)]
    try:
        for _ in range(dice.randint(1, 3)):
            feed()
            act = dice.choice(["on", "restart", "rebuild", "roll back", "take in"])
            if act == "rebuild":
                known.append(fed.built_anew())
            if act == "take in":
                known.append(fed.over_taken_in())
            elif act != "on":
                data, base_id = known[-1] if act == "rebuild" else dice.choice(known)
                fed.over(data, base_id, portions(fed.taken, dice))
        return differences(fed, by_identifier(fed.world), ordered=False)
    finally:
        fed.writer.close()


def portions(changes: Sequence[Change], dice: random.Random) -> Iterator[Sequence[Change]]:
    """The ledger in pieces of any size."""
    start = 0
    while start < len(changes):
        end = start + dice.choice([1, 2, 7, 50, 2000])
        yield changes[start:end]
        start = end
