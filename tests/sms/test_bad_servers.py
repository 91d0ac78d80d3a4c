"""Servers that are none, show another's or an expired certificate, go away, answer half; and a clock that is off.

One gateway asks through a road that leads now to Ronda, now elsewhere: each time its officer hears that it is not
green, and is answered when the road leads to Ronda again.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from cryptography import x509

from clients.sms import sessions
from clients.sms.asking import Issuer
from clients.sms.counts import Counts
from clients.sms.journal import Journal
from ronda.v1 import check_service_pb2 as contract
from server.trust.issuing import Pair, issue, make_ca, server_certificate
from tests.car.lossy_link import LossyLink
from tests.client.late_road import LateRoad
from tests.issuer.issuer_kit import NUMBER, PIN, RunningIssuer, fresh
from tests.kit.strangers import Stranger, listening
from tests.sms.conftest import gateway_settings
from tests.sms.smsc_kit import GatewayProcess, NpmSmsc, eventually
from tests.trust.conftest import TrustedServer

OFFICER = NUMBER.removeprefix("+")
NO_ANSWER = "SIN RESPUESTA: no es verde, repita R"
ANSWERED = "AMARILLO VEHICULO"  # on no file


class Road(LateRoad):
    """It leads elsewhere from one moment to the next."""

    def __enter__(self) -> Road:
        super().__enter__()
        return self

    def lead_to(self, address: str) -> None:
        """Connections of before end."""
        host, _, port = address.rpartition(":")
        self._server = (host, int(port))
        self.cut()


@dataclass
class Place:
    """An officer who has signed in, and the roads from the gateway."""

    smsc: NpmSmsc
    gateway: GatewayProcess
    ronda: Road
    to_ronda: str
    issuer: Road
    to_issuer: str
    other: Pair
    asked: int = 200

    def ask(self, before: str = "") -> str:
        """The reply to a question that nobody asked before."""
        self.asked += 1
        return self.smsc.answer_to(OFFICER, f"{before}V P{self.asked}BCD")

    def answers_again(self) -> bool:
        """Returns whether there is an answer: a channel that failed waits before it connects anew."""
        return self.ask().startswith(ANSWERED)


@pytest.fixture(scope="module")
def place(trusted: TrustedServer, issuer: RunningIssuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory, other = Path(tmp_path_factory.mktemp("roads")), make_ca("Other")
    settings = gateway_settings(trusted, issuer, directory)
    with (directory / "server-ca.pem").open("ab") as file:  # a server of this CA is one that the gateway trusts
        file.write(other.certificate)
    smsc = NpmSmsc()
    with Road(trusted.address, frozenset(range(1000))) as ronda, Road(issuer.address, frozenset()) as to_issuer:
        settings |= {"sms_server": ronda.address, "sms_issuer": to_issuer.address, "sms_answer_s": 2}
        gateway = GatewayProcess(directory / "gateway", smsc.port, sms_sender_minute=600, **settings)
        try:
            smsc.wait("bound")
            assert smsc.answer_to(OFFICER, f"PIN {PIN}").startswith("PIN aceptado")
            yield Place(smsc, gateway, ronda, trusted.address, to_issuer, issuer.address, other)
        finally:
            gateway.kill()
            smsc.stop()


class _Any(grpc.GenericRpcHandler):  # type: ignore[type-arg] # no class to subscript at run time
    """Answers whatever is asked with the same bytes."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        return grpc.unary_unary_rpc_method_handler(lambda _request, _context: self._answer)


@contextmanager
def another(ca: Pair, answer: bytes = b"", days: float = 1) -> Iterator[str]:
    """The address of a server with a certificate of that CA."""
    pair = server_certificate(ca, ["localhost"], days=days)
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((_Any(answer),))
    port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([(pair.key, pair.certificate)]))
    server.start()
    yield f"localhost:{port}"
    server.stop(None)


def headless() -> bytes:
    """A vehicle without the head that each answer has: it would read as no hit."""
    answer = contract.CheckVehicleResponse()
    answer.vehicle.SetInParent()
    return answer.SerializeToString()


@pytest.mark.parametrize("answer", [b"", b"\xff\xff", headless()])
def test_half_an_answer_is_none(place: Place, answer: bytes) -> None:
    with another(place.other, answer) as address:
        place.ronda.lead_to(address)
        assert place.ask().startswith(NO_ANSWER)
    place.ronda.lead_to(place.to_ronda)
    eventually(place.answers_again)


def test_another_server_and_an_expired_certificate(place: Place) -> None:
    with another(make_ca("Stranger")) as stranger, another(place.other, days=0) as expired:
        time.sleep(1.1)  # what holds for no day at all held until now
        for address in (stranger, expired, place.to_issuer):
            place.ronda.lead_to(address)
            assert place.ask().startswith(NO_ANSWER)
    place.ronda.lead_to(place.to_ronda)
    eventually(place.answers_again)


@pytest.mark.parametrize("kind", [Stranger.ECHO, Stranger.WEB, Stranger.HANGS_UP])
def test_another_program_is_no_server(place: Place, kind: Stranger) -> None:
    with listening(kind) as address:
        place.ronda.lead_to(address)
        assert place.ask().startswith(NO_ANSWER)
    place.ronda.lead_to(place.to_ronda)
    eventually(place.answers_again)


