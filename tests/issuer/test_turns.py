"""Waiting for a hash: callers in turn, each with a bound, each number too; a flooding one is asked to come back."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from server.errors import Refusal
from server.issuer.hashing import Hashing
from tests.issuer.issuer_kit import NUMBER, RunningIssuer
from tests.server.running_server import Failure
from tests.trust.trust_kit import TrustKit

WRONG = "918273"


def test_callers_have_their_turns_one_after_the_other() -> None:
    async def run() -> list[str]:
        hashing, order = Hashing(1), []
        first = asyncio.Event()

        async def sign_in(caller: str) -> None:
            async with hashing.turn(caller, 64):
                order.append(caller)
                await first.wait()

        tasks = [asyncio.create_task(sign_in(caller)) for caller in [*["gateway"] * 5, "patrol", *["desk"] * 2]]
        await asyncio.sleep(0)
        assert hashing.waiting == 7
        gone = asyncio.create_task(sign_in("patrol"))
        await asyncio.sleep(0)
        gone.cancel()
        first.set()
        await asyncio.gather(*tasks)
        assert hashing.waiting == 0
        hashing.close()
        return order

    assert asyncio.run(run()) == ["gateway", "gateway", "patrol", "desk", "gateway", "desk", "gateway", "gateway"]


def test_a_number_and_a_caller_have_so_many_and_no_more() -> None:
    async def run() -> None:
        hashing = Hashing(1)
        async with hashing.turn("gateway", 2, b"number", 1):
            for caller, subject in (("gateway", b"number"), ("another", b"number")):
                with pytest.raises(Refusal, match="OVERLOADED"):
                    async with hashing.turn(caller, 2, subject, 1):
                        pass
            waits = asyncio.create_task(hashing.turn("gateway", 2, b"other", 1).__aenter__())
            await asyncio.sleep(0)
            with pytest.raises(Refusal, match="OVERLOADED"):
                async with hashing.turn("gateway", 2, b"third", 1):
                    pass
        await waits
        hashing.close()

    asyncio.run(run())


@pytest.fixture
def narrow(kit: TrustKit) -> Iterator[RunningIssuer]:
    """One thread, and places for three sign-ins of the gateway."""
    running = RunningIssuer(
        kit.directory / "narrow",
        kit.directory / "institutions" / "pnc",
        scrypt_threads=1,
        scrypt_log_n=16,
        waiting_of_gateway=3,
        metrics="127.0.0.1:0",
    )
    yield running
    running.stop()


def test_a_flood_of_wrong_pins_is_told_to_come_back_and_counted(narrow: RunningIssuer) -> None:
    def guess(number: int) -> Failure:
        return narrow.refused(pin=WRONG, telephone=f"{NUMBER[:-2]}{number:02}")

    before = scraped(narrow)
    for method in ("Exchange", "Exchange by session", "Login", "ChangePin", "EndSession"):
        assert f'ronda_issuer_calls_total{{method="{method}",outcome="SIGN_IN_REFUSED"}} ' in before, "with 0 too"
    with ThreadPoolExecutor(12) as threads:
        failures = list(threads.map(guess, range(24)))
    assert {each.reason for each in failures} == {"SIGN_IN_REFUSED", "OVERLOADED"}
    shed = [each for each in failures if each.reason == "OVERLOADED"]
    assert {(each.code, each.retry_after_s) for each in shed} == {(grpc.StatusCode.RESOURCE_EXHAUSTED, 1.0)}
    text = scraped(narrow)
    assert f'ronda_issuer_calls_total{{method="Exchange",outcome="OVERLOADED"}} {len(shed)}.0' in text
    assert f"ronda_issuer_hashes_total {24 - len(shed)}.0" in text
    assert "ronda_issuer_hashes_waiting 0.0" in text and "ronda_issuer_sessions 0.0" in text
    assert 'ronda_issuer_call_seconds_count{method="Exchange"} 24.0' in text
    assert NUMBER[:-2] not in text and "gateway/sms" not in text


def scraped(issuer: RunningIssuer) -> str:
    """Returns what Prometheus would read."""
    (line,) = (json.loads(each) for each in issuer.logged().splitlines() if "metrics_served" in each)
    with urllib.request.urlopen(f"http://{line['address']}/metrics", timeout=10) as answer:
        return str(answer.read().decode())
