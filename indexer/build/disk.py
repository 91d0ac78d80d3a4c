"""Peak of what a build holds on the disk, sampled; files that it has removed and still has open are counted too."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

INTERVAL_S = 1.0
_BLOCK = 512  # bytes, of st_blocks


def _allocated(directory: Path) -> int:
    home = directory.resolve()
    # walk() passes over what is removed meanwhile, as live views are; rglob() ends there.
    held = (Path(folder, name) for folder, _, names in os.walk(home) for name in names)
    files = [*held, *_removed_and_open(home)]
    return sum(blocks for file in files if (blocks := _blocks(file))) * _BLOCK


def _blocks(file: Path) -> int:
    with contextlib.suppress(OSError):
        return file.stat().st_blocks
    return 0


def _removed_and_open(home: Path) -> Iterator[Path]:
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            path = str(descriptor.readlink())
            if path.startswith(f"{home}/") and path.endswith(" (deleted)"):
                yield descriptor


class DiskWatch:
    """Samples every second between `with` and its end; `peak_bytes` is beyond what lay there at its start."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.peak_bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="disk-watch", daemon=True)
        self._before = 0

    def __enter__(self) -> DiskWatch:
        self._before = _allocated(self.directory)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            self.peak_bytes = max(self.peak_bytes, _allocated(self.directory) - self._before)
            if self._stop.wait(INTERVAL_S):
                return
