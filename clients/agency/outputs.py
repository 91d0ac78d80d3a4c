"""The files of a run: written beside OUT under names of their own, given OUT's name when all is done."""

from __future__ import annotations

import fcntl
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from clients.agency.failures import AgencyError
from clients.agency.formats import ENDINGS, WORKBOOK
from clients.agency.lines import Lines

KINDS = ("resultados", "rechazos", "homonimos")


@dataclass(frozen=True)
class Names:
    """The paths of all files of a run, by OUT."""

    out: Path

    @classmethod
    def of(cls, out: str) -> Names:
        """Raises AgencyError: an ending that is not written, a directory that is not there."""
        path = Path(out)
        if path.suffix.lower() not in ENDINGS:
            raise AgencyError(f"--out termina en {', '.join(ENDINGS)}.")
        if not path.parent.is_dir():
            raise AgencyError(f"No existe el directorio {path.parent}.")
        return cls(path)

    def beside(self, what: str) -> Path:
        """<OUT without ending>.<what>"""
        return self.out.with_name(f"{self.out.stem}.{what}")

    @property
    def checkpoint(self) -> Path:
        """Path of the run's progress."""
        return self.beside("avance.json")

    @property
    def copy(self) -> Path:
        """The input as CSV in UTF-8, where it is not that."""
        return self.beside("entrada.tmp")

    @property
    def lock(self) -> Path:
        """Path of the lock; its holder runs."""
        return self.beside("avance.lock")

    def partial(self, number: int) -> list[Path]:
        """The three files of a pass while it runs, CSV."""
        return [self.beside(f"{kind}-{number}.tmp") for kind in KINDS]

    @property
    def finished(self) -> list[Path]:
        """Results, rejects, homonyms as they are handed over."""
        return [self.out, self.beside(f"rechazos{self._table}"), self.beside(f"homonimos{self._table}")]

    @property
    def _table(self) -> str:
        """The ending of what is written beside OUT: who asks for a workbook opens all of it with a spreadsheet."""
        return WORKBOOK if self.out.suffix.lower() == WORKBOOK else ".csv"

    @property
    def summary(self) -> Path:
        """Counts, hashes, generation: JSON."""
        return self.beside("resumen.json")

    @property
    def signature(self) -> Path:
        """Path of the signature of the summary's bytes."""
        return self.beside("resumen.json.firma")

    @property
    def receipt(self) -> Path:
        """One page."""
        return self.beside("recibo.pdf")

    @property
    def changes(self) -> Path:
        """Rows that were judged again and came out otherwise."""
        return self.beside(f"cambios{self._table}")

    def clear(self) -> None:
        """Removes what a run leaves while it is not done."""
        for path in (self.checkpoint, self.copy, *self.out.parent.glob(_literal(f"{self.out.stem}.") + "*-[0-9]*.tmp")):
            path.unlink(missing_ok=True)


def _literal(text: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)


class Lock:
    """One run for one OUT at a time. Raises AgencyError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        while True:
            self._file = self._path.open("wb")
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Who held it before may have removed the file that was opened; its lock keeps nobody out.
                if self._path.stat().st_ino == os.fstat(self._file.fileno()).st_ino:
                    return self
            except FileNotFoundError:
                pass
            except OSError:
                self._file.close()
                raise AgencyError("Otra corrida escribe ese mismo --out: espere a que termine.") from None
            self._file.close()

    def __exit__(self, *_: object) -> None:
        self._path.unlink(missing_ok=True)
        self._file.close()


class Files:
    """The three files of a pass, opened where the checkpoint says that they end."""

    def __init__(self, paths: list[Path], lengths: list[int]) -> None:
        self._files: list[BinaryIO] = []
        for path, length in zip(paths, lengths, strict=True):
            file = path.open("r+b" if path.exists() else "w+b")
            self._files.append(file)
            file.seek(0, os.SEEK_END)
            if file.tell() < length:
                raise AgencyError(f"Falta parte de {path.name}: empiece de nuevo con --restart.")
            file.truncate(length)
            file.seek(length)
        self._hashes = None if any(lengths) else [hashlib.sha256() for _ in paths]

    def write(self, pieces: tuple[bytes | memoryview, ...]) -> None:
        """A piece for each."""
        for file, piece in zip(self._files, pieces, strict=True):
            file.write(piece)
        for digest, piece in zip(self._hashes or (), pieces, strict=self._hashes is not None):
            digest.update(piece)

    def add(self, lines: Lines) -> None:
        """A block's lines."""
        self.write((lines.results, lines.rejects, lines.review))

    def hashes(self) -> list[str]:
        """sha256 of each, of all that was written; none where it went on with files that were there."""
        return [digest.hexdigest() for digest in self._hashes or ()]

    def lengths(self) -> list[int]:
        """Bytes of each so far."""
        return [file.tell() for file in self._files]

    def flush(self) -> None:
        """Hands all output to the system for writing."""
        for file in self._files:
            file.flush()

    def durable(self) -> None:
        """Puts flushed data on disk; thread-safe."""
        for file in self._files:
            os.fsync(file.fileno())

    def close(self) -> None:
        """Closes all."""
        for file in self._files:
            file.close()
