"""Progress of the making process, for the metrics: a file written each second, in the directory of sockets."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.documents import json_of
from core.files.regular_file import read_file
from core.files.replacement import replace_file
from server.hotlist.following import Followed
from server.hotlist.steps_file import beat_ms

MAKE, FOLLOW = FAILURES = ("make", "follow")
_SHOWN_S = 1.0


class Progress:
    """State of the lists for the metrics. It outlives the process, so a process that keeps ending shows as stalled."""

    def __init__(self, folder: Path, status: Path) -> None:
        """folder: of the lists. status: the file."""
        self._folder, self._status = folder, status
        before = _read(status)
        self._failures: dict[str, int] = before.get("failures", dict.fromkeys(FAILURES, 0))
        self._since: dict[str, int] = before.get("since", {})  # mask -> when it was first seen to be wanted
        self._failing: set[Path] = set()
        self._shown = 0.0
        if not before:
            self.show((), ())

    def failed(self, what: str, path: Path) -> None:
        """A list could not be made, or not be followed."""
        self._failures[what] += 1
        self._failing.add(path)

    def went_well(self, path: Path) -> None:
        """The same list was made, or brought to the newest view."""
        self._failing.discard(path)

    def show(self, wanted: Iterable[tuple[int, Path]], followed: Iterable[Followed]) -> None:
        """Writes the file, once a second. wanted: the lists that should be there, by their masks."""
        if self._shown and time.monotonic() - self._shown < _SHOWN_S:
            return
        self._shown = time.monotonic()
        paths = [(f"{mask:x}", path) for mask, path in wanted]
        now_ms = time.time_ns() // 1_000_000
        self._since = {mask: self._since.get(mask, now_ms) for mask, _ in paths}
        self._failing &= {path for _, path in paths}
        known = {each.file.path: each for each in followed}
        masks: dict[str, dict[str, int]] = {
            mask: {"current_ms": self._current_ms(mask), "entries": 0, "left_out": 0, "due": 0} for mask in self._since
        }
        for mask, path in paths:
            if (each := known.get(path)) is not None:
                told = masks[mask]
                told["entries"] = max(told["entries"], each.file.entries)
                told["left_out"] = max(told["left_out"], each.file.left_out)
                told["due"] = max(told["due"], len(each.due))
        told_now = {
            "at_ms": now_ms,
            "failing": len(self._failing),
            "failures": self._failures,
            "since": self._since,
            "masks": masks,
        }
        with suppress(OSError):
            replace_file(self._status, json.dumps(told_now).encode(), durable=False)

    def _current_ms(self, mask: str) -> int:
        """Returns the time up to which the newest list of a mask, with its steps, equals answers on line."""
        times = [self._since[mask]]
        for path in self._folder.glob(f"*-{mask}.list"):
            with suppress(OSError):
                times += [beat_ms(path), path.stat().st_mtime_ns // 1_000_000]
        return max(times)


def _read(status: Path) -> dict[str, Any]:
    try:
        read = json_of(read_file(status))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}
