"""The audit log alone, one core: appending, verifying, and `who-asked` over 20 million entries.

`python -m bench.trust.log_bench DIRECTORY` prints JSON. The log is a realistic mixture: unary checks of one subject,
and nightly batches of 1,000. Every figure is checked: the verdict is whole, and who-asked finds exactly the right
records.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from core.audit.log import AuditLog
from server.audit.checkpointer import Checkpointer
from server.audit.keys import (
    load_auditor_private,
    load_auditors,
    load_signing_private,
    make_auditor_keys,
    make_signing_keys,
)
from server.audit.reading import AuditReader
from server.audit.segments import create_segment
from server.audit.verifying import verify
from server.audit.writer import MIB, AuditWriter, WriterOptions

RUNS = 5
UNARY = 300_000  # records a run: with their sealed questions some 75 MB
PACKED = 1_000  # batches a run
BATCH = 1_000  # subjects a batch
QUESTION = bytes(60)  # a CheckPerson with its context
BATCH_QUESTION = bytes(17_000)  # 1,000 row ids and CUIs
STORED_UNARY = 4_000_000
STORED_BATCHES = 16_000
LOOKS = 20


def _log(directory: Path, auditors: Any, name: str, megabytes: int) -> AuditLog:
    log = AuditLog()
    made = create_segment(directory, name, auditors, int(time.time() * 1000))
    log.add_segment(made.descriptor, made.header, made.keys.query_key, made.keys.hash_key, megabytes * MIB, 0)
    return log


def append_rates(directory: Path, auditors: Any) -> dict[str, list[float]]:
    """Records a second of one subject each, and packed subjects a second; the file's pages are new in every run."""
    unary, packed = [], []
    for _ in range(RUNS):
        log = _log(directory, auditors, "rate", 256)
        unary.append(UNARY / (log.append_many(UNARY, 1, QUESTION) / 1e9))
        log.close()
        log = _log(directory, auditors, "rate", 256)
        packed.append(PACKED * BATCH / (log.append_many(PACKED, BATCH, BATCH_QUESTION) / 1e9))
        log.close()
    shutil.rmtree(directory / "logs" / "rate")
    return {"unary": unary, "packed": packed}


def store(directory: Path, auditors: Any, checkpointer: Checkpointer) -> int:
    """Fills a log of 20 M entries; all but the last segment are sealed. Returns its records."""
    options = WriterOptions(directory, auditors, 256 * MIB, 0)
    writer = AuditWriter(options, "worker-0")
    rounds = 40
    for number in range(rounds):
        writer.log.append_many(STORED_UNARY // rounds, 1, QUESTION)
        writer.log.append_many(STORED_BATCHES // rounds, BATCH, BATCH_QUESTION)
        checkpointer.tick()
        if number % 8 == 7:
            while writer.log.needs_segment and writer.log.segment_bytes > 128 * MIB:
                time.sleep(0.02)
    records = writer.log.appended
    writer.close()
    return records


def forget(directory: Path) -> None:
    """Drops the log's files from the page cache."""
    for path in directory.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.fdatasync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def look_times(directory: Path, auditor: Any, cold: bool) -> list[float]:
    """Seconds of `who-asked`, from opening the directory to the records, for subjects drawn over the whole range."""
    times = []
    for place in range(LOOKS):
        number = 1 + place * 17  # append_many's subjects are numbers from 1 in each call: each call holds this one
        if cold:
            forget(directory)
        started = time.perf_counter()
        looks = AuditReader(directory, auditor).looks_at([number.to_bytes(8, "little") + bytes(8)])
        times.append(time.perf_counter() - started)
        if len(looks) < 40 or not all(look.entries for look in looks):
            raise AssertionError(f"who-asked found {len(looks)} records")
    return times


def main() -> None:
    """Prints the figures."""
    home = Path(sys.argv[1])
    shutil.rmtree(home, ignore_errors=True)
    make_auditor_keys(home / "keys")
    make_signing_keys(home / "keys")
    auditors = load_auditors(home / "keys" / "auditor.pub")
    signing = load_signing_private(home / "keys" / "signing.key")
    audit = home / "audit"
    audit.mkdir(mode=0o700)
    report: dict[str, Any] = {"append": append_rates(audit, auditors)}
    checkpointer = Checkpointer(audit, signing)
    started = time.perf_counter()
    records = store(audit, auditors, checkpointer)
    report["stored"] = {"records": records, "seconds": time.perf_counter() - started}
    checkpointer.tick()  # seals the last segment
    checkpointer.close()
    report["stored"]["bytes"] = sum(path.stat().st_size for path in audit.rglob("*") if path.is_file())
    report["stored"]["entries"] = STORED_UNARY + STORED_BATCHES * BATCH
    rates = []
    for _ in range(3):
        started = time.perf_counter()
        verdict = verify(audit, signing.public_key())
        rates.append(verdict.records / (time.perf_counter() - started))
        if verdict.problems:
            raise AssertionError(str(verdict.problems[0]))
    report["verify"] = rates
    auditor = load_auditor_private(home / "keys" / "auditor.key")
    report["who_asked_warm"] = look_times(audit, auditor, cold=False)
    report["who_asked_cold"] = look_times(audit, auditor, cold=True)
    report["who_asked_median"] = statistics.median(report["who_asked_warm"])
    print(json.dumps(report))
    shutil.rmtree(home)


if __name__ == "__main__":
    main()
