"""One institution's damaged file, a broken policy, a half-written list: each fails alone, and workers come back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.metrics.counts import WATCH_FAILED
from server.processes.beside_calls import keep_going
from server.settings import SettingsError
from server.trust.directory import TrustKeeper, read_trust
from server.trust.faults import Faults
from server.trust.last_good import LAST_GOOD
from server.trust.revocations import Revocations, revocations_in_force
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import until
from tests.trust.conftest import TrustedServer, start_trusted
from tests.trust.test_reload import _outcomes, _write
from tests.trust.trust_kit import TrustKit, question

_P256, _UNKNOWN = bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d03017f")


def damage_ca(path: Path) -> bytes:
    """Gives a CA's key a curve that nobody knows; returns what the file held."""
    held = path.read_bytes()
    der = ssl.PEM_cert_to_DER_cert(held.decode())
    assert _P256 in der
    path.write_text(ssl.DER_cert_to_PEM_cert(der.replace(_P256, _UNKNOWN)))
    return held


@pytest.fixture(scope="module")
def server(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustedServer]:
    """Two workers and the lane."""
    directory = Path(tmp_path_factory.mktemp("parts"))
    running = start_trusted(small_nation, directory, workers=2, lane_listen="127.0.0.1:0", max_loop_lag_ms=10_000)
    yield running
    assert running.server.stop() == 0
    shutil.rmtree(running.data)


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> TrustKit:
    """Files alone."""
    return TrustKit(Path(tmp_path_factory.mktemp("keys")) / "set")


def _kill_a_worker(server: TrustedServer) -> None:
    ready = len(server.server.events("worker_ready"))
    os.kill(server.server.worker_pids()[0], signal.SIGKILL)
    until(lambda: len(server.server.events("worker_ready")) == ready + 1)


def test_a_damaged_ca_stops_no_revocation_and_no_worker(server: TrustedServer) -> None:
    kit = server.kit
    ca, revoked = kit.trust / "mp" / "ca.pem", kit.trust / "revoked.toml"
    of_mp = kit.issuer("mp").device("central", "1")
    prosecutor = kit.client(of_mp, kit.issuer("mp").token("1", "central", ["prosecutor"], of_mp.thumbprint))
    police, other = kit.patrol(nip="20101"), kit.patrol(nip="20102")
    before = _outcomes(server, prosecutor, question())
    held = damage_ca(ca)
    try:
        _write(revoked, 'officers = ["pnc/20101"]\n')
        until(lambda: _outcomes(server, police, question()) == {"REVOKED"})
        told = until(lambda: server.server.events("trust_refused"))
        assert {line["part"] for line in told} == {"institution/mp"}
        assert 'ronda_trust_refused_total{part="institution/mp"} 2.0' in server.server.metrics()
        assert 'ronda_trust_at_fault{part="institution/mp"} 1.0' in server.server.metrics()
        _kill_a_worker(server)
        assert _outcomes(server, other, question(), 4) == {""}
        assert _outcomes(server, police, question(), 4) == {"REVOKED"}
        assert _outcomes(server, prosecutor, question()) == before  # as it was in force
    finally:
        ca.write_bytes(held)
        _write(revoked, "")
    until(lambda: _outcomes(server, police, question()) == {""})
    until(lambda: 'ronda_trust_at_fault{part="institution/mp"} 0.0' in server.server.metrics())


def test_a_path_that_nobody_can_have_stops_no_revocation(server: TrustedServer) -> None:
    kit = server.kit
    listed, revoked = kit.trust / "institutions.toml", kit.trust / "revoked.toml"
    police = kit.patrol("patrol-4", nip="20104")
    held = listed.read_text()
    try:
        _write(listed, held.replace('"mp/ca.pem"', '"mp/\\u0000ca.pem"'))
        until(lambda: 'ronda_trust_at_fault{part="institution/mp"} 1.0' in server.server.metrics())
        _write(revoked, 'officers = ["pnc/20104"]\n')
        until(lambda: _outcomes(server, police, question(), 2) == {"REVOKED"})
    finally:
        _write(listed, held)
        _write(revoked, "")
    until(lambda: _outcomes(server, police, question(), 2) == {""})
    assert not server.server.events("watch_failed")


