"""The files that a worker's metrics are counted in: mapped by prometheus_client, so their room is taken beforehand.

prometheus_client maps files that it makes with holes in them; on a full disk the first count in such a hole would end
the process (SIGBUS). It uses an existing file as it is.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_BYTES = 1 << 20  # what prometheus_client begins with; ours need a quarter of it
_LIVE = "gauge_livemax"
_KINDS = ("counter", "histogram", _LIVE)  # of server/metrics/counts.py

failure = ""
"""The reason why this process counts for itself alone; "" = its counts are in the scrape."""


def take_room() -> None:
    """Makes this process's files whole. Where there is no room its metrics are lost, not the process.

    To be called before prometheus_client is imported: it looks at the environment then.
    """
    global failure  # noqa: PLW0603 (logged once, by the worker)
    directory = os.environ.get(_VARIABLE)
    if directory is None:
        return
    made: list[Path] = []
    try:
        for kind in _KINDS:
            made.append(Path(directory) / f"{kind}_{os.getpid()}.db")
            descriptor = os.open(made[-1], os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, _BYTES)
            finally:
                os.close(descriptor)
    except OSError as error:
        failure = error.strerror or "no room"
        del os.environ[_VARIABLE]
        for path in made:
            with contextlib.suppress(OSError):
                path.unlink()


def forget_live(directory: Path, pid: int) -> None:
    """Takes away what a process that ended said of the present: its gauges. What it counted stays."""
    with contextlib.suppress(OSError):
        (directory / f"{_LIVE}_{pid}.db").unlink(missing_ok=True)
