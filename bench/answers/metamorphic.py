"""`./run bench-answers --only metamorphic`: relations between answers that hold for any right answer.

Each of some hundred persons is named by one warrant. Between two builds each warrant changes in one field
(bench/answers/statements.py). Gaining a right field, or losing a wrong one, must not make the person meant greener.
Losing a right one must not lead from HIT to nothing if the rest still identifies the person. No person is HIT by a
warrant with a field of another, unless all of it is theirs. Every fourth build is made twice more: with fillers in
unstated fields, and with its rows reversed; no level may differ.

Metamorphic testing: T. Y. Chen et al., "Metamorphic Testing: A Review of Challenges and Opportunities", ACM Computing
Surveys 51(1), 2018.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.answers.asking import CLEAR, HIT, INSUFFICIENT, POSSIBLE, Asker
from bench.answers.statements import FIELDS, FILLERS, NAMES, Is, Statement, begun, chain, right
from bench.answers.truth import Person
from bench.bars import OUTPUT, Bar, printing_console, write_report
from bench.foundation import POSTGRES_REGISTERS
from bench.names import nations
from core.engine.entry import Engine
from core.generation.store import Generation
from nation.loading import load_postgres
from ronda.demo.postgres_cluster import PostgresCluster
from ronda.v1 import check_service_pb2 as contract
from ronda.v1 import clearance_service_pb2 as clearance

SEED = 61_543
BUILDS = 100
_WORK = nations.WORK.parent / "answers-work" / "metamorphic"
_SHARE = 5  # of so many adults on file one is wanted
_BORN_BEFORE = 2004
_TWICE = 4  # of so many builds one is made anew with fillers, and in another order
_LISTED = 40
_ORDERED = {  # of two states of a field the one that must not make the one meant greener, and the other
    (Is.RIGHT, Is.LEFT_OUT), (Is.RIGHT, Is.SLIP), (Is.RIGHT, Is.OF_ANOTHER), (Is.LEFT_OUT, Is.OF_ANOTHER),
}  # fmt: skip
_COLOUR = {CLEAR: 0, INSUFFICIENT: 1, POSSIBLE: 1, HIT: 2}  # of the two between green and red neither is greener
_RESULTS = {CLEAR: {"NO_RECORD"}, POSSIBLE: {"REVIEW"}, HIT: {"WITH_RECORD", "REVIEW"}}

BARS = {
    "greener": Bar("a right field gained or a wrong one lost makes the one meant greener", 0, "changes"),
    "cliff": Bar("a right field lost leads from HIT to nothing, though the rest tells who is meant", 0, "changes"),
    "another": Bar("HIT on another by a warrant that is not all his", 0, "warrants"),
    "filler": Bar("levels that differ where a filler stands for nothing", 0, "persons"),
    "order": Bar("levels that differ where rows come in another order", 0, "persons"),
    "clearance": Bar("clearances that do not go with the check", 0, "persons"),
    "changes": Bar("changes of one field that were looked at", 10_000, "changes", at_most=False),
}


@dataclass
class _Found:
    """Broken relations by bar, a line each, without personal data; changes looked at."""

    broken: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    changes: int = 0
    wrong_on_another: int = 0  # warrants that have a field of another's, asked of him


Levels = list[tuple[int, int]]
"""The level at the person meant and at the rival, for each warrant: HIT or POSSIBLE as it stands there. Without the
warrant INSUFFICIENT if not CLEAR for another reason (a counted name), else CLEAR."""


def run(persons: int, builds: int = BUILDS) -> bool:
    """Measures, prints, writes; True when every bar is met."""
    shutil.rmtree(_WORK, ignore_errors=True)
    _WORK.mkdir(parents=True)
    nation = _WORK / "nation"
    words = ["--persons", str(persons), "--seed", str(SEED), "--damage", "0", "--out", str(nation)]
    _ronda("nation", *words)
    rng = random.Random(SEED)
    everybody = pq.read_table(nation / "truth" / "persons.parquet").to_pylist()
    staged = json.loads((nation / "truth" / "cases.json").read_text(encoding="utf-8"))["persons"].values()
    now = list(_first([one for one in everybody if one["cui"] not in set(staged)], rng))
    tells = _Telling(everybody)
    chains = [chain(each, random.Random(rng.random())) for each in now]
    found = _Found()
    with PostgresCluster(_WORK / "postgres") as cluster:
        load_postgres(nation, cluster.dsn)
        index = _Index(nation, cluster.dsn)
        before = _look(index.built([each.texts for each in now]), now, found)
        for number in track(range(1, builds), "builds", console=Console(stderr=True)):
            changed = [next(each) for each in chains]
            now = [each[0] for each in changed]
            levels = _look(index.built([each.texts for each in now]), now, found)
            for (statement, tag, was), old, new in zip(changed, before, levels, strict=True):
                _compare(statement, tag, was, old[0], new[0], tells, found, number)
            if number % _TWICE == 0:
                _twice(index, now, levels, rng, found)
            before = levels
    shutil.rmtree(_WORK, ignore_errors=True)
    return _report(found, persons)


def _ronda(*words: str) -> bytes:
    command = [sys.executable, "-m", "ronda.command", *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


class _Index:
    """Builds over one nation that differ only in the warrants; the last one exists."""

    def __init__(self, nation: Path, dsn: str) -> None:
        self._nation, self._data = nation, _WORK / "data"
        self._sources = ["--sources", str(nation / "registers")]
        self._sources += [word for each in POSTGRES_REGISTERS for word in ("--postgres", f"{each}={dsn}")]

    def built(self, stated: Sequence[Any]) -> Asker:
        """Returns the engine over a build with warrants that state these, in this order."""
        nations.write_orders(self._nation, stated)
        shutil.rmtree(self._data, ignore_errors=True)
        _ronda("index", "--data", str(self._data), *self._sources, "--json")
        current = (self._data / "CURRENT").read_text(encoding="utf-8").strip()
        generation = self._data / "generations" / current
        manifest = json.loads((generation / "MANIFEST.json").read_text(encoding="utf-8"))
        clock_ms = max(register["as_of_ms"] or 0 for register in manifest["registers"]) + 3_600_000
        return Asker(Engine(Generation.open(generation)), clock_ms)


def _first(everybody: list[Person], rng: random.Random) -> Iterator[Statement]:
    """A warrant on one adult in five; its rival is a relative, of a similar name or a stranger, and not wanted."""
    adults = [one for one in everybody if one["death_date"] is None and one["birth_date"].year < _BORN_BEFORE]
    rng.shuffle(adults)
    wanted, others = adults[: len(adults) // _SHARE], adults[len(adults) // _SHARE :]
    of = {one["cui"]: one for one in others}
    alike: dict[tuple[str, str], list[Person]] = defaultdict(list)
    for one in others:
        alike["surnames", f"{one['first_surname']} {one['second_surname']}"].append(one)
        alike["called", f"{one['first_given']} {one['first_surname']}"].append(one)
    for one in wanted:
        near = [of[cui] for cui in (one["father_cui"], one["mother_cui"]) if cui in of]
        near += alike["surnames", f"{one['first_surname']} {one['second_surname']}"][:3]
        near += alike["called", f"{one['first_given']} {one['first_surname']}"][:3]
        yield begun(one, rng.choice(near) if near and rng.random() < 0.7 else rng.choice(others), rng)


class _Telling:
    """Decides, by the truth, whether the right part of a statement belongs to one person alone."""

    def __init__(self, everybody: list[Person]) -> None:
        self._stated = [right(one) for one in everybody if one["death_date"] is None]
        self._by_surname: dict[str, list[dict[str, str]]] = defaultdict(list)
        for each in self._stated:
            self._by_surname[each["APELLIDO1"]].append(each)

    def one_alone(self, statement: Statement) -> bool:
        """True where a number is right, or name and birth date, or the whole name and both are one person's."""
        stated = {tag: text for tag, text in statement.texts.items() if statement.how[tag] is Is.RIGHT}
        if "CUI" in stated:
            return True
        if len(stated.keys() & set(NAMES)) < 3 and "NACIMIENTO" not in stated:
            return False
        among = self._by_surname[stated["APELLIDO1"]] if "APELLIDO1" in stated else self._stated
        return sum(all(one[tag] == text for tag, text in stated.items()) for one in among) == 1


