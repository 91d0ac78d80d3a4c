"""Recalls by SMS: a notice to an officer about changes of their look-ups by SMS, on the telephone that asked.

Ronda names, to the gateway's own certificate, the officers with a waiting recall, and no more. For each the gateway
then gets a token that opens AlertService alone (clients.sms.sessions has the handle) and subscribes as the officer
would. It receives the notices that the officer may see at this moment, and hands them to the SMSC at once: nothing
waits here that may be outdated. Notices taken by the SMSC are acknowledged to Ronda.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
import uuid
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from clients.client.calls import metadata
from clients.client.failures import CallFailure, read_failure
from clients.sms.counts import tell
from clients.sms.journal import Entry
from clients.sms.questions import reference_of
from clients.sms.recall_book import Telephone
from clients.sms.recall_words import recall_text
from clients.sms.recalled import Recalled
from ronda.v1 import alert_service_pb2 as contract
from ronda.v1 import context_pb2
from ronda.v1 import token_service_pb2 as tokens
from ronda.v1.alert_service_pb2_grpc import AlertServiceStub

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clients.sms.counts import Counts
    from clients.sms.journal import Journal
    from clients.sms.outbox import Outbox
    from clients.sms.recall_book import RecallBook
    from clients.sms.sessions import Authenticator, GivenRecall

_AT_ONCE = 8  # officers: a thousand recalls of a new base leave room for who asks meanwhile
_KEEP_S = 1.0
_AGAIN_S = 5.0
_OFF_S = 300.0  # until it is tried again where policy or settings permit none
_OFFICER_AGAIN_S = 15.0  # twice as long each time
_QUIET_S = 2.0  # without a message: the officer has all that may be shown
_LONGEST_PAUSE_S = 900.0
_ACKNOWLEDGE_S = 10.0
_EXCHANGE_S = 10.0
_IDS = 100  # of one receipt
_SMSC_S = 86_400.0  # that the SMSC may try to deliver one
_OFF = frozenset({"METHOD_UNKNOWN", "FORBIDDEN", "TOKEN_MISSING", "DELEGATION_FORBIDDEN"})


class Recalling:
    """The recalls of one gateway."""

    def __init__(
        self,
        book: RecallBook,
        journal: Journal,
        officers: Authenticator,
        channel: grpc.aio.Channel,
        outbox: Outbox,
        counts: Counts,
    ) -> None:
        self._book, self._journal, self._officers = book, journal, officers
        self._stub: Any = AlertServiceStub(channel)  # type: ignore[no-untyped-call]
        self._outbox, self._counts = outbox, counts
        self.recalled = Recalled()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._telling: dict[str, asyncio.Task[None]] = {}
        self._more: set[str] = set()  # officers with news that came while others were being sent
        self._has_telephones = asyncio.Event()
        if len(book):
            self._has_telephones.set()

    async def remember(self, given: GivenRecall, entry: Entry, number: str) -> None:
        """Notes the telephone of a message with a right PIN: from now on notices go there, from a later process too."""
        self._book.put(
            Telephone(given.nip, number, entry.sender, entry.ton, entry.npi, entry.address, given.handle, given.until)
        )
        self._has_telephones.set()
        with contextlib.suppress(sqlite3.Error):  # the officer's answer is worth more; `run` ends the program
            await self._book.keep()

    async def run(self) -> None:
        """Runs for ever. Raises sqlite3.Error: a full disk."""
        keeping = asyncio.create_task(self._keep())
        hearing = asyncio.create_task(self._hear())
        try:
            done, _ = await asyncio.wait((keeping, hearing), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._more.clear()
            tasks = [keeping, hearing, *self._telling.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_KEEP_S)
            await self._book.keep()

    async def _hear(self) -> None:
        """Listens for officers with a waiting recall; asks nothing while no officer has a telephone."""
        while True:
            await self._has_telephones.wait()
            pause = _AGAIN_S
            try:
                request = contract.ListAwaitedRequest(context=_context())
                async for message in self._stub.ListAwaited(request):
                    for officer in message.officers:
                        self._begin(officer.rpartition("/")[2])
                pause = _KEEP_S
            except grpc.aio.AioRpcError as error:
                failure = read_failure(error)
                pause = _OFF_S if failure.reason in _OFF else _AGAIN_S
                tell("recalls_not_heard", status=failure.status, reason=failure.reason)
            await asyncio.sleep(pause)

    def _begin(self, nip: str) -> None:
        if nip in self._telling:
            self._more.add(nip)
        elif self._book.of(nip) is not None:
            task = self._telling[nip] = asyncio.create_task(self._tell_until_told(nip))
            task.add_done_callback(lambda _ended: self._ended(nip))

    def _ended(self, nip: str) -> None:
        del self._telling[nip]
        if nip in self._more:
            self._more.discard(nip)
            self._begin(nip)

    async def _tell_until_told(self, nip: str) -> None:
        """Tells an officer, and tries again after failures, as long as there is a telephone."""
        pause = _OFFICER_AGAIN_S
        while (telephone := self._book.of(nip)) is not None:
            try:
                async with self._turns:
                    while not self._outbox.is_bound:
                        await asyncio.sleep(_KEEP_S)
                    await self._tell(telephone)
                return
            except CallFailure as failure:
                if failure.reason == "SESSION_OVER":  # the number has another owner, or the owner is no officer
                    self._book.drop(telephone)
                    continue
                tell("recall_failed", status=failure.status, reason=failure.reason)
            except Exception as error:  # whatever it is, the notice is still to be sent
                tell("fault", kind=type(error).__name__)
            self._counts.add("recalls_failed")
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _tell(self, telephone: Telephone) -> None:
        """Sends all notices that the officer may see now. Raises CallFailure; sqlite3.Error: a full disk."""
        request = tokens.ExchangeRequest(
            request_id=uuid.uuid4().hex, telephone=telephone.number, recall=telephone.handle
        )
        token = (await self._officers.exchange(request, _EXCHANGE_S)).officer_token
        call = self._stub.Subscribe(contract.SubscribeRequest(context=_context()), metadata=metadata(token))
        try:
            while (message := await self._next(call)) is not None:
                await self._told(telephone, message.recalls, token)
        except grpc.aio.AioRpcError as error:
            raise read_failure(error) from None
        finally:
            call.cancel()

    async def _next(self, call: Any) -> Any:
        """The next message; None at the stream's end, or once nothing came for a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_QUIET_S):
                message = await call.read()
                return None if message is grpc.aio.EOF else message  # type: ignore[attr-defined]
        return None

    async def _told(self, telephone: Telephone, recalls: Sequence[contract.Recall], token: str) -> None:
        """Hands them to the SMSC; those that it took are acknowledged. Raises CallFailure, sqlite3.Error."""
        fresh = [each for each in recalls if not self._book.was_told(each.recall_id)]
        taken = await asyncio.gather(*(self._send(telephone, each) for each in fresh))
        await self._book.keep()  # before the receipt: a kill in between sends nothing twice
        told = [each.recall_id for each in recalls if self._book.was_told(each.recall_id)]
        for start in range(0, len(told), _IDS):
            ids = told[start : start + _IDS]
            receipt = contract.AcknowledgeRequest(context=_context(), recall_ids=ids)
            await self._stub.Acknowledge(receipt, timeout=_ACKNOWLEDGE_S, metadata=metadata(token))
            await self._book.received(ids)
        if not all(taken):
            raise CallFailure("UNAVAILABLE", "the SMSC did not take a recall", "")

    async def _send(self, telephone: Telephone, recall: contract.Recall) -> bool:
        """Sends a notice; returns whether the SMSC took it."""
        taken: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def outcome(is_taken: bool) -> None:
            if is_taken:  # whoever waits for it yet
                self._book.told(recall.recall_id)
                self.recalled.add(telephone.number, reference_of(recall.request_id))
                self._counts.add("recalls")
            if not taken.done():
                taken.set_result(is_taken)

        now = time.time()
        entry = Entry(
            self._journal.next_reference(),
            now,
            "",
            telephone.sender,
            telephone.ton,
            telephone.npi,
            telephone.address,
            "",
            recall_text(recall),
        )
        valid_s = min(recall.expires_at.ToMicroseconds() / 1e6 - now, _SMSC_S)
        self._outbox.submit_notice(entry, outcome, valid_s)
        return await taken


def _context() -> context_pb2.RequestContext:
    return context_pb2.RequestContext(purpose=context_pb2.PURPOSE_TRAFFIC_STOP, request_id=uuid.uuid4().hex)
