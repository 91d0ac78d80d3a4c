"""A stream of NATS JetStream: each message one change as in a file of changes, with its sequence (docs/feed.md)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import nats
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext

from clients.feed.changes import CHANGE_BYTES, ChangesUnreadable, MessageUnreadable, change_of_fields, json_of
from clients.feed.issued import SourceFailed
from ronda.v1 import feed_service_pb2 as contract

MESSAGES = 200  # at once
_ACK_WAIT_S = 15.0  # then the broker hands a message out again
_READER_IDLE_S = 300.0  # without a look, before the broker forgets a reader: longer than the longest pause
_PENDING_S = 5.0  # for what the broker says of its consumer
_CONNECT_S = 5
_CLOSED = "la conexión con NATS se cerró"


class StreamMessage(NamedTuple):
    """A message and its change; no change where it is none, and `why` in Spanish."""

    message: Msg
    change: contract.FeedChange | None
    why: str = ""
    register: str = ""  # of a message that is no change, where both can be read
    number: int = 0

    @property
    def place(self) -> int:
        """Returns its sequence in the stream, which stays the same when the broker hands it out again."""
        return int(self.message.metadata.sequence.stream)


class RawMessage(NamedTuple):
    """A message as it stands in the stream, and its sequence there."""

    place: int
    data: bytes


class StreamPlace(NamedTuple):
    """A stream, identified among streams of the same name by its creation time; its first and last place, past or
    present."""

    made: str
    first: int  # of what is left; one above the last where nothing is
    last: int
    alone: bool  # it holds the subject that is read, and no other


class JetStreamSource:
    """One durable consumer. For one thread; its connection lives between two looks."""

    def __init__(self, servers: str, stream: str, subject: str, durable: str, credentials: str = "") -> None:
        """servers: URLs separated by commas. credentials: a file of NATS; "" = none."""
        self._servers, self.name, self._subject, self._durable = servers.split(","), stream, subject, durable
        self.connections = 0  # begun so far: behind each the stream may be another
        self._credentials = credentials
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_pass_over)
        self._client: Client | None = None
        self._consumer: JetStreamContext.PullSubscription | None = None
        self._reader: JetStreamContext.PullSubscription | None = None  # of `after`
        self._reader_place = 0  # the last one that it gave

    def look(self, most: int, wait_s: float) -> list[StreamMessage]:
        """The next messages, none when none came in time. Raises SourceFailed."""
        return list(self._of_the_stream(self._fetched(most, wait_s)))

    def done(self, messages: list[Msg]) -> None:
        """The server has answered for these. Raises SourceFailed: they come again, and are known."""
        try:
            self._loop.run_until_complete(self._acknowledged(messages))
        except (nats.errors.Error, OSError, TimeoutError) as error:
            self.close()
            raise SourceFailed(f"{_CLOSED} ({type(error).__name__})", passes=True) from None

    def hand_back(self, messages: list[Msg]) -> None:
        """Lets the broker hand these out again at once: nothing became of them. It does by itself after a while."""
        with suppress(nats.errors.Error, OSError, TimeoutError):
            self._loop.run_until_complete(self._refused(messages))

    def is_waiting(self) -> bool:
        """Returns whether the broker has messages that it did not hand out, or that are not acknowledged.

        Raises SourceFailed.
        """
        return bool(self._asked(self._waiting()))

    def place(self) -> StreamPlace:
        """Returns which stream it is, and its last place. Raises SourceFailed."""
        return StreamPlace(*self._of_the_stream(self._found_place()))

    def after(self, place: int, most: int, wait_s: float) -> list[RawMessage]:
        """Returns the next messages behind a place, in the stream's order, whatever was acknowledged to the broker.

        None when none came in time. Raises SourceFailed.
        """
        found: list[RawMessage] = self._of_the_stream(self._behind(place, most, wait_s))
        return found

    def whole(self) -> Iterator[StreamMessage]:
        """Yields every message that the stream still has, from its first one on; the consumer stays where it is.

        Raises SourceFailed.
        """
        consumer = self._asked(self._another())
        try:
            left = self._asked(self._left_of(consumer))
            while left:
                for each in self._asked(self._next_of(consumer)):
                    left = each.message.metadata.num_pending
                    yield each
        finally:
            self._asked(consumer.unsubscribe())

    def _of_the_stream(self, question: Coroutine[Any, Any, Any]) -> Any:
        """Asks as `_asked`, but does not wait for a stream that does not exist."""
        try:
            return self._loop.run_until_complete(question)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            self.close()
            rule = f"no se puede leer de NATS ({type(error).__name__})"
            raise SourceFailed(rule, passes=not isinstance(error, nats.js.errors.NotFoundError)) from None

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

    async def _found_place(self) -> StreamPlace:
        client = await self._connected()
        found = await asyncio.wait_for(client.jetstream().stream_info(self.name), _PENDING_S)
        made, state = found.created.isoformat() if found.created else "", found.state
        return StreamPlace(made, state.first_seq, state.last_seq, found.config.subjects == [self._subject])

    async def _another(self) -> JetStreamContext.PullSubscription:
        if self._consumer is None:
            await self._begun()
        assert self._client is not None
        config = ConsumerConfig(ack_policy=AckPolicy.NONE, deliver_policy=DeliverPolicy.ALL)
        return await self._client.jetstream().pull_subscribe(self._subject, stream=self.name, config=config)

    async def _left_of(self, consumer: JetStreamContext.PullSubscription) -> int:
        found = await asyncio.wait_for(consumer.consumer_info(), _PENDING_S)
        return found.num_pending or 0

    async def _next_of(self, consumer: JetStreamContext.PullSubscription) -> list[StreamMessage]:
        try:
            return [_read(each) for each in await consumer.fetch(MESSAGES, timeout=1.0)]
        except TimeoutError:
            self._stay_connected()
            return []

    def _stay_connected(self) -> None:
        """Tells an idle stream from a broker that is gone: the library raises one and the same for both."""
        if self._client is None or not self._client.is_connected:
            raise nats.errors.ConnectionClosedError

    def close(self) -> None:
        """Lets the broker go; the next look begins anew."""
        client, self._client, self._consumer, self._reader = self._client, None, None, None
        if client is not None:
            with suppress(nats.errors.Error, OSError, TimeoutError):
                self._loop.run_until_complete(asyncio.wait_for(client.close(), _CONNECT_S))

    def end(self) -> None:
        """Lets the broker go for good: no task of the library is left, of which asyncio would complain at the exit."""
        if self._loop.is_closed():
            return
        self.close()
        tasks = asyncio.all_tasks(self._loop)
        for each in tasks:
            each.cancel()
        if tasks:
            self._loop.run_until_complete(asyncio.wait(tasks, timeout=_CONNECT_S))
        self._loop.close()

    async def _fetched(self, most: int, wait_s: float) -> list[StreamMessage]:
        consumer = self._consumer or await self._begun()
        try:
            return [_read(each) for each in await consumer.fetch(most, timeout=wait_s)]
        except TimeoutError:
            self._stay_connected()
            return []

    async def _behind(self, place: int, most: int, wait_s: float) -> list[RawMessage]:
        """Reads by a consumer that nobody acknowledges to: what was read stands in the state, not at the broker."""
        if self._reader is None or self._reader_place != place:
            if self._reader is not None:
                await self._reader.unsubscribe()
            self._reader = (
                await (await self._connected())
                .jetstream()
                .pull_subscribe(
                    self._subject,
                    stream=self.name,
                    config=ConsumerConfig(
                        ack_policy=AckPolicy.NONE,
                        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                        opt_start_seq=place + 1,
                        inactive_threshold=_READER_IDLE_S,
                    ),
                )
            )
            self._reader_place = place
        try:
            found = await self._reader.fetch(most, timeout=wait_s)
        except TimeoutError:
            self._stay_connected()
            return []
        messages = [RawMessage(int(each.metadata.sequence.stream), each.data) for each in found]
        self._reader_place = messages[-1].place if messages else place
        return messages

    async def _connected(self) -> Client:
        if self._client is None or not self._client.is_connected:
            options: dict[str, Any] = {"user_credentials": self._credentials} if self._credentials else {}
            self._client = await nats.connect(
                self._servers, connect_timeout=_CONNECT_S, allow_reconnect=False, error_cb=_quiet, **options
            )
            self.connections += 1
        return self._client

    async def _begun(self) -> JetStreamContext.PullSubscription:
        client = await self._connected()
        config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, ack_wait=_ACK_WAIT_S)
        self._consumer = await client.jetstream().pull_subscribe(
            self._subject, durable=self._durable, stream=self.name, config=config
        )
        return self._consumer

    async def _refused(self, messages: list[Msg]) -> None:
        for each in messages:
            await each.nak()
        if self._client is not None:
            await self._client.flush(_CONNECT_S)

    async def _acknowledged(self, messages: list[Msg]) -> None:
        for each in messages:
            await each.ack()
        if self._client is not None:
            await self._client.flush(_CONNECT_S)


def _pass_over(_loop: asyncio.AbstractEventLoop, _context: dict[str, Any]) -> None:
    """Drops what ends in the library's own tasks: it shows in the next call, and asyncio would print a traceback."""


