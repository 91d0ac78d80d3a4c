"""A client of the bare protocol: whatever HTTP/2 can carry, right or wrong, over a socket."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

CHECK = "/ronda.v1.CheckService/Check"
CHECK_PERSON = "/ronda.v1.CheckService/CheckPerson"
HEALTH = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
Fields = Sequence[tuple[str, str]]
GOAWAY = 7
_PATIENCE_S = 60


def message(content: bytes, flag: int = 0) -> bytes:
    """With gRPC's prefix."""
    return struct.pack(">BI", flag, len(content)) + content


def call_headers(path: str = CHECK_PERSON, *more: tuple[str, str]) -> list[tuple[str, str]]:
    fixed = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "ronda")]
    return [*fixed, ("te", "trailers"), ("content-type", "application/grpc"), *more]


def changed(fields: Fields, **values: str | None) -> list[tuple[str, str]]:
    """Some of the fields with other values, or without them; `_` is "-", and `method` is ":method"."""
    by_name = {name.replace("_", "-"): value for name, value in values.items()}
    made = []
    for name, value in fields:
        new = by_name.get(name.lstrip(":"), value)
        if new is not None:
            made.append((name, new))
    return made


@dataclass
class Reply:
    headers: dict[str, str] = field(default_factory=dict)
    trailers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    reset: int | None = None
    ended: bool = False

    @property
    def status(self) -> int:
        """grpc-status; -1 = there was none."""
        return int(self.trailers.get("grpc-status", self.headers.get("grpc-status", "-1")))

    @property
    def text(self) -> str:
        return self.trailers.get("grpc-message", self.headers.get("grpc-message", ""))

    @property
    def messages(self) -> list[bytes]:
        found, rest = [], self.body
        while len(rest) >= 5:
            size = struct.unpack(">I", rest[1:5])[0]
            found.append(rest[5 : 5 + size])
            rest = rest[5 + size :]
        return found


class Wire:
    """A connection. `goaways` are (last stream, code) as they came; `closed` once the server ended it."""

    def __init__(
        self, address: tuple[str, int], context: ssl.SSLContext | None = None, session: ssl.SSLSession | None = None
    ) -> None:
        plain = socket.create_connection(address, timeout=_PATIENCE_S)
        self.socket = (
            plain if context is None else context.wrap_socket(plain, server_hostname="localhost", session=session)
        )
        config = h2.config.H2Configuration(
            client_side=True, header_encoding="utf-8", validate_outbound_headers=False, normalize_outbound_headers=False
        )
        self.h2 = h2.connection.H2Connection(config)
        self.replies: dict[int, Reply] = {}
        self.goaways: list[tuple[int, int]] = []
        self.closed = False
        self._rest = b""  # of a frame that is not whole yet
        self.reads = True  # whether windows are opened again for what came
        self.h2.initiate_connection()
        self.flush()

    def flush(self) -> None:
        self.send(self.h2.data_to_send())

    def send(self, content: bytes) -> None:
        """Bytes as they are; a server that has ended the connection is no error."""
        try:
            self.socket.sendall(content)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.closed = True

    def ask(
        self, content: bytes | None = b"", fields: Fields | None = None, *, raw: bytes | None = None, end: bool = True
    ) -> int:
        """Begins a call: `content` in a message, or `raw` bytes, or nothing; its stream."""
        stream = self.h2.get_next_available_stream_id()
        self.replies[stream] = Reply()
        body = raw if raw is not None else message(content) if content is not None else None
        self.h2.send_headers(stream, fields if fields is not None else call_headers(), end_stream=end and body is None)
        if body is not None:
            self.more(stream, body, end=end)
        self.flush()
        return stream

    def more(self, stream: int, body: bytes, *, end: bool = True) -> None:
        """Bytes of a call that has begun; waits for windows. One that the server ended meanwhile gets no more."""
        with contextlib.suppress(h2.exceptions.StreamClosedError):
            while len(body) > (room := min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)):
                self.h2.send_data(stream, body[:room])
                body = body[room:]
                self.flush()
                if self.h2.local_flow_control_window(stream) == 0:
                    self.read()
            self.h2.send_data(stream, body, end_stream=end)
        self.flush()

    def read(self, most: int = 1 << 16) -> None:
        """Returns what the server sends next, so many bytes at most; sets `closed` at its end."""
        try:
            content = self.socket.recv(most)
        except (ConnectionResetError, ssl.SSLError):
            content = b""
        if not content:
            self.closed = True
            return
        try:
            events = self.h2.receive_data(self._without_goaways(content))
        except h2.exceptions.ProtocolError:
            self.closed = True
            return
        for event in events:
            self._take(event)
        self.flush()

    def _without_goaways(self, content: bytes) -> bytes:
        """Whole frames but these: after a GOAWAY the library takes nothing more, though streams go on."""
        frames, rest = b"", self._rest + content
        while len(rest) >= 9 and len(rest) >= (size := 9 + int.from_bytes(rest[:3], "big")):
            if rest[3] == GOAWAY:
                last, code = struct.unpack(">II", rest[9:17])
                self.goaways.append((last, code))
            else:
                frames += rest[:size]
            rest = rest[size:]
        self._rest = rest
        return frames

    def _take(self, event: h2.events.Event) -> None:
        stream = getattr(event, "stream_id", None)
        reply = self.replies.get(stream) if stream else None
        if reply is None or stream is None:
            return
        if isinstance(event, h2.events.ResponseReceived):
            reply.headers = dict(event.headers)  # type: ignore[arg-type]
        elif isinstance(event, h2.events.TrailersReceived):
            reply.trailers = dict(event.headers)  # type: ignore[arg-type]
        elif isinstance(event, h2.events.DataReceived):
            reply.body += event.data or b""
            if self.reads and event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, stream)
        elif isinstance(event, h2.events.StreamReset):
            reply.reset = int(event.error_code or 0)
            reply.ended = True
        elif isinstance(event, h2.events.StreamEnded):
            reply.ended = True

    def until(self, holds: Callable[[], bool]) -> None:
        """Reads until it holds or the server ends the connection."""
        while not holds() and not self.closed:
            self.read()

    def reply(self, stream: int) -> Reply:
        """The whole reply to a call."""
        reply = self.replies[stream]
        self.until(lambda: reply.ended)
        return reply

    def call(self, content: bytes | None = b"", fields: Fields | None = None, *, raw: bytes | None = None) -> Reply:
        return self.reply(self.ask(content, fields, raw=raw))

    def end(self) -> None:
        """Reads to the connection's end."""
        self.until(lambda: False)

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One frame, as its bytes."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload
