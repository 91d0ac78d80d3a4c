"""Changes without a restart, within a second on every worker: revocations, policy, institutions, certificates."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from ronda.v1 import clearance_service_pb2, context_pb2
from server.trust.issuing import Issuer, make_ca, server_certificate
from tests.kit.nation_kit import BuiltNation
from tests.server.requests import CLEAR_BATCH
from tests.server.running_server import Failure, call, failure, until
from tests.trust.conftest import TrustedServer, start_trusted
from tests.trust.trust_kit import Client, question

CHECK_PERSON = "CheckService/CheckPerson"
# The bar is one second; a machine that runs two test suites at once may be late by another.
SOON_S = 2.0


@pytest.fixture(scope="module")
def reloading(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustedServer]:
    """Two workers."""
    running = start_trusted(small_nation, Path(tmp_path_factory.mktemp("reloading")), workers=2, max_loop_lag_ms=10_000)
    limits = running.kit.trust / "limits.toml"
    text = limits.read_text(encoding="utf-8")
    patrol = "[patrol]\nofficer = { count = 6000, seconds = 60, burst = 6000 }\n"  # polling is no enumeration
    _write(limits, text.replace("[patrol]", "[patrols]").replace("[desk]", f"{patrol}\n[desk]"))
    until(lambda: len(running.server.events("trust_changed")) == 2)
    yield running
    running.server.stop()
    shutil.rmtree(running.data)


def _write(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.rename(path)


def _outcomes(server: TrustedServer, client: Client, request: bytes, connections: int = 8) -> set[str]:
    """Returns what so many connections get, so that both workers are asked: "" or the reason."""
    found = set()
    for _ in range(connections):
        with server.kit.channel(server.address, client) as channel:
            try:
                call(channel, CHECK_PERSON, request, metadata=client.metadata)
                found.add("")
            except grpc.RpcError as error:
                found.add(Failure(error).reason or Failure(error).code.name)
    return found


def _soon(outcomes: Callable[[], set[str]], wanted: set[str]) -> None:
    started = time.monotonic()
    until(lambda: outcomes() == wanted, 20)
    assert time.monotonic() - started < SOON_S + 20 * 0.05


def test_a_revoked_officer_device_and_token(reloading: TrustedServer) -> None:
    kit = reloading.kit
    client, other = kit.patrol(nip="20001"), kit.patrol("patrol-9", nip="20002")
    revoked = kit.trust / "revoked.toml"
    assert _outcomes(reloading, client, question()) == {""}
    _write(revoked, 'officers = ["pnc/20001"]\n')
    _soon(lambda: _outcomes(reloading, client, question()), {"REVOKED"})
    assert _outcomes(reloading, other, question(), 2) == {""}
    _write(revoked, 'devices = ["spiffe://pnc.gob.gt/unit/zona-1/device/patrol-9"]\n')
    _soon(lambda: _outcomes(reloading, other, question()), {"REVOKED"})
    assert _outcomes(reloading, client, question()) == {""}
    _write(revoked, 'devices = ["patrol-9"]\n')  # mistyped: the list before it stays in force, and somebody is told
    until(lambda: len(reloading.server.events("trust_refused")) == 2)
    assert _outcomes(reloading, other, question()) == {"REVOKED"}
    _write(revoked, "")
    _soon(lambda: _outcomes(reloading, other, question()), {""})


def test_revocations_of_whom_nobody_enrolled_are_told(reloading: TrustedServer) -> None:
    revoked = reloading.kit.trust / "revoked.toml"
    _write(revoked, 'officers = ["pcn/20001"]\ndevices = ["spiffe://pcn.gob.gt/gateway/sms"]\n')
    told = until(lambda: reloading.server.events("trust_revokes_strangers"))
    assert told[0]["institutions"] == ["pcn", "pcn.gob.gt"]
    assert "20001" not in str(told)
    _write(revoked, "")


def test_a_change_in_place_that_keeps_size_and_time_is_seen(reloading: TrustedServer) -> None:
    kit = reloading.kit
    client = kit.patrol(nip="20031")
    revoked = kit.trust / "revoked.toml"
    _write(revoked, 'officers = ["pnc/99999"]\n')
    before = revoked.stat()
    time.sleep(1.0)  # both workers have looked
    with revoked.open("r+", encoding="utf-8") as file:
        file.write('officers = ["pnc/20031"]\n')
    os.utime(revoked, ns=(before.st_atime_ns, before.st_mtime_ns))
    _soon(lambda: _outcomes(reloading, client, question()), {"REVOKED"})
    _write(revoked, "")
    _soon(lambda: _outcomes(reloading, client, question()), {""})


def test_a_stream_that_lives_ends_when_its_officer_is_revoked(reloading: TrustedServer) -> None:
    agency = reloading.kit.issuer("digecam")
    pair = agency.gateway("night-batch")
    token = agency.token(
        "1", "certificados", ["clearance"], pair.thumbprint, gateway=agency.spiffe("/gateway/night-batch")
    )
    client = reloading.kit.client(pair, token)
    first = clearance_service_pb2.ClearRequest(
        context=context_pb2.RequestContext(purpose=context_pb2.PURPOSE_CLEARANCE),
        standard=clearance_service_pb2.CLEARANCE_STANDARD_WANTED,
    ).SerializeToString()
    revoked = reloading.kit.trust / "revoked.toml"

    def batches() -> Iterator[bytes]:
        yield first
        for number in range(200):
            if number == 3:
                _write(revoked, 'officers = ["digecam/1"]\n')
            if number > 3:
                time.sleep(0.05)
            yield CLEAR_BATCH

    answered = 0
    with reloading.kit.channel(reloading.address, client) as channel:
        open_stream: Any = channel.stream_stream("/ronda.v1.ClearanceService/Clear", None, None)
        with pytest.raises(grpc.RpcError) as caught:
            for _ in open_stream(batches(), timeout=60, metadata=client.metadata):
                answered += 1
    _write(revoked, "")
    assert Failure(caught.value).reason == "REVOKED"
    assert 3 <= answered < 3 + (SOON_S + 1) / 0.05


def test_a_policy_change_and_a_policy_that_is_none(reloading: TrustedServer) -> None:
    kit, path = reloading.kit, reloading.kit.trust / "policy.cedar"
    text = path.read_text(encoding="utf-8")
    client = kit.patrol(nip="20003")
    assert _outcomes(reloading, client, question()) == {""}
    _write(path, text + '\nforbid (principal, action, resource) when { principal.unit == "zona-1" };\n')
    _soon(lambda: _outcomes(reloading, client, question()), {"FORBIDDEN"})
    _write(path, text + "\npermit (principal, action, resource")
    until(lambda: reloading.server.events("trust_refused"))
    assert _outcomes(reloading, client, question()) == {"FORBIDDEN"}  # the last good one stays in force
    _write(path, text)
    _soon(lambda: _outcomes(reloading, client, question()), {""})


def test_a_file_that_comes_later_is_found(reloading: TrustedServer) -> None:
    kit, table = reloading.kit, reloading.kit.trust / "institutions.toml"
    ca = kit.trust / "mp" / "ca.pem"
    moved = ca.rename(ca.with_name("later.pem"))
    refused, changed = (len(reloading.server.events(name)) for name in ("trust_refused", "trust_changed"))
    _write(table, table.read_text(encoding="utf-8").replace("mp/ca.pem", "mp/new.pem"))
    until(lambda: len(reloading.server.events("trust_refused")) == refused + 2)
    moved.rename(ca.with_name("new.pem"))
    until(lambda: len(reloading.server.events("trust_changed")) >= changed + 2)


def test_an_institution_is_enrolled_while_the_server_runs(reloading: TrustedServer, tmp_path: Path) -> None:
    kit = reloading.kit
    firemen = Issuer.make(tmp_path / "bomberos", "bomberos", "bomberos.gob.gt", "https://identidad.bomberos.gob.gt")
    pair = firemen.device("central", "7")
    client = kit.client(pair, firemen.token("1", "central", ["dispatcher"], pair.thumbprint))
    assert _outcomes(reloading, client, question()) == {"UNAVAILABLE"}  # no CA that the handshake accepts
    firemen.enrol(kit.trust, "Bomberos")
    policy = kit.trust / "policy.cedar"
    text = policy.read_text(encoding="utf-8")
    permits = "".join(
        f'permit (principal in Role::"bomberos/dispatcher", action {what});\n'
        for what in ('in Action::"LookUp", resource', '== Action::"Spend", resource == Allowance::"patrol"')
    )
    _write(policy, text + permits)
    _soon(lambda: _outcomes(reloading, client, question(case_number="C-1")), {""})
    _write(policy, text)


def _served_certificate(address: str) -> bytes:
    host, _, port = address.rpartition(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host, int(port)), 10) as plain, context.wrap_socket(plain) as tls:
        return tls.getpeercert(binary_form=True) or b""


def test_the_servers_certificate_is_renewed(reloading: TrustedServer) -> None:
    directory = reloading.kit.directory
    before = _served_certificate(reloading.address)
    ca = make_ca("another server CA")
    pair = server_certificate(ca, ["localhost", "127.0.0.1"])
    cert = directory / "server.pem"
    old = cert.read_bytes()
    cert.write_bytes(pair.certificate)  # its key has not come yet
    assert _served_certificate(reloading.address) == before
    (directory / "server.key").write_bytes(pair.key)
    assert _served_certificate(reloading.address) == ssl.PEM_cert_to_DER_cert(pair.certificate.decode())
    assert old != cert.read_bytes()
    reloading.kit.server_ca = ca.certificate


def test_limits_are_of_all_workers_together(reloading: TrustedServer) -> None:
    client = reloading.kit.patrol("patrol-30", nip="20030", roles=["investigator"])
    request = question(context_pb2.PURPOSE_INVESTIGATION, case_number="C-1")
    allowed, refused = 0, []
    for _ in range(6):  # connections: both workers
        with reloading.kit.channel(reloading.address, client) as channel:
            for _ in range(8):
                try:
                    call(channel, CHECK_PERSON, request, metadata=client.metadata)
                    allowed += 1
                except grpc.RpcError as error:
                    refused.append(Failure(error))
    assert 20 <= allowed <= 35  # 20 at once, one more every three seconds
    assert {(each.code, each.reason, each.quota) for each in refused} == {
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "LIMIT_EXCEEDED", "officer")
    }
    assert all(each.retry_after_s and 0 < each.retry_after_s <= 3.1 for each in refused)


def test_break_glass_ends_soon_after_the_sign_in(reloading: TrustedServer) -> None:
    now = int(time.time())
    request = question(context_pb2.PURPOSE_BREAK_GLASS, reason="disparos en la zona")
    fresh, old = (
        reloading.kit.patrol(nip="20040"),
        reloading.kit.patrol(nip="20041", iat=now - 700, nbf=now - 700, exp=now + 100),
    )
    renewed = reloading.kit.patrol(nip="20042", auth_time=now - 700)  # by a session: nobody has just signed in
    assert _outcomes(reloading, fresh, request, 2) == {""}
    assert _outcomes(reloading, old, question(), 2) == {""}
    for late in (old, renewed):
        with reloading.kit.channel(reloading.address, late) as channel:
            assert failure(channel, CHECK_PERSON, request, metadata=late.metadata).reason == "FORBIDDEN"
