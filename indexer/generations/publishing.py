"""Publishing: fsync, rename, switch CURRENT, log, collect. The order makes kill -9 and a full disk harmless.

generations/.building-<id>/   written and checked; removed by the next build when it was left over
generations/<id>/             complete, never changed again
CURRENT                       the id that answers; replaced by one atomic rename
publish.log                   JSON lines: who switched what, when, and what was accepted
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.files.regular_file import read_file
from core.files.replacement import replace_file, sync_directory
from core.generation.subject_key import SUBJECT_KEY
from core.generation.view_file import BEAT, LIVE
from indexer.build.lock import operating_user

GENERATIONS = "generations"
CURRENT = "CURRENT"
BUILDING = ".building-"
PUBLISH_LOG = "publish.log"
_FOLLOWED_S = 60.0  # since the beat of the live writer over a base: it may be behind for a while


def new_generation_id(now: datetime | None = None) -> str:
    """UTC second and eight random hexadecimal digits: sorts by time of building."""
    return f"{(now or datetime.now(UTC)):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def current_generation(data: Path) -> str | None:
    """The id that CURRENT names; None when nothing was ever published."""
    try:
        return read_file(data / CURRENT).decode("ascii").strip() or None
    except FileNotFoundError:
        return None


def publish(data: Path, generation_id: str) -> None:
    """Makes the checked directory .building-<id> the generation that answers."""
    generations = data / GENERATIONS
    building = generations / f"{BUILDING}{generation_id}"
    for file in sorted(building.iterdir()):
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    sync_directory(building)
    building.rename(generations / generation_id)
    sync_directory(generations)
    switch(data, generation_id)


def switch(data: Path, generation_id: str) -> None:
    """Points CURRENT at a generation."""
    replace_file(data / CURRENT, f"{generation_id}\n".encode(), mode=0o644)


def log_publishing(data: Path, event: str, details: Mapping[str, Any]) -> None:
    """Appends one JSON line to publish.log, durably."""
    line = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "event": event,
        "user": operating_user(),
        **details,
    }
    path = data / PUBLISH_LOG
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def published_generations(data: Path) -> list[str]:
    """Ids of the generations on disk, oldest first."""
    generations = data / GENERATIONS
    if not generations.is_dir():
        return []
    return sorted(entry.name for entry in generations.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def directory_bytes(directory: Path) -> int:
    """Bytes of the files in a directory."""
    return sum(entry.stat().st_size for entry in directory.iterdir() if entry.is_file())


def collect(data: Path, *, keep_generations: int, keep_bytes: int) -> list[str]:
    """Removes the oldest generations beyond `keep_generations` besides the current one, or `keep_bytes` in all.

    The current generation is never removed, nor one that `ronda live` follows: it serves until the changes are in the
    next one. Without it fed registers would be STALE for so long. Returns the ids removed.
    """
    current = current_generation(data)
    kept = published_generations(data)
    sizes = {name: directory_bytes(data / GENERATIONS / name) for name in kept}
    removed: list[str] = []
    others = [name for name in kept if name != current]
    for name in others:
        if len(others) - len(removed) <= keep_generations and sum(sizes.values()) <= keep_bytes:
            break
        if _is_followed(data, name):
            continue
        doomed = data / GENERATIONS / f".doomed-{name}"  # out of sight first: nobody opens half a generation
        (data / GENERATIONS / name).rename(doomed)
        shutil.rmtree(doomed)
        del sizes[name]
        removed.append(name)
    return removed


def _is_followed(data: Path, name: str) -> bool:
    try:
        return time.time() - (data / LIVE / name / BEAT).stat().st_mtime < _FOLLOWED_S
    except FileNotFoundError:
        return False


def remove_leftovers(data: Path) -> list[str]:
    """Removes what a killed build left: half-built and half-removed generations, and drafts of its own files.

    Only under the lock. Drafts of other files are left alone: a server that runs beside is writing them.
    """
    generations = data / GENERATIONS
    generations.mkdir(parents=True, exist_ok=True)
    left = [entry for entry in generations.iterdir() if entry.name.startswith((BUILDING, ".doomed-"))]
    for entry in left:
        shutil.rmtree(entry)
    for own in (f".{CURRENT}.draft", f".{SUBJECT_KEY}*.draft", f".{SUBJECT_KEY}-*"):
        for draft in data.glob(own):
            draft.unlink(missing_ok=True)
    return sorted(entry.name for entry in left)
