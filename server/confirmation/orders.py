"""What the writer process is told when it is started, and where its files lie."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class Orders(BaseModel):
    """What the process is to do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path
    socket: Path
    shown_s: int  # how long a denial shows
    log_level: str = "info"
