"""Checks how a loop waits: awake while calls come close behind one another, asleep when nobody asks."""

from __future__ import annotations

import time
from pathlib import Path

from tests.lane.stub_process import Stub
from tests.lane.wire import Wire

_END_S = 20


def _states(stub: Stub) -> set[str]:
    """Returns the states of its threads, as the system gives them: R = wants a core, S = sleeps."""
    tasks = Path(f"/proc/{stub.process.pid}/task").iterdir()
    return {(task / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] for task in tasks}


def _wait_for(stub: Stub, states: set[str]) -> None:
    until = time.monotonic() + _END_S
    while _states(stub) != states:
        assert time.monotonic() < until, _states(stub)
        time.sleep(0.001)


def test_who_has_been_asked_waits_awake_and_answers() -> None:
    with Stub(poll_us=60_000_000) as stub, Wire(stub.address) as wire:
        for _ in range(20):
            assert wire.call(b"who").status == 0
        until = time.monotonic() + _END_S
        while "R" not in _states(stub):
            assert time.monotonic() < until
        assert wire.call(b"who").status == 0


def test_who_is_not_asked_any_more_sleeps() -> None:
    with Stub(poll_us=1000) as stub, Wire(stub.address) as wire:
        for _ in range(200):
            assert wire.call(b"who").status == 0
        _wait_for(stub, {"S"})
        assert wire.call(b"who").status == 0
        _wait_for(stub, {"S"})
        assert stub.stop()["accepted"] == 1


def test_who_may_not_poll_sleeps_at_once() -> None:
    with Stub(poll_us=0) as stub, Wire(stub.address) as wire:
        assert wire.call(b"who").status == 0
        _wait_for(stub, {"S"})
