"""A whole server under a clock that is set, by Debian's faketime: an order that lapses by it makes nobody green."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ronda.doctor import machine_checks
from ronda.settings import load_settings
from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld
from tests.kit.stepped_clock import SteppedClock
from tests.replay.replay_kit import Log
from tests.server.running_server import RunningServer, until

_NAME, _BORN = "MARTA ELENA PEREZ PIRIR", "1980-05-17"
_YEAR = datetime.now(UTC).year


class SteppedServer:
    """One worker with `set_clock` as its wall clock; the clocks that nobody sets are the machine's."""

    def __init__(self, directory: Path) -> None:
        world = SmallWorld()
        for number, name in ((1, _NAME), (2, "LUIS FERNANDO CHOC CAAL")):
            world.person(number, name, _BORN)
        world.report("O1", "AGRESOR", CUI=cui_of(1), NOMBRE=_NAME, NACIMIENTO=_BORN, HASTA=f"{_YEAR + 5}-12-31")
        world.warrant("W1", cui_of(3), "OTRO NOMBRE AJENO", "1970-01-01")
        self.data = world.build(directory)
        clock = SteppedClock(directory / "clock")
        self.set_clock = clock.set
        settings = {"workers": 1, "max_loop_lag_ms": 5000}  # other tests load the machine
        self.server = RunningServer(self.data, directory / "log", **settings, environment=clock.environment)
        self.ask = Asker(self.server.wait_ready())

    def level(self, number: int) -> str:
        return level_pb2.Level.Name(self.ask.person(cui_of(number)).answer.level).removeprefix("LEVEL_")

    def found(self) -> set[str]:
        """Returns what `ronda doctor` says of the running server."""
        settings = load_settings(data=self.data, metrics=self.server.metrics_address)
        return {each.kind.name for each in machine_checks.processes(settings)}


@pytest.fixture(scope="module")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SteppedServer]:
    running = SteppedServer(Path(tmp_path_factory.mktemp("stepped")))
    yield running
    running.server.stop()


@pytest.mark.parametrize("offset", ["+10y", "+1d", "+1h", "-1h", "-1d", "-10y"])
def test_nobody_is_green_by_a_clock_that_was_set(stepped: SteppedServer, offset: str) -> None:
    assert (stepped.level(1), stepped.level(2)) == ("HIT", "CLEAR")
    stepped.set_clock(offset)
    assert stepped.level(2) == "INCOMPLETE", "from the first call on"
    assert stepped.level(1) in ("HIT", "INCOMPLETE")
    until(lambda: stepped.server.events("clock_doubtful"))
    assert "ronda_clock_doubtful 1.0" in stepped.server.metrics()
    assert "clock_doubtful" in stepped.found()
    stepped.set_clock("+0")
    assert (stepped.level(1), stepped.level(2)) == ("HIT", "CLEAR"), "the clock returned"
    until(lambda: "ronda_clock_doubtful 0.0" in stepped.server.metrics())
    assert "clock_doubtful" not in stepped.found()


def test_an_order_lapses_by_no_clock_that_was_set(stepped: SteppedServer) -> None:
    stepped.set_clock("+10y")
    assert stepped.level(1) == "INCOMPLETE"
    stepped.set_clock("+0")
    assert stepped.level(1) == "HIT"


def test_such_answers_are_made_again(stepped: SteppedServer) -> None:
    """The audit record says in which state the clock was; by its own clock the engine would say otherwise."""
    stepped.set_clock("+1h")
    said = stepped.level(2)
    stepped.set_clock("+0")
    assert (said, stepped.level(2)) == ("INCOMPLETE", "CLEAR")
    log = Log(stepped.data, stepped.data / "audit")
    records = log.answered("CHECK_PERSON")
    assert len(records) > 2
    for each in records:
        assert log.replayed(each["record"], 0)["record"] == log.replayed(each["answer_id"], 0)["record"]


def test_a_worker_that_comes_back_believes_no_clock_that_was_set(stepped: SteppedServer) -> None:
    """It is held against the clock of the server's start, not of its own."""
    stepped.set_clock("+10y")
    ready = len(stepped.server.events("worker_ready"))
    os.kill(stepped.server.worker_pids()[0], signal.SIGKILL)
    until(lambda: len(stepped.server.events("worker_ready")) > ready)
    stepped.ask = Asker(stepped.server)
    assert stepped.level(2) == "INCOMPLETE"
    stepped.set_clock("+0")
    assert stepped.level(2) == "CLEAR"
