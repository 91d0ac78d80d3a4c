"""`./run bench-cost`: the cost of the engine and of a build now, against an older commit, on the same nation.

The older tree is unpacked from git and compiled beside this one, with the same Python and packages. Engine:
instructions an answer, counted by callgrind. This is repeatable under other load; the difference of a long and a short
run excludes the start. Build: user and system time of whole builds, in interleaved pairs, because a build has threads
and a database inside that callgrind cannot run in reasonable time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.bars import OUTPUT, Bar, Samples, printing_console, write_report
from bench.cost_questions import clock_of
from bench.engine_bench import check_person, check_vehicle
from bench.foundation import POSTGRES_REGISTERS
from bench.sampling import draw
from core.engine.entry import Engine, Grant, Method
from core.generation.store import Generation
from nation.loading import load_postgres
from ronda.demo.postgres_cluster import PostgresCluster
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.clearance_service_pb2 import CLEARANCE_STANDARD_WANTED, ClearRequest
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext

AGAINST = "176c777"  # the last commit before the rooms
PERSONS = 100_000
PAIRS = 10
_QUESTIONS = 2_000
_SHORT, _LONG = 1, 4  # times that each question is answered
_BATCH = 100
_WORK = OUTPUT / "cost-work"
_ROOT = Path(__file__).parent.parent

BY_CUI, BY_NAME, BY_PLATE = "CHECK_PERSON by CUI", "CHECK_PERSON by name and birth date", "CHECK_VEHICLE by plate"
SEARCH, CLEAR = "SEARCH_PERSONS by name", "CLEAR by CUI"
BARS = {
    BY_CUI: Bar("engine: CheckPerson by CUI, instructions", 1.03, "x"),
    BY_NAME: Bar("engine: CheckPerson by name and birth date, instructions", 1.03, "x"),
    BY_PLATE: Bar("engine: CheckVehicle by plate, instructions", 1.03, "x"),
    SEARCH: Bar("engine: SearchPersons by name, instructions", 1.03, "x"),
    CLEAR: Bar("engine: Clear by CUI, a batch of 100, instructions", 1.03, "x"),
    "build": Bar(f"build: CPU time, median of {PAIRS} pairs", 1.05, "x"),
}


def run(persons: int = PERSONS, against: str = AGAINST, pairs: int = PAIRS) -> bool:
    """Measures, prints, writes; True when each cost is within its bar. Raises CalledProcessError where a step fails."""
    shutil.rmtree(_WORK, ignore_errors=True)
    _WORK.mkdir(parents=True)
    trees = {"before": _older_tree(against), "now": _ROOT}
    nation = _WORK / "nation"
    _ronda(_ROOT, "nation", "--persons", str(persons), "--out", str(nation))
    seconds: dict[str, list[float]] = {name: [] for name in trees}
    with PostgresCluster() as cluster:
        load_postgres(nation, cluster.dsn)
        dsns = [word for register in POSTGRES_REGISTERS for word in ("--postgres", f"{register}={cluster.dsn}")]
        for pair in range(pairs + 1):  # the first is the warm-up: files in memory
            for name in sorted(trees, reverse=bool(pair % 2)):
                data = _WORK / name
                shutil.rmtree(data, ignore_errors=True)
                before = os.times()
                _ronda(trees[name], "index", "--data", str(data), "--sources", str(nation / "registers"), *dsns)
                after = os.times()
                if pair:
                    seconds[name].append(
                        after.children_user + after.children_system - before.children_user - before.children_system
                    )
            _say(f"builds: pair {pair} of {pairs}")
    samples = [Samples(f"build: {name}", runs, "s CPU") for name, runs in seconds.items()]
    ratios = [now / before for now, before in zip(seconds["now"], seconds["before"], strict=True)]
    values = {"build": statistics.median(ratios)}
    samples.append(Samples("build: now / before, each pair", ratios, "x"))
    for kind in write_questions(_generation("now"), _WORK / "questions.json"):
        counted = {name: _instructions(tree, _generation(name), kind) for name, tree in trees.items()}
        values[kind] = counted["now"][0] / counted["before"][0]
        for name, (instructions, size) in counted.items():
            samples.append(Samples(f"{kind}: {name}", [instructions], "instr", note=f"{size:,.0f} bytes an answer"))
    rows = [bar.measured(values[name]) for name, bar in BARS.items()]
    write_report("cost", rows, samples)
    return all(row["met"] for row in rows)


def _older_tree(commit: str) -> Path:
    tree = _WORK / "tree"
    tree.mkdir()
    packed = subprocess.run(["git", "-C", str(_ROOT), "archive", commit], check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "x", "-C", str(tree)], input=packed, check=True)
    subprocess.run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], cwd=tree, check=True)
    _say(f"{commit} compiled")
    return tree


def _ronda(tree: Path, *words: str) -> None:
    """A command of that tree, which stands in front of ours on Python's path."""
    command = [sys.executable, "-P", "-m", "ronda.command", *words]
    with (_WORK / "commands.log").open("a", encoding="utf-8") as log:
        subprocess.run(command, check=True, cwd=tree, env=_environment(tree), stdout=log, stderr=log)


