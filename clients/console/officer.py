"""One signed-in officer's calls to the server: each with their own token, over the console's connection."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from functools import lru_cache
from threading import Thread
from typing import TYPE_CHECKING, Any

import grpc.aio

from clients.client.calls import metadata, open_async_channel
from clients.client.connection import DEFAULT_DEADLINE_SECONDS, request_context
from clients.client.failures import CallFailure, NotSignedIn, failure_of
from clients.client.identity import Identity, NoToken, Token, TokenFetched
from clients.console.reading import SeenTable, SeenTables
from ronda.v1 import context_pb2, register_service_pb2
from ronda.v1 import statistics_service_pb2 as contract
from ronda.v1.check_service_pb2_grpc import CheckServiceStub
from ronda.v1.confirmation_service_pb2_grpc import ConfirmationServiceStub
from ronda.v1.register_service_pb2_grpc import RegisterServiceStub
from ronda.v1.statistics_service_pb2_grpc import StatisticsServiceStub

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from clients.client.sign_in import OfficerSignIn

TABLE_S = 30.0
DEVELOPMENT = "development"
_HEALTH_S = 2.0
_SERVING = b"\x08\x01"  # HealthCheckResponse: status SERVING


class ServerLine:
    """The connection that all officers of a console ask over. Made in the loop that uses it."""

    def __init__(self, server: str, identity: Identity | None) -> None:
        """Raises OSError for a file of the identity that cannot be read."""
        self._channel = open_async_channel(server, identity)
        self.statistics = StatisticsServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self.registers = RegisterServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self.checks = CheckServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self.confirmations = ConfirmationServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self.query: Any = self._channel.unary_stream("/ronda.v1.StatisticsService/Query", None, None)
        self.seen = SeenTables()
        self._health: Any = self._channel.unary_unary("/grpc.health.v1.Health/Check", None, None)

    async def serves(self) -> bool:
        """Returns whether the server reports that it serves; needs no token."""
        try:
            return bytes(await self._health(b"", timeout=_HEALTH_S)) == _SERVING
        except grpc.aio.AioRpcError:
            return False

    async def close(self) -> None:
        """Ends the connection."""
        await self._channel.close(None)


class Officer:
    """One officer at the server; without a sign-in the caller of a server in development mode."""

    def __init__(self, line: ServerLine, sign_in: OfficerSignIn | None) -> None:
        self._line, self._sign_in = line, sign_in
        self._token = TokenFetched(self._fetch) if sign_in is not None else None
        self._why: CallFailure | None = None

    async def grant(self) -> str:
        """Returns the officer's grant by their institution: issuer, unit, roles.

        Officers of one grant see the same figures. Raises CallFailure.
        """
        if self._token is None:
            return DEVELOPMENT
        return grant_of(await self._token_text())

    async def table(self, request: contract.QueryRequest) -> SeenTable:
        """A table, whole. Raises CallFailure."""
        request.context.CopyFrom(_context())
        parts: list[bytes] = []
        with _failures_of(request):
            async for message in self._line.query(
                request.SerializeToString(), timeout=TABLE_S, metadata=await self._metadata()
            ):
                parts.append(message)
        return self._line.seen.table(tuple(parts))

    async def check(self, method: str, request: Any) -> Any:
        """The answer of a method of CheckService. Raises CallFailure."""
        return await self._answer(getattr(self._line.checks, method), request)

    async def confirmation(self, method: str, request: Any) -> Any:
        """The answer of a method of ConfirmationService. Raises CallFailure."""
        return await self._answer(getattr(self._line.confirmations, method), request)

    async def registers(self) -> register_service_pb2.ListRegistersResponse:
        """The registers that checks rest on. Raises CallFailure."""
        request = register_service_pb2.ListRegistersRequest(context=_context())
        with _failures_of(request):
            found: register_service_pb2.ListRegistersResponse = await self._line.registers.ListRegisters(
                request, timeout=TABLE_S, metadata=await self._metadata()
            )
        return found

    async def sources(self) -> contract.ListSourcesResponse:
        """The sources of figures. Raises CallFailure."""
        request = contract.ListSourcesRequest(context=_context())
        with _failures_of(request):
            found: contract.ListSourcesResponse = await self._line.statistics.ListSources(
                request, timeout=TABLE_S, metadata=await self._metadata()
            )
        return found

    async def watch(self) -> AsyncIterator[contract.WatchSourcesResponse]:
        """The sources of figures now and at each change, until the server ends the stream. Raises CallFailure."""
        request = contract.WatchSourcesRequest(context=_context())
        with _failures_of(request):
            async for message in self._line.statistics.WatchSources(request, metadata=await self._metadata()):
                yield message

    async def serves(self) -> bool:
        """Returns whether the server answers."""
        return await self._line.serves()

    def sign_off(self) -> None:
        """Ends the session at the issuer, in a thread: nobody need wait for it."""
        if self._sign_in is not None:
            Thread(target=_ended, args=(self._sign_in,), daemon=True).start()
            self._sign_in = None

    async def _answer(self, call: Any, request: Any) -> Any:
        with _failures_of(request):
            return await call(request, timeout=DEFAULT_DEADLINE_SECONDS, metadata=await self._metadata())

    async def _metadata(self) -> tuple[tuple[str, str], ...]:
        return () if self._token is None else metadata(await self._token_text())

    async def _token_text(self) -> str:
        assert self._token is not None
        try:
            return await asyncio.to_thread(self._token.text)
        except NoToken:
            raise self._why or NotSignedIn("UNAUTHENTICATED", "there is no session", "SESSION_OVER") from None

    def _fetch(self) -> Token:
        sign_in = self._sign_in
        if sign_in is None:
            raise NotSignedIn("UNAUTHENTICATED", "she signed off", "SESSION_OVER")
        try:
            self._why = None
            return sign_in.token()
        except CallFailure as error:
            self._why = error
            raise


@lru_cache(maxsize=1024)
def grant_of(token: str) -> str:
    """Returns the grant of a token, as the issuer gave it to this console; an unreadable one has a grant of its own."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return json.dumps([claims["iss"], claims["unit"], sorted(claims["roles"])])
    except (IndexError, KeyError, TypeError, ValueError):
        return hashlib.sha256(token.encode()).hexdigest()


@contextlib.contextmanager
def _failures_of(request: Message) -> Iterator[None]:
    """gRPC's errors as CallFailure; those of others pass."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise failure_of(error, request) from None


def _ended(sign_in: OfficerSignIn) -> None:
    with contextlib.suppress(CallFailure), sign_in:
        sign_in.end()


def _context() -> context_pb2.RequestContext:
    return request_context(context_pb2.PURPOSE_STATISTICS)
