"""Follows the ledger: the view over one base is kept at the ledger's end."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType

from core.errors import CoreError
from core.generation.view_file import LIVE, VIEW, read_view
from core.ledger.change import Change
from core.ledger.reader import FOLDER, START, LedgerReader
from indexer.generations.publishing import GENERATIONS
from indexer.live.writer import LiveWriter, TickResult
from indexer.manifest.model import Manifest

_LOCK_SUFFIX = ".lock"
_LOCK = f"writer{_LOCK_SUFFIX}"  # of the one that follows what CURRENT names
_MENDED_S = 1.0  # between two looks at what is published
_MENDING_SHARE = 20  # of the time goes to these looks: one in so many at most
_AT_ONCE_S = 0.5  # of one step that is behind: then what it has is published, and the next goes on
_READ = 500  # entries of the ledger, between two looks at the clock


class LiveWriterBusy(Exception):
    """Another writer works on this data directory."""


@contextmanager
def only_writer(data: Path, name: str = _LOCK) -> Iterator[None]:
    """Holds a lock in <data>/live while it is open. Raises LiveWriterBusy, OSError."""
    (data / LIVE).mkdir(mode=0o700, exist_ok=True)
    lock = os.open(data / LIVE / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LiveWriterBusy(f"another writer works on {data / LIVE}") from None
        yield
    finally:
        os.close(lock)


class Follower:
    """The one writer over one base; use it as a context manager. Raises LiveWriterBusy, OSError."""

    def __init__(self, data: Path, base_id: str, manifests: list[Manifest]) -> None:
        self.base_id = base_id
        self._data = data
        self._manifests = manifests
        self._writer: LiveWriter | None = None
        self._reader: LedgerReader | None = None
        self._position = START
        self.reads_whole = True  # the base holds no entry of the ledger, as far as is known
        self.is_of_another_ledger = (
            False  # its build took changes in, of another ledger or a copy that went on otherwise
        )
        self._mend_at = 0.0
        self._held = ExitStack()
        self._held.enter_context(only_writer(data, base_id + _LOCK_SUFFIX))

    def __enter__(self) -> Follower:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()
        if self._reader is not None:
            self._reader.close()
        self._held.close()

    @property
    def sequence(self) -> int:
        """Sequence of the ledger up to which the view holds changes."""
        return self._writer.sequence if self._writer is not None else 0

    @property
    def behind(self) -> bool:
        """True if the ledger has entries beyond the view."""
        return self._writer is not None and self._writer.behind

    def step(self) -> TickResult:
        """Takes what is due. The first step begins behind the entries that the base holds, and so does the one after
        whatever failed: no change is passed over.

        Raises GenerationDamaged where the generation keeps no records or they do not hold, LedgerDamaged, OSError.
        """
        new = self._writer is None
        if self._writer is None:
            self._writer, self._position = LiveWriter(self._data, self.base_id, self._manifests), START
        try:
            result = self._writer.take(self._due(self._writer, whole=new))
            if new and not result.changes:
                self._writer.publish()
        except BaseException:  # nobody knows how much of it was taken: all of it again
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
            self._begin(writer)
        if self._reader is None:
            return  # nothing was ever fed
        until = time.monotonic() + _AT_ONCE_S
        while True:
            found, self._position = self._reader.read(self._position, _READ)
            if not found:
                return
            yield from found
            if not whole and time.monotonic() > until and self._reader.end > self._position.sequence:
                writer.behind = True
                return

    def _begin(self, writer: LiveWriter) -> None:
        """Opens the ledger, where there is one, behind the entries that the base holds."""
        try:
            self._reader = LedgerReader(self._data / FOLDER)
        except FileNotFoundError:
            return
        self._forget_other_ledgers(self._reader.ledger_id.hex())
        place = writer.begins_at(self._reader)
        self.reads_whole, self._position = place is None, place or START
        self.is_of_another_ledger = place is None and writer.took_in is not None

    def _forget_other_ledgers(self, ledger: str) -> None:
        """Views of changes of a ledger that was put away (docs/feed.md): nobody waits for what they hold."""
        for home in (self._data / LIVE).iterdir():
            with suppress(CoreError, OSError):
                if read_view(home).ledger not in ("", ledger):
                    (home / VIEW).unlink()

    def _collect(self) -> None:
        """Views of bases that are gone go with them."""
        for entry in (self._data / LIVE).iterdir():
            name = entry.name.removeprefix(".work-").removesuffix(_LOCK_SUFFIX)
            if name == self.base_id or (self._data / GENERATIONS / name).is_dir():
                continue
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name.endswith(_LOCK_SUFFIX) and entry.name != _LOCK:
                entry.unlink(missing_ok=True)
