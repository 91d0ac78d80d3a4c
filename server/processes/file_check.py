"""Re-checks the sha256 of a generation's files in the background, throttled.

Opening checks sizes and headers only: start-up may not wait for gigabytes of sha256. A mismatch is logged, counted and
shown in health's detail. The generation keeps serving: every dossier's own checksum guards its reading, and nothing
else replaces it silently.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from pathlib import Path

from core.errors import GenerationDamaged
from core.generation.manifest import MANIFEST, StatedFile, read_manifest
from server.logs import ERROR, log
from server.processes.messages import DamagedFiles

_CHUNK = 1024 * 1024


class FileCheck:
    """Checks generations one after another; `damaged` holds what was found, by generation id."""

    def __init__(self, data: Path, mib_per_s: int) -> None:
        self.damaged: dict[str, list[str]] = {}
        self._data = data
        self._mib_per_s = mib_per_s

    async def check(self, generation_id: str) -> bool:
        """Checks a generation unless it was checked before; whether it was checked now."""
        if self._mib_per_s == 0 or generation_id in self.damaged:
            return False
        started = time.monotonic()
        damaged = await asyncio.to_thread(self._damaged_files, self._data / "generations" / generation_id)
        self.damaged[generation_id] = damaged
        if damaged:
            log("generation_files_damaged", level=ERROR, generation=generation_id, files=damaged)
        else:
            log("generation_files_hold", generation=generation_id, seconds=round(time.monotonic() - started, 1))
        return True

    def messages(self) -> list[DamagedFiles]:
        """Returns the messages for the workers."""
        return [DamagedFiles(generation=id_, files=files) for id_, files in self.damaged.items() if files]

    def _damaged_files(self, directory: Path) -> list[str]:
        try:
            files = read_manifest(directory).files
        except GenerationDamaged:
            return [MANIFEST]
        return [name for name, stated in files.items() if not self._holds(directory / name, stated)]

    def _holds(self, path: Path, stated: StatedFile) -> bool:
        digest = hashlib.sha256()
        try:
            with path.open("rb", buffering=0) as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    time.sleep(len(chunk) / _CHUNK / self._mib_per_s)
        except OSError:
            return False
        return digest.hexdigest() == stated.sha256
