"""Servers that are none, show another certificate, refuse, or answer half: each has its word and exit status."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from ronda.v1 import clearance_service_pb2 as contract
from ronda.v1 import register_service_pb2
from server.trust.issuing import make_ca, server_certificate
from tests.agency.agency_kit import Agency, write
from tests.agency.test_clear import CLEAN
from tests.kit.nation_kit import BuiltNation
from tests.trust.conftest import TrustedServer, start_trusted


@pytest.fixture(scope="module")
def trusted(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustedServer]:
    running = start_trusted(small_nation, Path(tmp_path_factory.mktemp("trusted")))
    yield running
    running.server.stop()


def _identity(trusted: TrustedServer, directory: Path, **changes: Any) -> list[str]:
    agency = trusted.kit.issuer("digecam")
    device = agency.device("certificados", "desk-1")
    (directory / "desk.pem").write_bytes(device.certificate)
    (directory / "desk.key").write_bytes(device.key)
    token = agency.token("1", "certificados", ["clearance"], device.thumbprint, **changes)
    (directory / "desk.token").write_text(token, encoding="ascii")
    (directory / "server-ca.pem").write_bytes(trusted.kit.server_ca)
    return ["--identity", str(directory / "desk")]


def test_over_mutual_tls_as_the_agencys_officer(trusted: TrustedServer, tmp_path: Path) -> None:
    agency = Agency(trusted.address, _identity(trusted, tmp_path))
    done = agency.clear(write(tmp_path / "in.csv", "DPI", CLEAN), tmp_path / "out.csv", "--map", "cui=DPI")
    assert (done.status, list(done.codes.values())) == (0, ["NO_RECORD/NOTHING_ON_FILE"]), done.text
    assert "digecam" in done.summary["quien"]["certificado"]


@pytest.mark.parametrize("off_by_s", [-86_400, 86_400])
def test_a_clock_that_is_off_by_a_day(trusted: TrustedServer, tmp_path: Path, off_by_s: int) -> None:
    """The token that a clock so far off makes is over, or not yet valid."""
    agency = Agency(trusted.address, _identity(trusted, tmp_path, **_times(off_by_s)))
    done = agency.clear(write(tmp_path / "in.csv", "DPI", CLEAN), tmp_path / "out.csv", "--map", "cui=DPI")
    assert done.status == 15, done.text


def _times(off_by_s: int) -> dict[str, int]:
    now = int(time.time()) + off_by_s
    return {"iat": now, "nbf": now, "exp": now + 900}


def test_no_server_and_another_ca(trusted: TrustedServer, tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", "DPI", CLEAN)
    options = ["--map", "cui=DPI", "--patience", "1"]
    assert Agency("127.0.0.1:1").clear(path, tmp_path / "a.csv", *options).status == 10
    assert Agency(trusted.address).clear(path, tmp_path / "b.csv", *options).status == 18
    identity = _identity(trusted, tmp_path)
    (tmp_path / "server-ca.pem").write_bytes(trusted.kit.police.ca.certificate)
    assert Agency(trusted.address, identity).clear(path, tmp_path / "c.csv", *options).status == 19
    (tmp_path / "desk.token").unlink()
    assert Agency(trusted.address, identity).clear(path, tmp_path / "d.csv", *options).status == 14


def test_a_server_whose_certificate_has_expired(trusted: TrustedServer, tmp_path: Path) -> None:
    ca = make_ca("Other")
    pair = server_certificate(ca, ["localhost"], days=0)
    time.sleep(1.1)  # what holds for no day at all held until now
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([(pair.key, pair.certificate)]))
    server.start()
    agency = Agency(f"localhost:{port}", _identity(trusted, tmp_path))
    (tmp_path / "server-ca.pem").write_bytes(ca.certificate)
    done = agency.clear(write(tmp_path / "in.csv", "DPI", CLEAN), tmp_path / "out.csv", "--map", "cui=DPI")
    assert (done.status, "está vencido" in done.text) == (19, True), done.text
    server.stop(None)


class _Half(grpc.GenericRpcHandler):  # type: ignore[type-arg] # no class to subscript at run time
    """A server that keeps the rules of gRPC and none of Ronda's: what comes back belongs to another batch."""

    def __init__(self, spoil: str) -> None:
        self._spoil = spoil

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        if details.method.endswith("/GetGeneration"):
            answer = register_service_pb2.GetGenerationResponse(generation_id="g").SerializeToString()
            return grpc.unary_unary_rpc_method_handler(lambda _request, _context: answer)
        return grpc.stream_stream_rpc_method_handler(self._clear)

    def _clear(self, requests: Iterator[bytes], _context: object) -> Iterator[bytes]:
        for request in requests:
            rows = list(contract.ClearRequest.FromString(request).row_ids)
            if not rows:
                continue
            if self._spoil == "ends":
                return
            ones: Any = [1] * len(rows)
            response = contract.ClearResponse(generation_id="g", row_ids=rows, results=ones, reasons=ones)
            if self._spoil == "rows":
                del response.results[-1]
            elif self._spoil == "generation":
                response.generation_id = "h"
            elif self._spoil == "order":
                response.row_ids[0] = 99
            yield response.SerializeToString()


@pytest.mark.parametrize("spoil", ["rows", "generation", "order", "ends"])
def test_half_an_answer_is_none(tmp_path: Path, spoil: str) -> None:
    server = grpc.server(ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((_Half(spoil),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        path = write(tmp_path / "in.csv", "DPI", *[CLEAN] * 10)
        done = Agency(f"127.0.0.1:{port}").clear(path, tmp_path / "out.csv", "--map", "cui=DPI", "--patience", "5")
        assert (done.status, "--resume" in done.text) == (1, True), done.text
        assert not (tmp_path / "out.csv").exists()
    finally:
        server.stop(None)
