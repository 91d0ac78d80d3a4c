"""The console's server: one process, one event loop; its log holds no address of a page, no name and no number."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn

from clients.client.identity import Identity
from clients.client.sign_in import ISSUER_CA
from clients.client.whole_file import read_whole
from clients.console.application import make_application
from clients.console.connections import PromptProtocol, most_connections
from clients.console.figures import Figures, served
from clients.console.pages import ASSETS, VENDOR
from clients.console.settings import ConsoleRefused

if TYPE_CHECKING:
    from clients.console.settings import ConsoleSettings

_STOP_S = 2  # for screens that follow live events


def serve(settings: ConsoleSettings, ready: Callable[[str, str], None]) -> None:
    """Serves until SIGTERM or SIGINT; tells `ready` its address, and that of its figures ("" = none).

    Raises ConsoleRefused, OSError.
    """
    settings.check()
    missing = [name for name in ASSETS if not (VENDOR / name).is_file()]
    if missing:
        raise ConsoleRefused(f"falta {missing[0]}: ejecute `./run console-assets`, que lo trae de npm.")
    if settings.identity is not None:
        Identity.beside(settings.identity).tls()
        read_whole(settings.identity.with_name(ISSUER_CA))
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    figures = Figures()
    with socket.socket(family, socket.SOCK_STREAM) as listener, served(settings.metrics, figures) as scraped:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        config = uvicorn.Config(
            make_application(settings, figures),
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            http=PromptProtocol,
            limit_concurrency=most_connections(),
            timeout_graceful_shutdown=_STOP_S,
            ssl_certfile=settings.tls_cert,
            ssl_keyfile=settings.tls_key,
        )
        listener.listen(config.backlog)
        scheme = "https" if settings.tls_cert is not None else "http"
        ready(f"{scheme}://{settings.listen.rpartition(':')[0]}:{listener.getsockname()[1]}", scraped)
        uvicorn.Server(config).run(sockets=[listener])
