"""Answers to a stranger about a number: four words, over TLS, so often."""

from __future__ import annotations

import asyncio
import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest

from clients.certificate.asking import Clearance, Outcome, RegisterRead, Standard
from clients.certificate.facts import Institution
from clients.certificate.making import make_certificate
from clients.certificate.signer import Signer
from clients.client.connection import read_failure
from ronda.commands.exit_status import ExitStatus
from ronda.v1 import certificate_service_pb2 as contract
from ronda.v1.certificate_service_pb2_grpc import CertificateServiceStub
from server.certificates.directory import OfficeDirectory
from server.certificates.online import BURST, METHOD, PER_MINUTE, CertificateVerifier, Rates, address_of, serve_online
from server.certificates.store import CertificateStore, Issued
from tests.certificates.counter import ONLINE, REVIEWER, Counter
from tests.certificates.readers import code_on_page
from tests.kit.personal_data import PersonalData


@dataclass
class Online:
    """`ronda certificate serve` in its own process."""

    process: subprocess.Popen[str]
    address: str
    authority: Path


@pytest.fixture(scope="module")
def online(counter: Counter) -> Iterator[Online]:
    keys = counter.trusted.kit.directory
    arguments = ["certificate", "serve", "--listen", "127.0.0.1:0", "--tls-cert", keys / "server.pem"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ronda.command", *map(str, arguments), "--tls-key", keys / "server.key"],
        env={**os.environ, **counter.environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    ready = process.stdout.readline()
    found = re.search(r"port (\d+)", ready)
    assert found is not None, ready
    yield Online(process, f"localhost:{found[1]}", keys / "server-ca.pem")
    process.terminate()
    rest = process.stdout.read()
    process.stdout.close()
    assert process.wait(20) == 0
    assert not PersonalData(counter.nation).within(rest), "nothing personal in what it prints"


def checked(counter: Counter, online: Online, shown: str, status: int = 0) -> dict[str, Any]:
    """The command's JSON."""
    return counter.told("verify", shown, "--online", online.address, "--online-ca", online.authority, status=status)


def test_valid_then_revoked_and_unknown(counter: Counter, online: Online) -> None:
    told = counter.issued()
    number, token = told["number"], told["token"]
    for shown in (number, number.lower().replace("-", " "), token):
        assert checked(counter, online, shown)["valid"] is True
    assert counter.run("revoke", number, "--reason", "Orden posterior", nip=REVIEWER).exit_code == 0
    for shown in (number, token):
        assert checked(counter, online, shown, ExitStatus.NOT_VALID)["error"]["fault"] == "REVOKED"
    assert counter.told("verify", token)["revocation_checked"] is False, "off line nobody learns of it, and is told so"
    assert checked(counter, online, "00000-00000-00000-00000", ExitStatus.NOT_VALID)["error"]["fault"] == "UNKNOWN"


@dataclass
class Shown:
    """A shown certificate, and a verifier's findings: of its code off line and on line, and of its number alone."""

    pdf: bytes
    number: str
    off_line: str
    on_line: str
    by_number: str


def by_hand(counter: Counter, office: OfficeDirectory, number: str, days_ago: int) -> bytes:
    """A page signed with an office's keys, past its store."""
    then = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days_ago)
    read = (RegisterRead("RENAP", then, True),)
    facts = Clearance(
        counter.cui("clean"), "OTRA", Standard.POLICE, Outcome.NO_RECORD, "NOTHING_ON_FILE", "g", "a", then, read, ()
    )
    institution = Institution("digecam", "Oficina de Constancias", ONLINE)
    return make_certificate(facts, number, institution, Signer.read(*office.signer_files), then).pdf


def shown(counter: Counter, kind: str, directory: Path) -> Shown:
    """One of a kind."""
    office = counter.office
    if kind in ("valid", "revoked"):
        told = counter.issued("clean", "police")
        if kind == "revoked":
            assert counter.run("revoke", told["number"], "--reason", "Orden", nip=REVIEWER).exit_code == 0
        now = "" if kind == "valid" else "REVOKED"
        return Shown(told["pdf"], told["number"], "", now, now)
    number = "-".join([{"expired": "E", "unknown": "V", "another issuer's": "X"}[kind] * 5] * 4)
    if kind == "expired":
        store = CertificateStore(office.store)
        store.issue(Issued(number, b"p" * 32, "police", 1000, 2000, "0" * 64, "g", "a"))
        store.close()
        return Shown(by_hand(counter, office, number, 200), number, "EXPIRED", "EXPIRED", "EXPIRED")
    if kind == "unknown":
        return Shown(by_hand(counter, office, number, 0), number, "", "UNKNOWN", "UNKNOWN")
    other = OfficeDirectory.make(directory / "other", "digecam", "Oficina de Constancias", ONLINE, 1095)
    return Shown(by_hand(counter, other, number, 0), number, "SIGNATURE", "SIGNATURE", "UNKNOWN")


@pytest.mark.parametrize("kind", ["valid", "expired", "revoked", "unknown", "another issuer's"])
def test_a_code_off_line_and_on_line(counter: Counter, online: Online, kind: str, tmp_path: Path) -> None:
    """As a camera reads it from the page; green in no case but one."""
    one = shown(counter, kind, tmp_path)
    page = tmp_path / "shown.pdf"
    page.write_bytes(one.pdf)
    there = ("--online", online.address, "--online-ca", str(online.authority))
    for asked, more, fault in (
        (code_on_page(page, tmp_path), (), one.off_line),
        (code_on_page(page, tmp_path), there, one.on_line),
        (one.number, there, one.by_number),
    ):
        told = counter.told("verify", asked, *more, status=ExitStatus.NOT_VALID if fault else 0)
        assert (told["error"]["fault"] if fault else "") == fault
        said = counter.run("verify", asked, *more).output
        assert said.startswith("VÁLIDA") == (not fault and bool(more)), said


def test_who_does_not_answer_vouches_for_nothing(counter: Counter, online: Online) -> None:
    told = counter.issued()
    for more in (["--online", online.address], ["--online", "localhost:9"]):
        result = counter.run("verify", told["token"], *more)
        assert result.exit_code == ExitStatus.NO_SERVER, result.output
        assert "VÁLIDA" not in result.output


@pytest.fixture
def local(tmp_path: Path) -> Iterator[tuple[CertificateStore, Any, str, list[float]]]:
    """A store, a stub of the service over it, its address, and the clock of its rates, which stands still."""
    path = tmp_path / "certificates.sqlite3"
    store, now, ports = CertificateStore(path), [0.0], queue.Queue[int]()
    loop, ended = asyncio.new_event_loop(), asyncio.Event()

    def serve() -> None:
        verifier = CertificateVerifier(path, Rates(lambda: now[0]), message_s=0.5)
        loop.run_until_complete(serve_online("127.0.0.1:0", verifier, None, ports.put, ended))

    thread = threading.Thread(target=serve)
    thread.start()
    address = f"127.0.0.1:{ports.get(timeout=30)}"
    with grpc.insecure_channel(address) as channel:
        yield store, CertificateServiceStub(channel), address, now  # type: ignore[no-untyped-call]
    loop.call_soon_threadsafe(ended.set)
    thread.join(30)
    loop.close()
    store.close()


def stored(store: CertificateStore, letter: str, expires_s: int) -> str:
    number = "-".join([letter * 5] * 4)
    store.issue(Issued(number, b"p" * 32, "police", expires_s - 10, expires_s, "0" * 64, "g", "a"))
    return number


def test_each_answer_has_the_same_size(local: tuple[CertificateStore, Any, str, list[float]]) -> None:
    store, stub, _, _ = local
    soon = int(time.time()) + 1000
    valid, expired, revoked = stored(store, "A", soon), stored(store, "B", 1000), stored(store, "C", soon)
    store.revoke(revoked, b"o" * 32, 5)
    answers = {
        number: stub.Verify(contract.VerifyRequest(number=number), timeout=10)
        for number in (valid, expired, revoked, "D" * 20, "", "x" * 900, "Ñ", "' OR 1=1 --")
    }
    status = contract.CertificateStatus
    said = [status.Name(answer.status).removeprefix("CERTIFICATE_STATUS_") for answer in answers.values()]
    assert said == ["VALID", "EXPIRED", "REVOKED"] + ["UNKNOWN"] * 5
    assert {len(answer.SerializeToString()) for answer in answers.values()} == {2}
    assert [field.name for field in contract.VerifyResponse.DESCRIPTOR.fields] == ["status"]


def test_an_address_may_ask_so_often(local: tuple[CertificateStore, Any, str, list[float]]) -> None:
    _, stub, _, now = local
    for _ in range(BURST):
        stub.Verify(contract.VerifyRequest(number="A" * 20), timeout=10)
    for channel_of_its_own in (False, True):
        with pytest.raises(grpc.RpcError) as error:
            stub.Verify(contract.VerifyRequest(number="A" * 20), timeout=10)
        assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED, channel_of_its_own
    assert read_failure(error.value).retry_after_seconds == pytest.approx(60 / PER_MINUTE, abs=0.1)
    assert read_failure(error.value).reason == "LIMIT_EXCEEDED"
    now[0] += 60 / PER_MINUTE
    stub.Verify(contract.VerifyRequest(number="A" * 20), timeout=10)
    with pytest.raises(grpc.RpcError) as error:
        stub.Verify(contract.VerifyRequest(number="A" * 2000), timeout=10)
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED, "a question that is too large"


def test_who_says_nothing_holds_nobody(local: tuple[CertificateStore, Any, str, list[float]]) -> None:
    """Calls with a message that does not come end by themselves; each counts, and others are answered meanwhile."""
    _, stub, address, now = local
    silent = threading.Event()

    def nothing() -> Iterator[bytes]:
        silent.wait(60)
        yield b""

    with grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        ask: Any = channel.stream_unary(METHOD, None, None)
        held = [ask.future(nothing(), timeout=60) for _ in range(6)]
        for _ in range(4):
            stub.Verify(contract.VerifyRequest(number="A" * 20), timeout=10)
        assert {each.exception(timeout=30).code() for each in held} == {grpc.StatusCode.DEADLINE_EXCEEDED}
        silent.set()
        now[0] += 3600
        with pytest.raises(grpc.RpcError) as error:
            ask(iter([b"\xff\xff"]), timeout=10)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_whose_address_it_is() -> None:
    for peer, address in (
        ("ipv4:192.0.2.1:5000", "192.0.2.1"),
        ("ipv6:%5B2001:db8:1:2:3::4%5D:5000", "2001:db8:1:2::/64"),
        ("ipv6:[2001:db8:1:2:9::1]:77", "2001:db8:1:2::/64"),
        ("ipv6:%5B::ffff:192.0.2.1%5D:1", "192.0.2.1"),
        ("unix:/tmp/socket", "unix"),
    ):
        assert address_of(peer) == address


def test_elsewhere_it_needs_tls(counter: Counter) -> None:
    result = counter.run("serve", "--listen", "0.0.0.0:0")
    assert result.exit_code == ExitStatus.CALLER
    assert "--tls-cert" in result.output


def test_look_up_servers_do_not_have_it(counter: Counter) -> None:
    client = counter.trusted.kit.patrol()
    with counter.trusted.kit.channel(counter.trusted.address, client) as channel:
        stub = CertificateServiceStub(channel)  # type: ignore[no-untyped-call]
        with pytest.raises(grpc.RpcError) as error:
            stub.Verify(contract.VerifyRequest(number="A" * 20), metadata=client.metadata, timeout=10)
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
