"""TLS of the lane: who shows no certificate gets nowhere; who does resumes by ticket; certificates can be replaced."""

from __future__ import annotations

import contextlib
import resource
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from server.trust.issuing import Pair
from tests.lane.stub_process import FAST, Stub
from tests.lane.wire import CHECK_PERSON, Wire, frame
from tests.trust.trust_kit import TrustKit

_MOST_UPDATES = 5_000  # more than a connection is worth


@dataclass(frozen=True)
class Files:
    """The files that the stub and its clients read."""

    kit: TrustKit
    folder: Path
    pair: Pair

    @property
    def stub(self) -> dict[str, Path]:
        return {
            "certificate": self.folder / "server.pem",
            "key": self.folder / "server.key",
            "roots": self.folder / "roots.pem",
        }

    def context(self, pair: Pair | None, alpn: str | None = "h2") -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=self.kit.server_ca.decode())
        if alpn:
            context.set_alpn_protocols([alpn])
        if pair is not None:
            shown = self.folder / f"shown-{id(pair)}.pem"
            shown.write_bytes(pair.certificate + pair.key)
            context.load_cert_chain(shown)
        return context


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("lane")
    kit = TrustKit(folder / "set")
    roots = sorted(kit.trust.rglob("*.pem")) + sorted(kit.trust.rglob("*.crt"))
    text = b"".join(path.read_bytes() for path in roots if b"BEGIN CERTIFICATE" in path.read_bytes())
    (folder / "roots.pem").write_bytes(text)
    for name in ("server.pem", "server.key"):
        (folder / name).write_bytes((kit.directory / name).read_bytes())
    return Files(kit, folder, kit.police.device("zona-1", "patrol-1"))


@pytest.fixture
def stub(files: Files) -> Iterator[Stub]:
    with Stub(**files.stub, max_connections_per_device=4) as running:
        yield running


def test_who_shows_a_certificate_is_answered(stub: Stub, files: Files) -> None:
    with Wire(stub.address, files.context(files.pair)) as wire:
        assert isinstance(wire.socket, ssl.SSLSocket)
        assert wire.socket.version() == "TLSv1.3"
        assert wire.socket.selected_alpn_protocol() == "h2"
        assert wire.call(b"size300000;").messages == [b"x" * 300_000]
    assert stub.stop()["handshakes_full"] == 1


def test_the_filter_of_system_calls_lets_handshakes_pass(files: Files) -> None:
    with Stub(FAST, **files.stub, filter=1) as stub, Wire(stub.address, files.context(files.pair)) as wire:
        assert wire.call(b"who").status == 0


def test_grpcio_is_answered(stub: Stub, files: Files) -> None:
    client = files.kit.client(files.pair, "")
    with files.kit.channel(f"localhost:{stub.port}", client) as channel:
        assert channel.unary_unary(CHECK_PERSON, None, None)(b"who", timeout=10) == b"x" * 1800


def refused(stub: Stub, context: ssl.SSLContext) -> None:
    try:
        with Wire(stub.address, context) as wire:
            wire.end()
            assert not wire.goaways
    except (ssl.SSLError, ConnectionResetError):
        pass


def test_others_are_refused(stub: Stub, files: Files, tmp_path: Path) -> None:
    stranger = TrustKit(tmp_path / "others").police.device("zona-1", "patrol-1")
    old = files.context(files.pair)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    for context in (
        files.context(None),
        files.context(stranger),
        files.context(files.pair, alpn=None),
        files.context(files.pair, alpn="http/1.1"),
        old,
    ):
        refused(stub, context)
    with socket.create_connection(stub.address) as plain:
        plain.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        while plain.recv(1000):
            pass
    with Wire(stub.address, files.context(files.pair)) as wire:
        assert wire.call(b"who").status == 0
    counters = stub.stop()
    assert counters["ended_handshake_failed"] == 6
    assert counters["handshakes_now"] == 0


def resumed(stub: Stub, context: ssl.SSLContext, session: ssl.SSLSession | None) -> tuple[bool, ssl.SSLSession | None]:
    with Wire(stub.address, context, session) as wire:
        assert wire.call(b"who").status == 0
        assert isinstance(wire.socket, ssl.SSLSocket)
        return bool(wire.socket.session_reused), wire.socket.session


def test_tickets_resume_until_the_certificates_are_read_again(stub: Stub, files: Files) -> None:
    context = files.context(files.pair)
    first, ticket = resumed(stub, context, None)
    again, _ = resumed(stub, context, ticket)
    assert (first, again) == (False, True)
    with Wire(stub.address, context) as living:
        assert living.call(b"who").status == 0
        stub.send(signal.SIGHUP)
        while resumed(stub, context, ticket)[0]:
            pass
        assert living.call(b"who").status == 0
    counters = stub.stop()
    assert counters["handshakes_resumed"] >= 1
    assert counters["handshakes_full"] == 3


