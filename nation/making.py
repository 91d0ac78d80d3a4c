"""Makes a nation: its blocks in several processes, then each register's file from the blocks' parts."""

from __future__ import annotations

import datetime
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from nation import days
from nation.block import BlockPlan, plan
from nation.gathering import Gathering
from nation.limits import check_persons, today_in_guatemala
from nation.loading import load_postgres
from nation.sidecars import write_cuts, write_mark, write_schemas
from nation.summary import NationSummary
from nation.writing import BlockResult, write_block

DAMAGED = 0.02

Progress = Callable[[str, int, int | None], None]  # (what is being done, units done, units in all)


def make_nation(
    persons: int,
    seed: int,
    as_of: datetime.date | None,
    out: Path,
    postgres_dsn: str | None = None,
    on_progress: Progress | None = None,
    damage: float = DAMAGED,
) -> NationSummary:
    """Writes `out`/registers/<id>/... and `out`/truth/...; loads the PostgreSQL registers when a DSN is given.

    `persons`: 1,000 to 21,700,000; `as_of` None = today in Guatemala. The same persons, seed, as_of and damage give the
    same bytes. `damage`: damaged rows beside each alert row (docs/damage.md). `on_progress(stage, done, total)` hears
    persons made and rows loaded. Older registers/ and truth/ in `out` are replaced. Raises ValueError for persons out
    of range, and for an `out` with registers/ or truth/ that are no nation's.
    """
    check_persons(persons)
    _refuse_strangers(out)
    day = as_of or today_in_guatemala()
    started = time.monotonic()
    tell = on_progress or (lambda _stage, _done, _total: None)
    for folder in ("registers", "truth", ".parts"):
        shutil.rmtree(out / folder, ignore_errors=True)
    parts = out / ".parts"
    parts.mkdir(parents=True)
    blocks = plan(persons, seed, days.number(day), parts, damage)
    summary = NationSummary(persons=persons, seed=seed, as_of=day, out=out)
    gathering = Gathering(out)
    try:
        done = 0
        for block, result in _in_order(blocks):
            summary.add(result.rows, result.seconds)
            gathering.add(block.folder)
            shutil.rmtree(block.folder)
            done += block.persons
            tell("nation", done, persons)
    finally:
        gathering.close()
        shutil.rmtree(parts, ignore_errors=True)
    write_schemas(out)
    write_cuts(out, day)
    write_mark(out)
    summary.seconds["made"] = round(time.monotonic() - started, 2)
    if postgres_dsn:
        loading = time.monotonic()
        load_postgres(out, postgres_dsn, tell)
        summary.seconds["loaded"] = round(time.monotonic() - loading, 2)
    summary.measure()
    return summary


def _refuse_strangers(out: Path) -> None:
    """Refuses a directory that no nation wrote: a finished one has its cases, an interrupted one its parts."""
    ours = (out / "truth" / "cases.json").exists() or (out / ".parts").exists()
    if not ours and any((out / name).exists() for name in ("registers", "truth")):
        raise ValueError("out: holds registers/ or truth/ that no nation wrote; choose another directory")


def _in_order(blocks: list[BlockPlan]) -> Iterator[tuple[BlockPlan, BlockResult]]:
    """Results in block order; a few blocks are under way at once, so disk and memory stay bounded."""
    workers = min(os.cpu_count() or 1, len(blocks))
    if workers == 1:
        for block in blocks:
            yield block, write_block(block)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: list[tuple[BlockPlan, Future[BlockResult]]] = []
        for block in blocks:
            waiting.append((block, pool.submit(write_block, block)))
            if len(waiting) > workers + 1:
                first, future = waiting.pop(0)
                yield first, future.result()
        for first, future in waiting:
            yield first, future.result()
