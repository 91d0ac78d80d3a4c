"""Several Clear streams, each on a connection of its own, pinned to one generation; batches in, answers out.

A broken stream (a server that restarts, a connection cut, an incomplete answer) is opened again, and its unanswered
batches are sent again, while others go on. A failure that waiting cannot mend ends the run, which can be resumed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import grpc
from tenacity import RetryCallState, Retrying, retry_if_exception, sleep_using_event, wait_exponential_jitter

from clients.agency.answers import Judged, read_answer
from clients.agency.batches import Batch
from clients.agency.failures import GenerationGone, HalfAnswer
from clients.agency.queue import JobQueue, Sent
from clients.client.connection import request_context
from clients.client.failures import CallFailure, read_failure
from clients.client.identity import Identity
from clients.client.whole_file import read_whole
from ronda.v1 import clearance_service_pb2 as contract
from ronda.v1 import context_pb2
from ronda.v1.register_service_pb2 import GetGenerationRequest
from ronda.v1.register_service_pb2_grpc import RegisterServiceStub

STREAMS = 4  # one of them at least for each worker of a small server, which connections find by chance
WINDOW = 3  # batches that a stream has under way: one answered, one read, one on the wire
AHEAD = 3  # blocks that are read and asked before the oldest is written
PATIENCE_S = 60.0  # without any answer, then the run ends
_CALL_S = 10.0  # at most, of the call that asks which generation serves
_SILENCE_S = 5.0  # at most, above the patience: the streams give up first, and know why
_HALF_ANSWERS = 3  # in a row on one stream: then it is no accident
# Each channel has its connection: with one for all, one worker would answer everything.
_OPTIONS = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),  # 4,000 rows of five references, however long their ids
]
_METHOD = f"/{contract.DESCRIPTOR.services_by_name['ClearanceService'].full_name}/Clear"
# Without a reason of Ronda's: a server that dies may be seen as any of these, or a proxy answers in its place.
_AGAIN = {"UNAVAILABLE", "CANCELLED", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "UNKNOWN", "INTERNAL"}
_AGAIN_FOR = {"OVERLOADED", "DRAINING", "NO_GENERATION", "AUDIT_UNAVAILABLE"}


@dataclass(frozen=True)
class Server:
    """The server and the identity for it. case: number of the agency's case, if policy requires one."""

    target: str
    identity: Identity | None
    case: str = ""

    def channel(self) -> grpc.Channel:
        """A connection of its own. Raises OSError."""
        if self.identity is None:
            return grpc.insecure_channel(self.target, _OPTIONS)
        return grpc.secure_channel(self.target, self.identity.credentials(), _OPTIONS)

    def context(self, request_id: str = "") -> context_pb2.RequestContext:
        """The frame of a request; a new request_id where none is given."""
        context = request_context(context_pb2.PURPOSE_CLEARANCE, self.case)
        context.request_id = request_id or context.request_id
        return context

    def generation(self, patience_s: float = PATIENCE_S, call_s: float = _CALL_S) -> str:
        """Id of the generation that serves; patience_s: with servers that cannot be reached, call_s: with one that
        is silent. Raises CallFailure, OSError.
        """
        ends = time.monotonic() + patience_s
        timeout = min(call_s, _CALL_S)
        with self.channel() as channel:
            ask = RegisterServiceStub(channel)  # type: ignore[no-untyped-call]

            def once() -> str:
                try:
                    request = GetGenerationRequest(context=self.context())
                    return str(ask.GetGeneration(request, timeout=timeout).generation_id)
                except grpc.RpcError as error:
                    raise read_failure(error) from None

            return str(_retrying(lambda _: time.monotonic() >= ends, threading.Event())(once))

    def asking(
        self, standard: int, generation: str, request_id: str, *, streams: int, window: int, patience_s: float
    ) -> Streams:
        """A pass pinned to a generation."""
        return Streams(self, standard, generation, request_id, streams=streams, window=window, patience_s=patience_s)

    def device(self) -> str:
        """Its name in the certificate; no officer's name is known here. Raises OSError."""
        if self.identity is None:
            return "sin identidad (modo de desarrollo)"
        from cryptography import x509  # noqa: PLC0415 - slow to import, for who gets as far

        certificate = x509.load_pem_x509_certificate(read_whole(self.identity.certificate))
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return ", ".join(names.get_values_for_type(x509.UniformResourceIdentifier)) or "sin nombre"

    def told(self) -> dict[str, Any]:
        """Returns nothing: the server keeps its own record."""
        return {}


