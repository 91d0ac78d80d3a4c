"""A client's credentials: its certificate and key, and its officer's present token."""

from __future__ import annotations

import os
import re
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import grpc

from clients.client.whole_file import read_whole, token_of

_MACHINE = re.compile(rb"spiffe://[a-z0-9._-]{1,255}/machine/[A-Za-z0-9._-]+")
_RENEW_SECONDS = 30.0  # before a token expires: its way, and clocks that differ


class NoToken(Exception):
    """There is no token to show: its file cannot be read, or its function failed. Names the file, no more."""


@dataclass(frozen=True)
class Token:
    """A token as an institution's sign-in gave it. expires_at: seconds since 1970, UTC."""

    text: str
    expires_at: float

    def __repr__(self) -> str:
        return f"Token(expires_at={self.expires_at})"


class TokenFile:
    """A token in a file, read again when the file changed: renewing it needs no notice."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._text = ""

    def text(self) -> str:
        """The token. Raises NoToken."""
        try:
            found = self._path.stat()
            seen = (found.st_mtime_ns, found.st_size, found.st_ino)
            if seen != self._seen:
                self._text = token_of(read_whole(self._path))
                self._seen = seen
        except (OSError, ValueError) as error:
            why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "it holds no token"
            raise NoToken(f"{self._path}: {why}") from None
        return self._text

    def renewed(self, refused: str) -> bool:
        """Returns whether there is another token than `refused` now. Raises NoToken."""
        self._seen = None  # written twice within the clock's grain
        return self.text() != refused


class TokenFetched:
    """A token that is asked for, and again half a minute before it expires; by one thread at a time."""

    def __init__(self, fetch: Callable[[], Token]) -> None:
        self._fetch = fetch
        self._token = Token("", 0.0)
        self._lock = threading.Lock()

    def text(self) -> str:
        """The token. Raises NoToken."""
        with self._lock:
            if self._token.expires_at - _RENEW_SECONDS <= time.time():
                self._ask()
            return self._token.text

    def renewed(self, refused: str) -> bool:
        """Fetches another token than `refused`, if that is still ours. Raises NoToken."""
        with self._lock:
            if self._token.text == refused:
                self._ask()
            return self._token.text != refused

    def _ask(self) -> None:
        try:
            self._token = self._fetch()
        except Exception as error:  # its text may hold what the officer typed to sign in
            raise NoToken(f"whoever fetches the token raised {type(error).__name__}") from None


TokenSource = TokenFile | TokenFetched


@dataclass(frozen=True)
class Identity:
    """A client's credentials: certificate, key, and the file with its officer's token, or a function that fetches it.

    The file is read again when it changed. The function is called in the thread that asks, or in one of its own for
    asyncio, before the last Token expires.
    """

    server_ca: Path
    certificate: Path
    key: Path
    token: Path | Callable[[], Token] | None  # None: a machine's certificate, which asks by itself

    @classmethod
    def beside(cls, prefix: Path | str) -> Identity:
        """<prefix>.pem, .key and .token, and server-ca.pem in the same directory: as `ronda keys dev-ca` lays them.

        A certificate that names a machine has no token.
        """
        certificate, key, token = (Path(f"{prefix}{end}") for end in (".pem", ".key", ".token"))
        shown = None if _names_machine(certificate) else token
        return cls(Path(prefix).with_name("server-ca.pem"), certificate, key, shown)

    def token_source(self) -> TokenSource:
        """Returns the source of the token, with the part already read. Raises ValueError if there is none."""
        if self.token is None:
            raise ValueError("a machine has no token")
        return TokenFile(self.token) if isinstance(self.token, Path) else TokenFetched(self.token)

    def tls(self) -> grpc.ChannelCredentials:
        """TLS with the client certificate. Raises OSError."""
        return grpc.ssl_channel_credentials(
            read_whole(self.server_ca), read_whole(self.key), read_whole(self.certificate)
        )

    def credentials(self) -> grpc.ChannelCredentials:
        """TLS with the client certificate, and the token, where there is one, with each call. Raises OSError."""
        if self.token is None:
            return self.tls()
        return grpc.composite_channel_credentials(
            self.tls(), grpc.metadata_call_credentials(_Authorization(self.token_source()))
        )


def _names_machine(certificate: Path) -> bool:
    """Returns whether a certificate seems to be a machine account's; the server reads it for certain."""
    try:
        return _MACHINE.search(ssl.PEM_cert_to_DER_cert(_first(read_whole(certificate).decode("ascii")))) is not None
    except (OSError, ValueError):
        return False


def _first(pem: str) -> str:
    begin, end = ssl.PEM_HEADER, ssl.PEM_FOOTER
    return begin + pem.partition(begin)[2].partition(end)[0] + end


class _Authorization(grpc.AuthMetadataPlugin):
    """Shows the token of the moment with each call."""

    def __init__(self, token: TokenSource) -> None:
        self._token = token

    def __call__(self, context: grpc.AuthMetadataContext, callback: grpc.AuthMetadataPluginCallback) -> None:
        try:
            callback((("authorization", f"Bearer {self._token.text()}"),), None)
        except NoToken as error:
            callback((), error)
