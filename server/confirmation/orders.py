"""The orders to the writer process at its start, and the paths of its files."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class Orders(BaseModel):
    """Orders of the process."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path
    socket: Path
    status: Path  # file that it writes each second: what waits, for the metrics
    shown_s: int  # how long a denial shows
    log_level: str = "info"
