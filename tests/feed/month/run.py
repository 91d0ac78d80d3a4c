"""`./run feed-month [--days N]`: a month of feed programs under a clock that steps by a day, and nobody touches them.

Each night the installation builds and restarts, as by its timers, and the day steps under the programs that run on.
Each day courts issue and cancel warrants in a table, on a bus and in files; now and then the database or the bus is
killed. In the middle of the month a certificate's file is replaced, half a day before the one in it ends. After each
day all changes are in the ledger once, answers are right, and the programs are those of the first day. Prints a table
a day, writes build/bench/feed-month.json; exit status 1 where a bar is not met.
"""

from __future__ import annotations

import argparse
import logging
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from rich.table import Table

from bench.bars import Bar, printing_console, write_report
from tests.feed.month.courts import PEOPLE, Court
from tests.feed.month.program import Held
from tests.feed.month.world import MonthWorld

DAYS = 30
SETTLED_ON_DAY = 5  # by then a program has opened and loaded what it needs
A_DAY = 14  # changes of each court by day; two more by night
_ASKED = 6  # of those who are wanted, and of those who are not
_PATIENCE_S = 90.0

BARS = {
    "days": Bar("days", DAYS, "days", at_most=False),
    "lost": Bar("changes that are not in the ledger", 0, "changes"),
    "twice": Bar("changes twice, or not as their court made them", 0, "changes"),
    "wrong": Bar("answers that are not what the courts' last words come to", 0, "answers"),
    # The longest pause of a feed program (docs/feed.md), which a kill on the same day may bring, and five seconds.
    "fresh": Bar("a night's restart, from ready to FRESH and up to date", 35, "s"),
    "ended": Bar("programs that ended, or are others than on the first day", 0, "programs"),
    "dead": Bar("dead letters", 0, "changes"),
    "certificate": Bar("days without a change by a certificate that was replaced", 0, "days"),
    "memory": Bar("memory that a program gained since day 5", 8, "MiB"),
    "descriptors": Bar("descriptors that a program gained since day 5", 3, "descriptors"),
}


@dataclass
class Month:
    """The result of a run."""

    days: int = 0
    lost: int = 0
    twice: int = 0
    wrong: int = 0
    fresh_s: float = 0.0
    ended: int = 0
    dead: int = 0
    without_certificate: int = 0
    held: dict[str, dict[int, Held]] = field(default_factory=dict)  # by source, then by day

    def gained(self, what: Callable[[Held], int]) -> int:
        """The most that a program has more on a later day than when it had settled."""
        most = 0
        for days in self.held.values():
            first = min(SETTLED_ON_DAY, max(days))
            most = max(most, *(what(held) - what(days[first]) for day, held in days.items() if day >= first))
        return most

    def rows(self, days: int) -> list[dict[str, Any]]:
        """For the report; days: that were asked for."""
        measured = {
            "lost": self.lost,
            "twice": self.twice,
            "wrong": self.wrong,
            "fresh": self.fresh_s,
            "ended": self.ended,
            "dead": self.dead,
            "certificate": self.without_certificate,
            "memory": self.gained(lambda held: held.memory) / (1 << 20),
            "descriptors": self.gained(lambda held: held.descriptors),
        }
        of_days = Bar(BARS["days"].name, days, "days", at_most=False).measured(self.days)
        return [of_days, *(BARS[name].measured(value) for name, value in measured.items())]


