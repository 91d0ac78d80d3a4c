"""The process that the supervisor keeps for the feed: it writes the ledger; none if the settings name no source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from server.feed.orders import Orders
from server.feed.scraped import FeedCollector
from server.feed.seen_ledger import SEEN
from server.feed.settings import FeedSettings
from server.host.kept_process import KeptProcess
from server.host.supervised import GivenProcess, KeptFile, Program
from server.settings import GroundSettings, own_settings


def process(given: GivenProcess) -> KeptProcess | None:
    """Returns the writer process."""
    settings, own = given.settings, own_settings(given.settings, FeedSettings)
    if not own.feed_sources:
        return None
    program = given.program or Program("server.feed.writer_process")
    orders = Orders(
        data=settings.data,
        socket=given.socket,
        status=given.status,
        sources=own.feed_sources,
        hold_ms=own.feed_hold_ms,
        future_s=own.feed_future_s,
        note_expected=given.has_seen(SEEN),
        manifests=program.manifests,
        log_level=settings.log_level,
    )
    return KeptProcess(program.module, orders.model_dump_json())


def files() -> Sequence[KeptFile]:
    """Returns the note of how far the ledger was."""
    return (KeptFile(SEEN, "ledger_note_lost", SEEN),)


def collector(_settings: GroundSettings, status: Path) -> FeedCollector:
    """Returns the metrics of what is fed."""
    return FeedCollector(status)
