"""`./run bench-live [--only PART]`: a fed change's way into every worker's answers, and its cost for callers.

A server with two workers, `ronda live` beside it, a court that feeds by FeedService.Push to `feed_listen`, and callers:
all on one machine, so they share its cores. Rows:
- acknowledged -> visible at 200 changes a second under half of the server's load;
- the rate of answers with that feed and without;
- changes taken a second when the writer was away;
- the cost of 50,000 subjects in deltas for a check, in the engine alone;
- a cancellation's way to officers who had looked, with LOOK_UPS in the audit log (4 GB).

The nation is built once, and kept in build/bench for the next run. It is built once more with the 50,000 fed warrants
in the court's extract: the same answers from a base show the cost of levels.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc

from bench.bars import Bar, Samples, write_report
from bench.check_load import run_checks
from bench.foundation import Report, build_nation, index_nation, say
from bench.live import recalling, restarting
from bench.live.feeding import A_FULL_MESSAGE, SOURCE, Court, Pace, warrant
from bench.live.folded import fold
from bench.live.night import measure, write_ledger, writers
from bench.live.running import Running, until
from bench.live.watching import Watch, free_of_alerts
from bench.live.years import write_years
from bench.sampling import draw
from core.access.grant import Grant
from core.engine.entry import Engine, Method
from core.generation.manifest import MANIFEST
from core.generation.store import Generation
from core.generation.view_file import LIVE, read_view
from indexer.generations.publishing import CURRENT, GENERATIONS, current_generation
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext
from ronda.v1.feed_service_pb2 import FeedChange
from server.calls.live_levels import LiveLevels
from server.feed.seen_ledger import SEEN

PERSONS = 1_000_000
WORK = Path(__file__).parents[2] / "build" / "bench" / "live-work"
A_SECOND = 200
CLIENTS = 2
SATURATED_S = 8.0
VISIBLE_S = 25.0
MARKS_A_SECOND = 4
OVERRIDDEN = 50_000
CAUGHT_UP_S = 90.0  # that is measured, whatever is left then
_ALL_CAUGHT_UP_S = 300.0
RUNS = 10
LOOK_UPS = 20_000_000
RECALLED = 20
A_NIGHTS_SECOND = 10
NIGHT = 200_000  # changes since the base that serves was built
FED = 20_000  # changes since the build, at a restart
YEAR = 365 * 20_000  # changes before them; a part of its own
NIGHTS_PERSONS = 200_000  # of a nation of their own: it is built again while somebody asks
_NEVER_S = 3600.0
_INDEXED_S = 900.0

BARS = {
    "p50": Bar("acknowledged -> visible on every worker, p50, 200 changes/s", 300, "ms"),
    "p99": Bar("acknowledged -> visible on every worker, p99, 200 changes/s", 1_000, "ms"),
    "unseen": Bar("changes acknowledged and not seen", 0, "changes"),
    "catching_up": Bar("changes a second, catching up", 2_000, "1/s", at_most=False),
    "saturated": Bar("saturated rate with the feed / without", 0.9, "x", at_most=False),
    "tail": Bar("p99 of a check at half load, with the feed / without", 1.5, "x"),
    "dearer": Bar("50,000 overridden subjects: what they add to a check, CPU", 0.5, "us"),
    "recall": Bar("cancelled -> at the officer's stream, slowest of 20", 2_000, "ms"),
    "recall_lost": Bar("recalls that did not come", 0, "recalls"),
    "night_grey": Bar("a rebuild over 200,000 changes: GRIS", 0, "s"),
    "night_memory": Bar("a rebuild over 200,000 changes: memory of a writer", 300, "MB"),
    "year_grey": Bar("the same after a year of 20,000 changes a day: GRIS", 0, "s"),
    "year_memory": Bar("the same after a year of 20,000 changes a day: memory of a writer", 300, "MB"),
    "restart_grey": Bar("a restart of `ronda live`, nothing fed: GRIS", 5, "s"),
    "restart_fed_grey": Bar("the same with 20,000 changes since the build: GRIS", 15, "s"),
    "memory": Bar("50,000 overridden subjects: memory of a process that has them open", 100, "MiB"),
}


# The bars of each part; "overridden" needs what "catching" leaves, so they are one.
PARTS = {
    "recall": ("recall", "recall_lost"),
    "saturated": ("saturated",),
    "visible": ("p50", "p99", "unseen", "tail"),
    "overridden": ("catching_up", "dearer", "memory"),
    "restart": ("restart_grey", "restart_fed_grey"),
    "night": ("night_grey", "night_memory"),
    "year": ("year_grey", "year_memory"),
}


def run(persons: int = PERSONS, look_ups: int = LOOK_UPS, only: str = "", year: int = YEAR) -> bool:
    """Measures, prints, writes; True when every bar is met.

    look_ups: in the audit log, when recall is measured. only: in the names of the PARTS that are wanted.
    year: changes before those of the night, in the part of that name.
    """
    parts = {name: bars for name, bars in PARTS.items() if (only in name if only else name != "year")}
    report = Report()
    rows: list[dict[str, Any]] = []
    try:
        if "restart" in parts:
            _measure_restarts(report)
        for part in sorted({"night", "year"} & parts.keys()):
            _measure_night(part, year if part == "year" else 0, report)
        if parts.keys() - {"night", "year", "restart"}:
            _measure_of_one_base(persons, look_ups, parts.keys(), report)
    finally:  # a part that fails takes nothing from those before it
        rows = [BARS[name].measured(report.values.get(name)) for bars in parts.values() for name in bars]
        write_report("-".join(["live", *parts] if only else ["live"]), rows, report.samples)
    return bool(rows) and all(row["met"] for row in rows)


def _measure_of_one_base(persons: int, look_ups: int, parts: Collection[str], report: Report) -> None:
    say(f"nation and build, {persons:,} persons")
    data, generation_id, folded = _built(persons)
    directory = data / "generations" / generation_id
    cuis = _whom(directory, persons)
    if "recall" in parts:
        _measure_recall(data, directory, cuis, look_ups, report)
        _as_built(data)
    if {"saturated", "visible"}.intersection(parts):
        with _fed(data, generation_id) as (running, court):
            if "saturated" in parts:
                _measure_rates(running, court, cuis, report)
            if "visible" in parts:
                _measure_visible(running, court, cuis, report)
        _as_built(data)  # what they fed would be said of those whom the next part asks about
    if "overridden" in parts:
        with _fed(data, generation_id) as (running, court):
            _measure_catching_up(running, court, cuis, report)
            _let_be_fresh(court, data / LIVE / generation_id)
            _measure_overridden(directory, folded, data, cuis, report)
        _as_built(data)


@contextmanager
def _fed(data: Path, generation_id: str) -> Iterator[tuple[Running, Court]]:
    """A running server, and who feeds it."""
    running = Running.start(data, generation_id)
    try:
        court = Court(running.feed)
        yield running, court
        court.close()
    finally:
        running.stop()


def _built(persons: int) -> tuple[Path, str, Path]:
    """The data directory and the generation, made where no run before this one made them; the one that has the fed
    warrants in the extract.
    """
    work = WORK.with_name(f"{WORK.name}-{persons}")
    note = work / "built.json"
    known = json.loads(note.read_text(encoding="ascii")) if note.exists() else {}
    if "folded" not in known:
        note.unlink(missing_ok=True)
        build = build_nation(persons, work, "--live")
        known["generation"] = build.summary["generation_id"]
        whom = _whom(work / "data" / "generations" / known["generation"], persons)
        known["folded"] = fold(work / "nation", work, whom[:OVERRIDDEN])
        for spent in ("nation", "folded/staging", "data/staging"):
            shutil.rmtree(work / spent, ignore_errors=True)
        note.write_text(json.dumps(known), encoding="ascii")
    data = work / "data"
    _as_built(data)
    return data, str(known["generation"]), work / "folded" / "generations" / known["folded"]


def _whom(directory: Path, persons: int) -> list[str]:
    """Returns the persons for warrants and questions."""
    return _of_one(directory, draw(directory, min(persons // 2, 2 * OVERRIDDEN), seed=5)[0])


def _of_one(directory: Path, drawn: Sequence[str]) -> list[str]:
    """Each once, of those that one person alone bears: a check of another is answered with candidates."""
    engine, now_ms = Engine(Generation.open(directory)), int(time.time() * 1000)
    found = []
    for cui in dict.fromkeys(drawn):
        request = contract.CheckPersonRequest(cui=cui).SerializeToString()
        answer = engine.answer(Method.CHECK_PERSON, request, Grant.everything(), now_ms)
        claims = contract.CheckPersonResponse.FromString(answer).person.identity_claims
        if claims and claims[0].cui == cui:
            found.append(cui)
    return found


def _as_built(data: Path) -> None:
    """Removes what a run leaves; how far the ledger was seen too, or the next run's would be one that was put back."""
    for name in ("ledger", "live", "recall", "audit", "audit-keys"):
        shutil.rmtree(data / name, ignore_errors=True)
    (data / SEEN).unlink(missing_ok=True)


