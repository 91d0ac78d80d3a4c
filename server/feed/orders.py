"""The orders to the writer process at its start, and the paths of its output."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from server.feed.settings import FeedSource


class Orders(BaseModel):
    """Orders of the process."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path
    socket: Path
    status: Path  # file that it writes each second: positions and the ledger's end, for the metrics
    sources: dict[str, FeedSource]
    hold_ms: int
    future_s: int
    note_expected: bool = False  # how far the ledger was is noted beside it, where nothing was lost
    manifests: Path | None = None  # None = those that come with Ronda
    log_level: str = "info"
