"""Extracts registers in other processes: a crash, an exhausted memory or a hang refuses the one that was read alone."""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import orjson

from core.files.regular_file import read_file
from core.machine.parent_death import with_parent
from indexer.extract.child import EXIT_DISK_FULL, EXIT_UNREADABLE
from indexer.extract.fingerprint import fingerprint
from indexer.extract.report import ExtractReport, Progress, SourceUnreadable
from indexer.manifest.loading import load_manifest
from indexer.manifest.model import Manifest

__all__ = ["ExtractReport", "Progress", "ReadingProcesses", "SourceUnreadable", "extract_all", "fingerprint"]

SILENCE_S = 900.0
"""A child that tells no progress for so long hangs."""
MEMORY_BYTES = 6 << 30
"""Address space of a child, its libraries' reserves included: a hostile file exhausts the child, not the machine."""
AT_ONCE = 2
"""Registers read at the same time: one a core."""

_ERRORS_MAX = 1 << 16
_ERROR_LINE_MAX = 1000

OnProgress = Callable[[Progress], None]


class ReadingProcesses:
    """The children of one stage, used again while they read well: to start one costs half a second of imports.

    Thread-safe: every call of `extract` has a child to itself. Closed by `with`.
    """

    def __init__(self, memory_bytes: int = MEMORY_BYTES, silence_s: float = SILENCE_S) -> None:
        self.memory_bytes = memory_bytes
        self.silence_s = silence_s
        self._idle: queue.SimpleQueue[_Child] = queue.SimpleQueue()
        # A child dies with the thread that started it (core/machine/parent_death.py): one that lives as they.
        self._starter = ThreadPoolExecutor(1, "reading-starter")

    def __enter__(self) -> ReadingProcesses:
        return self

    def __exit__(self, *_: object) -> None:
        while not self._idle.empty():
            self._idle.get().end()
        self._starter.shutdown()

    def extract(
        self,
        manifest_file: Path,
        ordinal: int,
        directory: Path,
        *,
        data_directory: Path,
        dsns: Mapping[str, str],
        on_progress: OnProgress | None = None,
    ) -> ExtractReport:
        """Reads one register into `directory` (existing, empty): records-*.parquet, quarantine.parquet, extract.json.

        `dsns`: PostgreSQL connection strings by register id. Raises SourceUnreadable; ManifestError; OSError (ENOSPC)
        when the disk is full. A full disk is no fault of the source: carrying the register forward would hide it. A
        failed child's files in `directory` have no extract.json.
        """
        manifest = load_manifest(manifest_file)
        task = {
            "manifest": str(manifest_file),
            "ordinal": ordinal,
            "directory": str(directory),
            "data_directory": str(data_directory),
            "dsn": dsns.get(manifest.id),
            "memory_bytes": self.memory_bytes,
        }
        child = self._child()
        try:
            done, unreadable = child.read(task, manifest, on_progress, self.silence_s)
        except BaseException:
            child.kill()
            raise
        if done:
            self._idle.put(child)
            return ExtractReport.from_json(read_file(directory / "extract.json"))
        code, errors = child.ended()
        if code == EXIT_UNREADABLE and unreadable is not None:
            raise SourceUnreadable(manifest.id, unreadable["source"], unreadable["why"])
        if code == EXIT_DISK_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(directory))
        raise SourceUnreadable(manifest.id, "", _crash(code, errors))

    def _child(self) -> _Child:
        with contextlib.suppress(queue.Empty):
            while True:
                child = self._idle.get_nowait()
                if child.process.poll() is None:
                    return child
        return self._starter.submit(_Child).result()


class _Child:
    """A reading process, and the threads that empty its pipes."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            with_parent("indexer.extract.child"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdin is not None and self.process.stdout is not None and self.process.stderr is not None
        self._tasks, self._errors = self.process.stdin, list[bytes]()
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        errors = self.process.stderr
        self._reader = threading.Thread(target=lambda: self._errors.append(errors.read()), daemon=True)
        self._reader.start()
        threading.Thread(target=_pump, args=(self.process.stdout, self._lines), daemon=True).start()

    def read(
        self, task: dict[str, Any], manifest: Manifest, on_progress: OnProgress | None, silence_s: float
    ) -> tuple[bool, dict[str, str] | None]:
        """Hands on progress until (True, None), it is done, or (False, what it found unreadable), it has ended."""
        with contextlib.suppress(BrokenPipeError):  # it died at once; its exit code tells
            self._tasks.write(orjson.dumps(task) + b"\n")
            self._tasks.flush()
        unreadable: dict[str, str] | None = None
        while True:
            try:
                line = self._lines.get(timeout=silence_s)
            except queue.Empty:
                raise SourceUnreadable(manifest.id, "", f"no progress for {silence_s:g} s: stopped") from None
            if line is None:
                return False, unreadable
            message = orjson.loads(line)
            if "done" in message:
                return True, None
            if "unreadable" in message:
                unreadable = message["unreadable"]
            elif on_progress is not None:
                on_progress(Progress(manifest.id, message["rows"], message["bytes_done"], message["bytes_total"]))

    def ended(self) -> tuple[int, bytes]:
        """Returns the exit code and the error output, once its output has ended."""
        code = self.process.wait()
        self._reader.join(timeout=5)
        return code, b"".join(self._errors)

    def end(self) -> None:
        """Lets it end: there is no further task."""
        with contextlib.suppress(BrokenPipeError):
            self._tasks.close()
        self.process.wait()

    def kill(self) -> None:
        """Ends it at once."""
        self.process.kill()
        self.process.wait()


def _pump(stream: IO[bytes], lines: queue.Queue[bytes | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _crash(code: int, errors: bytes) -> str:
    """Returns the kind and place of the child's crash; never its message, which may hold values of a row."""
    if code < 0:
        return f"the reading process was ended by {signal.Signals(-code).name}"
    lines = [line for line in errors[-_ERRORS_MAX:].splitlines() if len(line) < _ERROR_LINE_MAX]  # others hold values
    places = [found for line in lines if (found := re.fullmatch(rb'\s*File "([\w./-]+)", line (\d+).*', line))]
    kinds = [found[1] for line in lines if (found := re.match(rb"([A-Za-z_][\w.]*)(?::|$)", line))]
    if places and kinds:
        file = b"/".join(places[-1][1].split(b"/")[-2:])
        return f"the reading process failed: {kinds[-1].decode()} at {file.decode()}:{places[-1][2].decode()}"
    return f"the reading process failed with exit code {code}"


def extract_all(
    manifests: list[tuple[Path, int]],
    staging_directory: Path,
    *,
    data_directory: Path,
    dsns: Mapping[str, str],
    on_progress: OnProgress | None = None,
    silence_s: float = SILENCE_S,
) -> dict[str, ExtractReport | SourceUnreadable]:
    """Reads several registers, two at once, each into its own directory under `staging_directory`, by register id."""

    def one(file: Path, ordinal: int) -> tuple[str, ExtractReport | SourceUnreadable]:
        register = load_manifest(file).id
        directory = staging_directory / register
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        try:
            report = processes.extract(
                file, ordinal, directory, data_directory=data_directory, dsns=dsns, on_progress=on_progress
            )
        except SourceUnreadable as error:
            return register, error
        return register, report

    with ReadingProcesses(silence_s=silence_s) as processes, ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(pool.map(lambda pair: one(*pair), manifests))
