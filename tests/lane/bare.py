"""HTTP/2 without gRPC's client: one call as the wire has it, or any frames at all, and what came back."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType

import hpack

from bench.attack.http2 import DATA, END_HEADERS, END_STREAM, HEADERS, PREFACE, frame, place_of
from tests.lane.laned import Laned
from tests.trust.trust_kit import Client

PRIORITY, PUSH_PROMISE, GOAWAY = 2, 5, 7
ACK = 1
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED = range(6)
FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM = range(6, 12)
_WAIT_S = 10.0
Fields = Sequence[tuple[str, str]]


def prefixed(message: bytes, compressed: int = 0, length: int | None = None) -> bytes:
    """A message as gRPC frames it; length: what its prefix says, if not the truth."""
    return struct.pack(">BI", compressed, len(message) if length is None else length) + message


def fields_of(path: str, more: Fields = (), without: str = "", **changed: str) -> list[tuple[str, str]]:
    """The header fields that begin a gRPC call. changed: pseudo headers by name; without: one that is left out."""
    pseudo = {"method": "POST", "scheme": "https", "path": path, "authority": "localhost", **changed}
    fields = [(f":{name}", value) for name, value in pseudo.items()]
    fields += [("content-type", "application/grpc"), ("te", "trailers")]
    names = {name for name, _ in more}
    return [each for each in fields if each[0] not in names | {without}] + list(more)


@dataclass
class Stream:
    """The bytes that came on one stream. ended: the other end said that it is all; reset: code of its RST_STREAM."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    data: bytes = b""
    blocks: int = 0
    ended: bool = False
    reset: int | None = None

    @property
    def over(self) -> bool:
        """Returns whether nothing more comes."""
        return self.ended or self.reset is not None

    def __getitem__(self, name: str) -> str:
        return next((value for key, value in self.fields if key == name), "")


