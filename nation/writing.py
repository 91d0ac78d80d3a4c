"""Makes one block and has every register write its part: what a worker process does."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from nation import (
    cast_events,
    cast_people,
    damage,
    register_digecam,
    register_migracion,
    register_mp,
    register_oj,
    register_renap,
    register_rvr,
    register_sapo,
    register_sat_taxpayers,
    register_sat_vehicles,
    register_sipol,
    register_transito,
    register_workbooks,
    truth,
)
from nation.block import BlockPlan
from nation.border import make_bans, make_crossings, make_foreigners
from nation.cast_events import Events
from nation.justice import make_justice
from nation.policing import make_policing
from nation.prisons import make_guards, make_prisons
from nation.prosecution import make_prosecution
from nation.traffic import make_fines, make_licences
from nation.vocabulary import Vocabulary
from nation.world import make_world


@dataclass
class BlockResult:
    """Rows written and seconds spent, by register id; "people" is the making itself."""

    rows: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def write_block(plan: BlockPlan) -> BlockResult:
    """Writes the block's part of every file under `plan.folder`."""
    result = BlockResult()
    clock = time.process_time()

    def wrote(name: str, rows: int) -> None:
        nonlocal clock
        result.rows[name] = result.rows.get(name, 0) + rows
        now = time.process_time()
        result.seconds[name] = result.seconds.get(name, 0.0) + now - clock
        clock = now

    world = make_world(plan, Vocabulary())
    events = Events(
        justice=make_justice(world),
        prosecution=make_prosecution(world),
        policing=make_policing(world),
        prisons=make_prisons(world),
        thefts=register_rvr.make_thefts(world),
        bans=make_bans(world),
    )
    guards = make_guards(world)
    licences = make_licences(world)
    fines = make_fines(world, licences)
    foreigners = make_foreigners(world)
    crossings = make_crossings(world, foreigners)
    armed: list[int] = []
    if plan.first:
        cast_events.add(world, events)
        cast_events.add_double_claim(world)
        foreigners, crossings = cast_events.add_travel(world, foreigners, crossings)
        armed.append(cast_people.PLACES["armed"])
    damage.apply(world, events, foreigners, crossings)
    arms = register_digecam.make_firearms(world, armed)
    wrote("people", world.people.count)
    wrote("renap", register_renap.write(world))
    wrote("sat", register_sat_taxpayers.write(world) + register_sat_vehicles.write(world))
    wrote("oj", register_oj.write(world, events.justice))
    wrote("rvr", register_rvr.write(world, events.thefts))
    wrote("mp", register_mp.write(world, events.justice, events.prosecution))
    wrote("sipol", register_sipol.write(world, events.policing))
    wrote("sapo", register_sapo.write(world, events.justice, events.policing))
    wrote("transito", register_transito.write(world, licences, fines))
    wrote("dgsp", register_workbooks.write_prisons(world, events.prisons))
    wrote("digessp", register_workbooks.write_guards(world, guards))
    wrote("migracion", register_migracion.write(world, foreigners, crossings, events.bans))
    wrote("digecam", register_digecam.write(world, arms))
    wrote("truth", truth.write(world))
    return result
