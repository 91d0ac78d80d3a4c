"""The furthest resume token that a server gave a source, in a file of the source's own.

Whoever sends on and on shows it with each heartbeat. A server whose ledger is behind it (a copy that was put back) then
knows that changes are missing; from its own word alone it could not.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

_REGISTER = re.compile(r"\A([a-z0-9-]+)=(\d+)(?::[0-9a-f]*)?\Z")


class ToldPosition:
    """In one file, or nowhere: then it is known while the program runs."""

    def __init__(self, path: Path | None = None) -> None:
        """Raises OSError where the file is there and cannot be read."""
        self._path = path
        self.token = ""
        if path is not None:
            with suppress(FileNotFoundError):
                self.token = path.read_text(encoding="ascii", errors="replace").strip()

    def note(self, token: str) -> None:
        """Keeps a token of an answer, unless it says less than one before. Raises OSError."""
        if token == self.token or not token:
            return
        before, now = _numbers(self.token), _numbers(token)
        if any(now.get(register, 0) < through for register, through in before.items()):
            return
        self.token = token
        if self._path is not None:
            draft = self._path.with_name(f"{self._path.name}-{os.getpid()}")
            draft.write_text(f"{token}\n", encoding="ascii")
            draft.rename(self._path)


def _numbers(token: str) -> dict[str, int]:
    """How far each register came."""
    return {match[1]: int(match[2]) for word in token.split(" ")[2:] if (match := _REGISTER.match(word)) is not None}
