"""A process that appends as a worker does and tells each record that it appended: `python -m tests.audit.appender DIR`.

Two threads append without pause, so that a kill comes in the middle of a record as often as between two.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from server.audit.keys import load_auditors
from server.audit.writer import AuditWriter, WriterOptions
from tests.audit.answers import shown, subject


def main() -> None:
    """Writes 16 bytes on standard output for each answer that may leave."""
    directory = Path(sys.argv[1])
    options = WriterOptions(directory / "audit", load_auditors(directory / "keys" / "auditor.pub"), 16 << 20, 0)
    log = AuditWriter(options, "worker-0").log
    run = int.from_bytes(os.urandom(4), "big")

    def answer(thread: int) -> None:
        number = 0
        while True:
            answer_id = subject((run << 40) + (thread << 36) + number)
            log.append_record(
                clock_ms=1, identity=b"{}", answer_id=answer_id, asked=bytes(2000), shown=shown(*range(number % 40))
            )
            os.write(1, answer_id)
            number += 1

    threads = [threading.Thread(target=answer, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
