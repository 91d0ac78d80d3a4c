"""`./run bench-numbers [--facts N]`: bars of docs/numbers.md: build, tables of a board, the room, control limits."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.bars import Bar, Samples, write_report
from bench.numbers import limits, room
from bench.numbers.board import tables
from bench.numbers.published import LAST_DAY, publish
from core.mart.layout import DISCLOSURE_KEY, FOLDER, MART
from indexer.build.memory import MemoryWatch
from indexer.mart.building import MartOptions, build_mart
from indexer.mart.offence_maps import place_names
from server.statistics.mart import OpenMart
from server.statistics.question import read_question
from server.statistics.table import answer

FACTS = 5_000_000
_FULL = 50_000_000
_ROUNDS = 15
_TODAY = LAST_DAY + timedelta(1)
_MEMORY_MIB, _ASKED_MIB, _THREADS = 1024, 512, 2  # of the build's database, of the one that is asked, of both

BUILD = Bar("build of 50 M facts", 300, "s")
MEMORY = Bar("memory of that build", 2048, "MiB")
TABLE = Bar("slowest p95 of 20 board tables at 50 M facts", 300, "ms")
_SERIES = 250  # of each mean, in the simulation of control limits


class _Teller:
    """Says how far it is: seconds, load of the machine, what its files take."""

    def __init__(self, root: Path) -> None:
        self._root, self._began = root, time.perf_counter()

    def __call__(self, what: str) -> None:
        held = sum(path.stat().st_size for path in self._root.rglob("*") if path.is_file())
        seconds = time.perf_counter() - self._began
        print(f"{seconds:5.0f} s  load {os.getloadavg()[0]:.1f}  {held / 2**30:4.1f} GiB  {what}", flush=True)


def run(facts: int = FACTS, threads: int = 0) -> bool:
    """Measures; returns whether every bar that was measured is met. Those of 50 M facts are measured from there on."""
    threads = threads or _THREADS
    with tempfile.TemporaryDirectory(prefix="ronda-numbers-") as name:
        root = Path(name)
        tell = _Teller(root)
        tell(f"{facts:,} facts, {threads} threads, database {_MEMORY_MIB} MiB, spills below {root}")
        publish(root, facts, sorted(place_names()[0]))
        options = MartOptions(
            root / "data", root / "files", root / "manifests", memory_mib=_MEMORY_MIB, threads=threads, tell=tell
        )
        started = time.perf_counter()
        with MemoryWatch() as watch:
            mart = build_mart(options).mart
        built = time.perf_counter() - started
        source = mart.sources[0]
        if source.rows != facts // 10 * 10 or any(each.rule for each in source.deliveries):
            raise RuntimeError(f"the mart holds {source.rows} of {facts} facts")
        peak = watch.peak_bytes / 2**20
        tell(f"built in {built:.0f} s, {peak:,.0f} MiB")
        shutil.rmtree(root / "files")
        shutil.rmtree(root / "data" / FOLDER / "staging")
        samples = _ask(root, mart.id, threads)
        tell("tables asked; now the room")
        shown, more = room.measure(root / "data", (mart.id, _again(root, mart.id)), root)
        tell("the room was shown; now control limits")
    limit_rows, limit_samples = _limits()
    slowest = max(sample.percentile(0.95) or 0.0 for sample in samples) / 1000
    build = Samples(f"build of {facts:,} facts", [built], "s", note=f"{facts / built:,.0f} facts/s, {peak:,.0f} MiB")
    measured = dict(zip((BUILD, MEMORY, TABLE), (built, peak, slowest), strict=True))
    full = facts >= _FULL
    rows = [bar.measured(value if full else None) for bar, value in measured.items()]
    if not full:  # what this size shows, held against its share of the time
        at = f"{facts:,} facts"
        rows += [
            Bar(f"build of {at}", BUILD.goal * facts / _FULL, "s").measured(built),
            Bar(f"memory of the build of {at}", MEMORY.goal, "MiB").measured(peak),
            Bar(f"slowest p95 of 20 board tables at {at}", TABLE.goal, "ms").measured(slowest),
        ]
    rows += [bar.measured(shown[bar.name]) for bar in (room.CHANGE, room.HELD, room.PAINT)]
    rows += limit_rows
    write_report("numbers", rows, [build, *samples, *more, *limit_samples])
    return all(row["met"] for row in rows if row["value"] is not None)


def _again(root: Path, mart_id: str) -> str:
    """The same mart under another id, as if it had been built again."""
    other = f"{mart_id[:-1]}{'0' if mart_id[-1] != '0' else '1'}"
    shutil.copytree(root / "data" / FOLDER / mart_id, root / "data" / FOLDER / other, copy_function=os.link)
    path = root / "data" / FOLDER / other / MART
    text = path.read_text(encoding="utf-8").replace(mart_id, other)
    path.unlink()  # the other's too, else
    path.write_text(text, encoding="utf-8")
    return other


def _limits() -> tuple[list[dict[str, Any]], list[Samples]]:
    """Returns the figures of the control limits."""
    false, first, within = limits.simulate(_SERIES)
    samples = [
        Samples(f"false signals a tile and week, mean {mean}", [share * 100], "%") for mean, share in false.items()
    ]
    samples.append(Samples("a doubling at mean 8 found in its first week", [first * 100], "%"))
    return [
        limits.FALSE_SIGNALS.measured(max(false.values()) * 100),
        limits.POWER.measured(within * 100),
    ], samples


def _ask(root: Path, mart_id: str, threads: int) -> list[Samples]:
    """Each table several times, by turns; the first round, which reads files anew, is counted too."""
    key = (root / "data" / FOLDER / DISCLOSURE_KEY).read_bytes()
    opened = OpenMart(root / "data" / FOLDER / mart_id, key, _ASKED_MIB, threads)
    found = {name: Samples(name, unit="ms") for name in tables()}
    for _ in range(_ROUNDS):
        for name, request in tables().items():
            started = time.perf_counter()
            question = read_question(request, opened, _TODAY)
            cells = sum(len(message.cells) for message in answer(question, opened, _TODAY, False, request.change))
            spent = time.perf_counter() - started
            found[name].calls.append(spent * 1e6)
            found[name].note = f"{cells} cells"
    opened.close()
    for sample in found.values():
        sample.runs = [statistics.median(sample.calls) / 1000]
    return list(found.values())
