"""The scrape address of a program that is one process: an issuer, a witness."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server

from server.settings import Address, SettingsError


@contextmanager
def served(address: Address | None, registry: CollectorRegistry) -> Iterator[str]:
    """Serves the metrics in a thread while the context lasts; gives the address, "" where there is none (None = off).

    Raises SettingsError where it is taken.
    """
    if address is None:
        yield ""
        return
    try:
        server, thread = start_http_server(address.port, address.host, registry)
    except OSError as error:
        raise SettingsError(f'metrics: {address}: {error.strerror}; choose another address, or "off"') from None
    try:
        yield f"{address.host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
