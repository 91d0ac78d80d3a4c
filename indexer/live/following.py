"""Follows the ledger: the view over the generation that serves is kept at the ledger's end."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from core.errors import CoreError
from core.generation.view_file import LIVE, VIEW, read_view
from core.ledger.change import Change
from core.ledger.reader import FOLDER, START, LedgerReader
from indexer.generations.publishing import GENERATIONS, current_generation
from indexer.live.writer import LiveWriter, TickResult
from indexer.manifest.loading import load_manifests
from indexer.manifest.model import Manifest

_LOCK = "writer.lock"
_MENDED_S = 1.0  # between two looks at what is published
_MENDING_SHARE = 20  # of the time goes to these looks: one in so many at most
_AT_ONCE_S = 0.5  # of one step that is behind: then what it has is published, and the next goes on
_READ = 500  # entries of the ledger, between two looks at the clock


class LiveWriterBusy(Exception):
    """Another writer works on this data directory."""


class Follower:
    """The one writer of a data directory; use it as a context manager. Raises LiveWriterBusy, OSError."""

    def __init__(self, data: Path, manifests: list[Manifest], directory: Path | None = None) -> None:
        """directory: where the manifests stand; they are read again with each new base, which was built by them."""
        self._data = data
        self._manifests = manifests
        self._directory = directory
        self._writer: LiveWriter | None = None
        self._reader: LedgerReader | None = None
        self._position = START
        self._mend_at = 0.0
        (data / LIVE).mkdir(mode=0o700, exist_ok=True)
        self._lock = os.open(data / LIVE / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise LiveWriterBusy(f"another writer works on {data / LIVE}") from None

    def __enter__(self) -> Follower:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()
        if self._reader is not None:
            self._reader.close()
        os.close(self._lock)

    @property
    def base_id(self) -> str:
        """Of the generation that the view lies over; "" = none yet."""
        return self._writer.base.generation_id if self._writer is not None else ""

    @property
    def sequence(self) -> int:
        """Of the ledger: what the view holds to."""
        return self._writer.sequence if self._writer is not None else 0

    @property
    def behind(self) -> bool:
        """Whether the ledger goes on behind what the view holds."""
        return self._writer is not None and self._writer.behind

    def step(self) -> TickResult | None:
        """Takes what is due; None = no generation serves yet. Another one begins with the ledger's first entry, and so
        does whatever failed: no change is passed over.

        Raises GenerationDamaged where the generation keeps no records or they do not hold, LedgerDamaged, OSError,
        ManifestError.
        """
        current = current_generation(self._data)
        if current is None:
            return None
        new = current != self.base_id
        if new:
            if self._writer is not None and self._directory is not None:
                self._manifests = load_manifests(self._directory)
            writer = LiveWriter(self._data, current, self._manifests)
            if self._writer is not None:
                self._writer.close()
            self._writer, self._position = writer, START
        assert self._writer is not None
        try:
            result = self._writer.take(self._due(self._writer, whole=new))
            if new and not result.changes:
                self._writer.publish()
        except BaseException:  # nobody knows how much of it was taken: all of it again, from the first entry on
            self._writer.close()
            self._writer = None
            if self._reader is not None:  # another ledger may have taken its place
                self._reader.close()
                self._reader = None
            raise
        if (began := time.monotonic()) > self._mend_at:
            self._writer.mend()
            ended = time.monotonic()
            self._mend_at = ended + max(_MENDED_S, _MENDING_SHARE * (ended - began))
        self._writer.beat()
        if new:
            self._collect()
        return result

    def _due(self, writer: LiveWriter, *, whole: bool) -> Iterator[Change]:
        """The entries behind the last one that was taken, to the ledger's end, or as many as half a second takes.

        whole: of a new base; no view over it may be behind the last one over the base before.
        """
        writer.behind = False
        if self._reader is None:
            try:
                self._reader = LedgerReader(self._data / FOLDER)
            except FileNotFoundError:
                return  # nothing was ever fed
            self._forget_other_ledgers(self._reader.ledger_id.hex())
        writer.ledger = self._reader.ledger_id.hex()
        until = time.monotonic() + _AT_ONCE_S
        while True:
            found, self._position = self._reader.read(self._position, _READ)
            if not found:
                return
            yield from found
            if not whole and time.monotonic() > until and self._reader.end > self._position.sequence:
                writer.behind = True
                return

    def _forget_other_ledgers(self, ledger: str) -> None:
        """Views of changes of a ledger that was put away (docs/feed.md): nobody waits for what they hold."""
        for home in (self._data / LIVE).iterdir():
            with suppress(CoreError, OSError):
                if read_view(home).ledger not in ("", ledger):
                    (home / VIEW).unlink()

    def _collect(self) -> None:
        """Views of bases that are gone go with them."""
        for entry in (self._data / LIVE).iterdir():
            name = entry.name.removeprefix(".work-")
            if entry.is_dir() and name != self.base_id and not (self._data / GENERATIONS / name).is_dir():
                shutil.rmtree(entry, ignore_errors=True)
