"""A child of the supervisor besides the workers: started by exec once it is wanted, kept running, ended with its input.

It reads one line of orders from its standard input, and may tell something back, a line at a time. Nothing here loads
gRPC, for the supervisor never does.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable

from server.logs import ERROR, log

_LOOK_S = 0.1
_PAUSES_S = (0.5, 1.0, 1.6)
_LIVED_S = 60.0  # after that the next death counts as the first


def _at_once() -> bool:
    return True


class KeptProcess:
    """One process."""

    def __init__(
        self,
        module: str,
        orders: str,
        *,
        wanted: Callable[[], bool] = _at_once,
        told: Callable[[bytes], None] | None = None,
        end_s: float = 10.0,
    ) -> None:
        """orders: one line of JSON. wanted: returns whether the process has work yet; polled until true.

        `told`: gets each line of its standard output; None = it shares ours. end_s: time for its last work.
        """
        self._module, self._orders, self._wanted, self._told, self._end_s = module, orders, wanted, told, end_s
        self._process: asyncio.subprocess.Process | None = None
        self._ending = False
        self.restarts = 0

    @property
    def name(self) -> str:
        """Name for a label: the room of its module ("feed")."""
        return self._module.split(".")[-2]

    async def run(self) -> None:
        """Starts it again whenever it ends, with growing pauses, until `end`."""
        while not self._wanted():
            await asyncio.sleep(_LOOK_S)
        deaths = 0
        while not self._ending:
            started = time.monotonic()
            status = await self._live()
            if self._ending:
                return
            deaths = 0 if time.monotonic() - started > _LIVED_S else deaths + 1
            pause = _PAUSES_S[min(deaths, len(_PAUSES_S) - 1)]
            self.restarts += 1
            log("process_ended", level=ERROR, child=self._module, status=status, pause_s=pause)
            await asyncio.sleep(pause)

    async def _live(self) -> int:
        """One life of it; its exit status."""
        process = self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE if self._told is not None else None,
            start_new_session=True,
        )
        assert process.stdin is not None
        with contextlib.suppress(ConnectionError):
            process.stdin.write(self._orders.encode() + b"\n")
        if self._told is not None and process.stdout is not None:
            async for line in process.stdout:
                self._told(line)
        return await process.wait()

    async def end(self) -> None:
        """Closes its input, and kills it when that does not end it soon."""
        self._ending = True
        process = self._process
        if process is None or process.returncode is not None or process.stdin is None:
            return
        process.stdin.close()
        try:
            async with asyncio.timeout(self._end_s):
                await process.wait()
        except TimeoutError:
            process.kill()
