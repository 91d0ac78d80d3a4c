"""Calls by the thousand, and headers by the thousand: what they cost is bounded, and nobody else's call is dropped."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import grpc
import pytest

from bench.attack.http2 import CHECK_PERSON, CLEAR
from bench.attack.silent_calls import hold_silent_calls
from ronda.v1 import error_pb2
from server.transport.refused_peers import OF_A_CONNECTION
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import Failure, call
from tests.trust.conftest import TrustedServer, start_trusted
from tests.trust.test_refused_connections import LOST, Watched
from tests.trust.trust_kit import Client, question

STREAMS = 128
CONNECTIONS = 70  # 8,960 calls, all in one worker's queue
AT_ONCE = 7  # of health's calls, one less than a connection may have
HOLDS_S = 5.0
UNKNOWN = "/ronda.v1.CheckService/CheckWeather"
HEALTH = "/grpc.health.v1.Health/Check"


@pytest.fixture
def running(small_nation: BuiltNation, tmp_path: Path) -> Iterator[TrustedServer]:
    """One worker, which takes more calls of a connection at once than is usual."""
    started = start_trusted(small_nation, tmp_path, workers=1, max_concurrent_streams=STREAMS)
    yield started
    assert started.server.stop() == 0


def _refused(channel: grpc.Channel, path: str, client: Client) -> Failure:
    with pytest.raises(grpc.RpcError) as refused:
        channel.unary_unary(path, None, None)(question(), metadata=client.metadata, timeout=10)
    return Failure(refused.value)


def test_of_thousands_of_calls_that_say_nothing_nobody_elses_is_dropped(running: TrustedServer, tmp_path: Path) -> None:
    """gRPC dropped some of whatever waited beyond a thousand: CANCELLED, and no retry for whoever has none."""
    pair = running.kit.police.device("zona-1", "patrol-31")
    certificate = tmp_path / "attacker.pem"
    certificate.write_bytes(pair.certificate + pair.key)
    honest = running.kit.patrol("patrol-32", "10032")
    begun: list[int] = []

    def attack() -> None:
        ends = time.monotonic() + HOLDS_S
        begun.append(hold_silent_calls(running.address, certificate, CHECK_PERSON, (), CONNECTIONS, STREAMS, ends))

    with running.kit.channel(running.address, honest) as channel:
        ask = channel.unary_unary(HEALTH, None, None)  # which no allowance counts
        call(channel, "CheckService/CheckPerson", question(), metadata=honest.metadata)
        attacker = threading.Thread(target=attack)
        attacker.start()
        answered = 0
        while attacker.is_alive():
            asked = [ask.future(b"", timeout=30) for _ in range(AT_ONCE)]
            answered += len([each.result() for each in asked])
        attacker.join()
    assert begun == [CONNECTIONS * STREAMS]
    assert answered


@pytest.mark.parametrize("path", [CHECK_PERSON, CLEAR, UNKNOWN, HEALTH])
def test_many_small_headers_are_too_much_metadata(running: TrustedServer, path: str) -> None:
    """Names and values of 300 have 1,500 bytes; each costs as much as a longer one."""
    client = running.kit.patrol("patrol-33", "10033")
    many = Client(client.pair, (*client.metadata, *((f"x-{number}", "a") for number in range(300))))
    few = Client(client.pair, (*client.metadata, *((f"x-{number}", "a") for number in range(100))))
    with running.kit.channel(running.address, client) as channel:
        assert _refused(channel, path, many).reason == "METADATA_TOO_LARGE"
        call(channel, "CheckService/CheckPerson", question(), metadata=few.metadata)
    if path == CHECK_PERSON:
        record = running.newest(2)[1]
        assert record.status == error_pb2.ERROR_REASON_METADATA_TOO_LARGE
        assert record.identity["device"].endswith("/patrol-33")


@pytest.mark.parametrize("path", [UNKNOWN, HEALTH])
def test_one_large_header_is_too_much_where_no_token_is_needed_too(running: TrustedServer, path: str) -> None:
    client = running.kit.patrol("patrol-35", "10035")
    with running.kit.channel(running.address, client) as channel:
        large = Client(client.pair, (*client.metadata, ("x-large", "a" * 8192)))
        assert _refused(channel, path, large).reason == "METADATA_TOO_LARGE"
    record = running.newest()[0]
    assert record.status == error_pb2.ERROR_REASON_METADATA_TOO_LARGE
    assert record.identity["device"].endswith("/patrol-35")
    assert record.method == 0  # none that docs/audit-format.md names


def test_a_connection_that_asks_for_what_there_is_not_ends_too(running: TrustedServer) -> None:
    client = running.kit.patrol("patrol-34", "10034")
    with closing(Watched(running, client)) as stranger:
        refused = 0
        while not stranger.ended:
            failure = _refused(stranger.channel, UNKNOWN, client)
            assert failure.reason == "METHOD_UNKNOWN" or failure.code in LOST
            refused += 1
            assert refused < 50 * OF_A_CONNECTION
        assert refused >= OF_A_CONNECTION
    with closing(Watched(running, client)) as car:  # who was admitted may ask for it as often as it likes
        assert car.ask() == ""
        for _ in range(2 * OF_A_CONNECTION):
            assert _refused(car.channel, UNKNOWN, client).reason == "METHOD_UNKNOWN"
        assert car.ask() == ""
        assert not car.ended
