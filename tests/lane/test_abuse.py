"""Floods, bombs and frames that make no sense: the connection ends, memory stays, an honest client is answered."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bench.attack import floods
from bench.attack.http2 import DATA, END_HEADERS, HEADERS, PREFACE, SETTINGS, frame, place_of
from tests.kit.nation_kit import BuiltNation
from tests.lane.abuses import ABUSES, carry_out
from tests.lane.bare import Bare, bare, fields_of, prefixed, written
from tests.lane.honest import MIB, Honest
from tests.lane.laned import CHECK_PERSON, Laned, patrols_without_end, start_laned
from tests.lane.test_wire import OK, details_of
from tests.server.running_server import until
from tests.trust.trust_kit import Client, question

GROWN = 64 * MIB
FLOOD_S = 1.0  # `./run lane-check` takes longer


@pytest.fixture(scope="module")
def attacker(laned: Laned) -> Client:
    """Returns a device; the attacker lacks its officer's token."""
    return Client(laned.kit.police.device("zona-1", "patrol-66"), ())


@pytest.fixture(scope="module")
def officer(laned: Laned) -> Client:
    """Returns an officer who asks meanwhile."""
    return laned.kit.patrol("patrol-67", "10067")


@pytest.mark.parametrize("name", ABUSES)
def test_an_abuse(laned: Laned, attacker: Client, officer: Client, name: str) -> None:
    abuse = ABUSES[name]
    with Honest(laned, officer) as honest:
        until(lambda: honest.answers or honest.failures)
        with bare(laned, attacker) as connection:
            wrote = carry_out(abuse, connection)
            if abuse.codes:
                code = connection.error()
                assert code in abuse.codes or (code is None and connection.closed and abuse.writes > 1), (code, wrote)
                assert connection.hear(lambda: connection.closed), "what was ended is closed"
        seen = honest.answers
        until(lambda: honest.answers > seen or honest.failures)
    assert honest.failures == []
    assert honest.grown < GROWN, f"grew by {honest.grown >> 20} MiB"


FLOODS: dict[str, floods.Flood] = {
    each.__name__: each
    for each in (
        floods.rapid_reset,
        floods.settings_flood,
        floods.ping_flood,
        floods.many_headers,
        floods.headers_without_end,
        floods.garbage,
        floods.slow_preface,
        floods.resets_in_the_handshake,
    )
}


