"""`./run live-kill [--kills N] [--seed N]`: prints each kill, compares every answer with a model, ends with figures.

Held against the model: each acknowledged change is in the ledger, in force once, those of one record in their order,
and none but those; every worker's answer on every person is what the last words on that person's records come
to. All the while persons are asked about: one with a warrant that the feed cancelled before the first kill is never
wanted again, one who is wanted is never CLEAR, nor is anybody with a warrant acknowledged longer ago than its source
may be silent, whatever was killed since.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from core.ledger.change import RECORD_KINDS, Change
from core.ledger.reader import FOLDER, LedgerReader
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld
from tests.live.kills.courts import BusCourt, Court, OutboxCourt
from tests.live.kills.parts import SILENT_S, Parts

PEOPLE = 60
RECORDS = 150  # of each court: each changes again and again
PAUSE_S = 0.1  # between two changes of a court
CONNECTIONS = 6  # which of two workers gets one is chance: both are asked 31 times in 32, and asked again each round
WANTED, FREED = PEOPLE + 1, PEOPLE + 2
A_ROUND = 10  # kills between two comparisons
SETTLE_S = 600.0  # a killed writer reads the whole ledger again
LONGEST_GREEN_S = max(SILENT_S, 5.0) + 2.0  # silence, and what the server takes to notice and to tell its workers
_SYLLABLES = ("CHOC", "CAAL", "POP", "TZUL", "XICAR", "COJTI", "MENDEZ", "LOPEZ", "ORTIZ", "REYES")


@dataclass
class Figures:
    """The result of a run."""

    kills: Counter[str] = field(default_factory=Counter)
    changes: int = 0
    lost: int = 0
    twice: int = 0
    compared: int = 0
    wrong: list[str] = field(default_factory=list)
    late: int = 0  # answers that said INCOMPLETE to the end of SETTLE_S
    watched: int = 0
    long_wanted: int = 0  # answers on persons whose warrant is older than silence may last
    in_doubt: int = 0  # changes that their court had to ask about again
    seconds: float = 0.0

    @property
    def whole(self) -> bool:
        return not (self.lost or self.twice or self.wrong or self.late)

    def __str__(self) -> str:
        kills = ", ".join(f"{count} {name}" for name, count in sorted(self.kills.items()))
        return (
            f"{self.kills.total()} kills ({kills}) in {self.seconds:.0f} s; {self.changes} acknowledged changes, "
            f"{self.in_doubt} tries again; {self.lost} lost, {self.twice} twice or out of order; "
            f"{self.compared} answers compared, {self.watched} watched, "
            f"{self.long_wanted} on who was wanted for over {LONGEST_GREEN_S:.0f} s, "
            f"{self.late} late, {len(self.wrong)} wrong"
        )


def name_of(number: int) -> tuple[str, str]:
    """Returns the name and birth date of a person: no two are alike."""
    first, second, own = _SYLLABLES[number % 10], _SYLLABLES[number // 10 % 10], "ABCDEFGHIJ"[number % 10] * 4
    return f"PERSONA {first} {second} {own}", f"19{30 + number % 60}-0{1 + number % 9}-1{number % 9}"


class Watch(threading.Thread):
    """Asks about the two persons all the time; who does not answer is not wrong, who answers wrongly is."""

    def __init__(self, parts: Parts, courts: list[Court], figures: Figures, seed: int) -> None:
        super().__init__(daemon=True)
        self._parts, self._courts, self._figures = parts, courts, figures
        self._random = random.Random(seed)
        self._over = threading.Event()
        self._failure: BaseException | None = None

    def run(self) -> None:
        try:
            self._watch()
        except BaseException as error:  # told by `end`
            self._failure = error

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            for person, never in ((WANTED, {"CLEAR"}), (FREED, {"HIT", "POSSIBLE"})):
                level = asked(self._parts, person)
                self._figures.watched += bool(level)
                if level in never:
                    self._figures.wrong.append(f"{'wanted' if person == WANTED else 'freed'} was {level}")
            self._ask_of_one_long_wanted()

    def _ask_of_one_long_wanted(self) -> None:
        """FRESH while a change is missing, for longer than silence may last, would show as CLEAR."""
        court = self._random.choice(self._courts)
        since = time.monotonic() - LONGEST_GREEN_S
        before = court.wanted_since(since)
        if not before:
            return
        record, person = self._random.choice(sorted(before.items()))
        level = asked(self._parts, person)
        if court.wanted_since(since).get(record) != person:
            return  # it was changed meanwhile
        self._figures.long_wanted += bool(level)
        if level == "CLEAR":
            self._figures.wrong.append(f"person {person}, wanted by {record} for over {LONGEST_GREEN_S} s, was CLEAR")

    def end(self) -> None:
        """Raises what ended it before."""
        self._over.set()
        if self.is_alive():
            self.join(60)
        if self._failure is not None:
            raise self._failure


def asked(parts: Parts, person: int) -> str:
    """The level on a connection of its own; "" = nobody answered."""
    asker = Asker(parts.server)
    try:
        return level_of(asker, person)
    finally:
        asker.channel.close()


def level_of(asker: Asker, person: int) -> str:
    """The same on a connection that stands."""
    try:
        answer = asker(checks.CheckPersonRequest(cui=cui_of(person)))
    except grpc.RpcError:
        return ""
    return level_pb2.Level.Name(answer.answer.level).removeprefix("LEVEL_")


def run(directory: Path, kills: int, seed: int, say: Any = print) -> Figures:
    """Kills, compares, tells. `figures.whole`: nothing was lost, doubled or wrong."""
    chosen, figures, began = random.Random(seed), Figures(), time.monotonic()
    people = {number: name_of(number) for number in range(1, PEOPLE + 1)}
    parts = Parts(directory, _world(people))
    courts: list[Court] = [
        OutboxCourt(parts.dsn, people, RECORDS, seed + 1, PAUSE_S),
        BusCourt(parts.broker.url, people, RECORDS, seed + 2, PAUSE_S),
    ]
    watch = Watch(parts, courts, figures, seed + 3)
    try:
        _freed(parts, directory)
        for each in (*courts, watch):
            each.start()
        done = 0
        while done < kills:
            for court in courts:
                court.go()
            for _ in range(min(A_ROUND, kills - done)):
                time.sleep(chosen.uniform(0.05, 0.8))
                target = chosen.choice(sorted(parts.killing))
                parts.killing[target]()
                figures.kills[target] += 1
                done += 1
                say(f"{done:4} {target}", flush=True)
            for court in courts:
                court.rest()
            _compare(parts, courts, people, figures)
            say(f"     {figures}", flush=True)
            if not figures.whole:
                made = {court.name_of: [(each.record_id, each.kind) for each in court.made] for court in courts}
                (directory / "made.json").write_text(json.dumps(made), encoding="utf-8")
                break
    finally:
        watch.end()
        for court in courts:
            court.end()
        parts.stop()
    figures.seconds = time.monotonic() - began
    return figures


def _world(people: dict[int, tuple[str, str]]) -> SmallWorld:
    world = SmallWorld()
    for number, (name, born) in {**people, WANTED: name_of(71), FREED: name_of(72)}.items():
        world.person(number, name, born)
    world.warrant("W1", cui_of(WANTED), *name_of(71))
    world.warrant("W2", cui_of(FREED), *name_of(72))
    return world


def _freed(parts: Parts, directory: Path) -> None:
    """Cancelled by the feed, while every rebuild's extract would list it."""
    file = directory / "freed.json"
    stated = {"register": "oj", "id": "W2", "sequence": 1, "kind": "CANCEL", "event_time": "2026-11-20T10:00:00-06:00"}
    file.write_text(json.dumps(stated))
    words = ["feed", "push", str(file), "--source", "by-push", "--server", parts.server.address]
    subprocess.run([sys.executable, "-m", "ronda.command", *words], check=True, capture_output=True, timeout=120)
    parts.settled(lambda: {asked(parts, FREED) for _ in range(12)} == {"CLEAR"}, SETTLE_S)


