"""The common parts of the console's pages: settings, sessions, the connection to the server, the templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.client.identity import Identity
from clients.console.board import SharedTables
from clients.console.forms import SESSION_COOKIE
from clients.console.officer import ServerLine
from clients.console.pages import Pages
from clients.console.sessions import MOST, MOST_OF_ONE, Session, Sessions
from clients.console.signal import Signal

if TYPE_CHECKING:
    from starlette.requests import Request

    from clients.console.settings import ConsoleSettings


class NotEntered(Exception):
    """There is no session: the browser is sent to the entry."""


class Console:
    """The common parts of the pages."""

    def __init__(self, settings: ConsoleSettings) -> None:
        self.settings = settings
        self.secure = settings.tls_cert is not None
        self.pages = Pages(settings.development)
        # In development mode all are of one name.
        most_of_one = MOST if settings.development else MOST_OF_ONE
        self.sessions = Sessions(settings.idle_s, settings.shift_s, most_of_one=most_of_one)
        self.signal = Signal()
        self.tables = SharedTables()
        self._line: ServerLine | None = None

    def line(self) -> ServerLine:
        """The connection to the server; opened when it is first needed. Raises OSError."""
        if self._line is None:
            prefix = self.settings.identity
            self._line = ServerLine(self.settings.server, Identity.beside(prefix) if prefix is not None else None)
        return self._line

    def session(self, request: Request, *, touch: bool = True) -> Session:
        """Returns the session of the request's cookie. Raises NotEntered."""
        found = self.sessions.find(request.cookies.get(SESSION_COOKIE, ""), touch=touch)
        if found is None:
            raise NotEntered
        return found

    async def close(self) -> None:
        """Signs everybody off."""
        self.sessions.end_all()
        if self._line is not None:
            await self._line.close()
