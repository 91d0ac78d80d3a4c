"""A block: up to 50,000 persons with all their events, made and written without looking at any other block.

Families, owners and accused live in one block, so that blocks may be made in any order, by any number of processes, in
bounded memory, and always come out the same.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nation import identifiers

BLOCK_PERSONS = 50_000
VEHICLES_PER_PERSON = 0.3


@dataclass(frozen=True)
class BlockPlan:
    """The inputs of a process that makes a block. Picklable."""

    seed: int
    index: int
    first_person: int  # serial number of the block's first person
    persons: int
    today: int  # day number of the as-of date
    last: bool
    folder: Path  # where the block's part of each file goes
    damage: float  # damaged rows beside each alert row

    @property
    def first(self) -> bool:
        """True for the block that holds the cast and writes the heads of files."""
        return self.index == 0

    @property
    def first_vehicle(self) -> int:
        """Serial number of the block's first vehicle."""
        return self.index * int(BLOCK_PERSONS * VEHICLES_PER_PERSON * 1.1)

    def serial(self, number: int) -> int:
        """A number, unique in the nation, for the block's record `number` (below 1,000,000) of some kind."""
        return self.index * 1_000_000 + number

    def random(self, stream: str) -> np.random.Generator:
        """The block's random numbers for one purpose: a stream never shifts because another drew more."""
        return np.random.default_rng([self.seed, self.index, zlib.crc32(stream.encode())])

    @property
    def cui_candidates(self) -> tuple[int, int]:
        """First serial and count of the CUI numbers that this block may use."""
        count = int(BLOCK_PERSONS * identifiers.CUI_CANDIDATES)
        return self.index * count, count


def plan(persons: int, seed: int, today: int, folder: Path, damage: float) -> list[BlockPlan]:
    """The blocks of a nation, of nearly equal size."""
    count = -(-persons // BLOCK_PERSONS)
    edges = [persons * i // count for i in range(count + 1)]
    return [
        BlockPlan(seed, i, edges[i], edges[i + 1] - edges[i], today, i == count - 1, folder / f"{i:05d}", damage)
        for i in range(count)
    ]