class Bare:
    """A connection of bare frames. `closed`: the other end closed it; `goaway`: (last stream, code) of each GOAWAY."""

    def __init__(self, plain: socket.socket, *, preface: bytes = PREFACE) -> None:
        self.socket = plain
        self.closed = self.stuck = False
        self.goaway: list[tuple[int, int]] = []
        self.streams: dict[int, Stream] = {}
        self.frames: Counter[int] = Counter()  # by kind
        self.settings: dict[int, int] = {}
        self._decoder = hpack.Decoder()
        self._decoder.max_header_list_size = 1 << 20
        self._encoder = hpack.Encoder()
        self._unread = b""
        self._given: Counter[int] = Counter()  # by WINDOW_UPDATE; 0 = of the connection
        self._taken: Counter[int] = Counter()
        self._block = b""
        self.socket.settimeout(_WAIT_S)
        if preface:
            self.send(preface)

    def __enter__(self) -> Bare:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, content: bytes) -> None:
        """Sends, until the other end closed the connection, or took nothing for so long that it is `stuck`."""
        try:
            self.socket.sendall(content)
        except TimeoutError:
            self.stuck = True
        except OSError:
            self._drain()
            self.closed = True

    def look(self) -> None:
        """Reads what has come, without waiting."""
        self.socket.setblocking(False)
        try:
            while content := self.socket.recv(65_536):
                self._take(content)
            self.closed = True
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError:
            self.closed = True
        self.socket.settimeout(_WAIT_S)

    def block(self, fields: Fields) -> bytes:
        """A header block of this connection."""
        return bytes(self._encoder.encode(list(fields), huffman=False))

    def call(self, stream: int, fields: Fields, content: bytes | None, *, end: bool = True) -> None:
        """Begins a stream. content: None = none, and no frame for it."""
        flags = END_HEADERS | (END_STREAM if end and content is None else 0)
        out = frame(HEADERS, flags, stream, self.block(fields))
        self.send(out)
        if content is None:
            return
        sent = 0
        while True:
            piece = content[sent : sent + 16_384]
            if sent and not self.hear(partial(self._has_room, stream, len(piece)), 2):
                return
            sent += len(piece)
            self._taken[0] += len(piece)
            self._taken[stream] += len(piece)
            self.send(frame(DATA, END_STREAM if end and sent == len(content) else 0, stream, piece))
            if sent == len(content):
                return

    def _has_room(self, stream: int, size: int) -> bool:
        """Returns whether the other end's windows let so many bytes through."""
        of_stream = self.settings.get(4, 65_535) + self._given[stream] - self._taken[stream]
        return size <= min(of_stream, 65_535 + self._given[0] - self._taken[0])

    def hear(self, enough: Callable[[], bool], seconds: float = _WAIT_S) -> bool:
        """Reads frames until `enough()`, the other end closed, or so many seconds are over; whether it was enough."""
        ends = time.monotonic() + seconds
        while not enough() and not self.closed and (left := ends - time.monotonic()) > 0:
            self.socket.settimeout(min(left, 0.2))
            try:
                content = self.socket.recv(65_536)
            except TimeoutError:
                continue
            except OSError:
                content = b""
            if not content:
                self.closed = True
            self._take(content)
        self.socket.settimeout(_WAIT_S)
        return enough()

    def ended(self, stream: int, seconds: float = _WAIT_S) -> Stream:
        """The stream, once nothing more comes on it."""
        self.hear(lambda: self.streams.get(stream, Stream()).over or bool(self.goaway and self.closed), seconds)
        return self.streams.get(stream, Stream())

    def error(self, seconds: float = _WAIT_S) -> int | None:
        """The code with which the other end ended the connection; None: it closed without a word, or not at all."""
        self.hear(lambda: any(code for _, code in self.goaway), seconds)
        return next((code for _, code in self.goaway if code), None)

    def _drain(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.settimeout(1.0)
            while content := self.socket.recv(65_536):
                self._take(content)

    def _take(self, content: bytes) -> None:
        data = self._unread + content
        while len(data) >= 9 and len(data) >= 9 + (length := int.from_bytes(data[:3])):
            self._frame(data[3], data[4], int.from_bytes(data[5:9]) & 0x7FFFFFFF, data[9 : 9 + length])
            data = data[9 + length :]
        self._unread = data

    def _frame(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        self.frames[kind] += 1
        if kind == GOAWAY:
            self.goaway.append((int.from_bytes(payload[:4]) & 0x7FFFFFFF, int.from_bytes(payload[4:8])))
        elif kind == 4 and not flags & ACK:
            self.settings |= {
                int.from_bytes(payload[at : at + 2]): int.from_bytes(payload[at + 2 : at + 6])
                for at in range(0, len(payload), 6)
            }
            with contextlib.suppress(OSError):
                self.socket.sendall(frame(4, ACK, 0))
        elif kind in (HEADERS, 9):
            self._block += payload
            if flags & END_HEADERS:
                of = self.streams.setdefault(stream, Stream())
                of.fields += [(str(name), str(value)) for name, value in self._decoder.decode(self._block)]
                of.blocks += 1
                self._block = b""
            if kind == HEADERS and flags & END_STREAM:
                self.streams.setdefault(stream, Stream()).ended = True
        elif kind == DATA:
            of = self.streams.setdefault(stream, Stream())
            of.data += payload
            of.ended |= bool(flags & END_STREAM)
        elif kind == 8:
            self._given[stream] += int.from_bytes(payload)
        elif kind == 3:
            self.streams.setdefault(stream, Stream()).reset = int.from_bytes(payload)


def tls_context(directory: Path, certificate: Path | None, alpn: Sequence[str] = ("h2",)) -> ssl.SSLContext:
    """As a client of this server makes it. certificate: PEM with its key; directory: of the server's CA."""
    context = ssl.create_default_context(cafile=str(directory / "server-ca.pem"))
    if certificate is not None:
        context.load_cert_chain(certificate)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def written(directory: Path, client: Client, name: str) -> Path:
    """The client's certificate and key in one file."""
    assert client.pair is not None
    path = directory / f"{name}.both.pem"
    path.write_bytes(client.pair.certificate + client.pair.key)
    return path


def tls_to(address: str, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> ssl.SSLSocket:
    """A TLS connection. Raises OSError."""
    plain = socket.create_connection(place_of(address), timeout=_WAIT_S)
    try:
        return context.wrap_socket(plain, server_hostname="localhost", session=session)
    except OSError:
        plain.close()
        raise


def bare(server: Laned, client: Client, address: str = "", *, preface: bytes = PREFACE) -> Bare:
    """Yields bare frames over TLS with this client's certificate, to the lane unless asked otherwise."""
    directory = server.kit.directory
    certificate = written(directory, client, f"bare-{id(client)}")
    return Bare(tls_to(address or server.lane, tls_context(directory, certificate)), preface=preface)
