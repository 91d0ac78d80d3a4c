"""One server in production mode for a module's tests, its development identity, and servers that are no Ronda."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from clients.client.identity import Identity
from server.trust.issuing import Pair, make_ca, server_certificate
from tests.client.late_road import LateRoad
from tests.kit.nation_kit import BuiltNation
from tests.trust.conftest import TrustedServer, start_trusted

Answers = Callable[[str, bytes, grpc.ServicerContext], bytes]


@pytest.fixture(scope="module")
def trusted(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustedServer]:
    """A server in production mode, with the example policy."""
    directory = Path(tmp_path_factory.mktemp("trusted"))
    running = start_trusted(small_nation, directory)
    yield running
    running.server.stop()
    shutil.rmtree(running.data)


@pytest.fixture
def patrol(trusted: TrustedServer) -> Identity:
    """Yields the officer of the development set at the patrol's device."""
    return Identity.beside(trusted.kit.directory / "patrol")


class _Any(grpc.GenericRpcHandler):  # type: ignore[type-arg]
    """Every method, raw bytes both ways."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def service(self, handler_call_details: Any) -> Any:
        path = handler_call_details.method
        if path.endswith("/Clear"):
            return grpc.stream_stream_rpc_method_handler(
                lambda requests, context: filter(None, (self._answers(path, request, context) for request in requests))
            )
        return grpc.unary_unary_rpc_method_handler(lambda request, context: self._answers(path, request, context))


ServeAnswers = Callable[..., str]


@pytest.fixture
def serve_answers(tmp_path: Path) -> Iterator[ServeAnswers]:
    """Starts gRPC servers that answer as a function says; each gives its address. pair: TLS with that certificate."""
    started: list[tuple[grpc.Server, ThreadPoolExecutor]] = []

    def serve(answers: Answers, pair: Pair | None = None) -> str:
        threads = ThreadPoolExecutor(8)
        server = grpc.server(threads, handlers=[_Any(answers)])
        if pair is None:
            port = server.add_insecure_port("127.0.0.1:0")
        else:
            keys = grpc.ssl_server_credentials([(pair.key, pair.certificate)])
            port = server.add_secure_port("127.0.0.1:0", keys)
        server.start()
        started.append((server, threads))
        return f"localhost:{port}"

    yield serve
    for server, threads in started:
        server.stop(None).wait()
        threads.shutdown()


@pytest.fixture
def certified(tmp_path: Path) -> Callable[..., tuple[Identity, Pair]]:
    """An identity that trusts a CA of its own, and what that CA signs for a server."""

    def make(hosts: tuple[str, ...] = ("localhost",), signed: Callable[..., Pair] = server_certificate) -> Any:
        ca = make_ca("another CA")
        (tmp_path / "server-ca.pem").write_bytes(ca.certificate)
        prefix = tmp_path / "device"
        ca.write(prefix.with_suffix(".pem"), prefix.with_suffix(".key"))
        prefix.with_suffix(".token").write_text("of-nobody", encoding="ascii")
        return Identity.beside(prefix), signed(ca, hosts)

    return make


@pytest.fixture
def late_road(trusted: TrustedServer) -> Iterator[LateRoad]:
    """A way to the server on which a test says which connections' answers are held."""
    with LateRoad(trusted.server.address) as road:
        yield road