def _measure_recall(data: Path, directory: Path, cuis: Sequence[str], look_ups: int, report: Report) -> None:
    say(f"recall: {look_ups:,} look-ups are logged, {RECALLED} warrants issued and cancelled")
    recalling.log_looks(data, directory, look_ups)
    running = Running.start(data, directory.name, RONDA_RECALL_DAYS="30")
    try:
        if not until(lambda: recalling.indexed(data), _INDEXED_S):
            raise RuntimeError(f"the look-ups have no index after {_INDEXED_S:.0f} s")
        court = Court(running.feed)
        whom = recalling.adults(running.server.target, cuis, RECALLED)
        seconds, lost = recalling.measure(running.server.target, court, whom)
        court.close()
    finally:
        running.stop()
    found = Samples("cancelled -> at the officer's stream", [1000 * each for each in seconds], "ms")
    found.calls = [1e6 * each for each in seconds]
    found.note = f"{len(seconds)} cancellations, {look_ups:,} look-ups logged"
    report.samples.append(found)
    report.values["recall"] = 1000 * max(seconds, default=_NEVER_S)
    report.values["recall_lost"] = lost


def _measure_rates(running: Running, court: Court, cuis: Sequence[str], report: Report) -> None:
    say("saturated rate without the feed, and with it")
    asked = list(cuis[:20_000])
    run_checks(running.server.target, asked, 2.0, CLIENTS)  # what is asked first is read from the disk
    rates: dict[str, list[float]] = {"without": [], "with": []}
    for _ in range(4):
        for name, found in rates.items():
            feeding = _paced(court, cuis) if name == "with" else None
            result = run_checks(running.server.target, asked, SATURATED_S / 2, CLIENTS)
            if feeding is not None:
                feeding.end()
            if result.failures:
                raise RuntimeError(f"checks failed: {sorted(set(result.failures))}")
            found.append(len(result.calls) / (SATURATED_S / 2))
    for name, found in rates.items():
        report.samples.append(Samples(f"saturated, {name} the feed", found, "1/s"))
    report.values["saturated"] = statistics.median(rates["with"]) / statistics.median(rates["without"])


