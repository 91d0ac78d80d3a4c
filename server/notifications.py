"""Notifies the owner of a discreet alert that a caller was shown the person it is about.

The caller notices nothing: the core notes the look after the audit record is written (core/engine/discreet.pxd). It is
written here later, with all slow work. One line of JSON a look, in a file a register and day,
`<data>/notifications/<register>-<yyyymmdd>.jsonl`, mode 0600, for that institution to fetch (`ronda notifications`).
Looks lost in a crash are still in the audit log; its entries hold the same mark.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.access.caller import METHOD_OF_CLEAR
from core.access.grant import Grant
from core.documents import json_of
from core.engine.discreet import DiscreetLook, take_discreet_looks
from core.engine.entry import Engine, Method
from core.errors import CoreError
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import context_pb2, section_pb2
from server.logs import ERROR, log

FOLDER = "notifications"
WAYS = {1: "asked", 2: "owner", 3: "candidate", 4: "clearance", 5: "list", 7: "suggested"}  # DiscreetLook.how
_EVERY_S = 0.5
_KEPT = 100_000  # looks that wait for a disk that refuses; further ones stand in the audit log only
_METHODS = {method.value: "".join(word.title() for word in method.name.split("_")) for method in Method} | {
    METHOD_OF_CLEAR: "Clear"
}
_SECTIONS = (section_pb2.SECTION_DISCREET_ALERT, section_pb2.SECTION_VEHICLE_ALERT)
_ONLY_DISCREET = Grant({section_pb2.SENSITIVITY_DISCREET: sum(1 << section for section in _SECTIONS)})
_FILE = re.compile(r"\A(?P<register>[a-z0-9_-]+)-(?P<day>\d{8})\.jsonl\Z")


def line_of(look: DiscreetLook, records: list[str]) -> dict[str, Any]:
    """A look as its owner reads it. `records`: ids of the owner's alerts on this subject."""
    return {
        "at": datetime.fromtimestamp(look.clock_ms / 1000, UTC).isoformat(timespec="milliseconds"),
        "register": look.register_id,
        "records": records,
        "subject": look.subject_id.hex(),
        "how": WAYS.get(look.how, ""),
        "method": _METHODS.get(look.method, ""),
        "purpose": context_pb2.Purpose.Name(look.purpose).removeprefix("PURPOSE_"),
        "case_number": look.case_number,
        "answer_id": str(uuid.UUID(bytes=look.answer_id)),
        "generation": look.generation_id,
        "asker": json.loads(look.identity or b"{}"),
    }


def records_of(engine: Engine | None, look: DiscreetLook) -> list[str]:
    """Record ids of the register's discreet alerts on the subject, as far as this generation holds them."""
    found: list[str] = []
    if engine is None:
        return found
    for section in _SECTIONS:
        request = checks.ListRecordsRequest(subject_id=look.subject_id.hex(), section=section, page_size=100)
        try:
            content = engine.answer(Method.LIST_RECORDS, request.SerializeToString(), _ONLY_DISCREET, look.clock_ms)
        except CoreError:
            continue  # another kind of subject, or gone with its generation
        response = checks.ListRecordsResponse.FromString(content)
        references = [alert.record for alert in response.person.discreet_alerts]
        references += [alert.record for alert in response.vehicle.vehicle_alerts]
        found += [record.record_id for record in references if record.register_id == look.register_id]
    return sorted(set(found))


def append_lines(directory: Path, lines: Iterable[dict[str, Any]]) -> None:
    """Appends each to its register's file of the day and puts it on disk. Raises OSError."""
    by_file: dict[str, list[str]] = {}
    for line in lines:
        name = f"{line['register']}-{line['at'][:10].replace('-', '')}.jsonl"
        by_file.setdefault(name, []).append(json.dumps(line, ensure_ascii=False) + "\n")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, texts in by_file.items():
        descriptor = os.open(directory / name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            _append(descriptor, "".join(texts).encode())
        finally:
            os.close(descriptor)


def _append(descriptor: int, content: bytes) -> None:
    """One write, so that workers do not cut into each other; a line that a full disk cut before is ended first."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        content = b"\n" + content
    if os.write(descriptor, content) != len(content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(descriptor)


def read_lines(directory: Path, register: str = "", since: str = "") -> list[dict[str, Any]]:
    """The notifications on disk, oldest first; `since` is a date or time in ISO 8601, UTC."""
    found: list[dict[str, Any]] = []
    for path in sorted(directory.glob("*.jsonl")):
        named = _FILE.match(path.name)
        if named is None or (register and named["register"] != register):
            continue
        if since and named["day"] < since[:10].replace("-", ""):
            continue
        with path.open(encoding="utf-8") as lines:
            found += [line for line in map(_parsed, lines) if line is not None and line["at"] >= since]
    return sorted(found, key=lambda line: str(line["at"]))


def registers_notified(directory: Path) -> set[str]:
    """Ids of the registers that have notifications on disk."""
    return {named["register"] for path in directory.glob("*.jsonl") if (named := _FILE.match(path.name))}


def _parsed(text: str) -> dict[str, Any] | None:
    """A line; None for one that a full disk cut: it was written again."""
    try:
        line = json_of(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


class Notifications:
    """Takes the looks from the core and writes them. One in each worker."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._waiting: list[dict[str, Any]] = []

    async def run(self, engine: Callable[[], Engine | None]) -> None:
        """Writes looks for ever; `engine` gives the current one, None while there is none."""
        while True:
            await asyncio.sleep(_EVERY_S)
            self._take(engine())
            if self._waiting:
                await asyncio.to_thread(self._write)

    def close(self, engine: Engine | None) -> None:
        """Writes what is left, before the process ends."""
        self._take(engine)
        self._write()

    def _take(self, engine: Engine | None) -> None:
        looks, dropped = take_discreet_looks()
        room = max(0, _KEPT - len(self._waiting))
        dropped += max(0, len(looks) - room)
        self._waiting += [line_of(look, records_of(engine, look)) for look in looks[:room]]
        if dropped:
            log("notifications_dropped", level=ERROR, count=dropped)

    def _write(self) -> None:
        lines, self._waiting = self._waiting, []
        try:
            append_lines(self._directory, lines)
        except OSError as error:
            self._waiting = lines + self._waiting
            log("notifications_not_written", level=ERROR, count=len(lines), why=error.strerror or "")
