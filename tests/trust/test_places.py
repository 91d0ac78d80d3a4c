"""Holding a worker's places: nobody without the right, nobody all of them, and nobody by saying nothing."""

from __future__ import annotations

import json
import queue
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from ronda.v1 import check_service_pb2, clearance_service_pb2, context_pb2
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import Failure, call, until
from tests.trust.conftest import TrustedServer, start_trusted
from tests.trust.trust_kit import Client, question

SERVING = health_pb2.HealthCheckResponse.SERVING
CHECK_PERSON = "CheckService/CheckPerson"
CLEAR = "/ronda.v1.ClearanceService/Clear"
FIRST = clearance_service_pb2.ClearRequest(
    context=context_pb2.RequestContext(purpose=context_pb2.PURPOSE_CLEARANCE),
    standard=clearance_service_pb2.CLEARANCE_STANDARD_WANTED,
).SerializeToString()
SEARCH = check_service_pb2.SearchVehiclesRequest(
    context=context_pb2.RequestContext(purpose=context_pb2.PURPOSE_INVESTIGATION, case_number="C-1"),
    plate_pattern="P-1*",
).SerializeToString()


@pytest.fixture(scope="module")
def crowded(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustedServer]:
    """A server with few places."""
    directory = Path(tmp_path_factory.mktemp("places"))
    places: dict[str, object] = {
        "max_concurrent_calls": 4,
        "max_calls_per_device": 2,
        "max_calls_per_officer": 2,
        "half_open_s": 1,
    }
    running = start_trusted(small_nation, directory, **places)
    yield running
    running.server.stop()
    shutil.rmtree(running.data)


def _agency(trusted: TrustedServer, gateway: str) -> Client:
    agency = trusted.kit.issuer("digecam")
    pair = agency.gateway(gateway)
    token = agency.token(
        "1", "certificados", ["clearance"], pair.thumbprint, gateway=agency.spiffe(f"/gateway/{gateway}")
    )
    return trusted.kit.client(pair, token)


def _silent(channel: grpc.Channel, client: Client, path: str, first: bytes | None = None, timeout: float = 20) -> Any:
    """Begins a call with a client that says no more than `first`."""
    said: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    if first is not None:
        said.put(first)
    open_call: Any = channel.stream_stream(path, None, None)
    return open_call(iter(said.get, None), metadata=client.metadata, timeout=timeout)


def _ends(opened: Any) -> Failure:
    with pytest.raises(grpc.RpcError) as caught:
        list(opened)
    return Failure(caught.value)


def test_streams_without_the_right_hold_no_place(crowded: TrustedServer) -> None:
    patrol = crowded.kit.patrol()
    investigator = crowded.kit.patrol("desk-1", "10005", ["investigator"])
    channels = [crowded.kit.channel(crowded.address, patrol) for _ in range(4)]
    silent = []
    for channel in channels:
        silent += [_silent(channel, patrol, CLEAR) for _ in range(4)]
        call(channel, CHECK_PERSON, question(), metadata=patrol.metadata)  # after them on the same connection
    with crowded.kit.channel(crowded.address, investigator) as channel:
        assert call(channel, "CheckService/SearchVehicles", SEARCH, metadata=investigator.metadata)
    for opened in silent:
        assert _ends(opened).reason in ("OVERLOADED", "DEADLINE_EXCEEDED")  # within seconds, by the server
    for channel in channels:
        channel.close()


def test_a_device_holds_its_share_of_the_places(crowded: TrustedServer) -> None:
    batch = _agency(crowded, "night-batch")
    investigator = crowded.kit.patrol("desk-2", "10006", ["investigator"])
    rows = clearance_service_pb2.ClearRequest(row_ids=[1], cuis=["2340000040101"])
    first = FIRST + rows.SerializeToString()
    with crowded.kit.channel(crowded.address, batch) as channel:
        held = [_silent(channel, batch, CLEAR, first) for _ in range(2)]
        for opened in held:
            assert next(opened)
        for _ in range(3):
            assert _ends(_silent(channel, batch, CLEAR, first)).reason == "OVERLOADED"
        with crowded.kit.channel(crowded.address, investigator) as other:
            assert call(other, "CheckService/SearchVehicles", SEARCH, metadata=investigator.metadata)
        for opened in held:
            opened.cancel()
    device = crowded.kit.issuer("digecam").spiffe("/gateway/night-batch")
    assert f'ronda_calls_shed_by_device_total{{cause="device",device="{device}"}} 3.0' in crowded.server.metrics()
    (line, *_) = until(lambda: crowded.server.events("calls_shed"))
    assert "10005" not in json.dumps(line)


@pytest.mark.parametrize("known", [True, False], ids=["with a token", "without a token"])
def test_calls_without_a_message_end_within_seconds(crowded: TrustedServer, known: bool) -> None:
    client = crowded.kit.patrol("patrol-5", "10007")
    path = f"/ronda.v1.{CHECK_PERSON}"
    with crowded.kit.channel(crowded.address, client) as channel:
        call(channel, CHECK_PERSON, question(), metadata=client.metadata)
        stranger = Client(client.pair, client.metadata if known else ())
        opened = [_silent(channel, stranger, path) for _ in range(60)]
        for each in opened:
            failed = _ends(each)
            # "Deadline Exceeded" alone would be the client's own
            assert failed.code is not grpc.StatusCode.DEADLINE_EXCEEDED or failed.reason
            assert known or failed.reason == "TOKEN_MISSING"
        assert call(channel, CHECK_PERSON, question(), metadata=client.metadata)
    assert 'ronda_calls_shed_total{cause="half_open"}' in crowded.server.metrics() or not known


@pytest.mark.parametrize("method", ["Check", "Watch", "List"])
def test_health_calls_without_a_message_end_within_seconds(crowded: TrustedServer, method: str) -> None:
    """Health answers every client without a token: whoever was revoked could fill the worker with calls of it."""
    stranger = Client(crowded.kit.patrol("patrol-6", "10008").pair, ())
    with crowded.kit.channel(crowded.address, stranger) as channel:
        for each in [_silent(channel, stranger, f"/grpc.health.v1.Health/{method}") for _ in range(30)]:
            assert _ends(each).reason in ("OVERLOADED", "DEADLINE_EXCEEDED")
        assert health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5).status == SERVING


def test_a_connection_watches_health_a_few_times(crowded: TrustedServer) -> None:
    stranger = Client(crowded.kit.patrol("patrol-7", "10009").pair, ())
    asked = health_pb2.HealthCheckRequest().SerializeToString()
    path = "/grpc.health.v1.Health/Watch"
    with crowded.kit.channel(crowded.address, stranger) as channel:
        watched = [_silent(channel, stranger, path, asked, timeout=60) for _ in range(8)]
        for each in watched:
            assert health_pb2.HealthCheckResponse.FromString(next(each)).status == SERVING
        for _ in range(5):
            assert _ends(_silent(channel, stranger, path, asked)).reason == "OVERLOADED"
        watched.pop().cancel()
        until(lambda: _watches(channel, stranger, path, asked))
        with crowded.kit.channel(crowded.address, stranger) as other:  # another connection has its own
            assert _watches(other, stranger, path, asked)
        for each in watched:
            each.cancel()


def _watches(channel: grpc.Channel, client: Client, path: str, asked: bytes) -> bool:
    opened = _silent(channel, client, path, asked)
    try:
        return bool(next(opened))
    except grpc.RpcError as error:
        assert Failure(error).reason == "OVERLOADED"
        return False
    finally:
        opened.cancel()
