"""A copy of an installation, taken in the order of the table (parts.py) while it serves."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core.errors import LedgerDamaged
from core.files.regular_file import read_file
from core.generation.subject_key import SUBJECT_KEY
from core.generation.view_file import LIVE
from core.ledger.archiving import archive_held
from core.ledger.frames import (
    ARCHIVE_LOCK,
    BEAT,
    DURABLE,
    LOCK,
    LOG,
    MOST_HEAD_BYTES,
    SNAPSHOT,
    DurableEnd,
    durable_of,
    head_of,
)
from core.ledger.reader import FOLDER as LEDGER
from core.mart.layout import DISCLOSURE_KEY
from core.mart.layout import FOLDER as MART
from indexer.generations.publishing import CURRENT, GENERATIONS, PUBLISH_LOG, current_generation
from indexer.live.shared_keys import FILE as SHARED_KEYS
from indexer.staging.extracts import STAGING
from ronda.copies.audit_copy import copy_audit, refuse_changed_since
from ronda.copies.databases import copied_database
from ronda.copies.manifest import CopiedCheckpoint, CopiedLedger, CopyRefused, PlaceRefused, manifest_bytes
from ronda.copies.parts import Kept, known_in_data, names_in_data
from ronda.copies.sinks import Sink, open_sink
from ronda.copies.trees import copy_tree
from ronda.settings import CONFIG_VARIABLE, Settings
from server.audit.set_up import audit_directory, development_keys
from server.notifications import FOLDER as NOTIFICATIONS
from server.parts import PARTS
from server.trust.last_good import LAST_GOOD

NAMED_FILES = (
    "trust",
    "tls_cert",
    "tls_key",
    "tls_client_ca",
    "audit_auditor_key",
    "audit_signing_key",
    "audit_keeper_ca",
    "audit_keeper_cert",
    "audit_keeper_key",
    "manifests",
    "mart_manifests",
)
_READS, _READ_PAUSE_S = 50, 0.01
_DATABASE_FILES = (".db-wal", ".db-shm", ".db-journal")


@dataclass
class Taken:
    """The content of a copy."""

    to: Path
    files: int = 0
    bytes: int = 0
    generation: str = ""
    ledger: CopiedLedger | None = None
    checkpoint: CopiedCheckpoint | None = None
    unknown: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "to": str(self.to),
            "files": self.files,
            "bytes": self.bytes,
            "generation": self.generation,
            "ledger": self.ledger.model_dump() if self.ledger is not None else None,
            "checkpoint": self.checkpoint.model_dump() if self.checkpoint is not None else None,
            "unknown": self.unknown,
        }


def take(
    settings: Settings, to: Path, *, with_generation: bool = False, told: Callable[[str, int], None] = lambda *_: None
) -> Taken:
    """Copies the installation of these settings to a directory, or to a tar for a name that ends in .tar.

    `told`: called with the file that is copied and with each number of bytes. Raises CopyRefused, OSError,
    SealsDamaged, LedgerDamaged; nothing of the copy is then left.
    """
    taking = _Taking(settings, to, told)
    try:
        return taking.all(with_generation=with_generation)
    except BaseException:
        taking.sink.discard()
        raise


class _Taking:
    def __init__(self, settings: Settings, to: Path, told: Callable[[str, int], None]) -> None:
        if not settings.data.is_dir():
            raise PlaceRefused(f"data: {settings.data}: no es un directorio")
        self._settings, self._data, self._audit = settings, settings.data, audit_directory(settings)
        self._at = ""
        named = (getattr(settings, setting) for setting in NAMED_FILES)
        copied = [self._data, self._audit, development_keys(settings), *(each for each in named if each is not None)]
        self.sink: Sink = open_sink(to, copied, lambda count: told(self._at, count))
        self._taken = Taken(to)
        self._named: dict[str, str] = {}

    def all(self, *, with_generation: bool) -> Taken:
        """Copies everything, in order; then COPY.json."""
        taken, data = self._taken, self._data
        self.sink.directory("data", data)
        if with_generation:
            taken.generation = self._generation()
        for place in (place for part in PARTS for place in part.copied):
            self._of_a_service(place)
        self._refuse_another(taken.generation)
        self._tree(Path(NOTIFICATIONS))
        taken.ledger = self._ledger()
        self._tree(Path(LIVE) / SHARED_KEYS)
        self._at = "audit"
        taken.checkpoint = copy_audit(self.sink, self._audit, "audit")
        self._tree(Path(MART) / STAGING)
        for name in (f"{MART}/{DISCLOSURE_KEY}", PUBLISH_LOG, LAST_GOOD):
            self._tree(Path(name))
        taken.unknown = self._unknown()
        for path in sorted(data.glob(f"{SUBJECT_KEY}*")):
            self._tree(path.relative_to(data))
        for secret in (part.secret for part in PARTS if part.secret is not None):
            self._tree(Path(secret.file))
        if (keys := development_keys(self._settings)).is_dir():
            self._copy_tree(keys, "audit-keys")
        self._settings_files()
        refuse_changed_since(self.sink, self._audit, "audit")
        taken.files = sum(bool(entry.sha256) for entry in self.sink.entries)
        taken.bytes = sum(entry.bytes for entry in self.sink.entries)
        self.sink.finish(self._manifest())
        return taken

    def _manifest(self) -> bytes:
        taken = self._taken
        roots = {"data": self._data, "audit": self._audit, "audit-keys": development_keys(self._settings)}
        return manifest_bytes(
            {
                "copy_version": 1,
                "kind": "server",
                "made_at_ms": time.time_ns() // 1_000_000,
                "release": version("ronda"),
                "roots": {name: os.path.abspath(path) for name, path in roots.items()},  # noqa: PTH100 - without ".."
                "named": self._named,
                **{name: value for name, value in taken.to_json().items() if name not in ("to", "files", "bytes")},
                "entries": [entry.model_dump() for entry in self.sink.entries],
            }
        )

    # ---- parts ----

    def _generation(self) -> str:
        """The published generation and the extracts that it was made from. It is never changed, but may be removed."""
        name = current_generation(self._data)
        if name is None:
            raise CopyRefused(f"{self._data}: no hay generación publicada")
        try:
            self._tree(Path(GENERATIONS) / name)
            self._tree(Path(STAGING))
        except FileNotFoundError:
            raise CopyRefused("una construcción cambió lo que se copiaba; repita") from None
        self._file(Path(CURRENT))
        return name

    def _refuse_another(self, copied: str) -> None:
        """The recall book names the base that it saw: that must be the one in the copy."""
        if copied and current_generation(self._data) != copied:
            raise CopyRefused("se publicó otra generación mientras se copiaba; repita")

    def _of_a_service(self, name: str) -> None:
        folder = self._data / name
        if not folder.is_dir():
            self._database(Path(name))
            return
        self.sink.directory(f"data/{name}", folder)
        for path in sorted(folder.iterdir()):
            if path.suffix == ".db":
                self._database(path.relative_to(self._data))
            elif path.is_file() and not path.name.endswith(_DATABASE_FILES) and not path.name.startswith("."):
                self._file(path.relative_to(self._data))

    def _database(self, relative: Path) -> None:
        source = self._data / relative
        if source.exists():
            self._at = str(relative)
            self.sink.file(f"data/{relative}", copied_database(source, self.sink.work), like=source)

    def _ledger(self) -> CopiedLedger | None:
        """The log up to what was on disk when `durable` was read, and that `durable`: senders know of nothing more."""
        folder = self._data / LEDGER
        if not (folder / LOG).exists():
            return None
        self._at = LEDGER
        with archive_held(folder, shared=True):  # nothing moves from the log to the archive meanwhile
            return self._held_ledger(folder)

    def _held_ledger(self, folder: Path) -> CopiedLedger | None:
        self.sink.directory(f"data/{LEDGER}", folder)
        if (folder / SNAPSHOT).exists():  # before the log, which then has the entry that it names
            self._tree(Path(LEDGER) / SNAPSHOT)
        said, end = _durable_end(folder / DURABLE)
        head = head_of(read_file(folder / LOG, MOST_HEAD_BYTES))
        if head is None:
            raise LedgerDamaged(0, "its head is not one that this version reads")
        length = end.length - head.shift if end is not None else head.size
        sha256 = self.sink.file(f"data/{LEDGER}/{LOG}", folder / LOG, length)
        if end is not None:
            kept = self.sink.work / DURABLE
            kept.write_bytes(said)
            self.sink.file(f"data/{LEDGER}/{DURABLE}", kept, like=folder / DURABLE)
        beside = {LOG, DURABLE, LOCK, ARCHIVE_LOCK, BEAT, SNAPSHOT}
        for path in sorted(folder.iterdir()):  # the registers, listed before their first entry; the archive
            if path.name not in beside and not path.name.startswith("."):
                self._tree(Path(LEDGER) / path.name)
        if end is None:
            return None
        return CopiedLedger(id=end.ledger_id.hex(), sequence=end.sequence, sha256=sha256)

    def _unknown(self) -> list[str]:
        """Returns names in the data directory that the table does not know: copied as they are, and reported."""
        own = {self._audit.absolute(), development_keys(self._settings).absolute()}
        found = []
        for path in sorted(self._data.iterdir()):
            is_known = path.name in known_in_data() or path.name.startswith((".", SUBJECT_KEY))
            is_run = path.name.startswith("ronda-") and path.is_dir()  # sockets of a server without TMPDIR
            if is_known or is_run or path.absolute() in own:
                continue
            self._tree(Path(path.name))
            found.append(path.name)
        return found

    def _settings_files(self) -> None:
        """The settings' file and what it names, by their places beside it; what lies elsewhere in `elsewhere`."""
        config = os.environ.get(CONFIG_VARIABLE, "")
        home = Path(config).absolute().parent if config else None
        if config:
            self._copy_tree(Path(config), f"settings/{Path(config).name}")
            self._named[CONFIG_VARIABLE] = f"settings/{Path(config).name}"
        for setting in NAMED_FILES:
            path: Path | None = getattr(self._settings, setting)
            if path is None:
                continue
            path = path.absolute()
            beside = home is not None and path.is_relative_to(home)
            place = str(path.relative_to(home)) if beside and home else f"elsewhere/{setting}/{path.name}"
            self._named[setting] = f"settings/{place}"
            if not any(entry.path == self._named[setting] for entry in self.sink.entries):
                self._copy_tree(path, self._named[setting])

    # ---- trees ----

    def _tree(self, relative: Path) -> None:
        self._copy_tree(self._data / relative, f"data/{relative}")

    def _file(self, relative: Path) -> None:
        self._at = str(relative)
        self.sink.file(f"data/{relative}", self._data / relative)

    def _copy_tree(self, source: Path, arc: str) -> None:
        copy_tree(self.sink, source, arc, self._begin)

    def _begin(self, arc: str) -> None:
        self._at = arc


def _durable_end(path: Path) -> tuple[bytes, DurableEnd | None]:
    """Returns the content of `durable`, read again while it is written over; None if there is none."""
    for _ in range(_READS):
        if not path.exists():
            return b"", None
        said = read_file(path)
        if (end := durable_of(said)) is not None:
            return said, end
        time.sleep(_READ_PAUSE_S)
    raise CopyRefused(f"{path}: no se puede leer")


def left_out(settings: Settings, *, with_generation: bool) -> list[str]:
    """Names in the data directory that a copy leaves out, for they can be made again or are made spent."""
    whole = names_in_data(Kept.MUST) | ({CURRENT, GENERATIONS, STAGING} if with_generation else set())
    names: Iterable[str] = {*names_in_data(Kept.AGAIN), *names_in_data(Kept.SPENT)} - whole
    return [name for name in sorted(names) if (settings.data / name).exists()]
