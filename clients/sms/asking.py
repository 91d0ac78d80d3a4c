"""The two servers that the gateway asks: Ronda, by its express lane where it has one, and the institution's issuer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
import grpc.aio
from tenacity import AsyncRetrying, retry_if_exception, stop_after_delay, wait_random_exponential

from clients.client.calls import Method, metadata, method_of, whole
from clients.client.failures import CallFailure, OutcomeUnknown, read_failure
from clients.client.identity import Identity
from clients.client.lane import AsyncLane, of_the_lane
from clients.client.repeating import may_be_done, pause_before_repeating
from clients.client.whole_file import read_whole
from ronda.v1 import token_service_pb2 as tokens
from ronda.v1.token_service_pb2_grpc import TokenServiceStub

if TYPE_CHECKING:
    from pathlib import Path

    from clients.client.questions import Question

_ATTEMPT_S = 5.0
_PIN_ATTEMPT_S = 10.0  # a hash waits for its turn at the issuer
_QUESTIONS_AT_ONCE = 128  # a server sheds more than it can hold
_RECONNECT = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 2000)]
_T = TypeVar("_T")


def channel(target: str, identity: Path | None, ca: str) -> grpc.aio.Channel:
    """A channel; identity: <identity>.pem and .key, and the file `ca` beside them; None = plaintext. Raises OSError."""
    if identity is None:
        return grpc.aio.insecure_channel(target, _RECONNECT)
    pair = [read_whole(identity.with_name(identity.name + end)) for end in (".key", ".pem")]
    credentials = grpc.ssl_channel_credentials(read_whole(identity.with_name(ca)), *pair)
    return grpc.aio.secure_channel(target, credentials, _RECONNECT)


async def _tried(call: Callable[[], Awaitable[_T]], seconds: float) -> _T:
    """The call, again while nobody was there to answer: the same bytes, which count once. Raises CallFailure."""
    began = time.monotonic()
    try:
        return await call()  # nearly always: what repeats a call costs as much as a quarter of one
    except grpc.aio.AioRpcError as error:
        return await _again(call, error, seconds - (time.monotonic() - began))


async def _again(call: Callable[[], Awaitable[_T]], error: grpc.aio.AioRpcError, seconds: float) -> _T:
    """A call that failed. seconds: that are left. Raises CallFailure."""
    if not _nobody_there(error) or seconds <= 0:
        raise read_failure(error) from None
    try:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(_nobody_there),
            wait=wait_random_exponential(0.1, max=1.0),
            stop=stop_after_delay(seconds),
            reraise=True,
        ):
            with attempt:
                return await call()
    except grpc.aio.AioRpcError as last:
        raise read_failure(last) from None
    raise AssertionError  # an attempt returns or raises


def _nobody_there(error: BaseException) -> bool:
    """Returns whether no server answered, or one that sheds load."""
    if not isinstance(error, grpc.aio.AioRpcError):
        return False
    return error.code() == grpc.StatusCode.UNAVAILABLE or read_failure(error).reason == "OVERLOADED"


async def _settled(call: Callable[[float], Awaitable[_T]], seconds: float, silent_s: float) -> _T:
    """The call until the issuer has spoken: the same bytes, which count once. Raises CallFailure.

    call: takes the seconds that an attempt has. seconds: in all. silent_s: without a word of the issuer. OutcomeUnknown
    where an attempt may have been carried out.
    """
    began = heard = time.monotonic()
    attempt, is_unknown = 0, False
    failure: CallFailure = CallFailure("DEADLINE_EXCEEDED", "no time is left", "DEADLINE_EXCEEDED")
    while (left := min(began + seconds, heard + silent_s) - time.monotonic()) > 0:
        attempt += 1
        try:
            return await call(min(left, _PIN_ATTEMPT_S))
        except grpc.aio.AioRpcError as error:
            failure = read_failure(error)
        is_unknown = is_unknown or may_be_done(failure)
        if (pause := pause_before_repeating(failure, attempt)) is None:
            raise failure
        if failure.reason:
            heard = time.monotonic() + pause
        await asyncio.sleep(min(pause, max(0.0, began + seconds - time.monotonic())))
    if is_unknown:
        raise OutcomeUnknown(failure.status, failure.message, failure.reason)
    raise failure


class Asker:
    """Asks Ronda as the officer of the question's token; over its express lane while that is there."""

    def __init__(self, target: str, identity: Path | None, lane: str = "") -> None:
        """lane: "host:port", "" = the one that the server tells."""
        self._channel = channel(target, identity, "server-ca.pem")
        self._turns = asyncio.Semaphore(_QUESTIONS_AT_ONCE)
        self._stubs: dict[str, Any] = {}
        self._lane = AsyncLane(lane or None, target, Identity.beside(identity) if identity is not None else None)

    @property
    def channel(self) -> grpc.aio.Channel:
        """The channel to the server's own address."""
        return self._channel

    async def ask(self, question: Question, token: str, seconds: float) -> Any:
        """The answer. token: "" = none (a server in development mode). Raises CallFailure."""
        method = method_of(question.request)
        wire, shown = question.request.SerializeToString(), metadata(token)
        async with self._turns:
            found = await self._over_lane(method, wire, shown, seconds)
            if found is not None:
                return found
            answer = await _tried(lambda: self._asked(method, wire, shown, min(seconds, _ATTEMPT_S)), seconds)
        if half := whole(answer):
            raise half
        return answer

    async def _asked(self, method: Method, wire: bytes, shown: Any, timeout: float) -> Any:
        """Asks the server's own address, which also says whether there is a lane."""
        stub = self._stubs.get(method.path)
        if stub is None:
            stub = self._stubs[method.path] = self._channel.unary_unary(method.path, None, method.answer.FromString)
        call = stub(wire, timeout=timeout, metadata=shown)
        answer = await call
        if self._lane.use.wants_word:
            self._lane.use.heard(await call.trailing_metadata() or ())
        return answer

    async def _over_lane(self, method: Method, wire: bytes, shown: Any, seconds: float) -> Any:
        """The answer, None where the server's own address is to be asked: the same bytes, which count once.

        Raises CallFailure.
        """
        failure: CallFailure | None
        try:
            stub = self._lane.stub(method)
            if stub is None:
                return None
            answer = await stub(wire, timeout=min(seconds, _ATTEMPT_S), metadata=shown)
            failure = whole(answer)
        except grpc.aio.AioRpcError as error:
            answer, failure = None, read_failure(error)
        except (grpc.aio.UsageError, OSError):  # its address changed under the call; a certificate is being changed
            return None
        self._lane.use.judge(failure or answer)
        if failure is None or failure.retryable or of_the_lane(failure):
            return answer if failure is None else None
        raise failure

    async def close(self) -> None:
        """Closes the channels."""
        await self._lane.close()
        await self._channel.close(None)


