"""Strangers at the sign-in page delay their own address, one at a time, and nobody else's."""

from __future__ import annotations

import asyncio

import pytest

from clients.console.sign_in_turns import FREE_FAILURES, SignInTurns, TooMany


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_failures_count_by_address_and_leak_away() -> None:
    clock = _Clock()
    turns = SignInTurns(clock)

    async def fail(address: str) -> None:
        async with turns.turn(address) as turn:
            turn.failed = True

    async def fail_often() -> None:
        for _ in range(FREE_FAILURES):
            await fail("2001:db8::1")

    asyncio.run(fail_often())
    assert turns.pause_s("2001:db8::ffff") > 0  # one customer has all of it
    assert turns.pause_s("2001:db8:1::1") == 0
    clock.now = 7200.0
    assert turns.pause_s("2001:db8::1") == 0


def test_one_at_a_time_of_an_address_and_others_beside_it() -> None:
    turns = SignInTurns()

    async def work() -> None:
        going = asyncio.Event()

        async def hold() -> None:
            async with turns.turn("192.0.2.1"):
                await going.wait()

        holding = [asyncio.create_task(hold()) for _ in range(16)]
        await asyncio.sleep(0)
        with pytest.raises(TooMany):
            async with turns.turn("::ffff:192.0.2.1"):
                pass
        async with turns.turn("192.0.2.2"):
            pass
        going.set()
        await asyncio.gather(*holding)

    asyncio.run(work())