def test_connections_of_one_device_are_bounded(stub: Stub, files: Files) -> None:
    other = files.kit.police.device("zona-1", "patrol-2")
    wires = [Wire(stub.address, files.context(files.pair)) for _ in range(4)]
    assert {wire.call(b"who").status for wire in wires} == {0}
    with Wire(stub.address, files.context(files.pair)) as fifth:  # the oldest goes: a car's own dead one
        assert fifth.call(b"who").status == 0
        wires[0].end()
        assert wires[0].goaways[-1][1] == 11  # ENHANCE_YOUR_CALM
        assert {wire.call(b"who").status for wire in wires[1:]} == {0}
    with Wire(stub.address, files.context(other)) as another:
        assert another.call(b"who").status == 0
    for wire in wires:
        wire.close()
    with Wire(stub.address, files.context(files.pair)) as later:
        assert later.call(b"who").status == 0
    assert stub.stop()["ended_device"] == 1


def test_handshakes_of_one_address_are_bounded(files: Files) -> None:
    with Stub(**files.stub, max_handshakes_per_address=3, handshake_ms=500) as stub:
        silent = [socket.create_connection(stub.address) for _ in range(6)]
        assert sum(plain.recv(10) == b"" for plain in silent) == 6  # three at once, three after half a second
        with Wire(stub.address, files.context(files.pair)) as wire:
            assert wire.call(b"who").status == 0
        for plain in silent:
            plain.close()
        counters = stub.stop()
    assert counters["ended_crowded"] == 3
    assert counters["ended_handshake_slow"] == 3


def test_half_hellos_of_an_address_shut_nobody_out(files: Files) -> None:
    """Cars share addresses: the oldest that has not shown who it is goes, and whoever comes is served."""
    context = files.context(files.pair)
    out = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost").do_handshake()
    hello = out.read()
    with Stub(**files.stub, max_handshakes_per_address=8) as stub:
        halves = [socket.create_connection(stub.address) for _ in range(40)]
        for half in halves:
            with contextlib.suppress(OSError):  # its place is taken already
                half.sendall(hello[:60])
        with Wire(stub.address, context) as wire:
            assert wire.call(b"who").status == 0
        for half in halves:
            half.close()
        counters = stub.stop()
    assert counters["refused_address"] == 0
    assert counters["ended_crowded"] >= 32


def test_whole_hellos_of_an_address_go_after_a_second(files: Files) -> None:
    """They have their time, for a thousand cars may come back at once; after it they too make room."""
    context = files.context(files.pair)
    with Stub(**files.stub, max_handshakes_per_address=2) as stub:
        greeted = []
        for _ in range(2):
            plain = socket.create_connection(stub.address)
            out = ssl.MemoryBIO()
            with contextlib.suppress(ssl.SSLWantReadError):
                context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost").do_handshake()
            plain.sendall(out.read())
            assert plain.recv(1)
            greeted.append(plain)
        refused = 0
        while True:
            try:
                with Wire(stub.address, context) as wire:
                    assert wire.call(b"who").status == 0
                break
            except (OSError, ssl.SSLError):
                refused += 1
                time.sleep(0.1)
        for plain in greeted:
            plain.close()
        counters = stub.stop()
    assert counters["refused_address"] == refused
    assert counters["ended_crowded"] == 1


