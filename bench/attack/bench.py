"""`./run bench-attack [--minutes 30] [--workers 2]`: honest load while one attack after the other runs.

A server in production mode over a small nation. Four honest clients ask at a steady rate, one connects anew for each
question, and every attack of bench.attack.phases runs in turn, round after round, until the minutes are over. Bars: no
honest client loses a call, hardly one has to be tried again, and the server's memory is flat. At the end come walks
through the register by lists, and guessing agencies, beside honest days and files (walking.py).
"""

from __future__ import annotations

import json
import math
import shutil
import statistics
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from bench.attack.honest import FAILED, OK, WRONG, Calls, HonestClient, HonestProcess
from bench.attack.phases import MIB, PHASES, Ground
from bench.attack.server import AttackedServer, Sample
from bench.attack.walking import OFFICERS, samples_of, walk
from bench.bars import Bar, Samples, write_report
from bench.foundation import build_nation
from ronda.demo.stopping import stop_on_signals
from server.processes.settings import ServerSettings

MINUTES = 5.0
PERSONS = 10_000
WORKERS = 2
WORK = Path(__file__).parents[2] / "build" / "bench" / "attack-work"

_CLIENTS, _RATE = 4, 40.0  # processes, calls a second of each: what leaves the attackers most of two cores
_NEWCOMERS_RATE = 2.0
_WARM_UP_S, _QUIET_S = 20.0, 60.0
_HELD_MIB = ServerSettings.model_fields["max_worker_mib"].default
_RSS_OVER_S = 10.0  # the last of warm-up and quiet: their median is compared
_ROUND_S = 200.0  # a round takes no longer: more rounds rather than longer attacks
_SETTLE_S = 2.0  # after each attack, counted as its own
_HALVES_GIB = 4.0  # to be sent in the 30 minutes; in fewer, as much less
_HALVES_MINUTES = 30.0
_TOLD = 20  # lines of what went wrong
# Of truth/cases.json: what a patrol sees of whom.
_LEVELS = {
    "LEVEL_CLEAR": ("clean", "twin_clean", "homonym_clean"),
    "LEVEL_POSSIBLE": ("wanted_by_several_1", "wanted_by_several_2"),
    "LEVEL_HIT": ("wanted", "wanted_by_name", "homonym_wanted", "twin_wanted", "deceased_wanted"),
}


def bars(minutes: float) -> dict[str, Bar]:
    """The bars of a run that long."""
    gib = _HALVES_GIB * min(1.0, minutes / _HALVES_MINUTES)
    return {
        "again": Bar("honest calls tried again, of 100,000", 1, "calls"),
        "failed": Bar("honest calls failed", 0, "calls"),
        "wrong": Bar("honest calls answered wrongly", 0, "calls"),
        "connect": Bar("connect and answer while connections are held, slowest", 1, "s"),
        "deaths": Bar("worker and supervisor deaths", 0, "deaths"),
        "growth": Bar("resident memory after a quiet minute beyond that before, a worker", 32, "MiB"),
        "supervisor": Bar("the same, supervisor", 8, "MiB"),
        "memory": Bar("memory of a worker's own while it is attacked, at most", _HELD_MIB, "MiB"),
        "halves": Bar("unfinished messages sent without a token", round(gib, 2), "GiB", at_most=False),
        "manifests": Bar("broken manifests that were not refused by name", 0, "generations"),
        "unrecorded": Bar("answers without an audit record", 0, "answers"),
        "walked": Bar("one patrol, every way together: different persons seen in a day", 300, "persons"),
        "honest_days": Bar(f"honest day of {OFFICERS} officers: look-ups refused for persons shown", 0, "look-ups"),
        "guesses": Bar("agency with 15 % guesses in a dense range: rows answered", 1500, "rows"),
        "million": Bar("honest million with 10 % unknown: rows refused", 0, "rows"),
        "damaged": Bar("audit records that do not verify, builds that broke", 0, "problems"),
    }


@dataclass
class Span:
    """The time of one attack of a round (monotonic seconds), and its effects."""

    name: str
    begun: float
    ended: float
    note: str
    replaced: int


@dataclass
class Soak:
    """The results of a run."""

    spans: list[Span] = field(default_factory=list)
    steady: Calls = field(default_factory=Calls)
    newcomers: Calls = field(default_factory=Calls)
    deaths: int = 0
    unrecorded: int = 0
    problems: list[str] = field(default_factory=list)


