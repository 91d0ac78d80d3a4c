"""The target of a copy: a directory or a tar file. It gets its name only when it is whole."""

from __future__ import annotations

import grp
import hashlib
import io
import os
import pwd
import shutil
import stat
import tarfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, Protocol

from core.files.regular_file import open_regular
from core.files.replacement import draft_path, sync_directory
from ronda.copies.manifest import COPY, CopiedEntry, CopyRefused, PlaceRefused

PRIVATE_DIRECTORY, PRIVATE = 0o700, 0o600
_BLOCK = 1 << 20


class Sink(Protocol):
    """Takes files in; `work` is a private directory for what is made on the way."""

    work: Path
    entries: list[CopiedEntry]

    def directory(self, arc: str, source: Path) -> None:
        """Notes a directory, with its owner and mode."""

    def file(self, arc: str, source: Path, size: int | None = None, like: Path | None = None) -> str:
        """Copies a file's first `size` bytes, None = all that it has now; returns their SHA-256.

        like: the file that gives owner and mode. Raises OSError, CopyRefused if it got shorter meanwhile.
        """

    def finish(self, manifest: bytes) -> None:
        """Writes COPY.json, puts all on the disk and gives the copy its name."""

    def discard(self) -> None:
        """Removes what was begun."""


class _Reading(io.RawIOBase):
    """A file's first bytes, counted and hashed while somebody reads them."""

    def __init__(self, file: BinaryIO, size: int, told: Callable[[int], None]) -> None:
        self._file, self._left, self._told = file, size, told
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Reads at most `size` bytes; b"" at the end."""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._file.read(wanted) if wanted else b""
        if wanted and not data:
            raise CopyRefused(f"{self._file.name}: se acortó mientras se copiaba; repita")
        self._left -= len(data)
        self.digest.update(data)
        self._told(len(data))
        return data


class _Noting:
    """The common part of both kinds: entries, and progress."""

    def __init__(self, told: Callable[[int], None]) -> None:
        self.entries: list[CopiedEntry] = []
        self._told = told

    def _note(self, arc: str, status: os.stat_result, sha256: str = "", size: int = 0) -> CopiedEntry:
        entry = CopiedEntry(
            path=arc,
            sha256=sha256,
            bytes=size,
            mode=stat.S_IMODE(status.st_mode),
            user=_user(status.st_uid),
            group=_group(status.st_gid),
        )
        self.entries.append(entry)
        return entry


class DirectorySink(_Noting):
    """A directory of files."""

    def __init__(self, to: Path, told: Callable[[int], None]) -> None:
        """Raises CopyRefused where something has that name, OSError."""
        super().__init__(told)
        self._to, self._draft = to.absolute(), draft_path(to.absolute())
        _refuse_existing(self._to)
        shutil.rmtree(self._draft, ignore_errors=True)  # of a copy that was killed
        self._draft.mkdir(mode=PRIVATE_DIRECTORY)
        self.work = self._draft / ".work"
        self.work.mkdir(mode=PRIVATE_DIRECTORY)

    def directory(self, arc: str, source: Path) -> None:
        """Makes it, private; the owner and mode that it had stand in COPY.json."""
        (self._draft / arc).mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        self._note(arc, source.stat())

    def file(self, arc: str, source: Path, size: int | None = None, like: Path | None = None) -> str:
        """Writes it with mode 0600."""
        target = self._draft / arc
        target.parent.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        with open_regular(source) as file:
            size = os.fstat(file.fileno()).st_size if size is None else size
            reading = _Reading(file, size, self._told)
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as copy:
                shutil.copyfileobj(reading, copy, _BLOCK)
                copy.flush()
                os.fsync(copy.fileno())
        sha256 = reading.digest.hexdigest()
        self._note(arc, (like or source).stat(), sha256, size)
        return sha256

    def finish(self, manifest: bytes) -> None:
        """COPY.json is the last file; then the rename."""
        shutil.rmtree(self.work)
        with os.fdopen(os.open(self._draft / COPY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
            file.write(manifest)
            file.flush()
            os.fsync(file.fileno())
        for directory, _, _ in os.walk(self._draft):
            sync_directory(Path(directory))
        self._draft.rename(self._to)
        sync_directory(self._to.parent)

    def discard(self) -> None:
        """Removes the draft."""
        shutil.rmtree(self._draft, ignore_errors=True)


class TarSink(_Noting):
    """One uncompressed tar file, mode 0600."""

    def __init__(self, to: Path, told: Callable[[int], None]) -> None:
        """Raises CopyRefused where something has that name, OSError."""
        super().__init__(told)
        self._to, self._draft = to.absolute(), draft_path(to.absolute())
        _refuse_existing(self._to)
        self._draft.unlink(missing_ok=True)
        self._file = os.fdopen(os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb")
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed by finish
        self.work = self._to.with_name(f".{self._to.name}.work")
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(mode=PRIVATE_DIRECTORY)

    def directory(self, arc: str, source: Path) -> None:
        """Notes it; directories are no members of the tar."""
        self._note(arc, source.stat())

    def file(self, arc: str, source: Path, size: int | None = None, like: Path | None = None) -> str:
        """Appends it."""
        with open_regular(source) as file:
            size = os.fstat(file.fileno()).st_size if size is None else size
            reading = _Reading(file, size, self._told)
            self._tar.addfile(_member(arc, size), reading)
        sha256 = reading.digest.hexdigest()
        self._note(arc, (like or source).stat(), sha256, size)
        return sha256

    def finish(self, manifest: bytes) -> None:
        """COPY.json is the last member; then the rename."""
        self._tar.addfile(_member(COPY, len(manifest)), io.BytesIO(manifest))
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        shutil.rmtree(self.work)
        self._draft.rename(self._to)
        sync_directory(self._to.parent)

    def discard(self) -> None:
        """Removes the draft."""
        self._file.close()
        self._draft.unlink(missing_ok=True)
        shutil.rmtree(self.work, ignore_errors=True)


def open_sink(to: Path, copied: Iterable[Path], told: Callable[[int], None]) -> DirectorySink | TarSink:
    """Returns a tar for a name that ends in .tar, else a directory. `told`: called with each number of bytes copied.

    copied: the directories that are copied. Raises PlaceRefused for a place within one of them, or one that exists.
    """
    if any(to.resolve().is_relative_to(each.resolve()) for each in copied):
        raise PlaceRefused(f"{to}: está dentro de lo que se copia")
    return TarSink(to, told) if to.suffix == ".tar" else DirectorySink(to, told)


def _member(arc: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(arc)
    member.size, member.mode, member.mtime = size, PRIVATE, int(time.time())
    return member


def _refuse_existing(to: Path) -> None:
    if os.path.lexists(to):
        raise PlaceRefused(f"{to}: ya existe; nombre otro lugar")


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return ""
