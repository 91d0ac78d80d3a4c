"""Joins the executors' audit segments to one audit log on the driver, before any of their rows is written.

Each is checked, laid into the log as one of its own, sealed, and bound by a signed checkpoint that the second keeper
holds: the same checkpointer as a server's. `ronda audit verify` reads the log like any other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from core.audit.reader import SegmentReader
from core.audit.rows import recorded_rows
from core.files.replacement import replace_file
from ronda.spark.seat import LOG
from ronda.spark.tasks import CLOCK_S
from server.audit.checkpointer import Checkpointer
from server.audit.keepers import KeeperFiles, open_keeper
from server.audit.keeping import Inconsistent
from server.audit.key_chain import CheckpointError
from server.audit.keys import KeyFileError, key_id
from server.audit.reading import Segment
from server.audit.seals import SealsDamaged, read_seals
from server.audit.segments import SegmentDamaged, SegmentId, read_header
from server.audit.set_up import audit_directory, prepare_audit, signing_key
from server.audit.settings import AuditSettings
from server.audit.signing_file import SigningFile
from server.audit.writer import clock_ms
from server.settings import SettingsError

_OTHERS_S = 30.0  # until a checkpoint process of a server in the same log has sealed
_POLL_S = 0.1


class NotJoined(Exception):
    """A segment is not as it was written, or could not be kept: no row leaves. The text names no person."""


class _Laid(NamedTuple):
    segment: SegmentId
    is_new: bool  # in the log
    rows: int  # that it records as answered


class JoinedLog:
    """The driver's audit log. Counts what was joined by this run."""

    def __init__(self, settings: AuditSettings) -> None:
        """Raises SettingsError, NotJoined."""
        prepare_audit(settings, development=False)
        self._directory = audit_directory(settings)
        try:
            key = SigningFile(signing_key(settings)).signer(self._directory)
        except (KeyFileError, CheckpointError) as error:
            raise SettingsError(f"audit_signing_key: {error}") from None
        self.id = key_id(key.public_key())
        self.logs: set[str] = set()
        self.devices: set[str] = set()
        self.segments = self.lost = self.batches = 0
        self._stood_for: set[SegmentId] = set()  # their rows were given on: they stand for no others
        self._lock = threading.Lock()
        files = KeeperFiles(settings.audit_keeper_ca, settings.audit_keeper_cert, settings.audit_keeper_key)
        keepers = [open_keeper(settings.audit_keeper, files)] if settings.audit_keeper else []
        self._checkpointer: Checkpointer | None = None
        try:
            self._checkpointer = Checkpointer(self._directory, key, keepers, settings.audit_retention_years)
        except BlockingIOError:  # a server's process signs here: it takes what it finds
            pass
        except (Inconsistent, SealsDamaged, CheckpointError, OSError) as error:
            raise NotJoined(str(error)) from None

    def close(self) -> None:
        """Gives the log free."""
        if self._checkpointer is not None:
            self._checkpointer.close()

    def join(self, segments: Iterable[bytes], *, since_ms: int | None = None) -> int:
        """Keeps segments, sealed and bound by a checkpoint; returns how many rows they record as answered for the first
        time.

        since_ms: when the job of their rows was made; None = left by attempts that brought none. Raises NotJoined.
        """
        with self._lock:
            try:
                laid = [one for data in segments if (one := self._laid(data, since_ms)) is not None]
                if laid:
                    self._sealed({one.segment for one in laid})
            except (Inconsistent, SealsDamaged, OSError) as error:
                raise NotJoined(str(error)) from None
            new = sum(one.is_new for one in laid)
            self.segments += new
            self.lost += new if since_ms is None else 0
            if since_ms is None:
                return 0
            rows = {one.segment: one.rows for one in laid if one.segment not in self._stood_for}
            self._stood_for |= rows.keys()
            return sum(rows.values())

    def _laid(self, data: bytes, since_ms: int | None) -> _Laid | None:
        """Lays a segment into the log, unless it lies there; None = it says nothing."""
        reader = SegmentReader()
        whole = reader.walk(data) and reader.offset == len(data)
        try:
            header = read_header(data)
        except SegmentDamaged as error:
            if since_ms is None and not reader.records:  # killed before its first record
                return None
            raise NotJoined(str(error)) from None
        segment = SegmentId(header["log"], header["segment"])
        if not LOG.match(str(segment.log)) or not isinstance(segment.number, int) or segment.number < 1:
            raise NotJoined("a segment of another log")
        if since_ms is not None:
            if not whole:
                raise NotJoined(f"segment {segment}: {reader.problem or 'bytes behind its last record'}")
            _check_clock(segment, header, since_ms)
        path = segment.path(self._directory)
        self.logs.add(segment.log)
        batches, rows = recorded_rows(data, reader.offset, set())  # each was held to its check just now
        if path.exists():
            # What a kill left half written behind its records was cut off when it was sealed.
            if path.read_bytes()[: reader.offset] != data[: reader.offset]:
                raise NotJoined(f"segment {segment}: another one is in the log")
            return _Laid(segment, False, rows)
        _write(path, data)
        self.batches += batches
        identities = Segment(segment, data[: reader.offset]).identities().values()
        self.devices.update(str(identity.get("device", "")) for identity in identities)
        return _Laid(segment, True, rows)

    def _sealed(self, wanted: set[SegmentId]) -> None:
        ends = time.monotonic() + _OTHERS_S
        if self._checkpointer is not None:
            self._checkpointer.tick()
            if any(self._checkpointer.report().keepers_behind):
                raise NotJoined("the second keeper did not take the checkpoint")
            ends = 0.0
        while not wanted <= read_seals(self._directory).sealed.keys():
            if time.monotonic() >= ends:
                raise NotJoined("a segment was not sealed")
            time.sleep(_POLL_S)

    def told(self) -> dict[str, Any]:
        """Returns the facts for the summary."""
        return {"segmentos": self.segments, "lotes": self.batches, "segmentos_de_intentos_perdidos": self.lost}


def _check_clock(segment: SegmentId, header: dict[str, Any], since_ms: int) -> None:
    """Results depend on the date: an executor's clock agrees with the driver's. Raises NotJoined."""
    made_ms = int(header["made_ms"])
    if not since_ms - CLOCK_S * 1000 <= made_ms <= clock_ms() + CLOCK_S * 1000:
        raise NotJoined(f"segment {segment}: its clock is not the driver's")


def _write(path: Path, data: bytes) -> None:
    """Writes a file whole, or not at all: sealing takes any file of this name. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(path, data)