def _environment(tree: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(tree), "PYTHONHASHSEED": "0"}


def _generation(name: str) -> Path:
    data = _WORK / name
    return data / "generations" / (data / "CURRENT").read_text(encoding="utf-8").strip()


def write_questions(generation: Path, written_to: Path, count: int = _QUESTIONS) -> list[str]:
    """Writes `count` questions a kind for bench/cost_questions.py; returns the kinds.

    Raises AssertionError unless this tree's engine answers each with the person or the vehicle that was asked for.
    """
    context = RequestContext(purpose=PURPOSE_TRAFFIC_STOP)
    cuis, plates = draw(generation, count, seed=1)
    engine, clock_ms = Engine(Generation.open(generation)), clock_of(generation)
    questions: dict[str, list[bytes]] = {kind: [] for kind in (BY_CUI, BY_NAME, BY_PLATE, SEARCH, CLEAR)}
    for cui in cuis:
        request = contract.CheckPersonRequest(context=context, cui=cui).SerializeToString()
        answer = engine.answer(Method.CHECK_PERSON, request, Grant.everything(), clock_ms)
        check_person(request, answer)
        questions[BY_CUI].append(request)
        named = _by_name(contract.CheckPersonResponse.FromString(answer), context)
        if named is not None:
            questions[BY_NAME].append(named.SerializeToString())
            words = " ".join(value for field, value in named.name.ListFields() if field.name != "full")
            search = contract.SearchPersonsRequest(context=context, names=words, page_size=10)
            if words and len(questions[SEARCH]) < count // 10:  # some twenty times as dear
                questions[SEARCH].append(search.SerializeToString())
    for start in range(0, len(cuis), _BATCH):
        batch = ClearRequest(context=context, standard=CLEARANCE_STANDARD_WANTED, cuis=cuis[start : start + _BATCH])
        batch.row_ids.extend(range(len(batch.cuis)))
        questions[CLEAR].append(batch.SerializeToString())
    for plate in plates:
        request = contract.CheckVehicleRequest(context=context, plate=plate).SerializeToString()
        check_vehicle(request, engine.answer(Method.CHECK_VEHICLE, request, Grant.everything(), clock_ms))
        questions[BY_PLATE].append(request)
    written = {kind: [request.hex() for request in requests] for kind, requests in questions.items()}
    written_to.write_text(json.dumps(written), encoding="utf-8")
    return list(questions)


def _by_name(response: Any, context: RequestContext) -> contract.CheckPersonRequest | None:
    """The question by the name and birth date of a register's claim; None where the claim has no full date."""
    for claim in response.person.identity_claims:
        if claim.HasField("birth_date") and claim.birth_date.day and claim.HasField("name"):
            return contract.CheckPersonRequest(context=context, name=claim.name, birth_date=claim.birth_date)
    return None


def _instructions(tree: Path, generation: Path, kind: str) -> tuple[float, float]:
    """(instructions, bytes) an answer of this kind."""
    asked = len(json.loads((_WORK / "questions.json").read_text(encoding="utf-8"))[kind])
    totals, size = [], 0
    for times in (_SHORT, _LONG):
        script = str(_ROOT / "bench" / "cost_questions.py")
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, "-P", script]
        words = [str(generation), str(_WORK / "questions.json"), kind, str(times)]
        done = subprocess.run(
            [*command, *words], check=True, cwd=tree, env=_environment(tree), capture_output=True, text=True
        )
        found = re.search(r"Collected : (\d+)", done.stderr)
        if found is None:
            raise RuntimeError("callgrind counted nothing")
        totals.append(int(found[1]))
        size = int(done.stdout)
    _say(f"{kind} counted")
    return (totals[1] - totals[0]) / (_LONG - _SHORT) / asked, size / asked


def _say(text: str) -> None:
    printing_console().print(f"[dim]{text}[/dim]", highlight=False)
