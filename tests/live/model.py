"""`./run live-model [--histories N] [--seed N]`: plays random histories and compares each view with a rebuild.

A history: odd rows, orders with two sides, numbers that several records share, cancellations, restarts of the writer
that take the ledger in other pieces, new bases, roll-backs. Exit status 1: an answer differs; its seed is printed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.progress import track

from tests.indexer.small_registers import SmallRegisters
from tests.live.histories import history

_SHOWN = 2000  # characters of the first difference of a history


def main() -> int:
    parser = argparse.ArgumentParser(description="Random histories of live changes against rebuilds.")
    parser.add_argument("--histories", type=int, default=300, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="of the first one")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.histories)
    bases: dict[str, SmallRegisters] = {}
    differing = []
    with tempfile.TemporaryDirectory() as directory:
        for seed in track(seeds, description="histories"):
            if found := history(seed, Path(directory), bases):
                differing.append(seed)
                sys.stdout.write(f"seed {seed}: {len(found)} answers differ\n{found[0][:_SHOWN]}\n")
    told = f"{len(seeds)} histories, seeds {seeds.start} to {seeds.stop - 1}: {len(differing)} differ"
    sys.stdout.write(f"{told} {differing or ''}\n")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
