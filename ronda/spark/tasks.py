"""The functions that Spark runs in an executor's Python, through mapInArrow: batches in, batches out."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from ronda.spark.columns import segment_rows
from ronda.spark.orders import CLOCK, Orders, Refused
from ronda.spark.seat import LOG, Seat, segment_bytes
from server.audit.writer import clock_ms
from server.host.core_dumps import forbid_core_dumps

CLOCK_S = 60  # that a machine's clock may be behind the driver's: results depend on the date


@lru_cache(maxsize=1)
def _seat(orders: Orders) -> Seat:
    """Spark keeps the process for the tasks that follow."""
    forbid_core_dumps()
    return Seat(orders)


def clear_part(orders: Orders, submitted_ms: int, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """A task: ASKED -> JUDGED, its audit segments behind the rows. Raises Refused; then no row leaves.

    submitted_ms: the driver's clock when the job was made.
    """
    batches = (batch for batch in batches if len(batch))
    first = next(batches, None)
    if first is None:
        return
    if (behind_ms := submitted_ms - clock_ms()) > CLOCK_S * 1000:
        raise Refused(CLOCK, str(behind_ms // 1000))
    with _seat(orders).at_work() as work:
        found = [work.check_batch(first)]
        found.extend(work.check_batch(batch) for batch in batches)
    # Read now: they are free, and another driver of this log that ends its pass collects and removes them.
    found.extend(segment_rows(work.segments()))
    yield from found


def collect_left(orders: Orders, joined: frozenset[str], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yields, as a task, the segments on this machine's disk that the driver has not joined, like those of a killed
    process.

    Joined ones are removed. One that is still written to is left.
    """
    for _ in batches:
        pass
    for path in sorted(Path(orders.spool).glob("logs/*/*.seg")):
        log = path.parent.name
        if not LOG.match(log) or not (descriptor := _unused(path)):
            continue
        try:
            if log in joined:
                path.unlink(missing_ok=True)
                if not any(path.parent.iterdir()):
                    shutil.rmtree(path.parent, ignore_errors=True)
            else:
                yield from segment_rows([segment_bytes(path)])
        except FileNotFoundError:  # another executor of this machine was faster
            continue
        finally:
            os.close(descriptor)


def _unused(path: Path) -> int:
    """A descriptor of a segment that nobody writes any more, locked; 0 = it is written, or gone."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return 0
    return descriptor
