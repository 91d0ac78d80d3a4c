"""The checkpoint process as the supervisor sees it: a child, started by exec, that signs once a second.

The child is server/audit/checkpoint_process.py. Nothing here loads gRPC, for the supervisor never does.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from server.logs import ERROR, log

_END_S = 15.0
_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 15.0, 30.0)


class Orders(BaseModel):
    """What the process is to do."""

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
    """What the process tells after each round, as one JSON line on its standard output."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    records: int  # that a checkpoint binds, those of dropped segments included
    unsigned: int  # written, and bound by none yet
    damaged: int  # segments of which a record is not as it was written
    checkpoint: int  # number of the newest; 0 = none
    keepers_behind: list[int]  # checkpoints that each second keeper has not taken


class AuditProcess:
    """The process as the supervisor sees it: kept running, and ended after the workers."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._process: asyncio.subprocess.Process | None = None
        self._ending = False
        self.report: AuditReport | None = None  # of the newest round; None = there was none yet
        self.reported = time.monotonic()  # when it came; without one, when this began

    async def run(self) -> None:
        """Starts it again whenever it ends, with growing pauses, until `end`."""
        deaths = 0
        while not self._ending:
            started = time.monotonic()
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "server.audit.checkpoint_process",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
            assert self._process.stdin is not None and self._process.stdout is not None
            with contextlib.suppress(ConnectionError):
                self._process.stdin.write(self._orders.model_dump_json().encode() + b"\n")
            async for line in self._process.stdout:
                self.report = AuditReport.model_validate_json(line)
                self.reported = time.monotonic()
            status = await self._process.wait()
            if self._ending:
                return
            deaths = 0 if time.monotonic() - started > 60 else deaths + 1
            pause = _PAUSES_S[min(deaths, len(_PAUSES_S) - 1)]
            log("audit_process_ended", level=ERROR, status=status, pause_s=pause)
            await asyncio.sleep(pause)

    async def end(self) -> None:
        """Lets it seal what the workers left, and end; kills it when that takes too long."""
        self._ending = True
        process = self._process
        if process is None or process.returncode is not None or process.stdin is None:
            return
        process.stdin.close()
        try:
            async with asyncio.timeout(_END_S):
                await process.wait()
        except TimeoutError:
            process.kill()
