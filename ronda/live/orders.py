"""Orders of `ronda live` to a process that follows one base, as one line of JSON."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class Orders(BaseModel):
    """Orders for one base."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path
    base: str  # generation id
    manifests: Path  # directory; read when the process starts, for the base was built by them
    every_ms: int  # between two looks at the ledger
    log_level: str
