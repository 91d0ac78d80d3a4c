"""An as-of ahead of the clock, asked through a server: up to 15 minutes it is now, then its register is in doubt."""

from __future__ import annotations

import os
import time
from pathlib import Path

from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2, register_pb2
from ronda.v1 import register_service_pb2 as registers
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.kit.asker import Asker
from tests.server.running_server import RunningServer, until

HOUR_S = 3600.0


def test_an_as_of_ahead_of_the_servers_clock(tmp_path: Path) -> None:
    small = SmallRegisters(tmp_path / "small")
    build(small.options())
    server = RunningServer(small.data, tmp_path / "log", workers=1)
    try:
        ask = Asker(server.wait_ready())

        def rebuilt(
            hours_ahead: float, register: str = "oj"
        ) -> tuple[checks.CheckPersonResponse, checks.CheckPersonResponse]:
            """Answers about a clean and a wanted person after a register's file was dated so far from now."""
            told = time.time() + hours_ahead * HOUR_S
            os.utime(small.sources / f"{register}.csv", (told, told))
            wanted = build(small.options()).generation_id
            until(lambda: ask(registers.GetGenerationRequest()).generation_id == wanted)
            return ask.person(cui_of(9)), ask.person(cui_of(1))

        clean, wanted = rebuilt(-1)
        assert (clean.answer.level, wanted.answer.level) == (level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_HIT)
        clean, wanted = rebuilt(0.2)  # twelve minutes: two clocks that differ
        assert (clean.answer.level, wanted.answer.level) == (level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_HIT)
        assert clean.answer.coverage == level_pb2.COVERAGE_COMPLETE
        clean, wanted = rebuilt(20)  # within a day: read, yet this clock or that as-of is wrong
        assert (clean.answer.level, wanted.answer.level) == (level_pb2.LEVEL_INCOMPLETE, level_pb2.LEVEL_HIT)
        assert clean.answer.coverage == level_pb2.COVERAGE_INCOMPLETE
        assert {r.register_id for r in clean.answer.registers if r.state == register_pb2.REGISTER_STATE_STALE} == {"oj"}
        assert not any(r.carried_forward for r in clean.answer.registers)
        listed = ask(registers.ListRegistersRequest()).registers
        stale = {r.status.register_id for r in listed if r.status.state == register_pb2.REGISTER_STATE_STALE}
        assert stale == {"oj"}
        assert 'ronda_register_state{register="oj",state="STALE"} 1.0' in server.metrics()
        rebuilt(-1)
    finally:
        server.stop()
