"""The checkpoint process as the supervisor sees it: a child, started by exec, that signs once a second.

The child is server/audit/checkpoint_process.py. Nothing here loads gRPC, for the supervisor never does.
"""

from __future__ import annotations

import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from server.host.kept_process import KeptProcess

_END_S = 15.0


class Orders(BaseModel):
    """Orders of the process."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    directory: Path
    signing_key: Path
    keeper: str  # "" = none; else a directory, grpcs://host:port or grpc://host:port
    keeper_ca: Path | None = None  # of a grpcs:// keeper's certificate; None = one that this machine trusts
    keeper_cert: Path | None = None  # what is shown to it, and its key; None = nothing
    keeper_key: Path | None = None
    retention_years: int
    log_level: str = "info"


class AuditReport(BaseModel):
    """Report of the process after each round, as one JSON line on its standard output."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    records: int  # that a checkpoint binds, those of dropped segments included
    unsigned: int  # written, and bound by none yet
    damaged: int  # segments of which a record is not as it was written
    checkpoint: int  # number of the newest; 0 = none
    keepers_behind: list[int]  # checkpoints that each second keeper has not taken
    keepers_lost: list[bool] = []  # whether each holds less than it took
    dropped: int = 0  # segments kept for their years
    binned: int = 0  # those of them that are in the bin yet
    clock_steps: int = 0  # of the wall clock, since the process began


class AuditProcess(KeptProcess):
    """The process for the supervisor: kept running; ended after the workers, because it seals their last records."""

    def __init__(self, orders: Orders) -> None:
        super().__init__("server.audit.checkpoint_process", orders.model_dump_json(), told=self._reported, end_s=_END_S)
        self.report: AuditReport | None = None  # of the newest round; None = there was none yet
        self.reported = time.monotonic()  # when it came; without one, when this began

    def _reported(self, line: bytes) -> None:
        self.report = AuditReport.model_validate_json(line)
        self.reported = time.monotonic()
