"""The callers who still wait for one piece of work, and until when: nothing is hashed for those who gave up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from server.issuer.sessions import boot_clock


class Awaited:
    """The deadlines of one request's callers: the first, and each retry that comes meanwhile. Of one event loop."""

    def __init__(self) -> None:
        self._until: dict[object, float] = {}

    @contextmanager
    def by(self, seconds: float | None) -> Iterator[None]:
        """Counts a caller while the context lasts. seconds: until the caller's deadline; None = there is none."""
        caller = object()
        self._until[caller] = math.inf if seconds is None else boot_clock() + seconds
        try:
            yield
        finally:
            del self._until[caller]

    @property
    def seconds_left(self) -> float:
        """Returns the time until the last caller's deadline; 0 when everybody hung up or every deadline passed."""
        return max(0.0, max(self._until.values(), default=0.0) - boot_clock())
