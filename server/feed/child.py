"""The processes of the feed, children of the supervisor: none where no source is named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from server.feed.orders import STATUS, Orders
from server.feed.settings import FeedSettings
from server.host.kept_process import KeptProcess
from server.settings import GroundSettings, own_settings


@dataclass(frozen=True)
class FeedProgram:
    """The module whose process writes the ledger, and the manifests that it may know."""

    module: str = "server.feed.writer_process"
    manifests: Path | None = None  # None = those that come with Ronda


def feed_processes(
    settings: GroundSettings, runtime: Path, socket: Path, program: FeedProgram, *, note_expected: bool
) -> list[KeptProcess]:
    """The one that writes the ledger. runtime: directory of sockets. note_expected: as Orders has it."""
    own = own_settings(settings, FeedSettings)
    if not own.feed_sources:
        return []
    orders = Orders(
        data=settings.data,
        socket=socket,
        status=runtime / STATUS,
        sources=own.feed_sources,
        hold_ms=own.feed_hold_ms,
        future_s=own.feed_future_s,
        note_expected=note_expected,
        manifests=program.manifests,
        log_level=settings.log_level,
    )
    return [KeptProcess(program.module, orders.model_dump_json())]