async def _quiet(_error: Exception) -> None:
    """Ignores errors: they show in the next call; the library would write them to standard error."""


_NUMBER = re.compile(rb'"sequence"\s*:\s*"?(\d{1,10})"?\s*[,}]')
_REGISTER = re.compile(rb'"register"\s*:\s*"([a-z0-9-]{2,20})"')


def _read(message: Msg) -> StreamMessage:
    if len(message.data) > CHANGE_BYTES:
        return _unread(message, f"un cambio tiene a lo más {CHANGE_BYTES >> 10} KiB")
    try:
        change = change_of_fields(0, json_of(0, message.data))
    except ChangesUnreadable as error:
        return _unread(message, error.rule)
    if not change.sequence and change.kind != contract.FEED_CHANGE_KIND_HEARTBEAT:
        return _unread(message, "sequence: todo cambio trae su número")
    return StreamMessage(message, change)


def read_unnumbered(data: bytes) -> list[contract.FeedChange]:
    """Returns the one change of a message that states no number. Raises MessageUnreadable."""
    registers = _REGISTER.findall(data)
    register = registers[0].decode("ascii") if len(registers) == 1 else ""
    if len(data) > CHANGE_BYTES:
        raise MessageUnreadable(f"un cambio tiene a lo más {CHANGE_BYTES >> 10} KiB", register)
    try:
        change = change_of_fields(0, json_of(0, data))
    except ChangesUnreadable as error:
        raise MessageUnreadable(error.rule, register) from None
    if change.kind == contract.FEED_CHANGE_KIND_HEARTBEAT:
        raise MessageUnreadable("kind: con --number quien numera da las señales de vida")
    if change.sequence:
        raise MessageUnreadable("sequence: con --number ningún mensaje trae número", change.register_id)
    return [change]


def _unread(message: Msg, why: str) -> StreamMessage:
    """Names the number that a message would have, where its register and number stand there once, and whole."""
    numbers, registers = _NUMBER.findall(message.data), _REGISTER.findall(message.data)
    if len(numbers) != 1 or len(registers) != 1:
        return StreamMessage(message, None, why)
    return StreamMessage(message, None, why, registers[0].decode("ascii"), int(numbers[0]))
