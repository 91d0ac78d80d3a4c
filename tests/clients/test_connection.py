"""The connection: which calls it tries again, and which failures it shows."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest

from clients.client.connection import Connection
from ronda.v1 import register_service_pb2 as registers
from ronda.v1.register_service_pb2_grpc import RegisterServiceServicer, add_RegisterServiceServicer_to_server


class Failing(RegisterServiceServicer):
    """Refuses the first calls with the codes given, then answers."""

    def __init__(self, *codes: grpc.StatusCode) -> None:
        self.codes = list(codes)
        self.calls = 0

    def GetGeneration(
        self, request: registers.GetGenerationRequest, context: grpc.ServicerContext
    ) -> registers.GetGenerationResponse:
        self.calls += 1
        if self.codes:
            context.abort(self.codes.pop(0), "refused")
        return registers.GetGenerationResponse(generation_id="20261124T160351Z-00000000")


@contextmanager
def serving(servicer: Failing, *, retries: bool = True) -> Iterator[Connection]:
    server = grpc.server(ThreadPoolExecutor(2))
    add_RegisterServiceServicer_to_server(servicer, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with Connection(f"127.0.0.1:{port}", retries=retries) as connection:
            yield connection
    finally:
        server.stop(None).wait()


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED])
def test_a_call_that_a_stopping_worker_dropped_is_tried_again(code: grpc.StatusCode) -> None:
    servicer = Failing(code, code)
    with serving(servicer) as connection:
        found = connection.registers.GetGeneration(registers.GetGenerationRequest(), timeout=10)
    assert found.generation_id.endswith("-00000000")
    assert servicer.calls == 3


def test_what_the_caller_did_wrong_is_not_tried_again() -> None:
    servicer = Failing(grpc.StatusCode.INVALID_ARGUMENT)
    with serving(servicer) as connection, pytest.raises(grpc.RpcError) as refused:
        connection.registers.GetGeneration(registers.GetGenerationRequest(), timeout=10)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert servicer.calls == 1


def test_a_call_that_the_client_cancels_stays_cancelled() -> None:
    servicer = Failing(*[grpc.StatusCode.UNAVAILABLE] * 3)
    with serving(servicer) as connection:
        call = connection.registers.GetGeneration.future(registers.GetGenerationRequest(), timeout=10)
        call.cancel()
        with pytest.raises(grpc.FutureCancelledError):
            call.result()
    assert call.cancelled()
    assert servicer.calls <= 1


def test_a_caller_that_counts_sees_each_refusal() -> None:
    servicer = Failing(grpc.StatusCode.UNAVAILABLE)
    with serving(servicer, retries=False) as connection:
        with pytest.raises(grpc.RpcError) as refused:
            connection.registers.GetGeneration(registers.GetGenerationRequest(), timeout=10)
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
        assert connection.registers.GetGeneration(registers.GetGenerationRequest(), timeout=10)
    assert servicer.calls == 2


def test_a_connection_that_was_refused_is_begun_again_while_attempts_last() -> None:
    """As a worker closes it that strangers press, and as one that has just been replaced."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def refuse_then_serve() -> grpc.Server:
            listener.accept()[0].close()
            listener.close()
            server = grpc.server(ThreadPoolExecutor(2))
            add_RegisterServiceServicer_to_server(Failing(), server)  # type: ignore[no-untyped-call]
            server.add_insecure_port(f"127.0.0.1:{port}")
            server.start()
            return server

        with ThreadPoolExecutor(1) as beside, Connection(f"127.0.0.1:{port}") as connection:
            serving = beside.submit(refuse_then_serve)
            try:
                assert connection.registers.GetGeneration(registers.GetGenerationRequest(), timeout=10).generation_id
            finally:
                serving.result().stop(None).wait()
