"""Memory: what is sent before it is known who sends does not grow a worker."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import psutil

from clients.connection import Connection
from ronda.v1.check_service_pb2 import CheckPersonRequest
from tests.nation_kit import BuiltNation
from tests.server.conftest import StartServer
from tests.server.published import Published
from tests.server.requests import QUESTION
from tests.server.running_server import call
from tests.server.test_observed import samples_of
from tests.trust.conftest import TrustedServer, start_trusted
from tests.trust.trust_kit import question

MIB = 1 << 20
SENT = 160 * MIB
BOUND = 130 * MIB  # of a worker's growth, connections with their TLS included
MESSAGE = 11 * MIB
STREAMS, CONNECTIONS = 100, 4
DATA, HEADERS_FRAME, SETTINGS, WINDOW_UPDATE = 0, 1, 4, 8
INITIAL_WINDOW = 4  # id of the setting
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0"


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(name: bytes, value: bytes) -> bytes:
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


HEADERS = b"".join(
    literal(name, value)
    for name, value in (
        (b":method", b"POST"),
        (b":scheme", b"https"),
        (b":path", b"/ronda.v1.CheckService/CheckPerson"),
        (b":authority", b"localhost"),
        (b"content-type", b"application/grpc"),
        (b"te", b"trailers"),
    )
)
CHUNK = 16_384


class HalfMessages:
    """A device without a token: begins messages on many streams of one connection, as flow control lets it."""

    def __init__(self, running: TrustedServer, directory: Path) -> None:
        host, _, port = running.address.rpartition(":")
        client = running.kit.patrol()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        certificate = directory / "half.pem"
        if not certificate.exists():
            assert client.pair is not None
            certificate.write_bytes(client.pair.certificate + client.pair.key)
        context.load_cert_chain(certificate)
        self._connection = context.wrap_socket(socket.create_connection((host, int(port)), timeout=5))
        self._windows: dict[int, int] = defaultdict(int)  # 0 = of the connection; of a stream, beyond the initial one
        self._windows[0] = 65_535
        self._initial = 65_535
        self._changed = threading.Condition()
        self.ended = False
        self.sent = 0

    def send(self, most: int) -> None:
        """Sends until so much is sent, or the server ends the connection."""
        reader = threading.Thread(target=self._read)
        with suppress(OSError):
            self._connection.sendall(PREFACE)
            reader.start()
            for stream in range(1, 2 * STREAMS, 2):
                begun = frame(DATA, 0, stream, struct.pack(">BI", 0, MESSAGE))
                self._connection.sendall(frame(HEADERS_FRAME, 4, stream, HEADERS) + begun)
                self._take(stream, 5)
            while self.sent < most and not self.ended:
                if not sum(self._push(stream) for stream in range(1, 2 * STREAMS, 2)):
                    with self._changed:
                        self._changed.wait(0.05)
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        reader.join()
        self._connection.close()

    def _take(self, stream: int, size: int) -> None:
        with self._changed:
            self._windows[0] -= size
            self._windows[stream] -= size

    def _push(self, stream: int) -> bool:
        with self._changed:
            size = min(CHUNK, self._windows[0], self._initial + self._windows[stream])
        if size <= 0:
            return False
        self._connection.sendall(frame(DATA, 0, stream, bytes(size)))
        self._take(stream, size)
        self.sent += size
        return True

    def _read(self) -> None:
        data = b""
        with suppress(OSError):
            while more := self._connection.recv(65_536):
                data += more
                while len(data) >= 9 and len(data) >= 9 + (length := int.from_bytes(data[:3])):
                    self._heard(data[3], int.from_bytes(data[5:9]), data[9 : 9 + length])
                    data = data[9 + length :]
        self.ended = True

    def _heard(self, kind: int, stream: int, payload: bytes) -> None:
        with self._changed:
            if kind == WINDOW_UPDATE:
                self._windows[stream] += int.from_bytes(payload)
            elif kind == SETTINGS:
                for at in range(0, len(payload), 6):
                    number, value = struct.unpack_from(">HI", payload, at)
                    if number == INITIAL_WINDOW:
                        self._initial = value
            self._changed.notify_all()


def test_unfinished_messages_without_a_token(small_nation: BuiltNation, tmp_path: Path) -> None:
    running = start_trusted(small_nation, tmp_path, max_concurrent_streams=STREAMS)
    try:
        (worker,) = running.server.worker_pids()
        process = psutil.Process(worker)
        before = most = process.memory_info().rss
        sent = [0] * CONNECTIONS

        def send(number: int) -> None:
            while sent[number] < SENT // CONNECTIONS:
                with suppress(OSError):
                    half = HalfMessages(running, tmp_path)
                    half.send(SENT // CONNECTIONS - sent[number])
                    sent[number] += half.sent

        threads = [threading.Thread(target=send, args=(number,), daemon=True) for number in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        client = running.kit.patrol()
        answered = 0
        with running.kit.channel(running.address, client) as channel:
            while any(thread.is_alive() for thread in threads):
                call(channel, "CheckService/CheckPerson", question(), metadata=client.metadata)
                answered += 1
                most = max(most, process.memory_info().rss)
                threading.Event().wait(0.5)
        assert sum(sent) >= SENT
        closed = samples_of(running.server.metrics())["ronda_connections_closed_total", "bytes"]
        assert closed > 0
        assert most - before < BOUND, f"grew by {(most - before) >> 20} MiB"
        assert answered
        assert running.server.worker_pids() == [worker]
    finally:
        running.server.stop()


def test_a_worker_that_grew_is_replaced_without_a_lost_call(published: Published, start_server: StartServer) -> None:
    """The bound is below what any worker holds: each is replaced again and again.

    Asked as clients ask: clients.connection sends again what a stopping worker refused (DRAINING) or never looked at.
    """
    published.publish()
    server = start_server(workers=1, max_worker_mib=16).wait_ready()
    (first,) = server.worker_pids()
    answered = 0
    with Connection(server.address) as connection:
        while len(server.events("worker_drained")) < 2:
            assert connection.checks.CheckPerson(CheckPersonRequest.FromString(QUESTION), timeout=20).answer.level
            answered += 1
            threading.Event().wait(0.005)
    assert first not in server.worker_pids()
    assert not server.events("worker_died")
    assert [(each["worker"], each["successor"]) for each in server.events("worker_grew")][:2] == [(0, 1), (1, 0)]
    assert answered
    assert server.stop() == 0
