"""Servers that are none, show another certificate, refuse, or answer half: each has its word and exit status."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from pypdf import PdfReader

from core.access.caller import METHOD_OF_CLEAR
from core.audit.reader import Flag
from ronda.v1 import clearance_service_pb2 as contract
from ronda.v1 import register_service_pb2
from server.trust.issuing import make_ca, server_certificate
from tests.agency.agency_kit import Agency, write
from tests.agency.test_clear import CLEAN
from tests.car.lossy_link import LossyLink
from tests.kit.nation_kit import BuiltNation
from tests.kit.strangers import Stranger, listening, web_tls
from tests.server.running_server import until
from tests.trust.conftest import TrustedServer, start_trusted


@pytest.fixture(scope="module")
def trusted(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustedServer]:
    running = start_trusted(small_nation, Path(tmp_path_factory.mktemp("trusted")))
    yield running
    running.server.stop()


def _identity(trusted: TrustedServer, directory: Path, days: float = 90, **changes: Any) -> list[str]:
    agency = trusted.kit.issuer("digecam")
    device = agency.device("certificados", "desk-1", days)
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


def test_rows_that_a_killed_run_asks_again_count_once(trusted: TrustedServer, tmp_path: Path, cuis: list[str]) -> None:
    path = write(tmp_path / "in.csv", "DPI", *(cuis * 400))
    agency = Agency(trusted.address, [*_identity(trusted, tmp_path), "--map", "cui=DPI"])
    before = _counted(trusted)
    assert agency.clear(path, tmp_path / "whole.csv").status == 0
    whole = _counted(trusted) - before
    out = tmp_path / "out.csv"
    running = agency.start(path, out)
    until((tmp_path / "out.avance.json").exists)
    running.kill()
    running.communicate()
    assert agency.clear(path, out, "--resume").status == 0
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    resumed = _counted(trusted) - before - whole
    assert len(whole) == len(resumed) == 1, "a run has one request id"
    assert whole.total() == resumed.total(), "a batch was paid twice"


def _counted(trusted: TrustedServer) -> Counter[str]:
    """Batches that counted so far, by their request id."""
    records = [record for record in trusted.newest(1_000) if record.method == METHOD_OF_CLEAR]
    return Counter(record.request_id for record in records if not record.flags & Flag.RETRY)


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


@pytest.mark.parametrize("kind", [Stranger.ECHO, Stranger.WEB, Stranger.HANGS_UP])
def test_another_program_is_no_server(trusted: TrustedServer, tmp_path: Path, kind: Stranger) -> None:
    path, options = write(tmp_path / "in.csv", "DPI", CLEAN), ["--map", "cui=DPI", "--patience", "1"]
    identity = _identity(trusted, tmp_path)
    with listening(kind) as address:
        done = Agency(address, identity).clear(path, tmp_path / "a.csv", *options)
        assert (done.status, "no habla TLS" in done.text) == (18, True), done.text
        done = Agency(address).clear(path, tmp_path / "b.csv", *options)
        assert (done.status, "otro programa" in done.text) == (10, True), done.text
    with listening(Stranger.WEB, web_tls(tmp_path)) as address:
        done = Agency(address, identity).clear(path, tmp_path / "c.csv", *options)
        assert (done.status, "otro programa" in done.text) == (10, True), done.text
    assert not list(tmp_path.glob("[abc].csv"))


def test_answers_that_are_cut_off_on_their_way_are_asked_again(
    trusted: TrustedServer, tmp_path: Path, cuis: list[str]
) -> None:
    path, options = write(tmp_path / "in.csv", "DPI", *(cuis * 60)), [*_identity(trusted, tmp_path), "--map", "cui=DPI"]
    assert Agency(trusted.address, options).clear(path, tmp_path / "whole.csv").status == 0
    with LossyLink(trusted.address) as link:
        link.halves = 3
        done = Agency(link.address, options).clear(path, tmp_path / "out.csv")
        assert (done.status, link.halves) == (0, 0), done.text
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_certificate_of_ours_that_has_expired(trusted: TrustedServer, tmp_path: Path) -> None:
    agency = Agency(trusted.address, [*_identity(trusted, tmp_path, days=1e-5), "--map", "cui=DPI", "--patience", "1"])
    time.sleep(1.1)  # what held for less than a second
    done = agency.clear(write(tmp_path / "in.csv", "DPI", CLEAN), tmp_path / "out.csv")
    assert (done.status, "certificado" in done.text) == (16, True), done.text


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


class _Spoilt(grpc.GenericRpcHandler):  # type: ignore[type-arg] # no class to subscript at run time
    """A server that keeps the rules of gRPC and not all of Ronda's; `asked`: (request_id, batch) as they came."""

    def __init__(self, spoil: str) -> None:
        self._spoil = spoil
        self.asked: list[tuple[str, bytes]] = []
        self.over = threading.Event()

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        if details.method.endswith("/GetGeneration"):
            answer = register_service_pb2.GetGenerationResponse(generation_id="g").SerializeToString()
            return grpc.unary_unary_rpc_method_handler(lambda _request, _context: answer)
        return grpc.stream_stream_rpc_method_handler(self._clear)

    def _clear(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        request_id = contract.ClearRequest.FromString(next(requests)).context.request_id
        for request in requests:
            self.asked.append((request_id, request))
            rows = list(contract.ClearRequest.FromString(request).row_ids)
            if self._spoil == "ends":
                return
            if self._spoil == "breaks" and len(self.asked) == 1:
                context.abort(grpc.StatusCode.UNAVAILABLE, "")
            if self._spoil == "silent":
                self.over.wait()
                return
            ones: Any = [1] * len(rows)
            response = contract.ClearResponse(generation_id="g", row_ids=rows, results=ones, reasons=ones)
            if self._spoil == "rows":
                del response.results[-1]
            elif self._spoil == "generation":
                response.generation_id = "h"
            elif self._spoil == "order":
                response.row_ids[0] = 99
            elif self._spoil == "changes":
                response.ledger_sequence = "muchos"
            elif self._spoil == "live":
                response.ledger_sequence = str(40 + len(self.asked))
            elif self._spoil == "number":
                response.results[0] = 1_000  # type: ignore[call-overload]
            yield response.SerializeToString()


@contextmanager
def _serving(spoil: str) -> Iterator[tuple[_Spoilt, Agency]]:
    server = grpc.server(ThreadPoolExecutor(8))
    handler = _Spoilt(spoil)
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield handler, Agency(f"127.0.0.1:{port}", ["--map", "cui=DPI"])
    finally:
        handler.over.set()
        server.stop(None)


@pytest.mark.parametrize("spoil", ["rows", "generation", "order", "ends", "number", "changes"])
def test_half_an_answer_is_none(tmp_path: Path, spoil: str) -> None:
    with _serving(spoil) as (_, agency):
        done = agency.clear(write(tmp_path / "in.csv", "DPI", *[CLEAN] * 10), tmp_path / "out.csv", "--patience", "5")
        assert (done.status, "--resume" in done.text) == (1, True), done.text
        assert not (tmp_path / "out.csv").exists()


def test_a_batch_that_is_sent_again_is_the_same_request(tmp_path: Path) -> None:
    """By that the server knows it for a retry, which counts once (tests/core/access/test_limits.py)."""
    with _serving("breaks") as (handler, agency):
        done = agency.clear(write(tmp_path / "in.csv", "DPI", *[CLEAN] * 10), tmp_path / "out.csv")
        assert (done.status, len(done.codes)) == (0, 10), done.text
    first, second = handler.asked
    assert first == second
    assert first[0]


def test_every_batch_is_other_bytes_under_one_request_id(tmp_path: Path) -> None:
    """Though the same people stand in each: none is taken for a retry of another."""
    with _serving("") as (handler, agency):
        done = agency.clear(write(tmp_path / "in.csv", "DPI", *[CLEAN] * 17_000), tmp_path / "out.csv")
        assert (done.status, len(done.codes)) == (0, 17_000), done.text
    assert len({request_id for request_id, _ in handler.asked}) == 1
    assert len({batch for _, batch in handler.asked}) == len(handler.asked) == 5


def test_summary_and_receipt_say_by_which_live_changes_the_rows_were_judged(tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", "DPI", *[CLEAN] * 17_000)
    with _serving("live") as (handler, agency):
        done = agency.clear(path, tmp_path / "out.csv")
        assert (done.status, len(handler.asked)) == (0, 5), done.text
        assert done.summary["cambios_en_vivo"] == {"desde": 41, "hasta": 45}
    [page] = PdfReader(done.beside("recibo.pdf")).pages
    assert "entre el 41 y el 45 del libro de cambios" in page.extract_text()
    with _serving("") as (_, agency):
        assert agency.clear(path, tmp_path / "none.csv").summary["cambios_en_vivo"] is None


def test_a_server_that_takes_batches_and_is_silent(tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", "DPI", CLEAN)
    with _serving("silent") as (_, agency):
        done = agency.clear(path, tmp_path / "out.csv", "--patience", "1")
        assert (done.status, "--resume" in done.text) == (13, True), done.text
    with _serving("") as (_, agency):
        assert agency.clear(path, tmp_path / "out.csv", "--resume").status == 0


def test_a_port_that_accepts_and_is_silent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        agency = Agency(f"127.0.0.1:{listening.getsockname()[1]}", ["--map", "cui=DPI"])
        done = agency.clear(write(tmp_path / "in.csv", "DPI", CLEAN), tmp_path / "out.csv", "--patience", "1")
        assert done.status in (10, 13), done.text
