"""The audit log's copy is never older than its checkpoints, whatever is appended between two of its files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from core.files.regular_file import read_file
from ronda.copies.audit_copy import copy_audit, refuse_changed_since
from ronda.copies.manifest import CopyRefused
from ronda.copies.sinks import DirectorySink
from server.audit.checkpoints import CheckpointFiles
from server.audit.key_chain import KeyChain
from server.audit.verifying import verify
from tests.audit.answers import append
from tests.audit.kit import House
from tests.audit.restored_kit import RestoredLog


class _Meanwhile(DirectorySink):
    """Between any two files of the copy a worker answers and the checkpointer signs."""

    def __init__(self, to: Path, house: House, work: object) -> None:
        super().__init__(to, lambda _: None)
        self._work = work

    def file(self, arc: str, source: Path, size: int | None = None, like: Path | None = None) -> str:
        self._work()  # type: ignore[operator]
        return super().file(arc, source, size, like)


def test_a_log_that_grows_meanwhile_is_whole_in_the_copy(tmp_path: Path) -> None:
    house = House(tmp_path)
    asked = 0
    with house.checkpointer() as checkpointer, house.writer(segment_bytes=1 << 16) as writer:

        def work() -> None:
            nonlocal asked
            for _ in range(40):
                asked += 1
                append(writer.log, asked)
            house.now_ms += 1_000
            checkpointer.tick()

        for _ in range(3):
            work()
        sink = _Meanwhile(tmp_path / "copy", house, work)
        stated = copy_audit(sink, house.audit, "audit")
        sink.finish(b"")
    assert stated is not None
    copied = tmp_path / "copy" / "audit"
    key = house.signing.public_key()
    verdict = verify(copied, key)
    assert verdict.problems == []
    assert verdict.last is not None
    assert verdict.last.number >= stated.number
    assert verdict.records > 120
    # Copied the other way round it is a log that was cut: what the order is for.
    newest = house.audit / "checkpoints"
    shutil.rmtree(copied / "checkpoints")
    shutil.copytree(newest, copied / "checkpoints")
    assert verify(copied, key).problems != []
    assert CheckpointFiles(newest).last(KeyChain(key)) is not None


def test_half_a_record_stays_out_of_the_copy(tmp_path: Path) -> None:
    house = House(tmp_path)
    with house.checkpointer() as checkpointer, house.writer() as writer:
        append(writer.log, 1)
        checkpointer.tick()
    path = house.audit / "logs" / "worker-0" / "00000001.seg"
    os.truncate(path, path.stat().st_size)
    whole = read_file(path)
    path.write_bytes(whole + bytes(8) + b"half a record" + bytes(4096))
    sink = DirectorySink(tmp_path / "copy", lambda _: None)
    copy_audit(sink, house.audit, "audit")
    sink.finish(b"")
    copied = tmp_path / "copy" / "audit"
    assert (copied / "logs" / "worker-0" / "00000001.seg").read_bytes() == whole.rstrip(b"\0") + whole[
        len(whole.rstrip(b"\0")) : (copied / "logs" / "worker-0" / "00000001.seg").stat().st_size
    ]
    assert verify(copied, house.signing.public_key()).problems == []


def test_what_was_given_up_goes_with_the_copy(tmp_path: Path) -> None:
    log = RestoredLog(tmp_path)
    log.go_on()
    log.copy("1")
    for _ in range(2):
        log.go_on()
    log.copy("3")
    log.restore("1", "3", "1")
    log.declared_and_accepted()
    log.go_on()
    sink = DirectorySink(tmp_path / "copy", lambda _: None)
    copy_audit(sink, log.house.audit, "audit")
    refuse_changed_since(sink, log.house.audit, "audit")
    files = CheckpointFiles(log.house.audit / "checkpoints")
    files.write_restorations(files.restoration_texts() * 2)
    with pytest.raises(CopyRefused, match="se declaró repuesta"):
        refuse_changed_since(sink, log.house.audit, "audit")
    sink.finish(b"")
    copied = tmp_path / "copy" / "audit"
    verdict = verify(copied, log.key.public_key())
    assert verdict.problems == []
    assert [(each.kept, each.lost) for each in verdict.restorations] == [(3, 9)]
    assert (copied / "seals.9").exists(), "the seals that were cut are evidence"