def _say(text: str) -> None:
    Console(stderr=True).print(f"[bold]==> {text}", highlight=False)


def _known(truth: Path) -> list[tuple[str, str]]:
    cast = json.loads((truth / "cases.json").read_text(encoding="utf-8"))["persons"]
    return [(cast[name], level) for level, names in _LEVELS.items() for name in names]


def _begin_honest(server: AttackedServer, persons: list[tuple[str, str]], work: Path) -> list[HonestProcess]:
    """The steady clients, each with two devices, so that both workers have some; the newcomer is the last."""
    found = []
    for number in range(_CLIENTS + 1):
        fresh = number == _CLIENTS
        identities = [str(server.identity(10 * number + device)) for device in range(2)]
        client = HonestClient(
            target=server.address,
            identities=identities,
            persons=persons,
            rate=_NEWCOMERS_RATE if fresh else _RATE,
            fresh=fresh,
            seed=number,
            result=str(work / f"honest-{number}.json"),
        )
        found.append(HonestProcess(client))
    return found


def soak(seconds: float, workers: int, data: Path, nation: Path, work: Path, attacks: list[str]) -> tuple[Soak, Ground]:
    """Runs it; `seconds` with warm-up and the quiet minute, at least one round of `attacks`."""
    server = AttackedServer(data, work, workers)
    found = Soak()
    honest: list[HonestProcess] = []
    try:
        ground = Ground(server, nation, work, server.attacker(900))
        honest = _begin_honest(server, _known(nation / "truth"), work)
        quiet = min(_QUIET_S, seconds / 4)
        _quietly(found, server, "before", min(_WARM_UP_S, seconds / 4))
        attacked = max(0.0, seconds - quiet - min(_WARM_UP_S, seconds / 4))
        rounds = max(1, round(attacked / _ROUND_S))
        for number in range(rounds):
            for name in attacks:
                _say(f"round {number + 1} of {rounds}: {name}")
                begun, replaced = time.monotonic(), len(server.events("worker_grew"))
                note = PHASES[name](ground, max(1.0, attacked / rounds / len(attacks) - _SETTLE_S))
                time.sleep(_SETTLE_S)
                replaced = len(server.events("worker_grew")) - replaced
                found.spans.append(Span(name, begun, time.monotonic(), note, replaced))
        _quietly(found, server, "after", quiet)
        for process in honest[:-1]:
            found.steady.add(process.end())
        found.newcomers = honest[-1].end()
        found.deaths = len(server.events("worker_died")) + _restarts(server)
    finally:
        for process in honest:
            process.kill()
        status = server.end(work)
    found.deaths += status != 0
    answer_ids = {uuid.UUID(each).bytes for each in found.steady.answer_ids + found.newcomers.answer_ids}
    found.unrecorded, problems = server.audited(work, answer_ids)
    found.problems = [*ground.problems, *map(str, problems)]
    return found, ground


def _quietly(found: Soak, server: AttackedServer, name: str, seconds: float) -> None:
    _say(f"nothing, {seconds:.0f} s")
    begun, replaced = time.monotonic(), len(server.events("worker_grew"))
    time.sleep(seconds)
    replaced = len(server.events("worker_grew")) - replaced
    found.spans.append(Span(name, begun, time.monotonic(), "no attack", replaced))


def _restarts(server: AttackedServer) -> int:
    """As the supervisor counts them: log lines are lost on a full disk."""
    (line,) = (line for line in server.metrics().splitlines() if line.startswith("ronda_worker_restarts"))
    return int(float(line.split()[-1]))


@dataclass
class Counts:
    """Counts of calls: number, results, and latencies in microseconds."""

    calls: int
    again: int
    failed: int
    wrong: int
    latencies: list[float]

    @property
    def worst_ms(self) -> float:
        """The slowest; 0 without calls."""
        return max(self.latencies, default=0.0) / 1000


def counted(calls: Calls, begun: float = 0.0, ended: float = math.inf) -> Counts:
    """Those that were due in [begun, ended). Tried again are those that were answered then."""
    places = [place for place, due in enumerate(calls.due) if begun <= due < ended]
    outcomes = [calls.outcomes[place] for place in places]
    again = sum(calls.attempts[place] > 1 and calls.outcomes[place] == OK for place in places)
    latencies = [calls.latency_us[place] for place in places]
    return Counts(len(places), again, outcomes.count(FAILED), outcomes.count(WRONG), latencies)


