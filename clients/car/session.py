"""An officer's session: the token, in memory only, and the clock that locks the screen."""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from pathlib import Path

from clients.client.whole_file import read_whole


class TokenMissing(Exception):
    """No token that may be used; the text says why, in Spanish."""


def boot_seconds() -> float:
    """Seconds since power-on, those asleep too: a lid that was closed all night does not stop the idle clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Session:
    """Open with a token, typed or in its file; locked without one."""

    def __init__(self, token_file: Path | None, idle_seconds: float) -> None:
        """token_file: None in development mode, where no token is asked for."""
        self._file = token_file
        self._idle_seconds = idle_seconds
        self._salt = os.urandom(16)
        self._typed = ""
        self._last_mark = self._file_mark = b""
        self._officer = ""
        self._touched = boot_seconds()
        self.open = False

    @property
    def needs_token(self) -> bool:
        """False in development mode."""
        return self._file is not None

    def touch(self) -> None:
        """A key was pressed."""
        self._touched = boot_seconds()

    @property
    def idle_over(self) -> bool:
        """Returns whether no key was pressed for so long that the screen must lock."""
        return self.open and boot_seconds() - self._touched >= self._idle_seconds

    def offered(self, typed: str) -> str:
        """Returns the token that logs in: the typed one, else the file's. Raises TokenMissing.

        After a lock the file's token counts only when it is another one: a finder of the car has the file too.
        """
        typed = typed.strip().removeprefix("Bearer ").strip()
        if typed:
            if not typed.isascii():
                raise TokenMissing("Eso no es un token: péguelo entero, sin más texto.")
            return typed
        if self._file is None:
            return ""
        token = self._read_file()
        if not token:
            raise TokenMissing("No hay archivo de token: pegue su token.")
        if self._last_mark and self._mark(token) in (self._last_mark, self._file_mark):
            raise TokenMissing("Sesión bloqueada: pegue su token, o inicie sesión de nuevo en su institución.")
        return token

    def start(self, token: str, *, typed: bool, officer: str = "") -> bool:
        """Opens the session; whether it goes on as the one before: the same token, or the same officer signed in.

        A renewed file is followed. officer: who signed in at the issuer; "" where a token says it.
        """
        same = bool(self._last_mark) and self.same_as_before(token)
        same = same or (bool(officer) and officer == self._officer)
        self._typed = token if typed else ""
        self._officer = officer
        self._last_mark = self._mark(token)
        self.open = True
        self.touch()
        return same

    def renew(self, token: str) -> None:
        """Takes another token of the same sign-in; none once the session is locked."""
        if self.open and token:
            self._typed = token
            self._last_mark = self._mark(token)

    def same_as_before(self, token: str) -> bool:
        """Returns whether this is the token of the locked session; needs no server."""
        return hmac.compare_digest(self._last_mark, self._mark(token))

    def lock(self) -> None:
        """Forgets the token; what remains tells only whether the same one is shown again, or lies in the file still."""
        if self.open and self._file is not None:
            self._file_mark = self._mark(self._read_file())
            if not self._typed:
                self._last_mark = self._file_mark
        self._typed = ""
        self.open = False

    def metadata(self) -> list[tuple[str, str]]:
        """The authorization of a call with the token of the moment. Raises TokenMissing when locked or without one."""
        if not self.open:
            raise TokenMissing("Sesión bloqueada.")
        if self._file is None and not self._typed:
            return []
        token = self._typed or self._read_file()
        if not token:
            raise TokenMissing("El archivo de token ya no está: bloquee (F10) y pegue su token.")
        return [("authorization", f"Bearer {token}")]

    def _read_file(self) -> str:
        try:
            return read_whole(self._file).decode("ascii").strip() if self._file is not None else ""
        except (OSError, UnicodeDecodeError):
            return ""

    def _mark(self, token: str) -> bytes:
        return hashlib.blake2b(token.encode(), key=self._salt).digest()
