"""Holds the listening address for the workers, and refuses one that somebody else has.

With SO_REUSEPORT the kernel would let two servers of one user share a port silently, each getting some of the calls. So
the supervisor binds first without it: that fails when anybody has the port. Turned to SO_REUSEPORT afterwards, and
without SO_REUSEADDR, the socket lets the workers in and keeps out every later probe (tried on Linux 6, with and without
listening workers, and with connections in TIME_WAIT). It never listens, so it gets no connection.
"""

from __future__ import annotations

import socket
from types import TracebackType

from server.settings import Address, SettingsError


class PortGuard:
    """The held address; `address` has the port resolved where 0 was asked. A context manager."""

    def __init__(self, setting: str, wanted: Address) -> None:
        """Raises SettingsError when the address is taken, not this machine's, or not allowed."""
        try:
            family, kind, protocol, _, where = socket.getaddrinfo(
                wanted.host, wanted.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            self._socket = socket.socket(family, kind, protocol)
        except OSError as error:
            raise SettingsError(f"{setting}: {wanted}: {error.strerror}") from None
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(where)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        except OSError as error:
            self._socket.close()
            raise SettingsError(
                f"{setting}: {wanted}: {error.strerror}; is another server running there? "
                "Stop it, or choose another address"
            ) from None
        self.address = Address(wanted.host, self._socket.getsockname()[1])

    def __enter__(self) -> PortGuard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