class Issuer:
    """The institution's issuer of officers' tokens: an `Authenticator`."""

    def __init__(self, target: str, identity: Path | None, silent_s: float = 20.0) -> None:
        """silent_s: after which a sign-in at an issuer without a word is given up."""
        self._silent_s = silent_s
        self._channel = channel(target, identity, "issuer-ca.pem")
        self._tokens = TokenServiceStub(self._channel)  # type: ignore[no-untyped-call]

    async def exchange(self, request: tokens.ExchangeRequest, seconds: float) -> tokens.ExchangeResponse:
        """A token for a PIN or a session. Raises CallFailure: an issuer that is silent is given up early."""
        return await _settled(lambda left: self._tokens.Exchange(request, timeout=left), seconds, self._silent_s)

    async def change_pin(self, request: tokens.ChangePinRequest, seconds: float) -> None:
        """Raises CallFailure; OutcomeUnknown: it may be changed."""
        await _settled(lambda left: self._tokens.ChangePin(request, timeout=left), seconds, seconds)

    async def end(self, session: str) -> None:
        """Raises CallFailure."""
        request = tokens.EndSessionRequest(session=session)
        await _tried(lambda: self._tokens.EndSession(request, timeout=_ATTEMPT_S), _ATTEMPT_S)

    async def close(self) -> None:
        """Closes the channel."""
        await self._channel.close(None)
