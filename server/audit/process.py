"""The checkpoint process: a child of the supervisor, started by exec, that signs once a second (checkpointer.py).

`python -m server.audit.process` reads its orders as one JSON line from standard input and ends, after a last round,
when that input ends. While another process signs for the same directory it stands by.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import sys
import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from server import logs
from server.audit.checkpointer import Checkpointer, Inconsistent
from server.audit.checkpoints import CheckpointError
from server.audit.keepers import open_keeper
from server.audit.keys import KeyFileError, load_signing_private
from server.audit.seals import SealsDamaged
from server.logs import ERROR, log

TICK_S = 1.0
_END_S = 15.0
_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 15.0, 30.0)


class Orders(BaseModel):
    """What the process is to do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    directory: Path
    signing_key: Path
    keeper: str  # "" = none; else a directory or grpc://host:port
    retention_years: int
    log_level: str = "info"


class AuditProcess:
    """The process as the supervisor sees it: kept running, and ended after the workers."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._process: asyncio.subprocess.Process | None = None
        self._ending = False

    async def run(self) -> None:
        """Starts it again whenever it ends, with growing pauses, until `end`."""
        deaths = 0
        while not self._ending:
            started = time.monotonic()
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "server.audit.process",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
            assert self._process.stdin is not None
            with contextlib.suppress(ConnectionError):
                self._process.stdin.write(self._orders.model_dump_json().encode() + b"\n")
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


def _open(orders: Orders) -> Checkpointer | None:
    """None while another process signs."""
    key = load_signing_private(orders.signing_key)
    keepers = [open_keeper(orders.keeper, key.public_key())] if orders.keeper else []
    try:
        return Checkpointer(orders.directory, key, keepers, orders.retention_years)
    except BlockingIOError:
        return None


def _work(orders: Orders) -> None:
    checkpointer = None
    over = False
    try:
        while True:
            started = time.monotonic()
            if checkpointer is None and not over:
                checkpointer = _open(orders)
            if checkpointer is not None:
                checkpointer.tick()
            if over:
                return
            # What comes after the orders is only the end of the input.
            rest = max(0.0, TICK_S - (time.monotonic() - started))
            over = bool(select.select([0], [], [], rest)[0]) and not os.read(0, 1)
    finally:
        if checkpointer is not None:
            checkpointer.close()


def main() -> int:
    """Works until its input ends; 1 when it cannot sign, which the log says."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            raise SystemExit("server.audit.process is started by `ronda serve`, not by hand")
        line += byte
    orders = Orders.model_validate_json(bytes(line))
    logs.set_up(orders.log_level, process="audit", pid=os.getpid())
    try:
        _work(orders)
    except (Inconsistent, SealsDamaged, CheckpointError, KeyFileError) as error:
        log("audit_not_signed", level=ERROR, why=str(error))
        return 1
    except OSError as error:
        log("audit_not_signed", level=ERROR, why=error.strerror or "", error=error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