def test_an_answer_that_is_cut_off_on_its_way_is_asked_again(place: Place) -> None:
    with LossyLink(place.to_ronda) as link:
        place.ronda.lead_to(link.address)
        eventually(place.answers_again)
        link.halves = 1
        assert place.ask().startswith(ANSWERED)
        assert link.halves == 0
        link.halves = 1_000_000
        assert place.ask().startswith(NO_ANSWER)
    place.ronda.lead_to(place.to_ronda)
    eventually(place.answers_again)


@pytest.mark.parametrize("kind", [Stranger.ECHO, Stranger.WEB, Stranger.HANGS_UP])
def test_an_smsc_that_is_none_is_said_and_tried_again(place: Place, kind: Stranger, tmp_path: Path) -> None:
    """Anything may listen there: the gateway goes on, and binds once it is one."""
    with listening(kind) as address, Road(address, frozenset()) as road:
        port = int(road.address.rpartition(":")[2])
        gateway = GatewayProcess(tmp_path / "gateway", port, sms_issuer="127.0.0.1:1")
        try:
            eventually(lambda: road.connections >= 3)
            smsc = NpmSmsc()
            road.lead_to(f"127.0.0.1:{smsc.port}")
            smsc.wait("bound")
            smsc.stop()
        finally:
            gateway.kill()
    events = [line["event"] for line in gateway.lines()]  # and every line is JSON: no traceback
    assert events.count("bind_failed") >= 2 and "bound" in events


def test_a_certificate_of_the_gateways_own_that_ended(
    trusted: TrustedServer, issuer: RunningIssuer, tmp_path: Path
) -> None:
    """Within a session, so that it is Ronda who no longer takes it."""
    settings = gateway_settings(trusted, issuer, tmp_path)
    smsc = NpmSmsc()
    gateway = GatewayProcess(tmp_path / "gateway", smsc.port, sms_answer_s=2, **settings)
    try:
        smsc.wait("bound")
        assert smsc.answer_to(OFFICER, f"{PIN} V P900BCD").startswith(ANSWERED)
        gateway.stop()
        police = trusted.kit.police
        name = x509.UniformResourceIdentifier(police.spiffe("/gateway/sms"))
        ended = issue(police.ca, "expired", [name], days=1, starts=datetime.now(UTC) - timedelta(days=2))
        for name_of_it in ("gateway.key", "gateway.pem"):  # neither is ever overwritten
            (tmp_path / name_of_it).unlink()
        ended.write(tmp_path / "gateway.pem", tmp_path / "gateway.key")
        gateway.start()
        smsc.wait("bound", 2)
        smsc.deliver(OFFICER, "V P901BCD")  # what was not acknowledged at the stop may come again before its reply
        eventually(lambda: smsc.texts(OFFICER)[-1].startswith(NO_ANSWER))
        assert "certificate_not_valid" in [line["event"] for line in gateway.lines()]
    finally:
        gateway.kill()
        smsc.stop()


def test_a_server_that_goes_away_in_the_middle_is_asked_again(place: Place) -> None:
    place.ronda.hold()  # it takes questions, and no answer comes
    before = len(place.smsc.texts(OFFICER))
    place.smsc.deliver(OFFICER, "V P190BCD")
    place.smsc.deliver(OFFICER, "V P191BCD")
    place.ronda.cut()  # it restarts
    place.ronda.let_go()
    eventually(lambda: len(place.smsc.texts(OFFICER)) == before + 2)
    assert all(text.startswith(ANSWERED) for text in place.smsc.texts(OFFICER)[before:])
    place.ronda.hold()
    assert place.ask().startswith(NO_ANSWER)  # within sms_answer_s
    place.ronda.let_go()
    eventually(place.answers_again)


def test_sessions_go_on_without_the_issuer(place: Place) -> None:
    place.issuer.lead_to("localhost:1")
    assert place.ask().startswith(ANSWERED)
    assert place.ask("918273 ").startswith(NO_ANSWER)  # another PIN than the session's is the issuer's to judge
    place.issuer.lead_to(place.to_issuer)


@pytest.mark.parametrize("off_by_s", [-86_400, 86_400])
def test_a_clock_that_is_off_by_a_day(
    issuer: RunningIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, off_by_s: int
) -> None:
    """The gateway's own: lives of sessions and tokens are counted by the issuer's."""
    wrong = SimpleNamespace(monotonic=time.monotonic, time=lambda: time.time() + off_by_s)
    monkeypatch.setattr(sessions, "time", wrong)
    issuer.gateway.write(tmp_path / "gateway.pem", tmp_path / "gateway.key")
    shutil.copy(issuer.directory / "server-ca.pem", tmp_path / "issuer-ca.pem")

    async def sign_in() -> tuple[float, float]:
        journal, at = Journal(tmp_path / "queue"), Issuer(issuer.address, tmp_path / "gateway")
        live = sessions.Sessions(at, journal, Counts())
        tried = sessions.Tried(fresh(), time.monotonic() + 20)
        opened = await live.of(NUMBER, PIN, tried)
        assert await live.of(NUMBER, "", tried) is opened
        await at.close()
        await journal.close()
        return opened.until - time.monotonic(), opened.token_until - time.monotonic()

    session_s, token_s = asyncio.run(sign_in())
    assert 590 < session_s <= 600 and 280 < token_s <= 301
