"""Holds the listening address for the workers, and refuses one that another process has.

With SO_REUSEPORT the kernel would let two servers of one user share a port silently, each getting some of the calls. So
the supervisor binds first without it: that fails if any process has the port. Turned to SO_REUSEPORT afterwards, and
without SO_REUSEADDR, the socket lets the workers in and keeps out every later probe (tried on Linux 6, with and without
listening workers, and with connections in TIME_WAIT). It never listens, so it gets no connection. A server that takes
another's place (server/processes/handover.py) is handed the socket: the address is never free in between.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from types import TracebackType

from server.settings import Address, SettingsError


class PortGuard:
    """The held address; `address` has the port resolved where 0 was `wanted`. A context manager."""

    def __init__(self, setting: str, wanted: Address, handed: Mapping[str, int] | None = None) -> None:
        """Holds `wanted`, by the descriptor that was handed for it (under `name`) where there is one.

        Raises SettingsError when the address is taken, not this machine's, or not allowed.
        """
        self.name = f"{setting} {wanted}"
        if handed and self.name in handed:
            self._socket = socket.socket(fileno=handed[self.name])
            self._socket.set_inheritable(False)
        else:
            self._bind(setting, wanted)
        self.address = Address(wanted.host, self._socket.getsockname()[1])

    @property
    def descriptor(self) -> int:
        """The socket's."""
        return self._socket.fileno()

    def _bind(self, setting: str, wanted: Address) -> None:
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

    def __enter__(self) -> PortGuard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
