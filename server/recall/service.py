"""AlertService, answered by each worker: what waits comes from the recall process, and is judged here, as it leaves."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator

from core.audit.reader import How, entry_bytes
from core.errors import CoreError
from ronda.v1 import alert_service_pb2, error_pb2
from server.calls.own_methods import Asked
from server.calls.unary import clock_ms
from server.errors import Refusal
from server.logs import ERROR, log
from server.recall.line import RecallBoard, RecallLine
from server.recall.looks import gateway_of
from server.recall.part import SUBSCRIBE
from server.recall.store import Row
from server.recall.telling import told

WATCH_S = 900.0  # one stream; its client subscribes again
_LOOK_S = 5.0  # without news: what may be seen, or is fit to be judged, only by now
_BEHIND_S = 0.05  # for this worker's view to come; twice as long each time
_A_MESSAGE = 50
_JUDGED_AT_ONCE = 10  # each asks the engine once
_IDS = 100
_ID = re.compile(r"\A[0-9a-f]{32}\Z")
_TOKEN = re.compile(r"\A1-[0-9]{1,15}\Z")


class RecallMethods:
    """Answers each method of AlertService."""

    def __init__(self, line: RecallLine, board: RecallBoard) -> None:
        self._line, self._board = line, board

    async def acknowledge(self, asked: Asked) -> alert_service_pb2.AcknowledgeResponse:
        """The receipt."""
        self._line.refuse_when_off()
        ids = list(asked.request.recall_ids)
        if len(ids) > _IDS or not all(map(_ID.match, ids)):
            raise _invalid("recall_ids", f"at most {_IDS} ids, of 32 hexadecimal digits each")
        count = await asked.in_effect(self._line.received(asked.officer, ids, gateway_of(asked.who)))
        return alert_service_pb2.AcknowledgeResponse(acknowledged=count)

    async def subscribe(self, asked: Asked) -> AsyncIterator[alert_service_pb2.SubscribeResponse]:
        """Streams the waiting recalls, then new ones."""
        self._line.refuse_when_off()
        stream = _Stream(asked, self._line)
        yield stream.empty()  # its record is the call's own
        until = time.monotonic() + WATCH_S
        with self._board.listening(asked.officer) as news:
            behind_s = _BEHIND_S
            while time.monotonic() < until:
                news.clear()
                asked.still_permitted()
                async for message in stream.due():
                    yield message
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(behind_s, _LOOK_S) if stream.behind else _LOOK_S):
                        await news.wait()
                behind_s = 2 * behind_s if stream.behind else _BEHIND_S

    async def list_awaited(self, asked: Asked) -> AsyncIterator[alert_service_pb2.ListAwaitedResponse]:
        """Streams the officers that a gateway, by its certificate, may subscribe for. Only `subscribe` gives the
        recalls."""
        self._line.refuse_when_off()
        gateway = _gateway_alone(asked)
        yield alert_service_pb2.ListAwaitedResponse()  # its record is the call's own
        until, after = time.monotonic() + WATCH_S, 0
        with self._board.listening(gateway) as news:
            while time.monotonic() < until:
                news.clear()
                asked.still_permitted()
                while True:
                    after, officers = await self._line.awaited(gateway, after)
                    if not officers:
                        break
                    yield alert_service_pb2.ListAwaitedResponse(officers=officers)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await news.wait()


def _gateway_alone(asked: Asked) -> str:
    """Returns the gateway's device. Raises Refusal FORBIDDEN for development mode's caller, who is no gateway."""
    if "nip" in asked.who:
        raise Refusal(error_pb2.ERROR_REASON_FORBIDDEN)
    return str(asked.who["device"])


class _Stream:
    """One officer's."""

    def __init__(self, asked: Asked, line: RecallLine) -> None:
        """Raises Refusal."""
        token = asked.request.resume_token
        if token and not _TOKEN.match(token):
            raise _invalid("resume_token", "as the server gave it")
        self._asked, self._line = asked, line
        self._gateway = gateway_of(asked.who)  # hears of its own look-ups alone
        self._after = int(token[2:]) if token else 0
        self._told: set[int] = set()
        self._held: set[int] = set()  # the officer may not see them, or not yet
        self.behind = False  # this worker's view lacks what is to be judged

    def empty(self) -> alert_service_pb2.SubscribeResponse:
        """Tells only where the stream is."""
        return alert_service_pb2.SubscribeResponse(resume_token=self._token())

    async def due(self) -> AsyncIterator[alert_service_pb2.SubscribeResponse]:
        """Yields the recalls that may be sent now. Raises Refusal, AuditUnavailable."""
        rows = await self._line.waiting(self._asked.officer, self._after, self._gateway)
        self.behind, self._held = False, set()
        part: list[tuple[Row, alert_service_pb2.Recall]] = []
        for place, row in enumerate(rows):
            if row.number in self._told:
                continue
            if place % _JUDGED_AT_ONCE == 0:  # who looked somebody up a thousand times holds up nobody else's check
                await asyncio.sleep(0)
            message = self._judged(row)
            if message is None:
                self._held.add(row.number)
                continue
            part.append((row, message))
            if len(part) == _A_MESSAGE:
                yield await self._message(part)
                await self._line.told([each.number for each, _ in part])
                part = []
        if part:
            yield await self._message(part)
            await self._line.told([each.number for each, _ in part])

    def _judged(self, row: Row) -> alert_service_pb2.Recall | None:
        """Judges a recall on the newest view, by the present grant."""
        engine = self._asked.service.keeper.engine
        if engine is None or engine.sequence < row.sequence:
            self.behind = True
            return None
        try:
            return told(row, engine, self._asked.entered.grant, clock_ms(), self._asked.entered.purpose)
        except CoreError as error:
            log("recall_not_judged", level=ERROR, error=error)
            return None

    async def _message(self, part: list[tuple[Row, alert_service_pb2.Recall]]) -> alert_service_pb2.SubscribeResponse:
        """Returns the message once the record of its subjects is written."""
        asked, audit = self._asked, self._asked.service.audit
        audit.log.append_record(
            clock_ms=clock_ms(),
            method=SUBSCRIBE.number,
            purpose=asked.entered.purpose,
            flags=asked.entered.flags,
            identity=asked.caller.identity,
            case_number=asked.entered.case_number,
            request_id=asked.entered.request_id,
            asked=asked.raw,
            shown=b"".join(entry_bytes(row.subject, How.LISTED) for row, _ in part),
        )
        if audit.waits:
            await audit.durable()
        self._told |= {row.number for row, _ in part}
        return alert_service_pb2.SubscribeResponse(recalls=[message for _, message in part], resume_token=self._token())

    def _token(self) -> str:
        """Returns the token after the last sent recall, and before the first that may still be sent."""
        newest = max(self._told, default=self._after)
        return f"1-{min(newest, min(self._held, default=newest + 1) - 1)}"


def _invalid(field: str, rule: str) -> Refusal:
    return Refusal(error_pb2.ERROR_REASON_FIELD_INVALID, field=field, rule=rule)