def _samples_of(found: Soak, seen: list[Sample]) -> list[Samples]:
    """A scenario for each attack: the worst latency of each round, and what else there was."""
    shown = []
    for name in dict.fromkeys(span.name for span in found.spans):
        spans = [span for span in found.spans if span.name == name]
        steady = [counted(found.steady, span.begun, span.ended) for span in spans]
        fresh = [counted(found.newcomers, span.begun, span.ended) for span in spans]
        both = steady + fresh
        held = [sample for span in spans for sample in seen if span.begun <= sample.at < span.ended]
        note = (
            f"{sum(each.calls for each in both):,} calls, {sum(each.again for each in both)} again, "
            f"{sum(each.failed for each in both)} failed, {sum(each.wrong for each in both)} wrong; "
            f"connect {max(each.worst_ms for each in fresh):,.0f} ms; "
            f"worker to {max((s.rss for s in held), default=0) >> 20} MiB, "
            f"{max((s.private for s in held), default=0) >> 20} its own, "
            f"supervisor {max((s.supervisor for s in held), default=0) >> 20}; "
            f"{max((s.descriptors for s in held), default=0)} files; "
            f"{sum(span.replaced for span in spans)} replaced; last: {spans[-1].note}"
        )
        latencies = [latency for each in steady for latency in each.latencies]
        shown.append(Samples(name, [each.worst_ms for each in steady], "ms worst", calls=latencies, note=note))
    return shown


def _resting(seen: list[Sample], span: Span) -> tuple[float, float]:
    """(Worker, supervisor): median bytes in the span's last seconds."""
    last = [sample for sample in seen if span.ended - _RSS_OVER_S <= sample.at < span.ended]
    return statistics.median(s.rss for s in last), statistics.median(s.supervisor for s in last)


def values_of(found: Soak, ground: Ground) -> dict[str, float]:
    """The bars' values."""
    both = [counted(found.steady), counted(found.newcomers)]
    held = [span for span in found.spans if span.name == "A1 descriptors"]
    connects = [counted(found.newcomers, span.begun, span.ended - _SETTLE_S).worst_ms for span in held]
    seen = ground.server.samples
    before, after = _resting(seen, found.spans[0]), _resting(seen, found.spans[-1])
    values = {
        "again": sum(each.again for each in both) / max(1, sum(each.calls for each in both)) * 100_000,
        "failed": sum(each.failed for each in both),
        "wrong": sum(each.wrong for each in both),
        "deaths": found.deaths,
        "growth": (after[0] - before[0]) / MIB,
        "supervisor": (after[1] - before[1]) / MIB,
        "halves": ground.bytes_of_halves / 2**30,
        "manifests": ground.manifests - ground.refused,
        "unrecorded": found.unrecorded,
        "damaged": len(found.problems),
    }
    attacks = found.spans[1:-1]
    held_bytes = [each.private for each in seen if any(span.begun <= each.at < span.ended for span in attacks)]
    if held_bytes:
        values["memory"] = max(held_bytes) / MIB
    if connects:
        values["connect"] = max(connects) / 1000
    return values


def run(minutes: float = MINUTES, workers: int = WORKERS, persons: int = PERSONS) -> bool:
    """Measures, prints, writes; True when every bar is met. A signal ends it and what it started."""
    stop_on_signals()
    shutil.rmtree(WORK, ignore_errors=True)
    _say(f"nation and build, {persons:,} persons")
    build = build_nation(persons, WORK / "nation")
    found, ground = soak(minutes * 60, workers, build.data, WORK / "nation" / "nation", WORK, list(PHASES))
    _say("walks, honest days, agencies")
    served = (build.data / "CURRENT").read_text(encoding="utf-8").strip()
    walked = walk(build.data / "generations" / served, WORK / "walking")
    values = values_of(found, ground) | {
        "walked": walked.seen,
        "honest_days": walked.honest_refused,
        "guesses": walked.guessed_rows,
        "million": walked.million_refused,
    }
    shutil.rmtree(WORK)
    for line in (*(found.steady.told + found.newcomers.told)[:_TOLD], *found.problems[:_TOLD]):
        _say(line)
    rows = [bar.measured(values.get(name)) for name, bar in bars(minutes).items()]
    scenarios = _samples_of(found, ground.server.samples) + samples_of(walked)
    write_report("attack", rows, scenarios)
    return all(row["met"] for row in rows)