def _look(asker: Asker, statements: Sequence[Statement], found: _Found) -> Levels:
    """The levels of each warrant, and what one build shows alone: who is HIT, and what a clearance says."""
    court = nations.order_court()
    levels: Levels = []
    whole: dict[str, int] = {}
    for number, each in enumerate(statements, 1):
        record = f"OC-{court}-2026-{number:06d}"
        meant, only_ours = _level(asker, each.meant["cui"], record)
        rival, _ = _level(asker, each.rival["cui"], record)
        levels.append((meant, rival))
        if only_ours is not None:
            whole[each.meant["cui"]] = only_ours
        if Is.OF_ANOTHER in each.how.values():
            found.wrong_on_another += 1
            if rival == HIT and not each.fits_rival():
                found.broken["another"].append(_told(each))
    for (cui, level), (result, _) in zip(whole.items(), asker.clear("cuis", list(whole)), strict=True):
        said = clearance.ClearanceResult.Name(result).removeprefix("CLEARANCE_RESULT_")
        if level in _RESULTS and said != "INVALID" and said not in _RESULTS[level]:
            found.broken["clearance"].append({"old": level, "new": said, "cui": cui})
    return levels


def _level(asker: Asker, cui: str, record: str) -> tuple[int, int | None]:
    """Returns a record's level at a person (Levels), and the person's own level if only warrants stand there."""
    answer = asker.whole(contract.CheckPersonRequest(cui=cui)).answer
    at = [hit.level for hit in answer.hits if hit.record.record_id == record]
    ours = all(hit.record.record_id.startswith("OC-") for hit in answer.hits)
    return max(at, default=CLEAR if answer.level == CLEAR else INSUFFICIENT), answer.level if ours else None


