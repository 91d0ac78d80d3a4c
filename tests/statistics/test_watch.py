"""WatchSources: the sources at once, and again when another mart answers."""

from __future__ import annotations

import datetime
from pathlib import Path

from clients.client.connection import Connection, request_context
from nation.limits import today_in_guatemala
from ronda.v1 import context_pb2
from ronda.v1 import statistics_service_pb2 as contract
from tests.mart.small_sources import EVENTS, SmallSources, event
from tests.server.running_server import RunningServer


def test_a_watch_tells_the_sources_now_and_when_another_mart_answers(tmp_path: Path) -> None:
    today = today_in_guatemala()
    year = today.year - 1
    sources = SmallSources(tmp_path, EVENTS)
    rows = [event(n, datetime.date(year, 3, 7)) for n in range(50)]
    sources.csv(f"hechos_{year}_{year}0415.csv", rows)
    first = sources.build().mart.id
    running = RunningServer(sources.data, tmp_path / "server.log", workers=1, metrics="off")
    try:
        running.wait_ready()
        with Connection(running.address) as connection:
            request = contract.WatchSourcesRequest(context=request_context(context_pb2.PURPOSE_STATISTICS))
            watch = connection.statistics.WatchSources(request, timeout=60)
            told = next(watch)
            assert told.mart_id == first
            assert [(each.id, each.stale) for each in told.sources] == [("hechos", True)]
            sources.csv(f"hechos_{year}_{today:%Y%m%d}.csv", rows)
            second = sources.build().mart.id
            told = next(watch)
            assert told.mart_id == second != first
            assert [each.stale for each in told.sources] == [False]
            watch.cancel()
    finally:
        running.stop()