def test_a_worker_comes_back_while_tls_files_and_policy_are_refused(server: TrustedServer) -> None:
    kit = server.kit
    cert, policy = kit.directory / "server.pem", kit.trust / "policy.cedar"
    held = {path: path.read_bytes() for path in (cert, policy)}
    client = kit.patrol(nip="20103")
    try:
        cert.write_bytes(b"-----BEGIN NOTHING-----\n")
        policy.write_bytes(held[policy] + b"\npermit (principal,")
        _kill_a_worker(server)
        assert server.server.events("tls_files_refused")
        until(lambda: 'ronda_tls_at_fault{by="files"} 1.0' in server.server.metrics())
        assert _outcomes(server, client, question()) == {""}
        assert len(server.server.worker_pids()) == 2
    finally:
        for path, content in held.items():
            path.write_bytes(content)
    until(lambda: _outcomes(server, client, question()) == {""}, 20)
    until(lambda: 'ronda_trust_at_fault{part="policy"} 0.0' in server.server.metrics())


def test_what_fails_beside_calls_is_counted_and_goes_on() -> None:
    times = []

    async def watch() -> None:
        times.append(1)
        if len(times) < 3:
            raise RuntimeError("unforeseen")

    asyncio.run(keep_going(watch))
    assert len(times) == 3
    samples = [sample for family in WATCH_FAILED.collect() for sample in family.samples]
    counted = {each.value for each in samples if "test_what_fails" in each.labels["what"] and "_total" in each.name}
    assert counted == {2}


@pytest.mark.parametrize(
    ("damaged", "part"),
    [
        ("mp/ca.pem", "institution/mp"),
        ("mp/officers.jwks.json", "institution/mp"),
        ("policy.cedar", "policy"),
        ("limits.toml", "policy"),
        ("institutions.toml", "list"),
        ("revoked.toml", "revocations"),
    ],
)
def test_each_part_stays_as_it_was_in_force(kit: TrustKit, tmp_path: Path, damaged: str, part: str) -> None:
    """The running process keeps each part, and so does one that starts then; without anything kept none starts."""
    trust = shutil.copytree(kit.trust, tmp_path / "trust")
    (trust / "revoked.toml").write_text('officers = ["pnc/1"]\n')
    kept = tmp_path / LAST_GOOD
    keeper = TrustKeeper(trust, kept)
    (trust / damaged).write_bytes(b"\xff = {{")
    if damaged != "revoked.toml":
        (trust / "revoked.toml").write_text('officers = ["pnc/1", "pnc/2"]\n')
    with pytest.raises(SettingsError):
        read_trust(trust)
    asyncio.run(keeper.look())
    for now in (keeper.trust, TrustKeeper(trust, kept).trust):
        assert {fault.part for fault in now.faults} == {part}
        enrolled = {each.id for each in read_trust(kit.trust).institutions.all}
        assert {each.id for each in now.institutions.all} == enrolled
        assert now.revocations.officers == ({"pnc/1"} if damaged == "revoked.toml" else {"pnc/1", "pnc/2"})
    assert kept.stat().st_mode & 0o777 == 0o600
    with contextlib.suppress(ValueError):
        assert "PRIVATE" not in json.dumps(json.loads(kept.read_text(encoding="utf-8")))


def test_a_changed_file_that_takes_a_key_is_the_one_at_fault(kit: TrustKit, tmp_path: Path) -> None:
    """The first in the list takes the CA of a later one: that one stays whole, and the first as it was."""
    trust = shutil.copytree(kit.trust, tmp_path / "trust")
    before = read_trust(trust)
    first, later = before.institutions.all[0].id, before.institutions.all[1].id
    shutil.copy(trust / later / "ca.pem", trust / first / "ca.pem")
    now = read_trust(trust, before)
    assert {fault.part for fault in now.faults} == {f"institution/{first}"}
    assert now.equals(before)


def test_entries_of_a_faulty_list_are_in_force(tmp_path: Path) -> None:
    """The good entries hold, and those that did before; a list that is lost still revokes its entries."""
    path, faults = tmp_path / "revoked.toml", Faults(strict=False)
    last = Revocations(officers=frozenset({"pnc/1"}))
    path.write_text('officers = ["pnc/2", "3"]\ntokens = 7\nfriends = ["pnc/4"]\n')
    assert revocations_in_force(path, last, faults).officers == {"pnc/1", "pnc/2"}
    assert len(faults.found) == 3
    assert "pnc/4" not in str(faults.found)
    path.unlink()
    assert revocations_in_force(path, last, faults) == last
    assert "gone" in faults.found[-1].why
    assert revocations_in_force(path, Revocations(), Faults(strict=True)) == Revocations()
