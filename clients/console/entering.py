"""Sign-in and sign-off: an officer's NIP and password go to their institution's issuer, and are kept nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from starlette.responses import RedirectResponse, Response

from clients.client.failures import CallFailure, OutcomeUnknown
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

T = TypeVar("T")
DEVELOPMENT_NAME = "Modo de desarrollo"
_LONGEST_NIP, _LONGEST_PASSWORD = 32, 256
DESK = {"consulta": "/consulta", "buscar": "/buscar", "confirmaciones": "/confirmaciones"}
"""Pages besides the room that a sign-in may lead to."""
_EXPIRED = "Su contraseña venció, o es la que le dio su institución: ponga una suya."
_CHANGED = "Contraseña cambiada: entre con la nueva."
_NOT_TWICE = "La contraseña nueva no es igual las dos veces."
_UNKNOWN = "No se sabe si su contraseña cambió: pruebe la nueva y, si no sirve, la de antes."
_ENDED = "Su sesión terminó: entre de nuevo."
_TOO_MANY = "Hay demasiados intentos de entrar desde esta red: espere unos segundos e intente de nuevo."


class Entering:
    """Pages /entrar, /cambiar and /salir."""

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
                sign_in = await self._in_turn(request, lambda: self._signed_in(nip, password))
            except CallFailure as failure:
                if failure.reason == "PIN_EXPIRED":
                    return self._form(request, _EXPIRED, 403, change=True)
                return self._form(request, told(failure), 403)
            except TooMany:
                return self._form(request, _TOO_MANY, 429)
            session = Session(Officer(console.line(), sign_in), f"NIP {nip}")
        response = RedirectResponse(DESK.get(form.get("ir", ""), "/sala"), 303)
        # A new number at each sign-in: one that somebody planted before opens nothing.
        set_cookie(response, SESSION_COOKIE, console.sessions.begin(session), secure=console.secure)
        response.delete_cookie(FORM_COOKIE, path="/")
        return response

    async def change_form(self, request: Request) -> Response:
        """GET /cambiar."""
        return self._form(request, "", change=True)

    async def change(self, request: Request) -> Response:
        """POST /cambiar: a password of the officer's own for the present one, by the issuer."""
        form = await read_form(request)
        hold_to_entry(request, form)
        if self._console.settings.development:
            return RedirectResponse("/entrar", 303)
        nip, present = form.get("nip", "").strip(), form.pop("password", "")
        wanted, again = form.pop("wanted", ""), form.pop("again", "")
        if not all((nip, present, wanted)) or max(len(nip), *map(len, (present, wanted))) > _LONGEST_PASSWORD:
            return self._form(request, "Escriba NIP y contraseñas.", 422, change=True)
        if wanted != again:
            return self._form(request, _NOT_TWICE, 422, change=True)
        try:
            await self._in_turn(request, lambda: self._changed(nip, present, wanted))
        except OutcomeUnknown:
            return self._form(request, _UNKNOWN, 503)
        except CallFailure as failure:
            return self._form(request, told(failure), 403, change=True)
        except TooMany:
            return self._form(request, _TOO_MANY, 429, change=True)
        return self._form(request, _CHANGED)

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

    async def _in_turn(self, request: Request, call: Callable[[], T]) -> T:
        """Returns what the call to the issuer returns, in a thread; of one address one after another.

        Raises CallFailure, TooMany.
        """
        async with self._turns.turn(request.client.host if request.client is not None else "") as turn:
            try:
                return await asyncio.to_thread(call)
            except CallFailure as failure:
                turn.failed = failure.reason == "SIGN_IN_REFUSED"
                raise

    def _changed(self, nip: str, present: str, wanted: str) -> None:
        settings = self._console.settings
        assert settings.identity is not None
        sign_in = OfficerSignIn(settings.issuer, settings.identity)
        try:
            sign_in.change_password(nip, present, wanted)
        finally:
            sign_in.close()

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

    def _form(self, request: Request, said: str, status: int = 200, *, change: bool = False) -> Response:
        word, page = entry_word(request), "cambiar.html" if change else "entrar.html"
        response = self._console.pages.page(
            request, page, status, said=said, csrf=word, wanted_page=request.query_params.get("ir", "")
        )
        set_entry_cookie(response, word, secure=self._console.secure)
        return response
