"""The orders to the making process at its start, and the paths of the requests to it."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

FOLDER = "hotlists"
WANTED = "wanted"
WANTED_IN = Path(FOLDER) / WANTED  # in the data directory


class Orders(BaseModel):
    """Orders of the process."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path
    status: Path  # file that it writes each second: how old the lists are, for the metrics
    entries: int  # at most on a list
    live: bool = False  # whether workers look for live changes
    fed: tuple[str, ...] = ()  # registers that sources of the settings feed
    log_level: str = "info"
