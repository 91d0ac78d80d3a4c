"""HotlistService.Sync: one stream, which brings a list to its newest step and goes on as long as it may."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from core.audit.reader import Flag
from ronda.v1 import error_pb2
from ronda.v1.hotlist_service_pb2 import SnapshotResponse, SyncResponse
from server.calls.own_methods import Asked
from server.calls.unary import clock_ms
from server.errors import Refusal
from server.hotlist.given_lists import GivenList
from server.hotlist.giving import ListGiver, list_as_it_was
from server.hotlist.part import SYNC

FOLLOW_S = 900.0  # from when it began; then the client asks again
_RENEW_S = 60.0  # between two headers of a list that does not change
_LOOK_S = 2.0  # without news: whether the caller still may, and has this list
_ID_CHARACTERS = 64
_DIGEST_BYTES = 32


class SyncStream:
    """One caller's."""

    def __init__(self, asked: Asked, giver: ListGiver) -> None:
        """Raises Refusal that names the field and the rule."""
        request = asked.request
        if len(request.list_id) > _ID_CHARACTERS or not request.list_id.isprintable():
            raise _invalid("list_id", f"at most {_ID_CHARACTERS} printable characters")
        if request.step < 0:
            raise _invalid("step", "0 or more")
        if len(request.chain) not in (0, _DIGEST_BYTES):
            raise _invalid("chain", f"{_DIGEST_BYTES} bytes, or none")
        self._asked, self._giver = asked, giver
        self._mask = giver.mask(asked)  # of the list that is given
        self._at = 0  # step that the device has, or is being sent

    async def messages(self) -> AsyncIterator[SyncResponse]:
        """Yields messages until the time is over, or the caller loses the right. Raises Refusal, AuditUnavailable."""
        until = time.monotonic() + FOLLOW_S
        given = await self._giver.list_of(self._asked)
        if self._holds(given):
            self._at = self._asked.request.step
        else:
            async for message in self._whole(given):
                yield message
        while True:
            async for message in self._behind(given):
                yield message
            other = await self._wait(given)
            if time.monotonic() > until:
                return
            if other is None:
                continue
            goes_on = other.file.list_id == given.file.list_id and other.chain(self._at) == given.chain(self._at)
            given = other
            if not goes_on:
                await self._record(given)
                async for message in self._whole(given):
                    yield message

    def _holds(self, given: GivenList) -> bool:
        request = self._asked.request
        return bool(
            request.list_id == given.file.list_id and request.chain and request.chain == given.chain(request.step)
        )

    async def _whole(self, given: GivenList) -> AsyncIterator[SyncResponse]:
        self._at = 0
        yield SyncResponse(snapshot=self._header(given, unchanged=False))
        with list_as_it_was():
            for block in given.file.blocks():
                self._still_permitted()
                yield SyncResponse(snapshot=SnapshotResponse(block=block))

    async def _behind(self, given: GivenList) -> AsyncIterator[SyncResponse]:
        """The steps that there are, and how far that is."""
        for step in given.after(self._at):
            self._still_permitted()
            yield SyncResponse(step=self._giver.step(step))
            self._at = step.number
        self._still_permitted()
        yield SyncResponse(snapshot=self._header(given, unchanged=True))

    async def _wait(self, given: GivenList) -> GivenList | None:
        """Waits for news; returns the list that replaced this one. Raises Refusal after a loss of rights."""
        renewed = time.monotonic() + _RENEW_S
        while time.monotonic() < renewed and not given.after(self._at):
            await self._giver.lists.news(given, self._at, _LOOK_S)
            self._still_permitted()
            newest = self._giver.look(self._asked)
            if newest is not None and newest is not given:  # else another is being made: what is held goes on
                return newest
        return None

    def _still_permitted(self) -> None:
        """Raises Refusal for who may no more, or may see other sections than are on this list."""
        self._giver.still_permitted(self._asked, self._mask)

    def _header(self, given: GivenList, *, unchanged: bool) -> SnapshotResponse:
        purpose = self._asked.entered.purpose
        return SnapshotResponse(header=self._giver.header(given, purpose, self._at, unchanged=unchanged))

    async def _record(self, given: GivenList) -> None:
        """Records that another list is given: the call's own record names the first."""
        asked, audit = self._asked, self._asked.service.audit
        audit.log.append_record(
            clock_ms=clock_ms(),
            method=SYNC.number,
            purpose=asked.entered.purpose,
            flags=asked.entered.flags & ~Flag.RETRY,
            identity=asked.caller.identity,
            case_number=asked.entered.case_number,
            request_id=asked.entered.request_id,
            generation=given.file.generation_id.encode(),
            answer_id=bytes.fromhex(given.file.list_id),
            asked=asked.raw,
        )
        if audit.waits:
            await audit.durable()


def _invalid(field: str, rule: str) -> Refusal:
    return Refusal(error_pb2.ERROR_REASON_FIELD_INVALID, field=field, rule=rule)