def _compare(parts: Parts, courts: list[Court], people: dict[int, Any], figures: Figures) -> None:
    sources = {"by-outbox": courts[0], "by-bus": courts[1]}
    with contextlib.suppress(AssertionError):  # then it is told as lost
        parts.settled(lambda: not any(_lost(parts, name, court) for name, court in sources.items()), SETTLE_S)
    figures.changes = sum(len(court.made) for court in courts)
    figures.in_doubt = sum(court.retries for court in courts)
    figures.lost = sum(_lost(parts, name, court) for name, court in sources.items())
    figures.twice = sum(_twice(parts, name, court) for name, court in sources.items())
    wanted = {person for court in courts for person in court.wanted().values() if person is not None}
    expected = {person: "HIT" if person in wanted else "CLEAR" for person in people}
    expected |= {WANTED: "HIT", FREED: "CLEAR"}

    def differing() -> dict[int, set[str]]:
        askers = [Asker(parts.server) for _ in range(CONNECTIONS)]
        said = {person: {level_of(asker, person) for asker in askers} for person in expected}
        for asker in askers:
            asker.channel.close()
        return {person: said[person] for person, level in expected.items() if said[person] != {level}}

    until = time.monotonic() + SETTLE_S
    while (wrong := differing()) and time.monotonic() < until:
        parts.mend()
        time.sleep(0.2)
    figures.compared += CONNECTIONS * len(expected)
    for person, said in wrong.items():
        if said <= {expected[person], "INCOMPLETE", ""}:
            figures.late += 1
        else:
            figures.wrong.append(f"person {person}: {sorted(said)}, not {expected[person]}")


