"""The security headers of every response: scripts and frames that may run, and no caching."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join((
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
))  # fmt: skip
_ALWAYS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    # Not no-referrer: browsers would then say Origin: null of our own forms.
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=(), usb=(), fullscreen=(self)",
}
_STRICT = {b"strict-transport-security": b"max-age=31536000"}
_ASSETS = "/static/"


class SafeHeaders:
    """ASGI middleware around everything. secure: the console itself speaks TLS."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self._app = app
        self._always = list((_ALWAYS | (_STRICT if secure else {})).items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Adds the headers to what the application sends."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kept = b"no-cache" if scope["path"].startswith(_ASSETS) else b"no-store"

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self._always, (b"cache-control", kept)]
            await send(message)

        await self._app(scope, receive, with_headers)
