"""The officer's sign-in at their institution's issuer, from the car: by NIP and password, renewed without them.

As in `ronda login`, with nothing on disk. The session at the issuer ends with the lock.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients.car.session import boot_seconds

if TYPE_CHECKING:
    from threading import Thread

    from clients.client.identity import Identity
    from clients.client.sign_in import OfficerSignIn

_EARLY_SECONDS = 60.0  # before a token ends, or half its life if that is less
_FALLBACK_LIFE_SECONDS = 300.0


def claims_of(token: str) -> dict[str, Any]:
    """Returns a token's claims, unverified; {} for a text that is no token."""
    from joserfc import errors, jws

    try:
        claims = json.loads(jws.extract_compact(token.encode()).payload)
    except (ValueError, AttributeError, errors.JoseError):
        return {}
    return claims if isinstance(claims, dict) else {}


def officer_mark(token: str) -> str:
    """Returns a token's officer as a folder name; no secret, and the same for each token of the officer."""
    claims = claims_of(token)
    who = f"{claims.get('iss')} {claims.get('sub')}" if claims else ""
    return hashlib.sha256(who.encode()).hexdigest()[:24]


class OfficerAtIssuer:
    """`issuer`: "host:port". `prefix`: path without ending of the device's files, with issuer-ca.pem beside them."""

    def __init__(self, issuer: str, prefix: Path) -> None:
        self.issuer = issuer
        self._prefix = prefix
        self._sign_in: OfficerSignIn | None = None
        self._renewing = False
        self._renew_at = self._over_at = float("inf")

    def device(self) -> Identity:
        """Returns the device's credentials for the issuer, to find out why it does not answer."""
        from clients.car.device import Device
        from clients.client.sign_in import ISSUER_CA

        return replace(Device.beside(self._prefix), server_ca=self._prefix.with_name(ISSUER_CA))

    async def login(self, nip: str, password: str) -> str:
        """A token of a new session. Raises CallFailure, OSError."""
        self.end()
        sign_in = await asyncio.to_thread(self._opened)
        try:
            token = await asyncio.to_thread(sign_in.login, nip, password)
        except BaseException:
            sign_in.close()
            raise
        self._sign_in = sign_in
        return self._taken(token.text)

    async def change(self, nip: str, present: str, wanted: str) -> None:
        """Changes the password. Raises CallFailure, OSError."""
        with await asyncio.to_thread(self._opened) as sign_in:
            await asyncio.to_thread(sign_in.change_password, nip, present, wanted)

    @property
    def due(self) -> bool:
        """True if the token should be renewed."""
        return self._sign_in is not None and boot_seconds() >= self._renew_at

    @property
    def over(self) -> bool:
        """True if the token has ended."""
        return self._sign_in is not None and boot_seconds() >= self._over_at

    async def renewed(self) -> str:
        """The session's next token; "" if it is being asked for, or was ended meanwhile. Raises CallFailure."""
        sign_in = self._sign_in
        if sign_in is None or self._renewing:
            return ""
        self._renewing = True
        try:
            token = await asyncio.to_thread(sign_in.token)
        finally:
            self._renewing = False
        return self._taken(token.text) if sign_in is self._sign_in else ""

    def end(self) -> Thread | None:
        """Signs off, in the thread returned: nobody need wait for it. Where no issuer is reached it ends by itself."""
        sign_in, self._sign_in = self._sign_in, None
        self._renew_at = self._over_at = float("inf")
        if sign_in is None:
            return None
        from threading import Thread

        ending = Thread(target=_ended, args=(sign_in,), daemon=True)
        ending.start()
        return ending

    def _opened(self) -> OfficerSignIn:
        from clients.client.sign_in import OfficerSignIn

        return OfficerSignIn(self.issuer, self._prefix)

    def _taken(self, token: str) -> str:
        """Goes by the token's own length, not by its end: the device's clock may be wrong."""
        claims = claims_of(token)
        try:
            life = float(claims["exp"]) - float(claims["iat"])
        except (KeyError, TypeError, ValueError):
            life = _FALLBACK_LIFE_SECONDS
        now = boot_seconds()
        self._renew_at, self._over_at = now + life - min(_EARLY_SECONDS, life / 2), now + life
        return token


def _ended(sign_in: OfficerSignIn) -> None:
    from clients.client.failures import CallFailure

    with contextlib.suppress(CallFailure), sign_in:
        sign_in.end()
