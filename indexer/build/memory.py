"""Memory of the indexer: its peak, sampled over this process and its children; and how Arrow is to get it."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from types import TracebackType

import psutil
import pyarrow as pa

INTERVAL_S = 0.1


def keep_memory() -> None:
    """Makes Arrow take memory from the C library's heap, which keeps freed memory for the next batch.

    Arrow's own allocator gives large pieces back at once. The system then had to clear pages again and again: half of a
    build's time (2.0 of 3.9 s of CPU while a nation of 100,000 was dealt).
    """
    pa.set_memory_pool(pa.system_memory_pool())


def _anonymous_bytes(pid: int) -> int:
    """RssAnon + RssShmem: mapped files are the page cache's and count for nobody."""
    total = 0
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith(("RssAnon:", "RssShmem:")):
                total += int(line.split()[1]) * 1024
    return total


class MemoryWatch:
    """Samples every 0.1 s between `with` and its end; `peak_bytes` is over all processes together."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="memory-watch", daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        own = psutil.Process()
        while True:
            pids = [own.pid]
            with contextlib.suppress(psutil.Error):
                pids += [child.pid for child in own.children(recursive=True)]
            self.peak_bytes = max(self.peak_bytes, sum(_anonymous_bytes(pid) for pid in pids))
            if self._stop.wait(INTERVAL_S):
                return