def _mendable(error: BaseException) -> bool:
    if isinstance(error, CallFailure):
        return (
            error.reason in _AGAIN_FOR
            or (not error.reason and error.status in _AGAIN)
            or (error.reason == "DEADLINE_EXCEEDED")
        )
    return isinstance(error, HalfAnswer)


def _retrying(stop: Any, over: threading.Event) -> Retrying:
    """over: once it is set nobody waits any more."""
    jitter = wait_exponential_jitter(multiplier=0.1, max=2.0)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        told = error.retry_after_seconds if isinstance(error, CallFailure) else None
        return max(jitter(state), min(told or 0.0, 10.0))

    return Retrying(
        retry=retry_if_exception(_mendable), wait=wait, stop=stop, sleep=sleep_using_event(over), reraise=True
    )


class Streams:
    """Use as a context manager. generation: every stream is pinned to it.

    request_id: of the pass, the same on every stream and after an interruption. So a batch that is sent again is a
    retry to the server and counts once.
    """

    ahead = AHEAD

    def __init__(
        self,
        server: Server,
        standard: int,
        generation: str,
        request_id: str,
        *,
        streams: int = STREAMS,
        window: int = WINDOW,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.generation = generation
        self._request_id = request_id
        self._server = server
        self._standard = standard
        self._window = window
        self._patience_s = patience_s
        self._queue = JobQueue()
        self._heard = time.monotonic()  # an answer, or the first question after all were answered
        self._own = threading.local()  # of each stream: `halves`, the half answers since its last whole one
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(streams)]
        self._calls: set[Any] = set()

    def __enter__(self) -> Streams:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._ending.set()
        self._queue.close(RuntimeError("the run ended") if kind is not None else None)
        if kind is not None:
            for call in list(self._calls):
                call.cancel()
        for thread in self._threads:
            thread.join(timeout=10)

    def ask(self, batch: Batch) -> Future[Judged]:
        """The answer to come. Raises, as the future does: CallFailure, GenerationGone, HalfAnswer, OSError."""
        if not self._queue.under_way():
            self._heard = time.monotonic()
        return self._queue.put(batch)

    def wait(self, answer: Future[Judged]) -> Judged:
        """The answer. Raises as `ask` says; CallFailure DEADLINE_EXCEEDED once nothing has answered for the patience,
        as of a server that holds the connection and is silent.
        """
        while True:
            try:
                return answer.result(timeout=1.0)
            except TimeoutError:
                if time.monotonic() - self._heard > self._patience_s + min(_SILENCE_S, self._patience_s):
                    raise CallFailure("DEADLINE_EXCEEDED", "silent", reason="DEADLINE_EXCEEDED") from None

    def _work(self) -> None:
        """One stream after another, as long as there is something to ask."""
        self._own.halves = 0
        try:
            with self._server.channel() as channel:
                call = channel.stream_stream(_METHOD, None, None)
                while self._queue.wait():
                    _retrying(self._gives_up, self._ending)(lambda: self._stream(call))
        except Exception as error:
            self._queue.close(error)

    def _gives_up(self, state: RetryCallState) -> bool:
        silent = time.monotonic() - self._heard
        halved = state.outcome is not None and isinstance(state.outcome.exception(), HalfAnswer)
        return self._ending.is_set() or silent >= self._patience_s or (halved and self._own.halves >= _HALF_ANSWERS)

    def _stream(self, open_call: Any) -> None:
        sent = Sent(self._window)
        call = open_call(self._messages(sent))
        self._calls.add(call)
        try:
            for answer in call:
                job = self._queue.oldest(sent)
                if job is None:
                    raise HalfAnswer("an answer to nothing")
                batch = job.batch
                self._queue.answered(sent, read_answer(answer, batch.ids, batch.packed_ids, self.generation))
                self._heard, self._own.halves = time.monotonic(), 0
            if self._queue.oldest(sent) is not None:
                raise HalfAnswer("the stream ended")
        except grpc.RpcError as error:
            failure = read_failure(error)
            if failure.reason == "GENERATION_GONE":
                raise GenerationGone(self.generation) from None
            raise failure from None
        except HalfAnswer:
            self._own.halves += 1
            raise
        finally:
            self._calls.discard(call)
            self._queue.give_back(sent)
            call.cancel()

    def _messages(self, sent: Sent) -> Iterator[bytes]:
        yield contract.ClearRequest(
            context=self._server.context(self._request_id),
            standard=self._standard,  # type: ignore[arg-type]
            generation_id=self.generation,
        ).SerializeToString()
        while (job := self._queue.take(sent)) is not None:
            yield job.batch.message
