"""A rebuild greys nobody: while the new base reads the ledger the one before is kept up, and answers (docs/live.md)."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.generation.view_file import LIVE, VIEW
from core.ledger.change import Kind
from indexer.generations.publishing import current_generation
from ronda.v1 import check_service_pb2 as checks
from server.calls.live_levels import SILENT_S
from tests.indexer.small_registers import cui_of
from tests.live.test_a_running_server import Live
from tests.server.running_server import until

pytestmark = pytest.mark.slow
LUIS = checks.CheckPersonRequest(cui=cui_of(2))


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    world = Live(tmp_path)
    try:
        yield world
    finally:
        world.stop()


class Watched:
    """Every answer about somebody, on every worker, from now on."""

    def __init__(self, live: Live) -> None:
        self.levels: list[str] = []
        self._live, self._over = live, threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Watched:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            self.levels += sorted(self._live.levels(LUIS))


def test_the_base_before_is_kept_up_until_the_new_one_holds_the_changes(live: Live) -> None:
    """The new base's writer is held up for longer than a writer may be silent: as a long ledger would."""
    live.feed(Kind.HEARTBEAT, "")
    live.warrant("W7", live.cui, "ANA LUCIA CAAL CHOC", "1980-05-17")
    until(lambda: live.fed() == {"oj"}, 60)
    first = str(current_generation(live.registers.data))
    until(lambda: live.levels(LUIS) == {"CLEAR"}, 60)
    with Watched(live) as watched:
        live.build()
        second = str(current_generation(live.registers.data))
        until(lambda: len(live.base_writers()) == 2, 30)
        new = live.base_writers()[1]
        new.send_signal(signal.SIGSTOP)
        assert not (live.registers.data / LIVE / second / VIEW).exists()
        time.sleep(SILENT_S + 2)
        live.warrant("W8", cui_of(2), "LUIS ALBERTO POP TZUL", "1975-01-20")
        until(lambda: live.levels(LUIS) == {"HIT"}, 10)
        assert {event["generation"] for event in live.server.events("generation_serves")} == {first}
        new.send_signal(signal.SIGCONT)
        until(lambda: len(live.server.events("generation_serves")) == 4, 60)
        live.feed(Kind.CANCEL, "W8")
        until(lambda: live.levels(LUIS) == {"CLEAR"}, 10)
        until(lambda: live.base_writers() == [new], 60)
        live.warrant("W9", cui_of(2), "LUIS ALBERTO POP TZUL", "1975-01-20")
        until(lambda: live.levels(LUIS) == {"HIT"}, 10)
    assert set(watched.levels) == {"CLEAR", "HIT"}, "a register that is fed was never STALE"


def test_a_base_writer_that_is_killed_comes_back(live: Live) -> None:
    live.warrant("W7", cui_of(2), "LUIS ALBERTO POP TZUL", "1975-01-20")
    until(lambda: live.levels(LUIS) == {"HIT"}, 60)
    live.base_writers()[0].kill()
    live.feed(Kind.CANCEL, "W7")
    until(lambda: live.levels(LUIS) == {"CLEAR"}, 30)


def test_they_end_with_the_one_that_started_them(live: Live) -> None:
    until(lambda: bool(live.base_writers()), 30)
    writer = live.base_writers()[0]
    live.writer.kill()
    live.writer.wait()
    assert psutil.wait_procs([writer], timeout=30)[1] == []
    live.writer = live.start_writer()


def test_of_two_rebuilds_the_last_is_prepared(live: Live) -> None:
    live.feed(Kind.HEARTBEAT, "")
    until(lambda: live.fed() == {"oj"}, 60)
    until(lambda: live.levels(LUIS) == {"CLEAR"}, 60)
    with Watched(live) as watched:
        live.build()
        until(lambda: len(live.base_writers()) == 2, 30)
        live.base_writers()[1].send_signal(signal.SIGSTOP)
        live.build()
        last = str(current_generation(live.registers.data))
        until(lambda: last in {event["generation"] for event in live.server.events("generation_serves")}, 60)
    assert set(watched.levels) == {"CLEAR"}
