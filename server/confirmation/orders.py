"""What the writer process is told when it is started, and where its files lie."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class Orders(BaseModel):
    """What the process is to do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path
    socket: Path
    status: Path  # file that it writes each second: what waits, for the metrics
    shown_s: int  # how long a denial shows
    log_level: str = "info"
