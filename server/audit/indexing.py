"""Makes the indexes of sealed segments, one at a time, in processes of the lowest priority.

An index of a full segment takes half a second of CPU. In the signing process it would delay the next checkpoints. On a
core that also answers it would take every other turn of the scheduler (docs/performance.md).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from core.machine.parent_death import with_parent
from server import logs
from server.audit.index import index_sealed
from server.audit.segments import SegmentId
from server.host.aside import give_way
from server.host.core_dumps import forbid_core_dumps
from server.logs import ERROR, log

_LOWEST = 19  # nice
_LOOK_S = 0.02
_SMALL = 4 << 20  # bytes of a segment that is indexed at once: 10 ms of CPU, less than a process takes to start


class Indexing:
    """The queue of segments without an index, and the process that makes the next one. For one thread."""

    def __init__(self, directory: Path, log_level: str) -> None:
        self.on_made: Callable[[SegmentId, bytes], object] = lambda segment, sha256: None
        self._directory = directory
        self._log_level = log_level
        self._waiting: deque[tuple[SegmentId, int]] = deque()
        self._child: subprocess.Popen[bytes] | None = None
        self._at_work: SegmentId | None = None

    def add(self, segment: SegmentId, size: int) -> None:
        """A sealed segment of so many bytes."""
        if size <= _SMALL:
            self.on_made(segment, index_sealed(self._directory, segment, size))
        else:
            self._waiting.append((segment, size))

    def go_on(self) -> bool:
        """Starts the next one if none is running; returns whether any is left.

        A segment without an index, because making it failed, is read in full; the next signing process makes the index.
        """
        if self._child is not None:
            failed = self._child.poll()
            if failed is None:
                return True
            made, self._child = self._child.communicate()[0], None
            if failed:
                log("audit_index_failed", level=ERROR, status=failed)
            elif self._at_work is not None:
                self.on_made(self._at_work, made)
        if not self._waiting:
            return False
        segment, size = self._waiting.popleft()
        self._at_work = segment
        given = (str(self._directory), segment.log, str(segment.number), str(size), self._log_level)
        self._child = subprocess.Popen(
            with_parent("server.audit.indexing", *given), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        return True

    def finish(self) -> None:
        """Waits until all are made."""
        while self.go_on():
            time.sleep(_LOOK_S)


def main(arguments: list[str]) -> int:
    """Makes one index and writes its digest to standard output.

    arguments: directory, log and number of the segment, its bytes, and how much is logged.
    """
    directory, of_log, number, size, log_level = arguments
    forbid_core_dumps()
    logs.set_up(log_level, process="audit_index")
    give_way(_LOWEST)
    os.write(1, index_sealed(Path(directory), SegmentId(of_log, int(number)), int(size)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
