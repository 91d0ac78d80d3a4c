"""Makes one block and has every register write its part: what a worker process does."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from bench.nation import (
    register_oj,
    register_renap,
    register_rvr,
    register_sat_taxpayers,
    register_sat_vehicles,
    truth,
)
from bench.nation.block import BlockPlan
from bench.nation.justice import make_justice
from bench.nation.vocabulary import Vocabulary
from bench.nation.world import make_world


@dataclass
class BlockResult:
    """Rows written and seconds spent, by register id; "people" is the making itself."""

    rows: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def write_block(plan: BlockPlan) -> BlockResult:
    """Writes the block's part of every file under `plan.folder`."""
    result = BlockResult()
    clock = time.monotonic()

    def wrote(name: str, rows: int) -> None:
        nonlocal clock
        result.rows[name] = result.rows.get(name, 0) + rows
        now = time.monotonic()
        result.seconds[name] = result.seconds.get(name, 0.0) + now - clock
        clock = now

    world = make_world(plan, Vocabulary())
    justice = make_justice(world)
    thefts = register_rvr.make_thefts(world, 0)
    wrote("people", world.people.count)
    wrote("renap", register_renap.write(world))
    wrote("sat", register_sat_taxpayers.write(world) + register_sat_vehicles.write(world))
    wrote("oj", register_oj.write(world, justice))
    wrote("rvr", register_rvr.write(world, thefts))
    wrote("truth", truth.write(world))
    return result
