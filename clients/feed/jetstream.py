"""A stream of NATS JetStream: each message one change as in a file of changes, with its sequence (docs/feed.md).

A message is acknowledged to the broker once the server has answered for it. What the broker hands out again, after a
crash or a wait that was too long, the server knows by its sequence.
"""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import nats
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.client import JetStreamContext

from clients.feed.changes import CHANGE_BYTES, ChangesUnreadable, FileChange, change_of_fields, json_of
from clients.feed.pushing import Pusher, Tally
from clients.feed.sending import Frame, Say, SourceFailed
from ronda.v1 import feed_service_pb2 as contract

_MESSAGES = 200  # at once
_ACK_WAIT_S = 120.0  # then the broker hands a message out again
_CONNECT_S = 5
_CLOSED = "la conexión con NATS se cerró"


class StreamMessage(NamedTuple):
    """A message and its change; no change where it is none, and `why` in Spanish."""

    message: Msg
    change: contract.FeedChange | None
    why: str = ""


class JetStreamSource:
    """One durable consumer. For one thread; its connection lives between two looks."""

    def __init__(self, servers: str, stream: str, subject: str, durable: str, credentials: str = "") -> None:
        """servers: URLs separated by commas. credentials: a file of NATS; "" = none."""
        self._servers, self._stream, self._subject, self._durable = servers.split(","), stream, subject, durable
        self._credentials = credentials
        self._loop = asyncio.new_event_loop()
        self._client: Client | None = None
        self._consumer: JetStreamContext.PullSubscription | None = None

    def look(self, most: int, wait_s: float) -> list[StreamMessage]:
        """The next messages, none when none came in time. Raises SourceFailed."""
        try:
            return self._loop.run_until_complete(self._fetched(most, wait_s))
        except (nats.errors.Error, OSError, TimeoutError) as error:
            self.close()
            rule = f"no se puede leer de NATS ({type(error).__name__})"
            raise SourceFailed(rule, passes=not isinstance(error, nats.js.errors.NotFoundError)) from None

    def done(self, messages: list[Msg]) -> None:
        """The server has answered for these. Raises SourceFailed: they come again, and are known."""
        try:
            self._loop.run_until_complete(self._acknowledged(messages))
        except (nats.errors.Error, OSError, TimeoutError) as error:
            self.close()
            raise SourceFailed(f"{_CLOSED} ({type(error).__name__})", passes=True) from None

    def close(self) -> None:
        """Lets the broker go; the next look begins anew."""
        client, self._client, self._consumer = self._client, None, None
        if client is not None:
            self._loop.run_until_complete(client.close())

    async def _fetched(self, most: int, wait_s: float) -> list[StreamMessage]:
        consumer = self._consumer or await self._begun()
        try:
            return [_read(each) for each in await consumer.fetch(most, timeout=wait_s)]
        except nats.errors.TimeoutError:
            if self._client is None or not self._client.is_connected:
                raise
            return []

    async def _begun(self) -> JetStreamContext.PullSubscription:
        options: dict[str, Any] = {"user_credentials": self._credentials} if self._credentials else {}
        client = self._client = await nats.connect(
            self._servers, connect_timeout=_CONNECT_S, allow_reconnect=False, error_cb=_quiet, **options
        )
        config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, ack_wait=_ACK_WAIT_S)
        self._consumer = await client.jetstream().pull_subscribe(
            self._subject, durable=self._durable, stream=self._stream, config=config
        )
        return self._consumer

    async def _acknowledged(self, messages: list[Msg]) -> None:
        for each in messages:
            await each.ack()
        if self._client is not None:
            await self._client.flush(_CONNECT_S)


class JetStreamWork:
    """Sends what a stream of NATS JetStream holds."""

    def __init__(
        self, stream: JetStreamSource, stub: Any, frame: Frame, source: str, patience_s: float, wait_s: float
    ) -> None:
        self._stream, self._wait_s = stream, wait_s
        self._stub, self._frame, self._source, self._patience_s = stub, frame, source, patience_s

    def step(self, told: Say) -> Tally | None:
        """The next messages; None = none came. Raises SourceFailed, CallFailure.

        told: hears of each message that is no change; its number stays missing.
        """
        found = self._stream.look(_MESSAGES, self._wait_s)
        if not found:
            return None
        changes = []
        for place, (_, change, why) in enumerate(found, 1):
            if change is None:
                told(f"un mensaje no es un cambio, y su número falta: {why}")
            else:
                changes.append(FileChange(place, change))
        tally = Pusher(self._stub, self._frame, self._source, patience_s=self._patience_s).push(changes)
        self._stream.done([each.message for each in found])
        return tally


async def _quiet(_error: Exception) -> None:
    """What goes wrong shows in the next call; the library would write it to standard error."""


def _read(message: Msg) -> StreamMessage:
    if len(message.data) > CHANGE_BYTES:
        return StreamMessage(message, None, f"un cambio tiene a lo más {CHANGE_BYTES >> 10} KiB")
    try:
        change = change_of_fields(0, json_of(0, message.data))
    except ChangesUnreadable as error:
        return StreamMessage(message, None, error.rule)
    if not change.sequence and change.kind != contract.FEED_CHANGE_KIND_HEARTBEAT:
        return StreamMessage(message, None, "sequence: todo cambio trae su número")
    return StreamMessage(message, change)
