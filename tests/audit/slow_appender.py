"""A process with a disk that stands still while it appends: `python -m tests.audit.slow_appender DIRECTORY`.

Run with tests/audit/slow_disk.c before libc. Prints how many records were appended while the disk was held.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from core.audit.log import AuditLog

RECORDS = 78  # of 100 kB: beyond the point at which more space is set aside, within what there is (12 MiB less 4)


def main() -> None:
    """Ends well only where no append waits for the disk."""
    home = Path(sys.argv[1])
    log = AuditLog()
    descriptor = os.open(home / "segment", os.O_RDWR | os.O_CREAT, 0o600)
    log.add_segment(descriptor, b"{}", bytes(32), bytes(32), 64 << 20, 0)
    log.append_record(clock_ms=0)
    held = home / "held"
    held.touch()
    syncing = threading.Thread(target=log.sync)
    syncing.start()
    _until(home / "fdatasync")
    for _ in range(RECORDS):
        log.append_record(clock_ms=0, asked=bytes(100_000))
    _until(home / "fstatvfs")
    log.append_record(clock_ms=0)
    sys.stdout.write(f"{log.appended} {log.durable}\n")
    held.unlink()
    syncing.join()
    for _ in range(RECORDS):  # and there is room behind it
        log.append_record(clock_ms=0, asked=bytes(100_000))
    log.close()
    sys.stdout.write(f"{log.appended} {log.durable}\n")


def _until(path: Path) -> None:
    while not path.exists():
        time.sleep(0.001)


if __name__ == "__main__":
    main()
