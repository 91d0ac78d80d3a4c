"""Input from browsers: small forms, from our own pages alone, and the cookies of a session."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from clients.console.sessions import Session

SESSION_COOKIE = "ronda_consola"
FORM_COOKIE = "ronda_entrada"
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"
_MOST_BYTES = 4096
_FORM_S = 3600
_WHOLE_S = 15.0


async def read_form(request: Request) -> dict[str, str]:
    """Fields of a urlencoded form, each once. Raises HTTPException."""
    body = b""
    try:
        async with asyncio.timeout(_WHOLE_S):
            async for piece in request.stream():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise HTTPException(413, "El formulario es demasiado largo.")
    except TimeoutError:
        raise HTTPException(408, "El formulario no llegó completo.") from None
    try:
        found = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=32, errors="strict")
    except ValueError:
        raise HTTPException(400, "El formulario no se puede leer.") from None
    return {name: values[-1] for name, values in found.items()}


def from_elsewhere(request: Request) -> bool:
    """Returns whether another site's page sent it: browsers state this themselves, and pages cannot forge it."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("origin")
    return origin is not None and origin != f"{request.url.scheme}://{request.headers.get('host', '')}"


def hold_to_session(request: Request, session: Session, form: dict[str, str]) -> None:
    """Raises HTTPException for a request that no page of this session made."""
    given = form.get(CSRF_FIELD) or request.headers.get(CSRF_HEADER, "")
    if from_elsewhere(request) or session.forged(given):
        raise HTTPException(403, "Esa solicitud no salió de esta página: cárguela de nuevo.")


def hold_to_entry(request: Request, form: dict[str, str]) -> None:
    """The same before there is a session: the form's word must be its cookie's. Raises HTTPException."""
    kept, given = request.cookies.get(FORM_COOKIE, ""), form.get(CSRF_FIELD, "")
    if from_elsewhere(request) or not kept or not hmac.compare_digest(kept.encode(), given.encode()):
        raise HTTPException(403, "Ese formulario ya no vale: cargue la página de nuevo.")


def entry_word(request: Request) -> str:
    """Returns the word that binds the entry's form to this browser."""
    return request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)


def set_cookie(response: Response, name: str, value: str, *, secure: bool, seconds: int | None = None) -> None:
    """Sets a cookie, not readable by scripts, nor sent with requests of other sites."""
    response.set_cookie(name, value, max_age=seconds, path="/", httponly=True, secure=secure, samesite="strict")


def set_entry_cookie(response: Response, word: str, *, secure: bool) -> None:
    """`entry_word`, kept."""
    set_cookie(response, FORM_COOKIE, word, secure=secure, seconds=_FORM_S)
