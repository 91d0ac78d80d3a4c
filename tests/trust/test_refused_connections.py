"""A connection on which nobody was admitted ends after a round of refusals, a device's after several: no other does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import grpc
import pytest

from ronda.v1 import error_pb2
from server.calls.refused import WHOLE
from server.transport.refused_peers import OF_A_CONNECTION, OF_A_DEVICE
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import Failure, call, until
from tests.server.test_observed import samples_of
from tests.trust.conftest import TrustedServer, start_trusted
from tests.trust.trust_kit import Client, question

CHECK_PERSON = "CheckService/CheckPerson"
READY = grpc.ChannelConnectivity.READY
ENDED = "the connection ended"
LOST = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


@pytest.fixture
def running(small_nation: BuiltNation, tmp_path: Path) -> Iterator[TrustedServer]:
    """One worker, so that every connection is its."""
    started = start_trusted(small_nation, tmp_path, workers=1)
    yield started
    assert started.server.stop() == 0


class Watched:
    """A channel of one client that tells whether its connection was ended."""

    def __init__(self, running: TrustedServer, client: Client) -> None:
        self._client = client
        self._states: list[grpc.ChannelConnectivity] = []
        self.channel = running.kit.channel(running.address, client)
        self.channel.subscribe(self._states.append)

    @property
    def ended(self) -> bool:
        connected = READY in self._states  # told by another thread, perhaps after the first answer
        return connected and grpc.ChannelConnectivity.IDLE in self._states[self._states.index(READY) :]

    def ask(self) -> str:
        """The reason of the refusal, ENDED when the connection ended before it came; "" when answered."""
        try:
            call(self.channel, CHECK_PERSON, question(), metadata=self._client.metadata)
        except grpc.RpcError as error:
            failure = Failure(error)
            assert failure.reason or failure.code in LOST
            return failure.reason or ENDED
        return ""

    def close(self) -> None:
        self.channel.unsubscribe(self._states.append)
        self.channel.close()


def test_connections_without_a_token_end_and_others_stay(running: TrustedServer) -> None:
    honest = running.kit.patrol("patrol-21", "10021")
    without = Client(running.kit.patrol("patrol-22", "10022").pair, ())
    with closing(Watched(running, honest)) as car:
        assert car.ask() == ""
        refused = 0
        while refused <= OF_A_DEVICE:
            with closing(Watched(running, without)) as stranger:
                here = 0
                while not (here and stranger.ended):
                    here += stranger.ask() == "TOKEN_MISSING"
                # What a device may have is near its end on the last: that one ends earlier.
                assert refused > OF_A_DEVICE // 2 or here >= OF_A_CONNECTION
                refused += here
        with closing(Watched(running, without)) as stranger:  # now the first is the last
            assert stranger.ask() in ("TOKEN_MISSING", ENDED)
            until(lambda: stranger.ended)
        closed = samples_of(running.server.metrics())["ronda_connections_closed_total", "refusals"]
        assert closed > OF_A_DEVICE // OF_A_CONNECTION // 4
        assert car.ask() == ""
        assert not car.ended


def test_a_token_that_ran_out_admits_nobody(running: TrustedServer) -> None:
    """Also where it was accepted before: its connection ends, and its refusals are summed."""
    ends = int(time.time()) - 25  # in five seconds: clocks may differ by thirty
    client = running.kit.patrol("patrol-24", "10024", iat=ends - 600, nbf=ends - 600, exp=ends)
    with closing(Watched(running, client)) as car:
        assert car.ask() == ""
        until(lambda: car.ask() == "TOKEN_EXPIRED")
    with closing(Watched(running, client)) as stranger:
        refused = 0
        while not stranger.ended:
            refused += stranger.ask() == "TOKEN_EXPIRED"
            assert refused < 50 * OF_A_CONNECTION
        assert refused >= OF_A_CONNECTION
    expired = [each for each in running.newest(refused) if each.status == error_pb2.ERROR_REASON_TOKEN_EXPIRED]
    assert 0 < len(expired) <= 2 * WHOLE


def test_who_shows_a_token_then_is_answered_and_stays(running: TrustedServer) -> None:
    """A car had an expired token: all its refusals are forgotten with the first call that is in order."""
    client = running.kit.patrol("patrol-23", "10023")
    without = Client(client.pair, ())
    for _ in range(2):
        with closing(Watched(running, client)) as car:
            for _ in range(OF_A_CONNECTION - 2):
                with pytest.raises(grpc.RpcError):
                    call(car.channel, CHECK_PERSON, question(), metadata=without.metadata)
            assert car.ask() == ""
            for _ in range(OF_A_CONNECTION + 8):  # an officer of many on a gateway
                with pytest.raises(grpc.RpcError) as refused:
                    call(car.channel, CHECK_PERSON, question(), metadata=without.metadata)
                assert Failure(refused.value).reason == "TOKEN_MISSING"
            assert car.ask() == ""
            assert not car.ended
