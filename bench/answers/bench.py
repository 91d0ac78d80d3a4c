"""`./run bench-answers`: makes and indexes a nation, asks it everything, prints the bars, lists what went wrong."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import grpc
from rich.table import Table

from bench.answers import agreement, innocents, victims, wanted
from bench.answers.asking import Asker, level_of, ways
from bench.answers.bars import BARS, Figures, all_met, values
from bench.answers.truth import Truth
from bench.bars import OUTPUT, printing_console, write_report
from bench.names import nations
from bench.server_process import ServerProcess
from core.engine.entry import Engine
from core.generation.store import Generation
from ronda.v1.check_service_pb2_grpc import CheckServiceStub

PERSONS = 1_000_000
SEED = 3101
_WITHOUT_ALERT, _VEHICLES = 200_000, 100_000
_SMALL_DAMAGE = 0.3  # where a nation is too small for two in a hundred to hold each kind
_WORK = nations.WORK.parent / "answers-work"
_WAYS_SAMPLE = 3_000  # of each: wanted, and not
_GRPC = 400
_LISTED = 60  # lines of a list on the terminal


def run(persons: int = PERSONS, damage: float | None = None) -> bool:
    """Measures, prints, writes; True when every bar is met. damage: None = 0.02, in a small nation more."""
    started = time.monotonic()
    if damage is None:
        damage = 0.02 if persons >= PERSONS else _SMALL_DAMAGE
    nation = nations.prepare("answers", persons, SEED, damage=damage, work=_WORK)
    truth = Truth.load(nation.directory / "nation")
    manifest = json.loads((nation.generation / "MANIFEST.json").read_text(encoding="utf-8"))
    clock_ms = max(register["as_of_ms"] or 0 for register in manifest["registers"]) + 3_600_000
    asker = Asker(Engine(Generation.open(nation.generation)), clock_ms)
    figures: Figures = {"persons": persons, "damage": damage}
    _say(started, f"{len(truth.alerts):,} alert rows of {persons:,} persons")
    figures["wanted"] = vars(wanted.judge(truth, asker))
    _say(started, "alert rows asked")
    figures["innocents"] = vars(innocents.look(truth, asker, _WITHOUT_ALERT, _VEHICLES, SEED))
    _say(started, f"{asker.asked:,} questions asked; persons and vehicles without an alert done")
    figures["addresses"] = vars(victims.look(truth, asker))
    compared = agreement.compare(truth, asker, _some(truth))
    agreement.compare_vehicles(truth, asker, _some_vehicles(truth), compared)
    figures["ways"] = vars(compared)
    _say(started, "ways compared")
    figures["grpc"] = _through_grpc(nation, truth, asker)
    figures |= {"questions": asker.asked, "refused": dict(asker.refused), "minutes": (time.monotonic() - started) / 60}
    return _report(figures)


def _some(truth: Truth) -> list[str]:
    """Returns CUIs of persons with an alert in force, and of as many others."""
    chosen = random.Random(SEED)
    meant = sorted({row.means[4:] for row in truth.alerts if row.in_force and row.means.startswith("CUI ")})
    others = sorted(set(truth.persons) - set(meant))
    return chosen.sample(meant, min(_WAYS_SAMPLE, len(meant))) + chosen.sample(others, min(_WAYS_SAMPLE, len(others)))


def _some_vehicles(truth: Truth) -> list[str]:
    """VINs of vehicles that an alert in force means, and of as many others."""
    chosen = random.Random(SEED)
    meant = sorted({row.means[4:] for row in truth.alerts if row.in_force and row.means.startswith("VIN ")})
    others = sorted({vehicle["vin"] for vehicle in truth.vehicles} - set(meant))
    return chosen.sample(meant, min(_WAYS_SAMPLE, len(meant))) + chosen.sample(others, min(_WAYS_SAMPLE, len(others)))


def _through_grpc(nation: nations.Nation, truth: Truth, asker: Asker) -> dict[str, Any]:
    """The same questions through a real server: levels, hits and candidates must be those of the engine here."""
    chosen = random.Random(SEED + 1)
    cuis = chosen.sample(_some(truth), min(_GRPC, len(truth.persons)))
    server = ServerProcess.start(nation.data, 1, _WORK / "server.log")
    different, asked = 0, 0
    try:
        server.wait_ready()
        with grpc.insecure_channel(server.target) as channel:
            stub = CheckServiceStub(channel)  # type: ignore[no-untyped-call]
            for cui in cuis:
                for request in ways(truth.persons[cui]).values():
                    content = asker.bytes(request)
                    if not content:
                        continue
                    asked += 1
                    theirs = stub.CheckPerson(request, timeout=10)
                    ours = asker.whole(request)
                    # Registers grow late between the two clocks: hits and who fits, not the level of what is not fresh.
                    same = theirs.candidates_total == ours.candidates_total and [
                        (hit.level, hit.record.record_id) for hit in theirs.answer.hits
                    ] == [(hit.level, hit.record.record_id) for hit in ours.answer.hits]
                    different += not (same and theirs.answer.level == level_of(content))
    finally:
        server.stop()
    return {"asked": asked, "different": different}


def _say(started: float, text: str) -> None:
    printing_console().print(f"[dim]{(time.monotonic() - started) / 60:5.1f} min[/dim]  {text}", highlight=False)


def _report(figures: Figures) -> bool:
    found = values(figures)
    rows = [bar.measured(found[name]) for name, bar in BARS.items()]
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "answers-figures.json").write_text(json.dumps(figures, indent=1, default=list) + "\n", encoding="utf-8")
    for text in lists(figures):
        printing_console().print(text, highlight=False, markup=False)
    _print_damage(figures)
    write_report("answers", rows, [])
    return all_met(figures, rows)


def _print_damage(figures: Figures) -> None:
    table = Table(title="Rows in force by damage: level by the first way", title_justify="left")
    for heading in ("damage", "HIT", "POSSIBLE", "INCOMPLETE", "INSUFFICIENT", "CLEAR"):
        table.add_column(heading)
    for damage, levels in sorted(figures["wanted"]["by_damage"].items()):
        table.add_row(damage, *(str(levels.get(name) or "") for name in [str(c.header) for c in table.columns[1:]]))
    printing_console().print(table)


def lists(figures: Figures) -> list[str]:
    """Returns the failures and the counted rows, a line each; a row by its register and record id."""
    seen, found = figures["wanted"], figures["innocents"]
    lines = [
        f"{seen['all_rows']:,} alert rows, {seen['rows']:,} in force of somebody on file; "
        f"{seen['nobody']:,} mean nobody; "
        f"{figures['questions']:,} questions, refused: {figures['refused']}"
    ]
    for title, rows in (("shown CLEAR", seen["clear"]), ("below POSSIBLE", seen["below"])):
        for hopeless in (False, True):
            chosen = [row for row in rows if bool(row["why_not"]) == hopeless]
            if not chosen:
                continue
            lines.append(f"-- {title}, {'not recognisable' if hopeless else 'RECOGNISABLE'}: {len(chosen)}")
            kinds = Counter(row["why_not"] if hopeless else " ".join(row["damage"]) or "no damage" for row in chosen)
            lines += [f"   {count:5} {kind}" for kind, count in kinds.most_common()]
            lines += [_line(row) for row in chosen[: 0 if hopeless else _LISTED]]
    lines.append(f"-- not CLEAR, though the row stands behind no hit, by damage: {dict(seen['unnamed'])}")
    lines.append(f"-- innocents HIT by rows that mean nobody on file: {len(found['hits_of_nobody'])}")
    lines.append(f"-- innocents HIT otherwise: {len(found['hits'])}")
    lines += [
        f"   {row['register']} {row['record']} by {row['way']}: {row['damage']}" for row in found["hits"][:_LISTED]
    ]
    lines.append(f"-- without an alert shown POSSIBLE: {found['possible']}")
    lines += [f"   {count:5} {reason}" for reason, count in Counter(found["reasons"]).most_common(25)]
    lines.append(f"-- by the name alone: {dict(found['by_name_alone'])}")
    addresses = figures["addresses"]
    lines.append(f"-- protected with a vehicle and an address: {addresses['protected']}; shown: {addresses['by_way']}")
    lines += [f"   {row['record']} by {row['way']}: {row['damage']}" for row in addresses["shown"][:_LISTED]]
    compared = figures["ways"]
    lines.append(f"-- ways of {compared['subjects']:,} persons, pairs: {dict(compared['pairs'])}; differences by rule:")
    lines += [f"   {count:5} {rule}" for rule, count in Counter(compared["by_rule"]).most_common()]
    kinds = Counter(f"{row['way']}: {row['by CUI']} by CUI, {row['so']} so" for row in compared["unexplained"])
    lines.append(f"-- explained by no rule: {len(compared['unexplained'])}")
    lines += [f"   {count:5} {kind}" for kind, count in kinds.most_common()]
    lines += [f"   {row['way']}: first hit {row.get('first hit')}" for row in compared["unexplained"][:20]]
    lines.append(f"-- through gRPC: {figures['grpc']}")
    return lines


def _line(row: dict[str, Any]) -> str:
    levels = ", ".join(f"{way} {level}" for way, level in row["levels"].items())
    damage = " ".join(row["damage"]) or "-"
    return f"   {row['register']} {row['record']} {row['kind']} [{damage}] shows {' '.join(row['shows'])}: {levels}"


def write_failures(path: Path) -> None:
    """Writes the last run's lists as a text file, for repairing the failures."""
    figures = json.loads((OUTPUT / "answers-figures.json").read_text(encoding="utf-8"))
    path.write_text("\n".join(lists(figures)) + "\n", encoding="utf-8")
