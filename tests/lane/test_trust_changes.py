"""Changes under open connections of the lane: revocations, policy, institutions, certificates, within a second."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.trust.issuing import Issuer, make_ca, server_certificate
from tests.kit.nation_kit import BuiltNation
from tests.lane.bare import Bare, bare, fields_of, prefixed, tls_context, tls_to, written
from tests.lane.came import ask
from tests.lane.laned import CHECK_PERSON, Laned, patrols_without_end, start_laned
from tests.lane.test_wire import OK
from tests.server.running_server import until
from tests.trust.test_reload import SOON_S, _write
from tests.trust.trust_kit import Client, question


@pytest.fixture(scope="module")
def changing(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laned]:
    """Two workers."""
    directory = Path(tmp_path_factory.mktemp("changing"))
    running = start_laned(small_nation, directory, patrols_without_end, workers=2)
    yield running
    assert running.server.events("internal_error") == []
    assert running.server.stop() == 0
    shutil.rmtree(directory)


def pairs_of(client: Client) -> list[tuple[str, str]]:
    """Its metadata as header fields."""
    return [(str(key), str(value)) for key, value in client.metadata]


class Held:
    """Open connections of the lane by one client, eight of them, so that both workers have some."""

    def __init__(self, laned: Laned, client: Client) -> None:
        self.client = client
        self.connections = [bare(laned, client) for _ in range(8)]
        self._next = 1

    def ask(self) -> list[str]:
        """grpc-status of one call on each that is open; "" where the connection ended."""
        said = []
        for connection in self.connections:
            if not connection.closed and not connection.goaway:
                connection.call(self._next, fields_of(CHECK_PERSON, pairs_of(self.client)), prefixed(question()))
            said.append(connection.ended(self._next)["grpc-status"])
        self._next += 2
        return said

    def close(self) -> None:
        for connection in self.connections:
            connection.socket.close()


@pytest.mark.parametrize("what", ["officer", "device"])
def test_the_revoked_are_refused_on_open_connections(changing: Laned, what: str) -> None:
    device, nip = f"patrol-{what}", {"officer": "20401", "device": "20402"}[what]
    client, other = changing.kit.patrol(device, nip), changing.kit.patrol("patrol-90", "20490")
    held, others = Held(changing, client), Held(changing, other)
    revoked = changing.kit.trust / "revoked.toml"
    line = {
        "officer": f'officers = ["pnc/{nip}"]\n',
        "device": f'devices = ["spiffe://pnc.gob.gt/unit/zona-1/device/{device}"]\n',
    }[what]
    try:
        assert set(held.ask()) == set(others.ask()) == {OK}
        _write(revoked, line)
        since = time.monotonic()
        until(lambda: OK not in held.ask())
        assert time.monotonic() - since < SOON_S + 1
        assert set(held.ask()) <= {"", "16"}, "UNAUTHENTICATED, or the connection ended"
        assert set(others.ask()) <= {OK, ""}
        with changing.channel(changing.lane, client) as channel:
            assert ask(channel, CHECK_PERSON, question(), client.metadata).reason == "REVOKED"
        _write(revoked, "")
        with changing.channel(changing.lane, client) as channel:
            until(lambda: ask(channel, CHECK_PERSON, question(), client.metadata).code == "OK")
    finally:
        held.close()
        others.close()
        _write(revoked, "")


def test_connections_of_a_revoked_device_are_closed(changing: Laned) -> None:
    client = changing.kit.patrol("patrol-91", "20491")
    held = Held(changing, client)
    revoked = changing.kit.trust / "revoked.toml"
    try:
        assert set(held.ask()) == {OK}
        _write(revoked, 'devices = ["spiffe://pnc.gob.gt/unit/zona-1/device/patrol-91"]\n')

        def closed() -> bool:
            for each in held.connections:
                each.look()
            return all(each.closed or each.goaway for each in held.connections)

        until(closed)
    finally:
        held.close()
        _write(revoked, "")


def test_a_policy_that_changes(changing: Laned) -> None:
    path, client = changing.kit.trust / "policy.cedar", changing.kit.patrol("patrol-92", "20492")
    text = path.read_text(encoding="utf-8")
    with changing.channel(changing.lane, client) as channel:
        assert ask(channel, CHECK_PERSON, question(), client.metadata).code == "OK"
        try:
            _write(path, text + '\nforbid (principal, action, resource) when { principal.unit == "zona-1" };\n')
            until(lambda: ask(channel, CHECK_PERSON, question(), client.metadata).reason == "FORBIDDEN")
        finally:
            _write(path, text)
        until(lambda: ask(channel, CHECK_PERSON, question(), client.metadata).code == "OK")


def test_an_institution_that_is_enrolled_and_one_that_goes(changing: Laned, tmp_path: Path) -> None:
    firemen = Issuer.make(tmp_path / "bomberos", "bomberos", "bomberos.gob.gt", "https://identidad.bomberos.gob.gt")
    pair = firemen.device("central", "7")
    client = Client(pair, (("authorization", "Bearer " + firemen.token("1", "central", ["x"], pair.thumbprint)),))

    def said() -> str:
        with changing.channel(changing.lane, client) as channel:
            came = ask(channel, CHECK_PERSON, question(), client.metadata)
            return came.reason or came.code

    table = changing.kit.trust / "institutions.toml"
    before = table.read_text(encoding="utf-8")
    assert said() == "UNAVAILABLE"
    firemen.enrol(changing.kit.trust, "Bomberos")
    until(lambda: {said() for _ in range(4)} == {"FORBIDDEN"})  # its role is permitted nothing
    _write(table, before)
    until(lambda: {said() for _ in range(4)} == {"UNAVAILABLE"})


def test_a_ticket_of_before_is_none_after_a_change_of_trust(changing: Laned, tmp_path: Path) -> None:
    """A resumed session skips the chain of certificates: after a change nobody resumes one."""
    client = changing.kit.patrol("patrol-93", "20493")
    directory = changing.kit.directory
    context = tls_context(directory, written(directory, client, "ticket"))

    def reused(session: object) -> bool:
        with Bare(tls_to(changing.lane, context, session)) as again:  # type: ignore[arg-type]
            again.call(1, fields_of(CHECK_PERSON, pairs_of(client)), prefixed(question()))
            assert again.ended(1)["grpc-status"] == OK
            return bool(again.socket.session_reused)  # type: ignore[attr-defined]

    with Bare(tls_to(changing.lane, context)) as first:
        first.call(1, fields_of(CHECK_PERSON, pairs_of(client)), prefixed(question()))
        assert first.ended(1)["grpc-status"] == OK
        session = first.socket.session  # type: ignore[attr-defined]
    assert all(reused(session) for _ in range(8))  # by whichever worker
    Issuer.make(tmp_path / "cruz-roja", "cruz-roja", "cruzroja.gt", "https://identidad.cruzroja.gt").enrol(
        changing.kit.trust, "Cruz Roja"
    )
    until(lambda: not any(reused(session) for _ in range(8)))


def test_the_servers_certificate_is_renewed_and_open_connections_stay(changing: Laned) -> None:
    client = changing.kit.patrol("patrol-94", "20494")
    kit = changing.kit
    held = Held(changing, client)
    try:
        assert set(held.ask()) == {OK}
        ca = make_ca("another server CA")
        pair = server_certificate(ca, ["localhost", "127.0.0.1"])
        (kit.directory / "server.pem").write_bytes(pair.certificate)
        (kit.directory / "server.key").write_bytes(pair.key)
        kit.server_ca = ca.certificate
        (kit.directory / "server-ca.pem").write_bytes(ca.certificate)

        def reaches() -> bool:
            with changing.channel(changing.lane, client) as channel:
                return ask(channel, CHECK_PERSON, question(), client.metadata).code == "OK"

        until(lambda: all(reaches() for _ in range(6)))  # both workers show the new one
        assert set(held.ask()) <= {OK, ""}
    finally:
        held.close()
