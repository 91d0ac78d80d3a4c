"""Makes written rows durable and then notes them, beside the run: a slow disk does not delay the rows."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Self

from clients.agency.checkpoint import Checkpoint
from clients.agency.outputs import Files

_SAVE_S = 1.0  # between two checkpoints: so much is asked again after a kill


class Saver:
    """Saves the checkpoint of a pass, once a second and at its end, whatever ends it. Use as a context manager.

    The note never speaks of more than is on the disk: it is taken before the files are made durable, and written after.
    """

    def __init__(self, checkpoint: Checkpoint, path: Path, files: Files) -> None:
        self._checkpoint = checkpoint
        self._path = path
        self._files = files
        self._thread = ThreadPoolExecutor(1)
        self._saving: Future[None] | None = None
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._begin()
            self._finish()
        finally:
            self._thread.shutdown()

    def now_and_then(self) -> None:
        """Saves if it is due; call it after each block. Raises OSError: an earlier save failed."""
        if time.monotonic() - self._began >= _SAVE_S and (self._saving is None or self._saving.done()):
            self._begin()

    def _begin(self) -> None:
        self._finish()
        self._began = time.monotonic()
        self._files.flush()
        self._saving = self._thread.submit(self._save, self._checkpoint.text())

    def _finish(self) -> None:
        if self._saving is not None:
            self._saving.result()

    def _save(self, text: str) -> None:
        self._files.durable()
        Checkpoint.save_text(self._path, text)