def _in_force(parts: Parts, source: str) -> list[Change]:
    with LedgerReader(parts.registers.data / FOLDER) as reader:
        return [each for each in reader.changes() if each.source == source and each.kind in RECORD_KINDS]


def _lost(parts: Parts, source: str, court: Court) -> int:
    """Acknowledged changes that are neither in force nor overtaken by a later one of their record."""
    newest: dict[str, int] = {}
    numbers = set()
    for each in _in_force(parts, source):
        newest[each.record_id] = max(each.source_sequence, newest.get(each.record_id, 0))
        numbers.add(each.source_sequence)
    return sum(
        number not in numbers and newest.get(made.record_id, 0) < number for number, made in enumerate(court.made, 1)
    )


def _twice(parts: Parts, source: str, court: Court) -> int:
    """Changes in force a second time, before an older one of their record, or that their court never made."""
    last: dict[str, int] = {}
    count = 0
    for each in _in_force(parts, source):
        number = each.source_sequence
        made = court.made[number - 1] if 0 < number <= len(court.made) else None
        of_court = made is not None and (made.record_id, made.kind) == (each.record_id, each.kind.name)
        count += not of_court or number <= last.get(each.record_id, 0)
        last[each.record_id] = max(number, last.get(each.record_id, 0))
    return count


def main() -> int:
    """Exit status 1 where anything was lost, doubled or wrong."""
    parser = argparse.ArgumentParser(prog="./run live-kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="ronda-kills-"))
    print(f"seed {options.seed}", flush=True)  # noqa: T201 - a command's own words
    figures = run(directory, options.kills, options.seed)
    print(figures, *figures.wrong, sep="\n", flush=True)  # noqa: T201
    if figures.whole:
        shutil.rmtree(directory, ignore_errors=True)
    else:
        print(f"left in {directory}")  # noqa: T201
    return 0 if figures.whole else 1


if __name__ == "__main__":
    sys.exit(main())
