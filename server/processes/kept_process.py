"""A child of the supervisor besides the workers: started once it is wanted, kept running, ended with its input."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable

from server.logs import ERROR, log

_LOOK_S = 0.1
_END_S = 10.0
_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 15.0, 30.0)


class KeptProcess:
    """One process. Nothing here loads gRPC, for the supervisor never does."""

    def __init__(self, module: str, orders: str, wanted: Callable[[], bool]) -> None:
        """orders: one line of JSON. wanted: whether there is something for it to do yet; looked at until it is so."""
        self._module, self._orders, self._wanted = module, orders, wanted
        self._process: asyncio.subprocess.Process | None = None
        self._ending = False

    async def run(self) -> None:
        """Starts it again whenever it ends, with growing pauses, until `end`."""
        while not self._wanted():
            await asyncio.sleep(_LOOK_S)
        deaths = 0
        while not self._ending:
            started = time.monotonic()
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self._module, stdin=asyncio.subprocess.PIPE, start_new_session=True
            )
            assert self._process.stdin is not None
            with contextlib.suppress(ConnectionError):
                self._process.stdin.write(self._orders.encode() + b"\n")
            status = await self._process.wait()
            if self._ending:
                return
            deaths = 0 if time.monotonic() - started > 60 else deaths + 1
            pause = _PAUSES_S[min(deaths, len(_PAUSES_S) - 1)]
            log("process_ended", level=ERROR, child=self._module, status=status, pause_s=pause)
            await asyncio.sleep(pause)

    async def end(self) -> None:
        """Closes its input, and kills it when that does not end it soon."""
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
