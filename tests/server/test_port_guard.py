"""An address is this server's alone, whatever SO_REUSEPORT would allow."""

from __future__ import annotations

import socket

import pytest

from server.host.port_guard import PortGuard
from server.settings import Address, SettingsError


def _worker_socket(address: Address) -> socket.socket:
    worker = socket.socket()
    worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    worker.bind(tuple(address))
    worker.listen()
    return worker


def test_workers_share_and_others_are_refused() -> None:
    with PortGuard("listen", Address("127.0.0.1", 0)) as guard:
        assert guard.address.port > 0
        with pytest.raises(SettingsError, match="listen"):
            PortGuard("listen", guard.address)
        with _worker_socket(guard.address), _worker_socket(guard.address):
            with pytest.raises(SettingsError, match="another server"):
                PortGuard("listen", guard.address)
            # the held socket takes no connection away from the workers
            for _ in range(10):
                socket.create_connection(guard.address, timeout=5).close()
        with pytest.raises(SettingsError):
            PortGuard("listen", guard.address)
    with PortGuard("listen", guard.address) as again:
        assert again.address == guard.address


def test_a_foreign_listener_is_named() -> None:
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", 0))
        foreign.listen()
        with pytest.raises(SettingsError, match="listen"):
            PortGuard("listen", Address("127.0.0.1", foreign.getsockname()[1]))
    with pytest.raises(SettingsError, match="listen"):
        PortGuard("listen", Address("192.0.2.1", 0))
