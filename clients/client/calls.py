"""The common parts of both clients' calls: method and bytes, the check for a whole answer, the exit of a failure.

An exception carries its frames, with their variables, to any code that catches it, logs it with its locals or sends it
to a crash report. `sealed` methods let it begin anew outside all frames that hold the question.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message

from clients.client.connection import CHANNEL_OPTIONS
from clients.client.failures import CallFailure, Fault, HalfAnAnswer, QuestionRefused, Unavailable, failure_of
from clients.client.identity import Identity, NoToken
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import register_service_pb2 as registers

_P = ParamSpec("_P")
_R = TypeVar("_R")

# A connection of each channel's own: a hedge over the connection that is stuck would be stuck too, and a
# clearance's channels are there for the server's several workers.
ChannelOptions = Sequence[tuple[str, int]]
OPTIONS: ChannelOptions = [*CHANNEL_OPTIONS, ("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 1)]


@dataclass(frozen=True)
class Method:
    """A method of the contract: its path, what it answers, and whether a second attempt may go beside the first."""

    path: str
    answer: Any
    hedged: bool = False


_CHECKS, _REGISTERS = "/ronda.v1.CheckService", "/ronda.v1.RegisterService"
METHODS: dict[type[Message], Method] = {
    checks.CheckRequest: Method(f"{_CHECKS}/Check", checks.CheckResponse, hedged=True),
    checks.CheckPersonRequest: Method(f"{_CHECKS}/CheckPerson", checks.CheckPersonResponse, hedged=True),
    checks.CheckVehicleRequest: Method(f"{_CHECKS}/CheckVehicle", checks.CheckVehicleResponse, hedged=True),
    checks.SearchPersonsRequest: Method(f"{_CHECKS}/SearchPersons", checks.SearchPersonsResponse),
    checks.SearchVehiclesRequest: Method(f"{_CHECKS}/SearchVehicles", checks.SearchVehiclesResponse),
    checks.ListRecordsRequest: Method(f"{_CHECKS}/ListRecords", checks.ListRecordsResponse),
    registers.ListRegistersRequest: Method(f"{_REGISTERS}/ListRegisters", registers.ListRegistersResponse),
    registers.GetGenerationRequest: Method(f"{_REGISTERS}/GetGeneration", registers.GetGenerationResponse),
}


def method_of(request: Message) -> Method:
    """The method that takes this request. Raises QuestionRefused."""
    method = METHODS.get(type(request))
    if method is None:
        raise QuestionRefused("INVALID_ARGUMENT", f"no method takes a {type(request).__name__}", "METHOD_UNKNOWN")
    return method


def metadata(token: str) -> tuple[tuple[str, str], ...]:
    """Returns the metadata of a call."""
    return (("authorization", f"Bearer {token}"),) if token else ()


def whole(answer: Any) -> CallFailure | None:
    """Returns a failure if an answer lacks a field that each has; None = it is whole.

    No bytes at all are a message too, and would read as no hit.
    """
    head = answer.answer if "answer" in answer.DESCRIPTOR.fields_by_name else answer
    if head.generation_id and (head is answer or head.answer_id):
        return None
    return HalfAnAnswer("INTERNAL", "an answer came without the head that each answer has: it is none")


def outcome_of(error: BaseException | None, answer: Any, request: Message) -> Message | CallFailure:
    """Returns the result of an attempt: `error` if there is one, else `answer`."""
    if isinstance(error, grpc.RpcError):
        return failure_of(error, request)
    return closed() if error is not None else whole(answer) or answer


def closed() -> Unavailable:
    """Returns the failure of a call of a closed client."""
    return Unavailable("CANCELLED", "the client was closed", metadata={"retryable": "false"})


def open_channel(target: str, identity: Identity | None, options: ChannelOptions = OPTIONS) -> grpc.Channel:
    """A channel with a connection of its own. Raises OSError for a file of the identity that cannot be read."""
    if identity is None:
        return grpc.insecure_channel(target, options)
    return grpc.secure_channel(target, identity.tls(), options)


def open_async_channel(target: str, identity: Identity | None, options: ChannelOptions = OPTIONS) -> grpc.aio.Channel:
    """`open_channel`, for asyncio."""
    if identity is None:
        return grpc.aio.insecure_channel(target, options)
    return grpc.aio.secure_channel(target, identity.tls(), options)


def unlocated(error: Exception, method: Callable[..., Any], args: Any, kwargs: Any) -> Exception:
    """Returns the error to raise for `error`: the same failure, or one with the place of a defect, without values."""
    if isinstance(error, CallFailure | NoToken):
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)
    if isinstance(error, TypeError):
        try:
            inspect.signature(method).bind(*args, **kwargs)
        except TypeError as mistaken:  # names an argument, not what it was given
            return TypeError(f"{method.__name__}: {mistaken}")
    if isinstance(error, OSError) and error.filename is not None:  # a file of the identity
        return OSError(error.errno, error.strerror, error.filename)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "unknown"
    return Fault("INTERNAL", f"a defect of this client: {type(error).__name__} at {where}")


def method_signature(question: Callable[..., object]) -> inspect.Signature:
    """Returns the signature that `help` shows for a question's method: `self`, and the answer itself, not `Asked`."""
    asked = inspect.signature(question)
    client, *fields = asked.parameters.values()
    answer = str(asked.return_annotation).removeprefix("Asked[").removesuffix("]")
    shown = [client.replace(name="self", annotation=inspect.Parameter.empty), *fields]
    return asked.replace(parameters=shown, return_annotation=answer)


def sealed(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """Returns a method with failures that carry none of its variables."""

    @wraps(method)
    def ask(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return method(*args, **kwargs)
        except Exception as error:
            failure = unlocated(error, method, args, kwargs)
        del args, kwargs
        raise failure

    return ask


def sealed_async(method: Callable[_P, Awaitable[_R]]) -> Callable[_P, Awaitable[_R]]:
    """`sealed`, of a coroutine."""

    @wraps(method)
    async def ask(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return await method(*args, **kwargs)
        except Exception as error:
            failure = unlocated(error, method, args, kwargs)
        del args, kwargs
        raise failure

    return ask


def sealed_stream(method: Callable[_P, Iterator[_R]]) -> Callable[_P, Iterator[_R]]:
    """`sealed`, of a generator; what the caller's own rows raise while they are read comes through as it is."""

    @wraps(method)
    def ask(*args: _P.args, **kwargs: _P.kwargs) -> Iterator[_R]:
        answers = method(*args, **kwargs)
        del args, kwargs
        try:
            yield from answers
        except (CallFailure, NoToken) as error:
            failure = unlocated(error, method, (), {})
        else:
            return
        raise failure

    return ask


def sealed_async_stream(method: Callable[_P, AsyncGenerator[_R, None]]) -> Callable[_P, AsyncIterator[_R]]:
    """`sealed_stream`, of an asynchronous generator."""

    @wraps(method)
    async def ask(*args: _P.args, **kwargs: _P.kwargs) -> AsyncIterator[_R]:
        answers = method(*args, **kwargs)
        del args, kwargs
        try:
            async for one in answers:
                yield one
                del one
        except (CallFailure, NoToken) as error:
            failure = unlocated(error, method, (), {})
        else:
            return
        finally:
            await answers.aclose()
        raise failure

    return ask
