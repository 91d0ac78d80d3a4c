"""Connections are given for TLS 1.3, HTTP/2 and a certificate that an enrolled institution signed, and nothing less."""

from __future__ import annotations

import socket
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509

from bench.attack.http2 import PREFACE, place_of
from server.trust.issuing import issue, make_ca
from tests.lane.bare import Bare, fields_of, prefixed, tls_context, tls_to, written
from tests.lane.laned import CHECK_PERSON, Laned
from tests.lane.test_wire import OK
from tests.server.running_server import failure
from tests.trust.trust_kit import Client, question

SPIFFE = [x509.UniformResourceIdentifier("spiffe://pnc.gob.gt/unit/zona-1/device/patrol-1")]


@pytest.fixture(scope="module")
def officer(laned: Laned) -> Client:
    """Returns an officer in good order."""
    return laned.kit.patrol("patrol-80", "10080")


def contexts(laned: Laned, officer: Client) -> tuple[ssl.SSLContext, Path, Path]:
    """A context that is in order, the server's CA's directory, and the officer's certificate."""
    directory = laned.kit.directory
    certificate = written(directory, officer, "officer")
    return tls_context(directory, certificate), directory, certificate


def is_turned_away(laned: Laned, context: ssl.SSLContext) -> bool:
    """Returns whether the handshake fails, or its end is the connection's: TLS 1.3 tells the client afterwards."""
    try:
        tls = tls_to(laned.lane, context)
    except OSError:
        return True
    with Bare(tls) as connection:
        return connection.hear(lambda: connection.closed) and not connection.settings


def asks(
    laned: Laned, context: ssl.SSLContext, officer: Client, session: ssl.SSLSession | None = None
) -> ssl.SSLSocket:
    """Asks one question over a new connection, which stays open."""
    tls = tls_to(laned.lane, context, session)
    connection = Bare(tls)
    fields = fields_of(CHECK_PERSON, [(str(key), str(value)) for key, value in officer.metadata])
    connection.call(1, fields, prefixed(question()))
    assert connection.ended(1)["grpc-status"] == OK
    return tls


def test_who_is_in_order_gets_tls_1_3_and_h2(laned: Laned, officer: Client) -> None:
    context, _, _ = contexts(laned, officer)
    with asks(laned, context, officer) as tls:
        assert (tls.version(), tls.selected_alpn_protocol()) == ("TLSv1.3", "h2")


def test_tls_1_2_is_no_way_in(laned: Laned, officer: Client) -> None:
    context, _, _ = contexts(laned, officer)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert is_turned_away(laned, context)


@pytest.mark.parametrize("alpn", [(), ("http/1.1",), ("h3", "grpc-exp")])
def test_another_protocol_is_no_way_in(laned: Laned, officer: Client, alpn: tuple[str, ...]) -> None:
    _, directory, certificate = contexts(laned, officer)
    assert is_turned_away(laned, tls_context(directory, certificate, alpn))


def test_h2_among_others_is_chosen(laned: Laned, officer: Client) -> None:
    _, directory, certificate = contexts(laned, officer)
    with asks(laned, tls_context(directory, certificate, ("http/1.1", "h2")), officer) as tls:
        assert tls.selected_alpn_protocol() == "h2"


def _strangers(laned: Laned) -> dict[str, Client]:
    ca = laned.kit.police.ca
    long_ago = datetime.now(UTC) - timedelta(days=3)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return {
        "of a CA of nobody": Client(issue(make_ca("nobody"), "forged", SPIFFE), ()),
        "expired": Client(issue(ca, "old", SPIFFE, days=1, starts=long_ago), ()),
        "not yet valid": Client(issue(ca, "early", SPIFFE, days=1, starts=tomorrow), ()),
        "a server's": Client(issue(ca, "server", [x509.DNSName("localhost")], server=True), ()),
        "signed by itself": Client(make_ca("itself"), ()),
    }


@pytest.mark.parametrize("who", ["of a CA of nobody", "expired", "not yet valid", "a server's", "signed by itself"])
def test_another_certificate_is_no_way_in(laned: Laned, who: str) -> None:
    """As at grpcio's address: whether in the handshake or by the first call, neither answers."""
    stranger = _strangers(laned)[who]
    codes = {}
    for transport, address in laned.both.items():
        with laned.channel(address, stranger) as channel:
            codes[transport] = failure(channel, "CheckService/CheckPerson", question()).code
    assert codes["lane"] == codes["grpcio"]


def test_no_certificate_is_no_way_in(laned: Laned) -> None:
    assert is_turned_away(laned, tls_context(laned.kit.directory, None))


def test_plaintext_is_no_way_in(laned: Laned) -> None:
    with grpc.insecure_channel(laned.lane.replace("localhost", "127.0.0.1")) as channel:
        assert failure(channel, "CheckService/CheckPerson", question()).code is grpc.StatusCode.UNAVAILABLE
    with Bare(socket.create_connection(place_of(laned.lane), timeout=10)) as connection:
        assert connection.hear(lambda: connection.closed)
        assert not connection.settings


def test_a_session_is_resumed(laned: Laned, officer: Client) -> None:
    """And its caller is still the one of the certificate: another device's token is refused on it."""
    context, _, _ = contexts(laned, officer)
    with asks(laned, context, officer) as first:
        session = first.session
    assert session is not None
    assert session.has_ticket
    with asks(laned, context, officer, session) as second:
        assert second.session_reused
    thief = laned.kit.patrol("patrol-81", "10081")
    fields = fields_of(CHECK_PERSON, [(str(key), str(value)) for key, value in thief.metadata])
    with Bare(tls_to(laned.lane, context, session)) as connection:
        connection.call(1, fields, prefixed(question()))
        stream = connection.ended(1)
        assert stream["grpc-status"] == "16"
        assert "certificate" in stream["grpc-message"]


def test_nothing_is_said_before_the_handshake_is_over(laned: Laned, officer: Client) -> None:
    """No early data: whoever copied it could send it again. (Python's ssl sends none; openssl does.)"""
    _, directory, certificate = contexts(laned, officer)
    pem, host = directory / "server-ca.pem", "{}:{}".format(*place_of(laned.lane))
    base = ["openssl", "s_client", "-connect", host, "-tls1_3", "-alpn", "h2", "-CAfile", str(pem)]
    base += ["-cert", str(certificate), "-key", str(certificate), "-servername", "localhost"]
    kept, early = directory / "kept.session", directory / "early.data"
    early.write_bytes(PREFACE)
    subprocess.run([*base, "-sess_out", str(kept)], input=b"", capture_output=True, timeout=30, check=False)
    again = subprocess.run(
        [*base, "-sess_in", str(kept), "-early_data", str(early)],
        input=b"",
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert b"Early data was accepted" not in again.stdout