@pytest.mark.parametrize("file", ["server.pem", "server.key", "roots.pem"])
def test_a_file_that_is_wrong_is_named(files: Files, tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_bytes(b"-----BEGIN NOTHING-----\n")
    given = {name: tmp_path / file if str(path).endswith(file) else path for name, path in files.stub.items()}
    with pytest.raises(
        RuntimeError, match={"server.pem": "certificate: ", "server.key": "key: ", "roots.pem": "roots: "}[file]
    ):
        Stub(**given)


def _keys_updated(command: list[str]) -> int:
    """Returns how many updates a client asked for before its connection was ended, or _MOST_UPDATES."""
    pipe = subprocess.PIPE  # without a buffer: what is left in one fails at its close
    with subprocess.Popen(command, bufsize=0, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT) as client:
        assert client.stdin is not None and client.stdout is not None
        asked = 0
        with contextlib.suppress(BrokenPipeError):
            while client.poll() is None and asked < _MOST_UPDATES:
                client.stdin.write(b"K\n")
                asked += 1
                while (line := client.stdout.readline()) and b"KEYUPDATE" not in line:
                    pass
                if not line:  # ended: its pipe may take lines until the process is gone
                    break
        client.kill()
    return asked


def test_key_updates_without_end_are_ended(stub: Stub, files: Files) -> None:
    """Each costs the lane a derivation and an answer. openssl sends one for each line K that it reads."""
    shown = files.folder / "shown-by-openssl.pem"
    shown.write_bytes(files.pair.certificate + files.pair.key)
    (files.folder / "server-ca.pem").write_bytes(files.kit.server_ca)
    host, port = stub.address
    command = ["openssl", "s_client", "-connect", f"{host}:{port}", "-alpn", "h2", "-servername", "localhost"]
    command += ["-cert", str(shown), "-CAfile", str(files.folder / "server-ca.pem")]
    asked = [_keys_updated(command) for _ in range(3)]  # one that a slow host draws out ends for want of a preface
    with Wire(stub.address, files.context(files.pair)) as wire:
        assert wire.call(b"who").status == 0
    counters = stub.stop()
    assert counters["ended_tls"] >= 1
    assert max(asked) >= 64
    assert all(each < _MOST_UPDATES for each in asked)


def test_handshakes_take_turns_with_calls(files: Files) -> None:
    """Each costs a signature: of many that come at once four are made between two looks at whoever is connected."""
    context, many = files.context(files.pair), 48
    with Stub(FAST, **files.stub, max_handshakes_per_address=many) as stub:
        plain = [socket.create_connection(stub.address) for _ in range(many)]
        while stub.look()["handshakes_now"] < many:
            pass
        hello = []
        for _ in plain:
            out = ssl.MemoryBIO()
            tls = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost")
            with contextlib.suppress(ssl.SSLWantReadError):
                tls.do_handshake()
            hello.append(out.read())
        before = stub.look()["turn"]
        stub.send(signal.SIGSTOP)
        for each, said in zip(plain, hello, strict=True):
            each.sendall(said)
        stub.send(signal.SIGCONT)
        assert all(each.recv(1) for each in plain)
        assert (stub.look()["turn"] - before + 1) // 2 >= many // 4
        for each in plain:
            each.close()
        assert stub.stop()["accepted"] == many


def test_sessions_are_resumed_by_who_has_the_secret(files: Files) -> None:
    """As workers do: another process has the same secret and the same files, a third another secret."""
    context = files.context(files.pair)
    with Stub(**files.stub, secret="one") as first, Stub(**files.stub, secret="one") as second:
        _, ticket = resumed(first, context, None)
        assert resumed(second, context, ticket)[0]
        first.send(signal.SIGHUP)
        while first.look()["reloads"] < 1:
            pass
        assert resumed(first, context, ticket)[0], "nothing had changed"
        with Stub(**files.stub, secret="two") as stranger:
            assert not resumed(stranger, context, ticket)[0]


def test_sessions_end_with_a_certificate_or_a_root(files: Files, tmp_path: Path) -> None:
    context, roots = files.context(files.pair), tmp_path / "roots.pem"
    roots.write_bytes(files.stub["roots"].read_bytes())
    with Stub(**{**files.stub, "roots": roots}, secret="one") as stub:
        _, ticket = resumed(stub, context, None)
        assert resumed(stub, context, ticket)[0]
        roots.write_bytes(roots.read_bytes() + files.kit.server_ca)
        stub.send(signal.SIGHUP)
        while stub.look()["reloads"] < 1:
            pass
        assert not resumed(stub, context, ticket)[0]


def test_a_session_ends_with_its_certificate_and_the_next_one_is_taken(stub: Stub, files: Files) -> None:
    """A client that renewed its certificate and still has the ticket of the old one is let in by the new one."""
    brief = files.kit.police.device("zona-1", "patrol-2", days=3 / 86_400)
    ends = x509.load_pem_x509_certificate(brief.certificate).not_valid_after_utc.timestamp()
    context = files.context(brief)
    _, ticket = resumed(stub, context, None)
    while time.time() < ends + 1:
        time.sleep(0.1)
    shown = files.folder / "renewed.pem"
    shown.write_bytes(files.pair.certificate + files.pair.key)
    context.load_cert_chain(shown)
    assert not resumed(stub, context, ticket)[0]
    assert stub.stop()["handshakes_resumed"] == 0


@pytest.mark.long
def test_as_many_connections_as_may_be_leave_the_calls_their_memory(files: Files) -> None:
    """Patrols that are connected and ask nothing are no reason to refuse one who asks."""
    number = 6_400
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < number + 500:
        pytest.skip("the limit of open files is lower")
    context = files.context(files.pair)
    begin = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"") + frame(4, 1, 0, b"")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with contextlib.ExitStack() as open_ones:
            most = {"max_connections": number + 10, "max_connections_per_device": number + 10}
            stub = open_ones.enter_context(Stub(FAST, **files.stub, **most, handshake_ms=60_000))
            for _ in range(number):
                plain = socket.create_connection(stub.address)
                idle = open_ones.enter_context(context.wrap_socket(plain, server_hostname="localhost"))
                idle.sendall(begin)
            with Wire(stub.address, context) as wire:
                assert wire.call(b"who").status == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
