"""The turns of sign-ins by address: one at a time each, and a pause after wrong ones: strangers delay themselves.

To the issuer all browsers of a console are one device. It counts failures by officer, and cannot tell addresses apart.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

FREE_FAILURES = 10  # in an hour, of one address, before its sign-ins wait: a room of officers shares one
_LONGEST_PAUSE_S = 4.0
_LEAK_S = 360.0  # in which one failure is forgotten
_WAITING = 16  # of one address
_ADDRESSES = 4096  # kept; the one that has been quiet for longest is forgotten first


class TooMany(Exception):
    """Too many sign-ins of this address wait already."""


@dataclass
class _Address:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    failures: float = 0.0
    changed_s: float = 0.0


class Turn:
    """One sign-in. The caller sets `failed` where the password was wrong."""

    failed = False


class SignInTurns:
    """Serves one event loop. clock: returns seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._addresses: dict[str, _Address] = {}

    def pause_s(self, address: str) -> float:
        """Returns how long the next sign-in of the address waits: it doubles with each failure, up to 4 seconds."""
        of = self._addresses.get(_network_of(address))
        over = self._failures(of) - FREE_FAILURES + 1 if of is not None else 0.0
        return min(0.25 * 2.0 ** min(over, 10.0), _LONGEST_PAUSE_S) if over > 0 else 0.0

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[Turn]:
        """Waits for the address's turn and its pause. Raises TooMany."""
        of = self._taken_out(_network_of(address))
        if of.waiting >= _WAITING:
            raise TooMany
        of.waiting += 1
        try:
            async with of.lock:
                await asyncio.sleep(self.pause_s(address))
                turn = Turn()
                try:
                    yield turn
                finally:
                    of.failures = self._failures(of) + turn.failed
                    of.changed_s = self._clock()
        finally:
            of.waiting -= 1

    def _failures(self, of: _Address) -> float:
        return max(0.0, of.failures - (self._clock() - of.changed_s) / _LEAK_S)

    def _taken_out(self, network: str) -> _Address:
        """The address's state, as the one that came last."""
        of = self._addresses.pop(network, None) or _Address(changed_s=self._clock())
        self._addresses[network] = of
        if len(self._addresses) > _ADDRESSES:
            quiet = next((each for each, state in self._addresses.items() if not state.waiting), network)
            if quiet != network:
                del self._addresses[quiet]
        return of


def _network_of(address: str) -> str:
    """Returns the part of an address that one customer has: all of IPv4, 64 bits of IPv6."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped is not None else str(ipaddress.ip_network((parsed, 64), strict=False))
