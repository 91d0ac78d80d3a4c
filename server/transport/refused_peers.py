"""Peers refused again and again before any call was admitted: their connections end, so that refusing stays cheap.

A refusal costs a worker some 0.3 ms of its one thread, and a connection has `max_concurrent_streams` calls at once. Ten
thousand calls without a token would block all others for seconds. A handshake costs the client more than the worker's
thread. So a connection has a round of refusals. A device that used up several rounds has one refusal a connection,
until a minute is over. An accepted token ends this at once, on any connection.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection

# The token of an officer has expired while the client asks on notices far earlier.
OF_A_CONNECTION = 128
OF_A_DEVICE = 256  # a minute, over all its connections; then the first refusal on a connection is its last
_MINUTE_S = 60.0


Place = tuple[str, int]  # address and port of the other end


class RefusedPeers:
    """State of one worker. Lives in the event loop's thread."""

    def __init__(self) -> None:
        self.tired: set[Place] = set()
        """Connections that were refused too often."""
        self._connections: Counter[Place] = Counter()
        self._unseen: set[Place] = set()  # at the last look
        self._devices: Counter[str] = Counter()  # this minute
        self._minute_ends = 0.0

    def refused(self, place: Place, device: str) -> None:
        """One more call was refused. device: what the certificate names, "" where it names none."""
        now = time.monotonic()
        if now >= self._minute_ends:
            self._devices.clear()
            self._minute_ends = now + _MINUTE_S
        self._connections[place] += 1
        self._devices[device] += 1
        if self._connections[place] >= OF_A_CONNECTION or self._devices[device] > OF_A_DEVICE:
            self.tired.add(place)

    def forget(self, place: Place) -> None:
        """Forgets a connection: a caller was admitted on it, or it ended."""
        self._connections.pop(place, None)
        self.tired.discard(place)

    def looked(self, live: Collection[Place]) -> None:
        """Forgets what two looks did not see: one that began during the first is seen by the second."""
        unseen = {place for place in self._connections if place not in live}
        for place in unseen & self._unseen:
            self.forget(place)
        self._unseen = unseen
