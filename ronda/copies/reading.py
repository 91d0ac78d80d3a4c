"""A copy, read: a directory or a tar; each file is compared with COPY.json before anything is made of it."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from core.files.regular_file import open_regular, read_file
from ronda.copies.manifest import COPY, MOST_BYTES, CopiedEntry, CopyManifest, CopyRefused, read_copy_manifest

_BLOCK = 1 << 20


class CopySource:
    """A copy on disk. Use `opened_copy`."""

    def __init__(self, place: Path, tar: tarfile.TarFile | None) -> None:
        self.place, self._tar = place, tar
        self._members = {member.name: member for member in tar} if tar is not None else {}
        self.manifest: CopyManifest = read_copy_manifest(self._whole_manifest())

    @property
    def files(self) -> list[CopiedEntry]:
        """Entries that are files."""
        return [entry for entry in self.manifest.entries if entry.sha256]

    @contextmanager
    def opened(self, arc: str) -> Iterator[BinaryIO]:
        """A file of the copy. Raises CopyRefused where it is not there, or no file; OSError."""
        if self._tar is None:
            with open_regular(self.place / arc) as file:
                yield file
            return
        member = self._members.get(arc)
        reading = self._tar.extractfile(member) if member is not None and member.isreg() else None
        if reading is None:
            raise CopyRefused(f"{arc}: no está en la copia")
        with reading:
            yield reading  # type: ignore[misc] # it reads as a file does

    def check(self, told: Callable[[int], None]) -> None:
        """Compares size and SHA-256 of each file, and that there is no other. Raises CopyRefused, OSError."""
        stated = {entry.path for entry in self.files}
        if self._tar is not None:
            there = {name for name, member in self._members.items() if not member.isdir()}
        else:
            there = {
                str(path.relative_to(self.place))
                for path in self.place.rglob("*")
                if path.is_symlink() or path.is_file()
            }
        if other := sorted(there - stated - {COPY}):
            raise CopyRefused(f"{other[0]}: no está en {COPY}")
        for entry in self.files:
            digest, size = hashlib.sha256(), 0
            try:
                with self.opened(entry.path) as file:
                    while data := file.read(_BLOCK):
                        digest.update(data)
                        size += len(data)
                        told(len(data))
            except FileNotFoundError:
                raise CopyRefused(f"{entry.path}: no está en la copia") from None
            if (size, digest.hexdigest()) != (entry.bytes, entry.sha256):
                raise CopyRefused(f"{entry.path}: no es como se copió")

    def _whole_manifest(self) -> bytes:
        if self._tar is not None:
            member = self._members.get(COPY)
            reading = self._tar.extractfile(member) if member is not None and member.isreg() else None
            if reading is None:
                raise CopyRefused(f"{self.place}: sin {COPY}: la copia no llegó a su fin, o no es una")
            with reading:
                return reading.read(MOST_BYTES + 1)
        try:
            return read_file(self.place / COPY, MOST_BYTES + 1)
        except FileNotFoundError:
            raise CopyRefused(f"{self.place}: sin {COPY}: la copia no llegó a su fin, o no es una") from None


@contextmanager
def opened_copy(place: Path) -> Iterator[CopySource]:
    """The copy at a place. Raises CopyRefused, OSError."""
    if place.is_dir():
        yield CopySource(place, None)
        return
    with open_regular(place) as file:
        try:
            tar = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115 - closed below
        except tarfile.TarError:
            raise CopyRefused(
                f"{place}: no es una copia de ronda backup: ni su directorio ni su .tar, o está comprimida, cifrada o "
                "dañada desde el principio"
            ) from None
        try:
            yield CopySource(place, tar)
        except tarfile.TarError:
            raise CopyRefused(
                f"{place}: está cortada o dañada: tráigala otra vez de donde se guarda, o tome una anterior"
            ) from None
        finally:
            tar.close()