def _paced(court: Court, cuis: Sequence[str]) -> Pace:
    pace = Pace(court, cuis, A_SECOND, f"P{court.sequence}")
    pace.start()
    return pace


def _measure_visible(running: Running, court: Court, cuis: Sequence[str], report: Report) -> None:
    say(f"{A_SECOND} changes a second, a client at half of what the server does")
    target = running.server.target
    marks = free_of_alerts(target, cuis[::-1], int(VISIBLE_S * MARKS_A_SECOND))
    watch = Watch(target)
    waiting = iter(marks)
    next_mark, marked = 0.0, ""
    feeding = Pace(court, cuis[: len(cuis) // 2], A_SECOND, f"V{court.sequence}")

    def between() -> FeedChange | None:
        nonlocal next_mark, marked
        if time.monotonic() < next_mark or not (cui := next(waiting, "")):
            return None
        next_mark, marked = time.monotonic() + 1 / MARKS_A_SECOND, cui
        return warrant(f"M-{cui}", cui)

    feeding.between = between
    feeding.acknowledged = lambda at: watch.await_hit(marked, at)
    quiet = run_checks(target, list(cuis[:20_000]), 5.0, 1)
    feeding.start()
    busy = run_checks(target, list(cuis[:20_000]), VISIBLE_S, 1)
    fed = feeding.end()
    unseen = watch.end()
    seconds = Samples("acknowledged -> visible", [1000 * each for each in watch.seconds], "ms")
    seconds.calls = [1e6 * each for each in watch.seconds]
    seconds.note = f"{len(watch.seconds)} warrants, {fed:,.0f} changes/s"
    report.samples.append(seconds)
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        report.values[name] = (seconds.percentile(share) or 0.0) / 1000
    report.values["unseen"] = len(unseen)
    tails = []
    for name, result in (("without", quiet), ("with", busy)):
        latencies = [latency for _, latency in result.calls]
        tails.append(Samples(f"check at half load, {name} the feed", [statistics.median(latencies)], calls=latencies))
    report.samples += tails
    report.values["tail"] = (tails[1].percentile(0.99) or 0.0) / (tails[0].percentile(0.99) or 1.0)


def _measure_catching_up(running: Running, court: Court, cuis: Sequence[str], report: Report) -> None:
    say(f"the writer is held while {OVERRIDDEN:,} changes are fed, and let go")
    until(lambda: running.sequence >= court.sequence)
    [follows] = writers(running.writer.pid)
    follows.send_signal(signal.SIGSTOP)
    before = running.sequence
    for start in range(0, OVERRIDDEN, A_FULL_MESSAGE):
        court.send([warrant(f"C-{cui}", cui) for cui in cuis[start : start + A_FULL_MESSAGE]])
    follows.send_signal(signal.SIGCONT)
    began = time.monotonic()
    whole = until(lambda: running.sequence >= before + min(OVERRIDDEN, len(cuis)), CAUGHT_UP_S)
    seconds = time.monotonic() - began
    rate = (running.sequence - before) / seconds
    note = "" if whole else f"not at the end after {CAUGHT_UP_S:.0f} s"
    report.samples.append(Samples("catching up", [rate], "1/s", note=note))
    report.values["catching_up"] = rate
    if not until(lambda: running.sequence >= before + min(OVERRIDDEN, len(cuis)), _ALL_CAUGHT_UP_S):
        raise RuntimeError("what levels cost cannot be measured: the deltas do not have all that was fed")


def _nights_work() -> Path:
    """The directory of the nation that is built again, as it was built first."""
    work = WORK.with_name(f"{WORK.name}-nights-{NIGHTS_PERSONS}")
    note, data = work / "built", work / "data"
    first = note.read_text(encoding="ascii") if note.exists() else ""
    if not first or not (data / GENERATIONS / first).is_dir():  # later runs built over it
        shutil.rmtree(work, ignore_errors=True)
        first = build_nation(NIGHTS_PERSONS, work, "--live").summary["generation_id"]
        note.write_text(first, encoding="ascii")
    # Later builds took in changes of a ledger that is gone: over them no other ledger's changes are published.
    (data / CURRENT).write_text(first, encoding="ascii")
    for generation in (data / GENERATIONS).iterdir():
        if generation.name != first:
            shutil.rmtree(generation)
    _as_built(data)
    return work


def _measure_restarts(report: Report) -> None:
    data = _nights_work() / "data"
    whom = _whom(data / "generations" / str(current_generation(data)), NIGHTS_PERSONS)
    for name, fed in (("restart_grey", 0), ("restart_fed_grey", FED)):
        say(f"`ronda live` is restarted {restarting.RESTARTS} times with {fed:,} changes since the build")
        _as_built(data)
        if fed:
            write_ledger(data, SOURCE, whom[:-1], 0, fed)
        running = Running.start(data, str(current_generation(data)))
        try:
            court = _court(running, fed)
            court.beat()
            if not until(lambda: running.sequence >= fed, 10 * CAUGHT_UP_S):  # noqa: B023 - called in this turn alone
                raise RuntimeError("the changes are not laid over the base")
            found = restarting.measure(running.server.target, court, whom[-1], running.restart_writer)
            court.close()
        finally:
            running.stop()
        note = f"at the ledger's end after {statistics.median(found.away):.1f} s, {max(found.away):.1f} at most"
        report.samples.append(Samples(f"restart, {fed:,} changes: GRIS", found.grey, "s", note=note))
        report.values[name] = max(found.grey)


def _measure_night(part: str, before: int, report: Report) -> None:
    """before: changes that the build before the night's took in."""
    work = _nights_work()
    nation, data = work / "nation", work / "data"

    def rebuild() -> dict[str, Any]:
        return index_nation(nation, data, work / "postgres", "--live")

    whom = _whom(data / "generations" / str(current_generation(data)), NIGHTS_PERSONS)
    asked, whom = whom[-1], whom[:-1]
    if before:
        for summary in write_years(part, data, whom, before, rebuild, report.samples):
            _tell_build(f"{part}: a build takes changes in", summary, report)
    say(f"{NIGHT:,} changes since, and the next base is built while somebody asks")
    write_ledger(data, SOURCE, whom, before, before + NIGHT)
    began = time.monotonic()
    running = Running.start(data, str(current_generation(data)), seen_s=0.0)
    try:
        court = _court(running, before + NIGHT)
        report.samples.append(Samples(f"{part}: the server takes changes after", [time.monotonic() - began], "s"))
        court.beat()  # STALE until its source speaks: a ledger that no server wrote may be an older copy
        feeding = Pace(court, whom[: len(whom) // 2], A_NIGHTS_SECOND, "A")
        feeding.start()  # a source that sends nothing is silent after a minute
        if not until(lambda: running.sequence >= before + NIGHT, 10 * CAUGHT_UP_S):
            raise RuntimeError("the night's changes are not laid over the base that serves")
        note = f"{NIGHT:,} changes since the build"
        at_the_end = time.monotonic() - began
        report.samples.append(Samples(f"{part}: `ronda live` at the ledger's end after", [at_the_end], "s", note=note))
        night = measure(data, running.server.target, running.writer.pid, asked, rebuild)
        feeding.end()
        court.close()
    finally:
        running.stop()
    _tell_build(f"{part}: the night's build", night.summary, report)
    note = f"{night.most_of_both / 1e6:.0f} MB both, {night.left / 1e6:.0f} MB after it; {night.looks:,} looks"
    report.samples.append(Samples(f"{part}: the new base at the ledger's end", [night.caught_up_s], "s", note=note))
    report.values[f"{part}_grey"] = night.grey_s
    report.values[f"{part}_memory"] = night.most_of_one / 1e6


def _court(running: Running, sequence: int) -> Court:
    """Returns a court that may feed. The ledger was written without a server, so its first start reads all of it."""
    found: list[Court] = []

    def opened() -> bool:
        with suppress(grpc.RpcError):
            found.append(Court(running.feed, sequence))
        return bool(found)

    if not until(opened, 10 * CAUGHT_UP_S):
        raise RuntimeError("nobody takes changes over")
    return found[0]


def _tell_build(name: str, summary: dict[str, Any], report: Report) -> None:
    folding = next(stage["seconds"] for stage in summary["stages"] if stage["name"] == "fold")
    note = f"{folding:.0f} s of it taking in {summary['folded']['changes']:,} changes; "
    note += f"{summary['peak_memory_bytes'] / 1e6:,.0f} MB"
    report.samples.append(Samples(name, [summary["seconds"]], "s", note=note))


def _let_be_fresh(court: Court, home: Path) -> None:
    """While the writer was held its source said nothing, and its register is STALE until it does."""
    court.beat()
    if not until(lambda: not any(register.stale for register in read_view(home).registers.values()), CAUGHT_UP_S):
        raise RuntimeError("what was fed is still STALE")


def _measure_overridden(directory: Path, folded: Path, data: Path, cuis: Sequence[str], report: Report) -> None:
    """Measures, in this process, by CPU: the same answers from a base and from the view over one.

    Persons in the deltas are compared with the base with their warrants in it; others too. Run it while the server
    runs: once it ends, fed registers are STALE, and an answer is longer.
    """
    base = Generation.open(directory)
    plain = Engine(base)
    before = _anonymous_mib()
    view = LiveLevels(base, data).look()
    if view is None:
        raise RuntimeError("there is no view")
    over = Engine(view)
    clock_ms = int(time.time() * 1000)  # of both: a minute later the source that fed is silent, and its register STALE
    subjects = _overridden(data / LIVE / directory.name)
    built_with = Engine(Generation.open(folded))
    note = f"{subjects:,} subjects"
    touched = _dearer("of the deltas", cuis[:OVERRIDDEN], built_with, over, note, clock_ms, report)
    others = _dearer("of the base", cuis[OVERRIDDEN:], plain, over, "", clock_ms, report)
    report.values["dearer"] = max(touched, others)
    report.values["memory"] = _anonymous_mib() - before + _mapped_mib(data / LIVE / directory.name)


def _dearer(
    whose: str, cuis: Sequence[str], base: Engine, view: Engine, note: str, clock_ms: int, report: Report
) -> float:
    """Microseconds of CPU a check: the median of what the view takes more than the base, run by run."""
    context = RequestContext(purpose=PURPOSE_TRAFFIC_STOP)
    asked = [contract.CheckPersonRequest(context=context, cui=cui).SerializeToString() for cui in cuis]
    for request in asked[::50]:
        answers = [engine.answer(Method.CHECK_PERSON, request, Grant.everything(), clock_ms) for engine in (base, view)]
        plain, over = map(_said, answers)
        if plain != over:
            raise RuntimeError(f"base and view answer differently {whose}: levels {plain[0]} and {over[0]}")
    costs: dict[Engine, list[float]] = {base: [], view: []}
    for number in range(RUNS + 1):
        for engine, found in costs.items():
            began = time.process_time()
            engine.answer_many(Method.CHECK_PERSON, asked, Grant.everything(), clock_ms)
            if number:  # the first reads files
                found.append((time.process_time() - began) * 1e6 / len(asked))
    report.samples.append(Samples(f"engine CheckPerson {whose}, base", costs[base]))
    report.samples.append(Samples(f"engine CheckPerson {whose}, view", costs[view], note=note))
    return statistics.median(over - under for under, over in zip(costs[base], costs[view], strict=True))


def _said(answer: bytes) -> tuple[int, int, contract.CheckPersonResponse]:
    """Returns the part of an answer that two bases of the same registers share: without subject ids and freshness of
    fed registers."""
    said = contract.CheckPersonResponse.FromString(answer)
    closed = len(said.person.closed_alerts)
    said.person.ClearField("closed_alerts")
    said.person.ClearField("subject_id")
    return int(said.answer.level), closed, contract.CheckPersonResponse(person=said.person)


def _overridden(home: Path) -> int:
    manifests = [json.loads((home / each / MANIFEST).read_text(encoding="utf-8")) for each in read_view(home).deltas]
    return sum(manifest["persons"] + manifest["vehicles"] for manifest in manifests)


def _anonymous_mib() -> float:
    """Memory of this process alone: what it maps of files is the page cache's, and `_mapped_mib` counts the deltas'."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    [line] = [line for line in lines if line.startswith("Anonymous:")]
    return int(line.split()[1]) / 1024


def _mapped_mib(home: Path) -> float:
    """Returns the deltas' share of the page cache, once a machine."""
    sizes = [file.stat().st_size for each in read_view(home).deltas for file in os.scandir(home / each)]
    return sum(sizes) / 2**20
