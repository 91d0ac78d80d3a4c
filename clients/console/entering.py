"""Sign-in and sign-off: an officer's NIP and password go to her institution's issuer, and are kept nowhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from clients.client.failures import CallFailure
from clients.client.sign_in import OfficerSignIn
from clients.console.forms import (
    FORM_COOKIE,
    SESSION_COOKIE,
    entry_word,
    hold_to_entry,
    hold_to_session,
    read_form,
    set_cookie,
    set_entry_cookie,
)
from clients.console.officer import Officer
from clients.console.sessions import Session
from clients.console.sign_in_turns import SignInTurns, TooMany
from clients.console.telling import told

if TYPE_CHECKING:
    from starlette.requests import Request

    from clients.console.front import Console

DEVELOPMENT_NAME = "Modo de desarrollo"
_LONGEST_NIP, _LONGEST_PASSWORD = 32, 256
_ENDED = "Su sesión terminó: entre de nuevo."
_TOO_MANY = "Hay demasiados intentos de entrar desde esta red: espere unos segundos e intente de nuevo."


class Entering:
    """Pages /entrar and /salir."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._turns = SignInTurns()

    async def form(self, request: Request) -> Response:
        """GET /entrar."""
        return self._form(request, _ENDED if "fin" in request.query_params else "")

    async def enter(self, request: Request) -> Response:
        """POST /entrar."""
        console, form = self._console, await read_form(request)
        hold_to_entry(request, form)
        if console.settings.development:
            session = Session(Officer(console.line(), None), DEVELOPMENT_NAME)
        else:
            nip, password = form.get("nip", "").strip(), form.pop("password", "")
            if not nip or not password or len(nip) > _LONGEST_NIP or len(password) > _LONGEST_PASSWORD:
                return self._form(request, "Escriba NIP y contraseña.", 422)
            try:
                async with self._turns.turn(request.client.host if request.client is not None else "") as turn:
                    try:
                        sign_in = await asyncio.to_thread(self._signed_in, nip, password)
                    except CallFailure as failure:
                        turn.failed = failure.reason == "SIGN_IN_REFUSED"
                        raise
            except CallFailure as failure:
                return self._form(request, told(failure), 403)
            except TooMany:
                return self._form(request, _TOO_MANY, 429)
            session = Session(Officer(console.line(), sign_in), f"NIP {nip}")
        response = RedirectResponse("/sala", 303)
        # A new number at each sign-in: one that somebody planted before opens nothing.
        set_cookie(response, SESSION_COOKIE, console.sessions.begin(session), secure=console.secure)
        response.delete_cookie(FORM_COOKIE, path="/")
        return response

    async def leave(self, request: Request) -> Response:
        """POST /salir."""
        cookie = request.cookies.get(SESSION_COOKIE, "")
        session = self._console.sessions.find(cookie, touch=False)
        if session is not None:
            hold_to_session(request, session, await read_form(request))
            self._console.sessions.end(cookie)
        response = RedirectResponse("/entrar", 303)
        response.delete_cookie(SESSION_COOKIE, path="/")
        return response

    def _signed_in(self, nip: str, password: str) -> OfficerSignIn:
        settings = self._console.settings
        assert settings.identity is not None
        sign_in = OfficerSignIn(settings.issuer, settings.identity)
        try:
            sign_in.login(nip, password)
        except BaseException:
            sign_in.close()
            raise
        return sign_in

    def _form(self, request: Request, said: str, status: int = 200) -> Response:
        word = entry_word(request)
        response = self._console.pages.page(request, "entrar.html", status, said=said, csrf=word)
        set_entry_cookie(response, word, secure=self._console.secure)
        return response