def _compare(now: Statement, tag: str, was: Is, old: int, new: int, tells: _Telling, found: _Found, build: int) -> None:
    """One field changed: what of both levels may not be."""
    found.changes += 1
    told = {**_told(now), "field": tag, "was": was.name, "old": old, "new": new, "build": build}
    how = now.how[tag]
    more, less = (new, old) if how > was else (old, new)
    if (max(how, was), min(how, was)) in _ORDERED and _COLOUR[more] < _COLOUR[less]:
        found.broken["greener"].append(told)
    if {how, was} == {Is.RIGHT, Is.LEFT_OUT} and more == HIT and less == CLEAR:
        left = now if how is Is.LEFT_OUT else now.with_field(tag, Is.LEFT_OUT, random.Random(0))
        if tells.one_alone(left):
            found.broken["cliff"].append(told)


def _twice(index: _Index, now: list[Statement], levels: Levels, rng: random.Random, found: _Found) -> None:
    """The same build with fillers for what is not stated, and with its rows the other way round."""
    filled = [{tag: text or rng.choice(FILLERS) for tag, text in each.texts.items()} for each in now]
    for statement, one, other in zip(now, levels, _look(index.built(filled), now, _Found()), strict=True):
        if one != other:
            found.broken["filler"].append({**_told(statement), "old": one, "new": other})
    turned = _look_turned(index, now)
    for statement, one, other in zip(now, levels, turned, strict=True):
        if one != other:
            found.broken["order"].append({**_told(statement), "old": one, "new": other})


def _look_turned(index: _Index, now: list[Statement]) -> Levels:
    turned = now[::-1]
    return _look(index.built([each.texts for each in turned]), turned, _Found())[::-1]


def _told(statement: Statement) -> dict[str, Any]:
    """Returns how each stated field relates to the person meant, and its text: these persons are invented."""
    persons = {"stated": statement.texts, "meant": right(statement.meant), "rival": right(statement.rival)}
    return {tag: statement.how[tag].name for tag in FIELDS if statement.texts[tag]} | persons


def _report(found: _Found, persons: int) -> bool:
    values = {name: float(len(found.broken[name])) for name in BARS}
    values["changes"] = float(found.changes)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    path = OUTPUT / f"answers-metamorphic-{persons}-broken.json"
    path.write_text(json.dumps(found.broken, indent=1, default=list) + "\n", encoding="utf-8")
    console = printing_console()
    console.print(f"{found.changes:,} changes; {found.wrong_on_another:,} warrants with another's field, asked of him")
    for name in ("greener", "cliff", "another", "filler", "order", "clearance"):
        if not found.broken[name]:
            continue
        table = Table("count", "what changed", title=f"{BARS[name].name}: kinds", title_justify="left")
        kinds = Counter(_kind(each) for each in found.broken[name])
        for kind, count in kinds.most_common(_LISTED):
            table.add_row(str(count), kind)
        console.print(table)
    rows = [bar.measured(values[name]) for name, bar in BARS.items()]
    write_report(f"answers-metamorphic-{persons}", rows, [])
    return all(row["met"] for row in rows)


def _kind(told: dict[str, Any]) -> str:
    stated = " ".join(f"{tag}={told[tag]}" for tag in FIELDS if told.get(tag) and told[tag] != "RIGHT")
    change = f"{told['field']} {told['was']} -> {told.get(told['field'], 'LEFT_OUT')}; " if "field" in told else ""
    return f"{change}{told.get('old', '')} -> {told.get('new', '')}; otherwise wrong: {stated}"
