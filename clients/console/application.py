"""The console as an ASGI application: its routes, and what all of them share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from clients.console.desk.checking import Checking
from clients.console.desk.confirming import Confirming
from clients.console.desk.printing import Printing
from clients.console.desk.searching import Searching
from clients.console.entering import DESK, Entering
from clients.console.figures import Counted, Figures
from clients.console.forms import SESSION_COOKIE
from clients.console.front import Console, NotEntered
from clients.console.headers import SafeHeaders
from clients.console.pages import STATIC
from clients.console.room import Room

if TYPE_CHECKING:
    from starlette.requests import Request

    from clients.console.settings import ConsoleSettings

_LOOPBACK_NAMES = ("127.0.0.1", "localhost")


def make_application(settings: ConsoleSettings, figures: Figures) -> Counted:
    """Returns the application. Raises nothing: the page reports a missing server."""
    console = Console(settings)
    entering, room = Entering(console), Room(console)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        figures.watch(console)
        yield
        await console.close()

    async def front(_request: Request) -> Response:
        return RedirectResponse("/sala", 303)

    async def not_entered(request: Request, _error: Exception) -> Response:
        where = "/entrar?fin" if request.cookies.get(SESSION_COOKIE) else "/entrar"
        if request.headers.get("hx-request"):
            return Response(status_code=401, headers={"HX-Redirect": where})
        if request.method == "GET" and request.url.path in DESK.values():
            page = request.url.path.removeprefix("/")
            return RedirectResponse(f"{where}{'&' if '?' in where else '?'}ir={page}", 303)
        if request.url.path not in ("/sala", "/"):
            return Response("Entre de nuevo.", status_code=401, media_type="text/plain; charset=utf-8")
        return RedirectResponse(where, 303)

    async def failed(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return console.pages.page(request, "falla.html", error.status_code, said=_said(error))

    def _said(error: HTTPException) -> str:
        return {404: "No hay tal página.", 405: "Así no se pide esta página."}.get(error.status_code, error.detail)

    handlers: dict[Any, Any] = {NotEntered: not_entered, HTTPException: failed}
    loopback = _LOOPBACK_NAMES if settings.loopback else ()
    names = [*settings.hosts, *([settings.host] if settings.host else []), *loopback]
    application = Starlette(
        routes=[
            Route("/", front),
            Route("/entrar", entering.form, methods=["GET"]),
            Route("/entrar", entering.enter, methods=["POST"]),
            Route("/cambiar", entering.change_form, methods=["GET"]),
            Route("/cambiar", entering.change, methods=["POST"]),
            Route("/salir", entering.leave, methods=["POST"]),
            *Checking(console).routes(),
            *Confirming(console).routes(),
            *Printing(console).routes(),
            *Searching(console).routes(),
            Route("/sala", room.page),
            Route("/sala/fichas", room.tiles),
            Route("/sala/datos", room.drawings),
            Route("/sala/esquema", room.scheme),
            Route("/sala/vivo", room.live),
            Route("/sala/pared", room.wall, methods=["POST"]),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        # A name of somebody else's that leads to this machine must not read its pages (DNS rebinding).
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=names, www_redirect=False)],
        exception_handlers=handlers,
        lifespan=lifespan,
    )
    return Counted(SafeHeaders(application, console.secure), figures)
