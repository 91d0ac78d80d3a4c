"""The orders to the recall process at its start, and the paths of its files."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

FOLDER = "recall"  # in the data directory
DAY_MS = 86_400_000
LINE_BYTES = 1 << 20  # of a worker's line
MOST = 100  # recalls of one answer on it
MOST_AWAITED = 1000  # officers of one
VALID_MS = 7 * DAY_MS  # that a recall waits for its officer


class Orders(BaseModel):
    """Orders of the process."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path
    audit: Path  # directory of the audit log
    socket: Path
    status: Path  # file that it writes each second: how far it is, and what waits, for the metrics
    days: int  # how old a look-up may be
    log_level: str = "info"
