"""`python -m bench.clear_pairs GENERATION OTHER`: a row of Clear by CUI in the engine, over two in turns.

Both of the same nation: the file's layout, or where its pages lie, is what differs. Twelve pairs of 200,000 rows; the
medians of each and of the pairs' ratio, which other work on the machine disturbs least.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from bench.foundation import say
from bench.sampling import draw
from core.access.grant import Grant
from core.engine.entry import Clearance, Engine
from core.generation.store import Generation
from ronda.v1.clearance_service_pb2 import CLEARANCE_STANDARD_WANTED, ClearRequest
from ronda.v1.context_pb2 import PURPOSE_CLEARANCE

ROWS, BATCH, PAIRS = 200_000, 1_000, 12


def _us_a_row(clearance: Clearance, batches: list[bytes], clock_ms: int) -> float:
    began = time.process_time()
    for batch in batches:
        clearance.answer(batch, clock_ms)
    return 1e6 * (time.process_time() - began) / ROWS


def main(paths: list[str]) -> int:
    """Prints the figures."""
    generations = [Generation.open(Path(path)) for path in paths]
    cuis, _ = draw(Path(paths[0]), ROWS, seed=6)
    batches = [
        ClearRequest(row_ids=range(at, at + BATCH), cuis=cuis[at : at + BATCH]).SerializeToString()
        for at in range(0, ROWS, BATCH)
    ]
    opening = ClearRequest(standard=CLEARANCE_STANDARD_WANTED)
    opening.context.purpose = PURPOSE_CLEARANCE
    clock_ms = int(time.time() * 1000)
    asked = [
        Engine(generation).clearance(opening.SerializeToString(), Grant.everything(), clock_ms)
        for generation in generations
    ]
    for clearance in asked:
        _us_a_row(clearance, batches, clock_ms)
    pairs = [tuple(_us_a_row(clearance, batches, clock_ms) for clearance in asked) for _ in range(PAIRS)]
    for path, values in zip(paths, zip(*pairs, strict=True), strict=True):
        say(f"{statistics.median(values):.3f} us a row, least {min(values):.3f}: {path}")
    say(f"first / second: {statistics.median(one / other for one, other in pairs):.3f}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
