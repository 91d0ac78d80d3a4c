"""Programs that are not Ronda and listen where a client looks for it."""

from __future__ import annotations

import contextlib
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any

from server.trust.issuing import make_ca, server_certificate

_PAGE = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 4\r\nConnection: close\r\n\r\nno.\n"


class Stranger(Enum):
    """A stranger's reading of a server's bytes."""

    ECHO = "echo"
    WEB = "web"
    SILENT = "silent"
    HANGS_UP = "hangs up"


@contextmanager
def listening(kind: Stranger, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Its address, by name."""

    class Speaks(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                plain = self.request
                plain.settimeout(5)
                if kind is not Stranger.HANGS_UP:
                    _speak(plain if tls is None else tls.wrap_socket(plain, server_side=True), kind)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Speaks) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"localhost:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _speak(line: Any, kind: Stranger) -> None:
    while data := line.recv(65536):
        if kind is Stranger.ECHO:
            line.sendall(data)
        elif kind is Stranger.WEB:
            line.sendall(_PAGE)
            return


def web_tls(directory: Path) -> ssl.SSLContext:
    """Returns TLS of a web server with an authority that clients of this directory trust: writes server-ca.pem."""
    authority = make_ca("of the server")
    server_certificate(authority, ["localhost"]).write(directory / "web.pem", directory / "web.key")
    (directory / "server-ca.pem").write_bytes(authority.certificate)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(directory / "web.pem", directory / "web.key")
    return tls
