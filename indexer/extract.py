"""Extracts a register in a process of its own: a crash, an exhausted memory or a hang refuses that register alone."""

from __future__ import annotations

import errno
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import orjson

from indexer.extract_child import EXIT_DISK_FULL, EXIT_UNREADABLE
from indexer.extract_report import ExtractReport, Progress, SourceUnreadable
from indexer.fingerprint import fingerprint
from indexer.manifest import Manifest, load_manifest

__all__ = ["ExtractReport", "Progress", "SourceUnreadable", "extract", "extract_all", "fingerprint"]

SILENCE_S = 900.0
"""A child that tells no progress for so long hangs."""
MEMORY_BYTES = 6 << 30
"""Address space of a child, its libraries' reserves included: a hostile file exhausts the child, not the machine."""
AT_ONCE = 2
"""Registers read at the same time: one a core."""

OnProgress = Callable[[Progress], None]


def extract(
    manifest_file: Path,
    ordinal: int,
    directory: Path,
    *,
    data_directory: Path,
    dsns: Mapping[str, str],
    on_progress: OnProgress | None = None,
    silence_s: float = SILENCE_S,
    memory_bytes: int = MEMORY_BYTES,
) -> ExtractReport:
    """Reads one register into `directory` (existing, empty): records-*.parquet, quarantine.parquet, extract.json last.

    `dsns`: PostgreSQL connection strings by register id. Thread-safe: every call has its own child.
    Raises SourceUnreadable; ManifestError; OSError (ENOSPC) when the disk is full, which is no fault of the source:
    carrying the register forward because of it would hide it. What a failed child leaves in `directory` has no
    extract.json.
    """
    manifest = load_manifest(manifest_file)
    task = {
        "manifest": str(manifest_file),
        "ordinal": ordinal,
        "directory": str(directory),
        "data_directory": str(data_directory),
        "dsn": dsns.get(manifest.id),
        "memory_bytes": memory_bytes,
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "indexer.extract_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert child.stderr is not None
        errors: list[bytes] = []
        reader = threading.Thread(target=lambda stream: errors.append(stream.read()), args=(child.stderr,), daemon=True)
        reader.start()
        unreadable = _follow(child, task, manifest, on_progress, silence_s)
        reader.join(timeout=5)
    except BaseException:
        child.kill()
        child.wait()
        raise
    code = child.wait()
    if code == EXIT_UNREADABLE and unreadable is not None:
        raise SourceUnreadable(manifest.id, unreadable["source"], unreadable["why"])
    if code == EXIT_DISK_FULL:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(directory))
    if code != 0:
        raise SourceUnreadable(manifest.id, "", _crash(code, b"".join(errors)))
    return ExtractReport.from_json((directory / "extract.json").read_bytes())


def _follow(
    child: subprocess.Popen[bytes],
    task: dict[str, Any],
    manifest: Manifest,
    on_progress: OnProgress | None,
    silence_s: float,
) -> dict[str, str] | None:
    """Hands on the child's progress until its output ends; returns what it found unreadable."""
    assert child.stdin is not None and child.stdout is not None
    lines: queue.Queue[bytes | None] = queue.Queue()
    threading.Thread(target=_pump, args=(child.stdout, lines), daemon=True).start()
    try:
        child.stdin.write(orjson.dumps(task) + b"\n")
        child.stdin.close()
    except BrokenPipeError:
        pass  # it died at once; its exit code tells
    unreadable: dict[str, str] | None = None
    while True:
        try:
            line = lines.get(timeout=silence_s)
        except queue.Empty:
            child.kill()
            child.wait()
            raise SourceUnreadable(manifest.id, "", f"no progress for {silence_s:g} s: stopped") from None
        if line is None:
            return unreadable
        message = orjson.loads(line)
        if "unreadable" in message:
            unreadable = message["unreadable"]
        elif on_progress is not None:
            on_progress(Progress(manifest.id, message["rows"], message["bytes_done"], message["bytes_total"]))


def _pump(stream: IO[bytes], lines: queue.Queue[bytes | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _crash(code: int, errors: bytes) -> str:
    """What ended the child, and where; never its message, which may hold values of a row."""
    if code < 0:
        return f"the reading process was ended by {signal.Signals(-code).name}"
    places = re.findall(rb'File ".*?([\w.-]+/[\w.-]+)", line (\d+)', errors)
    kinds = re.findall(rb"^([A-Za-z_][\w.]*)(?::|$)", errors, re.MULTILINE)
    if places and kinds:
        return f"the reading process failed: {kinds[-1].decode()} at {places[-1][0].decode()}:{places[-1][1].decode()}"
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
            report = extract(
                file,
                ordinal,
                directory,
                data_directory=data_directory,
                dsns=dsns,
                on_progress=on_progress,
                silence_s=silence_s,
            )
        except SourceUnreadable as error:
            return register, error
        return register, report

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(pool.map(lambda pair: one(*pair), manifests))
