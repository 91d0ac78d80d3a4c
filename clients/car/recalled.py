"""Recalls: changes about subjects of this officer's look-ups, at the top of the screen until F12 marks them as read.

"Cancelada: no actúe" may come while the officer drives to somebody's house: it must not need a question, nor hide one.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from clients.car.link import NoAnswer
from clients.car.session import TokenMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from clients.car.application import Application
    from clients.client.connection import Connection
    from ronda.v1.alert_service_pb2 import Recall, SubscribeResponse
    from ronda.v1.context_pb2 import RequestContext

_AGAIN_SECONDS, _LONGEST_PAUSE_SECONDS = 5.0, 60.0
_STREAM_SECONDS = 960.0  # longer than the server's own end of it
_CALL_SECONDS = 10.0
_IDS = 100  # of one receipt
_NEVER = ("METHOD_UNKNOWN", "FORBIDDEN")
"""Reasons after which asking again would not help: the server tells nobody, or not this officer."""


class _Unread(NamedTuple):
    """One alert's newest word, of however many look-ups."""

    text: str
    ids: list[str]  # of its recalls, all of which it answers


class Recalled:
    """Recalls of one session. In the event loop's thread, except where noted."""

    def __init__(self, car: Application) -> None:
        self._car = car
        self._unread: dict[tuple[str, str, str], _Unread] = {}  # by subject and record: the newest word on each
        self.never_comes = False  # no recall comes, or none for this officer: silence does not say that nothing changed

    async def watch(self) -> None:
        """Watches until the lock; over outages too.

        Each beginning costs the officer's allowance, as a question does: a link that breaks again and again may not use
        it up.
        """
        pause = _AGAIN_SECONDS
        self.never_comes = False
        while self._car.session.open:
            began = time.monotonic()
            try:
                await self._follow()
            except TokenMissing:
                return
            except NoAnswer as no:
                if no.failure is None or no.failure.reason in _NEVER:
                    self.never_comes = True
                    self._car.paint_status()
                    return
            pause = _AGAIN_SECONDS if time.monotonic() - began > _LONGEST_PAUSE_SECONDS else pause
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _follow(self) -> None:
        loop, metadata = asyncio.get_running_loop(), self._car.session.metadata()

        def told(message: SubscribeResponse) -> bool:
            if message.recalls:
                loop.call_soon_threadsafe(self._take, list(message.recalls))
            return self._car.session.open

        await self._car.link.work(lambda c: _follow(c, metadata, self._car.frame(), told))

    def _take(self, recalls: Sequence[Recall]) -> None:
        if not self._car.session.open:
            return
        for each in recalls:
            key = each.subject_id, each.record.register_id, each.record.record_id
            before = self._unread.pop(key, None)  # the newest stands last
            self._unread[key] = _Unread(each.text, [*(before.ids if before is not None else ()), each.recall_id])
        self._car.bell()
        self._car.close_lists()
        self._car.take_changes(recalls)
        self._car.paint_recalls()

    @property
    def line(self) -> Text | None:
        """The officer's line; None = nothing is unread."""
        first = next(iter(self._unread.values()), None)
        if first is None:
            return None
        more = len(self._unread) - 1
        # The key comes first: a small screen cuts off the end.
        return Text(f"F12: leído{f', y {more} más' if more else ''} · ").append(first.text, style="bold reverse")

    def read(self) -> None:
        """F12: what is shown was read. What the server does not hear of comes again with the next login."""
        ids = self._unread.pop(next(iter(self._unread))).ids if self._unread else []
        self._car.paint_recalls()
        if ids:
            self._car.run_in_session(self._acknowledge(ids))

    async def _acknowledge(self, ids: Sequence[str]) -> None:
        try:
            metadata = self._car.session.metadata()
            await self._car.link.work(lambda c: _acknowledge(c, metadata, self._car.frame(), ids))
        except (NoAnswer, TokenMissing):
            return

    def drop(self) -> None:
        """Removes the recalls from the screen."""
        self._unread.clear()
        self._car.paint_recalls()


def _follow(
    connection: Connection,
    metadata: list[tuple[str, str]],
    context: RequestContext,
    told: Callable[[SubscribeResponse], bool],
) -> None:
    """Follows the stream in a thread: passes on each message until `told` returns False or the stream ends.

    Raises grpc.RpcError.
    """
    from clients.terminal.told_message import told_message
    from ronda.v1.alert_service_pb2 import SubscribeRequest

    stream = connection.recalls.Subscribe(SubscribeRequest(context=context), timeout=_STREAM_SECONDS, metadata=metadata)
    try:
        for message in stream:
            if not told(told_message(message)):
                return
    finally:
        stream.cancel()


def _acknowledge(
    connection: Connection, metadata: list[tuple[str, str]], context: RequestContext, ids: Sequence[str]
) -> None:
    """Raises grpc.RpcError."""
    from ronda.v1.alert_service_pb2 import AcknowledgeRequest

    for start in range(0, len(ids), _IDS):
        request = AcknowledgeRequest(context=context, recall_ids=ids[start : start + _IDS])
        connection.recalls.Acknowledge(request, timeout=_CALL_SECONDS, metadata=metadata)
