"""A ledger of years: written at once, taken in by builds, archived; and what of it lies where."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bench.bars import Samples
from bench.foundation import say
from bench.live.feeding import REGISTER, SOURCE
from bench.live.night import write_ledger
from core.ledger.archive import segment_files
from core.ledger.frames import LOG, SNAPSHOT
from core.ledger.reader import FOLDER
from core.ledger.writer import LedgerWriter
from indexer.generations.publishing import GENERATIONS
from server.feed.archiving import Archiving
from server.feed.settings import FeedSource
from server.feed.snapshot import noted_place
from server.feed.taking import Taker

BUILDS = 2  # that take the changes in


def write_years(
    part: str,
    data: Path,
    whom: Sequence[str],
    changes: int,
    rebuild: Callable[[], dict[str, Any]],
    samples: list[Samples],
) -> Iterator[dict[str, Any]]:
    """Years of changes, with a build and an archiving after each of BUILDS parts of them; each build's summary."""
    for number in range(BUILDS):
        first, last = (changes * each // BUILDS for each in (number, number + 1))
        say(f"{last - first:,} changes are in the ledger, a build takes them in, and they are archived")
        write_ledger(data, SOURCE, whom, first, last)
        summary = rebuild()
        yield summary
        for generation in (data / GENERATIONS).iterdir():  # that a roll-back might go to, and so would keep them
            if generation.name not in (summary["generation_id"], _first(data)):
                shutil.rmtree(generation)
        with _aside(data):
            entries, seconds, read = archive(data, SOURCE)
        note = f"{entries:,} entries; {read:.1f} s to read what was not in a snapshot"
        samples.append(Samples(f"{part}: archived in", [seconds], "s", note=note))
    for name, size in ledger_bytes(data).items():
        samples.append(Samples(f"{part}: {name} after {changes:,} changes", [size / 1e6], "MB"))


def _first(data: Path) -> str:
    """The generation that the nation's directory keeps: it began before any change."""
    return (data.parent / "built").read_text(encoding="ascii")


@contextmanager
def _aside(data: Path) -> Iterator[None]:
    """Moves that generation away meanwhile: no roll-back goes to it."""
    generation, aside = data / GENERATIONS / _first(data), data.parent / "aside"
    generation.rename(aside)
    try:
        yield
    finally:
        aside.rename(generation)


def archive(data: Path, source: str) -> tuple[int, float, float]:
    """Archives what every kept generation took in, as the server's writer does once a minute.

    Returns the entries that were archived, the seconds that it took, and those that reading the ledger did before.
    """
    began = time.monotonic()
    sources = {source: FeedSource(institution="oj", registers=(REGISTER,), silent_s=3600)}
    folder = data / FOLDER
    with closing(LedgerWriter(folder, noted_place(folder))) as ledger:
        taker = Taker(ledger, sources, hold_s=0.5, future_s=60, snapshots=folder)
        read = time.monotonic()
        done = asyncio.run(Archiving(data, ledger, taker).once())
    return done.entries if done is not None else 0, time.monotonic() - read, read - began


def ledger_bytes(data: Path) -> dict[str, int]:
    """Bytes on disk: of the log, of its archive, and of what is kept of each number."""
    folder = data / FOLDER
    archived = sum(path.stat().st_size for path in segment_files(folder))
    snapshot = folder / SNAPSHOT
    return {
        "log": (folder / LOG).stat().st_size,
        "archive": archived,
        "snapshot": snapshot.stat().st_size if snapshot.exists() else 0,
    }
