"""A base without the changes that were shown does not serve: neither after a roll-back, nor after a start."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.ledger.change import Kind
from indexer.generations.publishing import current_generation
from indexer.generations.rollback import rollback
from ronda.v1 import check_service_pb2 as checks
from tests.live.test_a_running_server import Live
from tests.server.running_server import RunningServer, until

pytestmark = pytest.mark.slow


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    world = Live(tmp_path)
    try:
        yield world
    finally:
        world.stop()


def test_a_roll_back_while_the_writer_is_gone(live: Live) -> None:
    """The base before has a view of its own from the time when it served: it holds the warrant that was cancelled."""
    ana = checks.CheckPersonRequest(cui=live.cui)
    live.feed(Kind.HEARTBEAT, "")
    until(lambda: "oj" in live.fed())
    first = str(current_generation(live.registers.data))
    live.build()
    until(lambda: len(live.server.events("generation_serves")) == 4, 60)
    until(lambda: len(live.base_writers()) == 1, 60)  # the base before is kept up no more
    live.feed(Kind.CANCEL, "W1")
    until(lambda: live.levels(ana) == {"CLEAR"}, 60)

    seen: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            seen.update(live.levels(ana))

    live.writer.kill()
    live.writer.wait()
    rollback(live.registers.data, first, confirmed=True)
    watching = threading.Thread(target=watch)
    watching.start()
    until(lambda: "INCOMPLETE" in seen, 30)
    over.set()
    watching.join()

    live.server.stop()  # a start, while nobody applies what was fed
    given = {"workers": 2, "live_poll_ms": 50, "manifests": live.registers.manifests}
    live.server = RunningServer(live.registers.data, live.directory / "log", **given).wait_ready()
    assert live.levels(ana) == {"INCOMPLETE"}
    assert first not in {event["generation"] for event in live.server.events("generation_serves")}

    live.writer = live.start_writer()

    def switched() -> bool:
        seen.update(live.levels(ana))
        return [event["generation"] for event in live.server.events("generation_serves")].count(first) == 2

    until(switched, 60)
    until(lambda: live.levels(ana) == {"CLEAR"}, 30)
    assert "HIT" not in seen
