"""StatisticsService, answered by each worker from the mart on its disk, in one thread of its own."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.errors import CoreError
from ronda.v1 import error_pb2
from ronda.v1 import statistics_service_pb2 as contract
from server.calls.own_methods import Asked
from server.errors import Refusal
from server.logs import ERROR, log
from server.statistics.comparison import compare, sources_response
from server.statistics.mart import MartKeeper
from server.statistics.question import read_question
from server.statistics.table import answer

TABLE_S = 60.0
WATCH_S = 900.0  # one watch; its client watches again
_LOOK_S = 0.1
_MOST_KEPT, _MOST_KEPT_MESSAGES = 24, 8  # answers, each of so many messages of some 45 KiB: 9 MiB at most
_COUNTRY = ZoneInfo("America/Guatemala")


class StatisticsMethods:
    """Answers each method of StatisticsService."""

    def __init__(self, keeper: MartKeeper) -> None:
        self._keeper = keeper
        self._kept: OrderedDict[bytes, list[contract.QueryResponse]] = OrderedDict()  # of the thread that counts
        self._listed: tuple[Any, contract.ListSourcesResponse] | None = None  # of that thread too

    async def query(self, asked: Asked) -> AsyncIterator[contract.QueryResponse]:
        """A table."""
        for message in await self._counted(self._table, asked.request):
            yield message

    async def compare_sources(self, asked: Asked) -> contract.CompareSourcesResponse:
        """Side by side."""
        found: contract.CompareSourcesResponse = await self._counted(
            lambda request: compare(request, self._keeper.current(), _today()), asked.request
        )
        return found

    async def list_sources(self, asked: Asked) -> contract.ListSourcesResponse:
        """The sources."""
        found: contract.ListSourcesResponse = await self._counted(self._sources, asked.request)
        return found

    async def watch(self, asked: Asked) -> AsyncIterator[contract.WatchSourcesResponse]:
        """The sources now, and again whenever another mart answers or one of them becomes stale."""
        before: tuple[str, Any] | None = None
        said = b""
        until = time.monotonic() + WATCH_S
        while time.monotonic() < until:
            asked.still_permitted()
            found = (self._keeper.published(), _today())
            if found != before:
                listed = await self.list_sources(asked)
                told = contract.WatchSourcesResponse(sources=listed.sources, mart_id=listed.mart_id)
                if (packed := told.SerializeToString(deterministic=True)) != said:
                    yield told
                before, said = found, packed
            await asyncio.sleep(_LOOK_S)

    def _sources(self, _request: Any) -> contract.ListSourcesResponse:
        """The same for every caller, as tables are; every officer before a screen asks when figures change."""
        opened, today = self._keeper.current(), _today()
        if self._listed is None or self._listed[0] != (opened.mart.id, today):
            self._listed = (opened.mart.id, today), sources_response(opened, today)
        return self._listed[1]

    def _table(self, request: Any) -> list[contract.QueryResponse]:
        """The same for every caller who may ask: the screens of a room ask it one after the other."""
        opened, today = self._keeper.current(), _today()
        asked = contract.QueryRequest()
        asked.CopyFrom(request)
        asked.ClearField("context")
        key = f"{opened.mart.id} {today} ".encode() + asked.SerializeToString(deterministic=True)
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept
        question = read_question(request, opened, today)
        found = list(answer(question, opened, today, request.rates, request.change))
        if len(found) <= _MOST_KEPT_MESSAGES:
            self._kept[key] = found
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return found

    async def _counted(self, function: Any, request: Any) -> Any:
        """Counts in the one thread for it. Raises Refusal."""
        token = object()
        work = asyncio.get_running_loop().run_in_executor(
            self._keeper.thread, lambda: self._keeper.counted(token, lambda: function(request))
        )
        try:
            return await work
        except asyncio.CancelledError:  # the deadline passed, or the caller went away
            self._keeper.given_up(token)
            raise
        except (Refusal, CoreError):
            raise
        except Exception as error:
            # DuckDB's texts may show what was asked: the kind alone is logged.
            log("statistics_failed", level=ERROR, why=type(error).__name__)
            raise Refusal(error_pb2.ERROR_REASON_INTERNAL) from None


def _today() -> Any:
    return datetime.now(_COUNTRY).date()
