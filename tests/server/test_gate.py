"""Load shedding: full or late, and over again."""

from __future__ import annotations

import asyncio
import time

import pytest

from ronda.v1 import error_pb2
from server.calls.gate import Gate
from server.errors import Refusal


def test_full() -> None:
    gate = Gate(max_concurrent_calls=1, max_loop_lag_ms=50)
    with gate.hold():
        with pytest.raises(Refusal) as caught, gate.hold():
            pass
        assert caught.value.reason == error_pb2.ERROR_REASON_OVERLOADED
        assert caught.value.retry_after_ms
        with gate.hold(admitted=True):  # limits counted it before the engine put it off
            assert gate.held == 2
            with pytest.raises(Refusal), gate.hold(admitted=True):
                pass
        with pytest.raises(Refusal):
            gate.refuse_when_full()
    gate.refuse_when_full()
    with gate.hold():
        assert gate.held == 1
    assert gate.held == 0


def test_late_and_in_time_again() -> None:
    async def scenario() -> None:
        gate = Gate(max_concurrent_calls=1, max_loop_lag_ms=50)
        watch = asyncio.create_task(gate.watch_lag())
        await asyncio.sleep(0.05)
        gate.refuse()
        await _block_the_loop()
        gate.refuse()  # one pause, which is over: what waited is answered
        await _block_the_loop()
        with pytest.raises(Refusal):
            gate.refuse()
        for _ in range(200):
            await asyncio.sleep(0.01)
            if not gate.late:
                break
        gate.refuse()
        watch.cancel()

    asyncio.run(scenario())


async def _block_the_loop() -> None:
    time.sleep(0.3)
    for _ in range(5):
        await asyncio.sleep(0)  # the watch wakes up and sees it


def test_draining() -> None:
    async def scenario() -> None:
        gate = Gate(max_concurrent_calls=1, max_loop_lag_ms=50)
        loop = asyncio.get_running_loop()
        started = loop.time()
        async with asyncio.timeout(60) as clock:
            with gate.silence(clock):
                await gate.drain(0.5)
                end = clock.when()
                assert end is not None
                assert end <= started + 1.0
        with pytest.raises(Refusal) as caught:
            gate.refuse()
        assert caught.value.reason == error_pb2.ERROR_REASON_DRAINING

    asyncio.run(scenario())


def test_a_drain_answers_what_comes_before_a_gap() -> None:
    async def scenario() -> None:
        gate = Gate(max_concurrent_calls=1, max_loop_lag_ms=10_000)
        drain = asyncio.create_task(gate.drain(0.5))
        for _ in range(20):  # one call after the other, in every turn of the loop
            await asyncio.sleep(0)
            assert gate.closed
            gate.refuse()
        await drain
        with pytest.raises(Refusal) as caught:
            gate.refuse()
        assert caught.value.reason == error_pb2.ERROR_REASON_DRAINING

    asyncio.run(scenario())


def test_a_drain_without_a_gap_refuses() -> None:
    async def scenario() -> None:
        gate = Gate(max_concurrent_calls=1, max_loop_lag_ms=10_000)
        drain = asyncio.create_task(gate.drain(0.5))
        while not gate.draining:
            await asyncio.sleep(0)
            if not gate.draining:
                gate.refuse()
        with pytest.raises(Refusal):
            gate.refuse()
        await drain

    asyncio.run(scenario())
