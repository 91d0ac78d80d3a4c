"""Memory: what is sent before it is known who sends does not grow a worker."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import grpc
import psutil
import pytest

from bench.attack.floods import headers_without_end
from bench.attack.half_messages import HalfMessages
from clients.client.connection import Connection
from ronda.v1.check_service_pb2 import CheckPersonRequest
from server.host.memory import private_bytes
from tests.kit.nation_kit import BuiltNation
from tests.server.conftest import StartServer
from tests.server.published import Published
from tests.server.requests import CLEAR_BATCH, CLEAR_FIRST, QUESTION
from tests.server.running_server import Failure, call, clear, until
from tests.server.test_observed import samples_of
from tests.trust.conftest import TrustedServer, start_trusted
from tests.trust.trust_kit import question

MIB = 1 << 20
SENT = 160 * MIB
BOUND = 130 * MIB  # of a worker's growth, connections with their TLS included
STREAMS, CONNECTIONS = 100, 4
GROWN = 150 * MIB


def _certificate(running: TrustedServer, directory: Path) -> Path:
    """Returns certificate and key of a device; the attacker lacks its officer's token."""
    pair = running.kit.police.device("zona-1", "patrol-9")
    path = directory / "device.pem"
    path.write_bytes(pair.certificate + pair.key)
    return path


def test_unfinished_messages_without_a_token(small_nation: BuiltNation, tmp_path: Path) -> None:
    running = start_trusted(small_nation, tmp_path, max_concurrent_streams=STREAMS)
    try:
        (worker,) = running.server.worker_pids()
        process = psutil.Process(worker)
        before = most = process.memory_info().rss
        client = running.kit.patrol()
        certificate = _certificate(running, tmp_path)
        sent = [0] * CONNECTIONS

        def send(number: int) -> None:
            while sent[number] < SENT // CONNECTIONS:
                with suppress(OSError):
                    half = HalfMessages(running.address, certificate, STREAMS)
                    half.send(SENT // CONNECTIONS - sent[number])
                    sent[number] += half.sent

        threads = [threading.Thread(target=send, args=(number,), daemon=True) for number in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        answered = 0
        with running.kit.channel(running.address, client) as channel:
            while any(thread.is_alive() for thread in threads):
                call(channel, "CheckService/CheckPerson", question(), metadata=client.metadata)
                answered += 1
                most = max(most, process.memory_info().rss)
                threading.Event().wait(0.5)
        assert sum(sent) >= SENT
        told = samples_of(running.server.metrics())  # ended for their bytes, or for calls whose message never came
        assert sum(told.get(("ronda_connections_closed_total", cause), 0) for cause in ("bytes", "refusals"))
        assert most - before < BOUND, f"grew by {(most - before) >> 20} MiB"
        assert answered
        assert running.server.worker_pids() == [worker]
    finally:
        running.server.stop()


def test_what_a_flood_left_is_given_back(small_nation: BuiltNation, tmp_path: Path) -> None:
    """Headers that never end: gRPC frees them, and the C library kept them."""
    running = start_trusted(small_nation, tmp_path, max_worker_mib=0)
    try:
        (worker,) = running.server.worker_pids()
        certificate = _certificate(running, tmp_path)
        before = private_bytes(worker)
        while private_bytes(worker) < before + GROWN:
            assert headers_without_end(running.address, certificate, time.monotonic() + 1)

        def given_back() -> bool:
            # gRPC lets go of a connection that was ended when something more happens, perhaps on another
            headers_without_end(running.address, certificate, time.monotonic() + 0.1)
            time.sleep(1)
            return private_bytes(worker) < before + GROWN // 2

        until(given_back, 120)
        assert running.server.worker_pids() == [worker]
    finally:
        running.server.stop()


def test_a_worker_that_grew_is_replaced_without_a_lost_call(published: Published, start_server: StartServer) -> None:
    """The bound is below what any worker holds: each is replaced again and again.

    Asked as clients ask, who send again what was on its way; each connection ends while it is quiet, and who connects
    again is the successor's.
    """
    published.publish()
    server = start_server(workers=1, max_worker_mib=16).wait_ready()
    until(lambda: server.events("worker_ready"))  # the supervisor may say that it is ready before the worker's line
    first = server.events("worker_ready")[0]["pid"]  # on a busy machine its successor is there already
    own = [("grpc.use_local_subchannel_pool", 1)]
    with ExitStack() as held:
        connections = [held.enter_context(Connection(server.address, options=own)) for _ in range(6)]
        while len(server.events("worker_drained")) < 2:
            for connection in connections:
                request = CheckPersonRequest.FromString(QUESTION)
                assert connection.checks.CheckPerson(request, timeout=20).answer.level
                threading.Event().wait(0.02)
    assert first not in server.worker_pids()
    left = server.events("worker_left")
    assert [each["stayed"] for each in left] == [0] * len(left)
    assert not server.events("worker_died")
    grew = [(each["worker"], each["successor"]) for each in server.events("worker_grew")][:2]
    assert grew in ([(0, 1), (1, 0)], [(0, 1), (1, 2)]), "the lowest number that no worker has yet"
    assert left
    assert server.stop() == 0


def test_a_stream_in_use_is_no_quiet_connection(published: Published, start_server: StartServer) -> None:
    """A clearance that is under way stays on its connection; the drain ends it, as DRAINING."""
    published.publish()
    server = start_server(workers=1, max_worker_mib=16).wait_ready()
    batches: queue.Queue[bytes | None] = queue.Queue()
    with server.channel() as channel:
        answers = clear(channel, iter(batches.get, None))
        batches.put(CLEAR_FIRST)
        batches.put(CLEAR_BATCH)
        assert next(answers)
        until(lambda: any(each["stayed"] for each in server.events("worker_left")), 60)
        with pytest.raises(grpc.RpcError) as ended:
            next(answers)
        batches.put(None)
    assert Failure(ended.value).reason == "DRAINING"
    assert server.stop() == 0