def flood(laned: Laned, attacker: Client, officer: Client, name: str, seconds: float) -> None:
    """Floods from two sides, while an officer asks."""
    certificate = written(laned.kit.directory, attacker, "attacker")
    sent: list[int] = []
    with Honest(laned, officer) as honest:
        until(lambda: honest.answers or honest.failures)
        ends = time.monotonic() + seconds
        threads = [
            threading.Thread(target=lambda: sent.append(FLOODS[name](laned.lane, certificate, ends))) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen = honest.answers
        until(lambda: honest.answers > seen or honest.failures)
    assert sum(sent)
    assert honest.failures == []
    assert honest.grown < GROWN, f"grew by {honest.grown >> 20} MiB"


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_without_an_end(laned: Laned, attacker: Client, officer: Client, name: str) -> None:
    """On as many connections as it takes, one after the other."""
    flood(laned, attacker, officer, name, FLOOD_S)


GARBAGE: dict[str, bytes] = {
    "HTTP/1.1": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "zeros": bytes(1000),
    "another preface": PREFACE.replace(b"SM", b"XX"),
    "a preface cut short, then frames": PREFACE[:20] + frame(SETTINGS, 0, 0) * 4,
    "a preface, then no SETTINGS": PREFACE[:24] + frame(6, 0, 0, bytes(8)),
    "random": os.urandom(500),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_in_the_place_of_a_preface(laned: Laned, attacker: Client, name: str) -> None:
    with bare(laned, attacker, preface=GARBAGE[name]) as connection:
        assert connection.hear(lambda: connection.closed)


def _never(_connection: Bare) -> None:
    """Says nothing after the handshake."""


def _half_a_preface(connection: Bare) -> None:
    connection.send(PREFACE[:12])


def _half_a_frame(connection: Bare) -> None:
    connection.send(PREFACE + frame(SETTINGS, 0, 0, bytes(6))[:11])


def _half_headers(connection: Bare) -> None:
    block = connection.block(fields_of(CHECK_PERSON))
    connection.send(PREFACE + frame(HEADERS, 0, 1, block))


HALVES: dict[str, Callable[[Bare], None]] = {
    "nothing": _never,
    "half a preface": _half_a_preface,
    "half a frame": _half_a_frame,
    "half of its headers": _half_headers,
}


@pytest.fixture(scope="module")
def hasty(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laned]:
    """A server that waits for nobody longer than a second or two."""
    running = start_laned(
        small_nation,
        Path(tmp_path_factory.mktemp("hasty")),
        patrols_without_end,
        handshake_s=1,
        half_open_s=1,
        max_connection_idle_s=2,
    )
    yield running
    assert running.server.stop() == 0


@pytest.mark.parametrize("name", HALVES)
def test_who_begins_and_says_no_more_is_ended(hasty: Laned, name: str) -> None:
    stranger = Client(hasty.kit.police.device("zona-1", "patrol-68"), ())
    with bare(hasty, stranger, preface=b"") as connection:
        HALVES[name](connection)
        assert connection.hear(lambda: connection.closed or bool(connection.goaway), 15)


def test_a_handshake_that_never_ends_is_ended(hasty: Laned) -> None:
    for said in (b"", b"\x16\x03\x01", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
        with socket.create_connection(place_of(hasty.lane), timeout=20) as plain:
            plain.sendall(said)
            with suppress(ConnectionResetError):
                while plain.recv(4096):
                    pass


@pytest.mark.parametrize("sent", [0, 3, 9], ids=["nothing of it", "half of its prefix", "half of it"])
@pytest.mark.parametrize("who", ["an officer", "a stranger"])
def test_a_message_that_never_comes_is_told(hasty: Laned, who: str, sent: int) -> None:
    """The status is grpcio's, after half_open_s: a stranger first gets the missing proof."""
    officer = hasty.kit.patrol("patrol-69", "10069")
    metadata = officer.metadata if who == "an officer" else ()
    fields = fields_of(CHECK_PERSON, [(str(key), str(value)) for key, value in metadata])
    told = {}
    for transport, address in hasty.both.items():
        with bare(hasty, officer, address) as connection:
            connection.call(1, fields, prefixed(question())[:sent] if sent else None, end=False)
            stream = connection.ended(1, 15)
            told[transport] = stream["grpc-status"], stream["grpc-message"], details_of(stream)
            connection.call(3, fields_of(CHECK_PERSON), prefixed(question()))
            assert connection.ended(3)["grpc-status"] == "16", "the connection lives"
    assert told["lane"] == told["grpcio"]
    assert told["lane"][0] == ("4" if who == "an officer" else "16")


def test_an_idle_connection_is_asked_to_go(hasty: Laned) -> None:
    officer = hasty.kit.patrol("patrol-69", "10069")
    fields = fields_of(CHECK_PERSON, [(str(key), str(value)) for key, value in officer.metadata])
    with bare(hasty, officer) as connection:
        connection.call(1, fields, prefixed(question()))
        assert connection.ended(1)["grpc-status"] == OK
        assert connection.hear(lambda: bool(connection.goaway) or connection.closed, 20)


def test_more_streams_than_allowed_are_refused(laned: Laned, officer: Client) -> None:
    fields = fields_of(CHECK_PERSON, [(str(key), str(value)) for key, value in officer.metadata])
    with bare(laned, officer) as connection:
        connection.hear(lambda: bool(connection.settings))
        most = connection.settings[3]
        assert most == 32  # max_concurrent_streams
        for number in range(most + 20):
            connection.call(2 * number + 1, fields, None, end=False)
        refused = range(2 * most + 1, 2 * (most + 20), 2)
        connection.hear(lambda: all(each in connection.streams for each in refused) or connection.closed)
        codes = {connection.streams[each].reset for each in refused if each in connection.streams}
        assert connection.closed or codes == {7}  # REFUSED_STREAM: none was looked at, each may be sent again


def test_unfinished_messages_are_bounded(laned: Laned, attacker: Client, officer: Client) -> None:
    """Half of a message on each of many streams of many connections."""
    fields = fields_of(CHECK_PERSON)
    held: list[Bare] = []
    with Honest(laned, officer) as honest:
        until(lambda: honest.answers or honest.failures)
        try:
            for _ in range(16):
                connection = bare(laned, attacker)
                held.append(connection)
                for number in range(32):
                    connection.call(2 * number + 1, fields, None, end=False)
                    connection.send(frame(DATA, 0, 2 * number + 1, prefixed(bytes(2000), length=16_000)))
                connection.look()
            seen = honest.answers
            until(lambda: honest.answers > seen or honest.failures)
        finally:
            for connection in held:
                connection.socket.close()
    assert honest.failures == []
    assert honest.grown < GROWN


def test_slow_readers_are_shed_and_not_stored(laned: Laned, officer: Client) -> None:
    """Each asks on all its streams, as often as it may, and reads nothing. That nothing is read is looked at."""
    fields = fields_of(CHECK_PERSON, [(str(key), str(value)) for key, value in officer.metadata])
    whole = prefixed(question(cui="8750313310502"))
    held: list[Bare] = []
    honest_officer = laned.kit.patrol("patrol-71", "10071")
    with Honest(laned, honest_officer) as honest:
        until(lambda: honest.answers or honest.failures)
        try:
            for _ in range(24):
                connection = bare(laned, officer)
                held.append(connection)
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.send(frame(8, 0, 0, struct.pack(">I", (1 << 31) - 1 - 65_535)))
                connection.send(frame(4, 0, 0, struct.pack(">HI", 4, (1 << 31) - 1)))
                connection.socket.settimeout(0.5)
                with suppress(OSError):
                    for number in range(3000):
                        block = connection.block(fields)
                        connection.socket.sendall(
                            frame(HEADERS, END_HEADERS, 2 * number + 1, block) + frame(DATA, 1, 2 * number + 1, whole)
                        )
            unread = [struct.unpack("i", fcntl.ioctl(each.socket, termios.FIONREAD, bytes(4)))[0] for each in held]
            assert sum(size > 1000 for size in unread) > len(held) // 2, "readers that are not slow prove nothing"
            seen = honest.answers
            until(lambda: honest.answers > seen + 5 or honest.failures)
        finally:
            for connection in held:
                connection.socket.close()
    assert honest.failures == []
    assert honest.grown < GROWN, f"grew by {honest.grown >> 20} MiB"


def test_connections_of_one_device_are_bounded(laned: Laned) -> None:
    """The oldest go, as at grpcio's address; another device's stay."""
    client, other = laned.kit.patrol("patrol-72", "10072"), laned.kit.patrol("patrol-73", "10073")
    fields, others = (
        fields_of(CHECK_PERSON, [(str(key), str(value)) for key, value in each.metadata]) for each in (client, other)
    )
    held: list[Bare] = []
    with bare(laned, other) as elsewhere:
        elsewhere.call(1, others, prefixed(question()))
        assert elsewhere.ended(1)["grpc-status"] == OK
        try:
            for _ in range(70):
                connection = bare(laned, client)
                held.append(connection)
                connection.call(1, fields, prefixed(question()))
                connection.ended(1)

            def ended() -> int:
                for each in held:
                    each.look()
                return sum(each.closed or bool(each.goaway) for each in held)

            until(lambda: ended() >= 6)
            gone = [number for number, each in enumerate(held) if each.closed or each.goaway]
            assert gone == list(range(len(gone)))
            elsewhere.call(3, others, prefixed(question()))
            assert elsewhere.ended(3)["grpc-status"] == OK
        finally:
            for connection in held:
                connection.socket.close()
