"""A stream of NATS JetStream: each message one change as in a file of changes, with its sequence (docs/feed.md).

A message is acknowledged to the broker once the server has answered for it. What the broker hands out again, after a
crash or a wait that was too long, the server knows by its sequence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import nats
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext

from clients.feed.changes import CHANGE_BYTES, ChangesUnreadable, FileChange, change_of_fields, json_of
from clients.feed.issued import Issued, ServerPlace, SourceFailed, read_issued, write_issued
from clients.feed.pushing import Pusher, Tally
from clients.feed.sending import Frame, Say
from ronda.v1 import feed_service_pb2 as contract

_MESSAGES = 200  # at once
_ACK_WAIT_S = 15.0  # then the broker hands a message out again
_PENDING_S = 5.0  # for what the broker says of its consumer
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

    def is_waiting(self) -> bool:
        """Returns whether the broker has messages that it did not hand out, or that are not acknowledged.

        Raises SourceFailed.
        """
        return bool(self._asked(self._waiting()))

    def whole(self) -> Iterator[StreamMessage]:
        """Yields every message that the stream still has, from its first one on; the consumer stays where it is.

        Raises SourceFailed.
        """
        consumer = self._asked(self._another())
        try:
            while found := self._asked(self._next_of(consumer)):
                yield from found
        finally:
            self._asked(consumer.unsubscribe())

    def _asked(self, question: Coroutine[Any, Any, Any]) -> Any:
        try:
            return self._loop.run_until_complete(question)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            self.close()
            raise SourceFailed(f"no se puede leer de NATS ({type(error).__name__})", passes=True) from None

    async def _waiting(self) -> int:
        consumer = self._consumer or await self._begun()
        found = await asyncio.wait_for(consumer.consumer_info(), _PENDING_S)
        return (found.num_pending or 0) + (found.num_ack_pending or 0)

    async def _another(self) -> JetStreamContext.PullSubscription:
        if self._consumer is None:
            await self._begun()
        assert self._client is not None
        config = ConsumerConfig(ack_policy=AckPolicy.NONE, deliver_policy=DeliverPolicy.ALL)
        return await self._client.jetstream().pull_subscribe(self._subject, stream=self._stream, config=config)

    async def _next_of(self, consumer: JetStreamContext.PullSubscription) -> list[StreamMessage]:
        try:
            return [_read(each) for each in await consumer.fetch(_MESSAGES, timeout=1.0)]
        except nats.errors.TimeoutError:
            return []

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
    """Sends what a stream of NATS JetStream holds, and once more what the server lacks of it."""

    def __init__(
        self,
        stream: JetStreamSource,
        stub: Any,
        frame: Frame,
        source: str,
        patience_s: float,
        wait_s: float,
        told: Say,
        state_file: Path,
    ) -> None:
        """told: hears of each message that is no change, whose number stays missing. state_file: keeps the answers."""
        self._stream, self._wait_s, self._told, self._state_file = stream, wait_s, told, state_file
        self._stub, self._frame, self._source, self._patience_s = stub, frame, source, patience_s
        self._known: Issued | None = None
        self._compared = False
        self._place = ServerPlace()

    def step(self) -> Tally | None:
        """The next messages; None = none came. Raises SourceFailed, CallFailure, OSError."""
        if not self._compared:
            self._compare()
        found = self._stream.look(_MESSAGES, self._wait_s)
        if not found:
            return None
        changes = []
        for place, (_, change, why) in enumerate(found, 1):
            if change is None:
                self._told(f"un mensaje no es un cambio, y su número falta: {why}")
            else:
                changes.append(FileChange(place, change))
        tally = self._push(changes)
        self._stream.done([each.message for each in found])
        return tally

    def issued(self) -> Mapping[str, int] | None:
        """Returns the last numbers that were answered; None while the broker has a message that was not.

        Raises SourceFailed.
        """
        return None if not self._compared or self._stream.is_waiting() else self._answered().numbers

    def seen(self, positions: Mapping[str, Any]) -> None:
        """Takes the server's positions. Where it went back, the next step compares what it has with what was sent."""
        if self._place.went_back(positions):
            self._compared = False

    def _answered(self) -> Issued:
        if self._known is None:
            self._known = read_issued(self._state_file) or Issued()
        return self._known

    def _push(self, changes: Sequence[FileChange]) -> Tally:
        known = self._answered()
        pusher = Pusher(self._stub, self._frame, self._source, known.token, patience_s=self._patience_s)
        tally = pusher.push(changes)
        for each in changes:
            known.reach(each.change.register_id, each.change.sequence)
        known.token = tally.token
        write_issued(self._state_file, known)
        self.seen(tally.positions)
        return tally

    def _compare(self) -> None:
        """Sends again what the server lacks of what it had answered for, from all that the stream still has."""
        known = self._answered()
        positions = Pusher(self._stub, self._frame, self._source, known.token, patience_s=0.0).positions()
        lacking = {
            name: {
                *(number for run in position.missing for number in range(run.first, run.last + 1)),
                *range(position.newest + 1, known.numbers.get(name, 0) + 1),
            }
            for name, position in positions.items()
        }
        if any(lacking.values()):
            self._send_again(lacking)
        self._compared = True

    def _send_again(self, lacking: Mapping[str, set[int]]) -> None:
        changes: list[FileChange] = []
        for _, change, _ in self._stream.whole():
            if change is not None and change.sequence in lacking.get(change.register_id, ()):
                changes.append(FileChange(len(changes) + 1, change))
        if changes:
            self._told(f"al servidor le faltan {len(changes)} cambios que el stream tiene: se envían de nuevo")
            self._push(changes)
        left = sum(map(len, lacking.values())) - len(changes)
        if left > 0:
            self._told(f"al servidor le faltan {left} cambios que el stream ya no tiene: entregue un extracto completo")


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