def run(directory: Path, days: int, show: Callable[[Table], None] = lambda _table: None) -> Month:
    """Plays the days; ends at one that does not come to rest."""
    month, chosen = Month(), random.Random(1)
    replaced = max(1, days // 2)  # by the next day the certificate of before has ended
    world = MonthWorld(directory, short_life_days=replaced - 0.5)
    numbers = {each.source: each.number for each in world.programs}
    try:
        for day in range(1, days + 1):
            if day == replaced:
                world.show_certificate("by-bus")
            began = time.monotonic()
            if day > 1:
                world.restart_by_night()
                began = time.monotonic()
                month.fresh_s = max(month.fresh_s, _waited(world, began))
            before = _taken(world)
            befell = _day(world, day)
            is_at_rest = _waited(world, time.monotonic()) < _PATIENCE_S
            month.days = day
            month.ended = sum(each.status is not None or each.number != numbers[each.source] for each in world.programs)
            month.dead = sum(each.dead_letters() for each in world.programs)
            month.lost, month.twice = _compared(world)
            month.without_certificate += day > replaced and before["by-bus"] == _taken(world)["by-bus"]
            month.wrong += _wrong(world, chosen)
            for each in world.programs:
                with suppress(psutil.NoSuchProcess):
                    month.held.setdefault(each.source, {})[day] = each.held()
            show(_table(world, month, f"day {day}, {world.now:%Y-%m-%d}{befell}"))
            if not is_at_rest:
                break
    finally:
        world.stop()
    return month


def _day(world: MonthWorld, day: int) -> str:
    """Makes the day's changes; returns what befell meanwhile."""
    befell = {2: "the bus", 4: "the database"}.get(day % 6, "")
    for court in world.courts:
        court.work(A_DAY // 2, world.now)
    if befell == "the bus":
        world.restart_broker()
    elif befell:
        world.restart_database()
    for court in world.courts:
        court.work(A_DAY - A_DAY // 2, world.now)
    return f", {befell} was killed" if befell else ""


def _waited(world: MonthWorld, began: float) -> float:
    """Seconds since `began` until all that the courts made is in every answer and every register FRESH; at the most
    _PATIENCE_S."""
    while (waited := time.monotonic() - began) < _PATIENCE_S:
        taken = _taken(world)
        if all(taken[court.source] >= len(court.made) for court in world.courts) and world.is_up_to_date():
            return time.monotonic() - began
        time.sleep(0.1)
    return waited


def _taken(world: MonthWorld) -> Counter[str]:
    return Counter(each.source for each in world.in_force())


def _compared(world: MonthWorld) -> tuple[int, int]:
    """Changes of courts that the ledger lacks; and those that it has twice, out of order or otherwise."""
    lost = twice = 0
    found = world.in_force()
    for court in world.courts:
        said = [(each.source_sequence, each.record_id, each.kind.name) for each in found if each.source == court.source]
        made = [(number, each.record_id, each.kind) for number, each in enumerate(court.made, 1)]
        lost += len(set(made) - set(said))
        twice += len(said) - len(set(said) & set(made)) + (sorted(said) != said)
    return lost, twice


def _wrong(world: MonthWorld, chosen: random.Random) -> int:
    wanted = set[int]().union(*(court.wanted() for court in world.courts))
    free = set(range(1, PEOPLE + 1)) - wanted
    expected: dict[int, str] = {}
    for level, people in (("HIT", wanted), ("CLEAR", free)):
        expected |= dict.fromkeys(chosen.sample(sorted(people), min(_ASKED, len(people))), level)
    said = world.levels(expected)
    return sum(said[person] != level for person, level in expected.items())


def _table(world: MonthWorld, month: Month, title: str) -> Table:
    table = Table(title=f"{title}; FRESH at the latest {month.fresh_s:.1f} s after a restart", title_justify="left")
    for heading in (
        "program",
        "process",
        "memory, MiB",
        "descriptors",
        "changes made",
        "in the ledger",
        "dead letters",
    ):
        table.add_column(heading, justify="left" if heading == "program" else "right")
    taken = _taken(world)
    courts: dict[str, Court] = {court.source: court for court in world.courts}
    for each in world.programs:
        held = month.held.get(each.source, {}).get(month.days)
        table.add_row(
            each.source,
            str(each.number) if each.status is None else f"ended with {each.status}",
            f"{held.memory / (1 << 20):.1f}" if held else "",
            str(held.descriptors) if held else "",
            str(len(courts[each.source].made)),
            str(taken[each.source]),
            str(each.dead_letters()),
        )
    return table


def main() -> int:
    """Exit status 1 where a bar is not met."""
    parser = argparse.ArgumentParser(prog="./run feed-month", description=__doc__)
    parser.add_argument("--days", type=int, default=DAYS)
    days: int = parser.parse_args().days
    directory = Path(tempfile.mkdtemp(prefix="ronda-month-"))
    console = printing_console()
    logging.getLogger("nats").setLevel(logging.CRITICAL)  # it tells of each try while the bus starts
    began = time.monotonic()
    rows = run(directory, days, console.print).rows(days)
    write_report("feed-month", rows, [])
    console.print(f"{time.monotonic() - began:.0f} s")
    if all(row["met"] for row in rows):
        shutil.rmtree(directory, ignore_errors=True)
        return 0
    console.print(f"left in {directory}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
