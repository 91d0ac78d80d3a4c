"""Restores a copy: written beside the places, proven there, and moved to them last.

`.restoring` within a directory holds files that are not in their place yet. `ronda serve` does not start while it
exists (server/processes/start_checks.py). A restore that was killed begins again in emptied directories.
"""

from __future__ import annotations

import fcntl
import grp
import os
import pwd
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.files.replacement import sync_directory
from core.ledger.frames import LOCK
from core.ledger.reader import FOLDER as LEDGER
from ronda.copies.manifest import CopiedEntry, CopyRefused
from ronda.copies.reading import CopySource
from server.processes.start_checks import RESTORING

_NOBODYS = {"lost+found"}  # of a disk's own file system
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Root:
    """A first folder of the copy. stage: where it is written and proven; place: where it goes, None = nowhere."""

    stage: Path
    place: Path | None


class Restoring:
    """One restore, from the checks of its places to the move."""

    def __init__(self, source: CopySource, places: Mapping[str, Path | None]) -> None:
        """places: by first folder of the copy; `data` (or `issuer`) is the main one.

        Raises CopyRefused for a directory that is in use or not empty. Nothing was written then.
        """
        self._source = source
        self._places = {name: place.absolute() if place is not None else None for name, place in places.items()}
        main = self._places.get("data") or self._places.get("issuer")
        assert main is not None
        self._main = main
        # What the copy has nothing of is not made: an account that restores may not be able to.
        self._held = {entry.path.split("/")[0] for entry in source.manifest.entries}
        for name, place in self._places.items():
            if place is not None and name in self._held:
                _refuse_used(place)
        self.roots = {name: self._root(name, place) for name, place in self._places.items()}

    def write(self, told: Callable[[int], None]) -> None:
        """Writes all files beside their places, private, each on the disk. Raises OSError, CopyRefused."""
        for name in self._held:
            self.roots[name].stage.mkdir(mode=0o700, parents=True)
        for entry in self._source.manifest.entries:
            target = self._staged(entry)
            if not entry.sha256:
                target.mkdir(mode=0o700, parents=True, exist_ok=True)
                continue
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with self._source.opened(entry.path) as file, os.fdopen(descriptor, "wb") as copy:
                while data := file.read(_BLOCK):
                    copy.write(data)
                    told(len(data))
                copy.flush()
                os.fsync(copy.fileno())

    def move(self) -> None:
        """Gives each file its mode and owner, and moves it to its place; the main directory's mark goes last."""
        entries = {entry.path: entry for entry in self._source.manifest.entries}
        for name, root in self.roots.items():
            if root.place is None or name not in self._held:
                continue
            _take_owners(root, name, entries)
            root.place.mkdir(mode=0o700, parents=True, exist_ok=True)
            _take_rights(root.place, entries.get(name), entries.get(name), root.place)
            for path in sorted(root.stage.iterdir()):
                path.rename(root.place / path.name)
            sync_directory(root.place)
        for place in {self.roots[name].stage.parent for name in self._held} - {self._main / RESTORING}:
            shutil.rmtree(place)
        shutil.rmtree(self._main / RESTORING)
        sync_directory(self._main)

    def path_of(self, arc: str) -> Path:
        """Returns the place of a file of the copy before the move."""
        name, _, rest = arc.partition("/")
        return self.roots[name].stage / rest

    def _staged(self, entry: CopiedEntry) -> Path:
        return self.path_of(entry.path)

    def _root(self, name: str, place: Path | None) -> Root:
        within = place is None or place.is_relative_to(self._main)
        return Root((self._main if within or place is None else place) / RESTORING / name, place)


def _refuse_used(place: Path) -> None:
    """Raises CopyRefused unless the directory is absent or empty."""
    try:
        found = sorted({path.name for path in place.iterdir()} - _NOBODYS)
    except FileNotFoundError:
        return
    if not found:
        return
    if _is_locked(place / LEDGER / LOCK):
        raise CopyRefused(f"{place}: en uso; detenga el servidor y nombre un directorio vacío")
    if found == [RESTORING]:
        raise CopyRefused(f"{place}: una restauración anterior no terminó; vacíe el directorio y repita")
    raise CopyRefused(f"{place}: no está vacío ({found[0]}); aparte lo que hay, no lo borre todavía")


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _take_owners(root: Root, name: str, entries: Mapping[str, CopiedEntry]) -> None:
    """Mode and owner of each file, the deepest first: a directory without write permission is closed last."""
    assert root.place is not None
    for directory, folders, files in os.walk(root.stage, topdown=False):
        for each in (*files, *folders):
            path = Path(directory) / each
            arc = f"{name}/{path.relative_to(root.stage)}"
            _take_rights(path, entries.get(arc), _owner_of(arc, entries), root.place)


def _owner_of(arc: str, entries: Mapping[str, CopiedEntry]) -> CopiedEntry | None:
    """Returns the entry with the owner: its own, else of the nearest directory above that has one."""
    above = [arc, *(str(parent) for parent in PurePosixPath(arc).parents)]
    return next((entries[each] for each in above if each in entries), None)


def _take_rights(path: Path, entry: CopiedEntry | None, owner: CopiedEntry | None, place: Path) -> None:
    """Sets rights as in the copy; root gives it to the account of that name, else to the owner of the place."""
    if os.geteuid() == 0:
        nearest = next(each for each in (place, *place.parents) if each.exists()).stat()
        uid, gid = nearest.st_uid, nearest.st_gid
        if owner is not None:
            uid, gid = _uid(owner.user, uid), _gid(owner.group, gid)
        os.chown(path, uid, gid)
    if entry is not None:
        path.chmod(entry.mode)


def _uid(name: str, otherwise: int) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return otherwise


def _gid(name: str, otherwise: int) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return otherwise
