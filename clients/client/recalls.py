"""The stream of recalls: changes about subjects that the officer looked up, begun again after each break."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import grpc

from clients.client.calls import metadata
from clients.client.failures import CallFailure, failure_of
from ronda.v1 import alert_service_pb2 as contract

if TYPE_CHECKING:
    from clients.client.identity import TokenSource
    from ronda.v1.context_pb2 import RequestContext

_PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0)
_ACKNOWLEDGE_S = 10.0


class Recalls:
    """One officer's. For one thread, but for `close`."""

    def __init__(
        self,
        stub: Any,
        token: TokenSource | None,
        frame: Callable[[], RequestContext],
        resume_token: str = "",
        *,
        on_failure: Callable[[CallFailure], object] = lambda failure: None,
    ) -> None:
        """stub: AlertServiceStub. token: None = the channel shows one. frame: a new context for each call.

        resume_token: of the last message taken; "" = all that waits. on_failure: called with each break.
        """
        self._stub, self._token, self._frame, self._on_failure = stub, token, frame, on_failure
        self._call: Any = None
        self._over = False
        self.resume_token = resume_token

    def __iter__(self) -> Iterator[contract.SubscribeResponse]:
        """Each message, the first at once and perhaps empty; for ever. What broke is begun again.

        Raises CallFailure where trying again would not help, or no stream was ever begun; NoToken.
        """
        failures, begun = 0, False
        while not self._over:
            try:
                for message in self._messages():
                    failures, begun = 0, True
                    self.resume_token = message.resume_token
                    yield message
            except CallFailure as failure:
                if self._over:
                    return
                if not begun or not failure.retryable:
                    raise
                self._on_failure(failure)
                time.sleep(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
                failures += 1

    def _messages(self) -> Iterator[contract.SubscribeResponse]:
        request = contract.SubscribeRequest(context=self._frame(), resume_token=self.resume_token)
        text = self._token.text() if self._token is not None else ""
        self._call = self._stub.Subscribe(request, metadata=metadata(text))
        try:
            yield from self._call
        except grpc.RpcError as error:
            failure = failure_of(error, request)
        else:
            return
        finally:
            self._call.cancel()
        if failure.reason == "TOKEN_EXPIRED" and self._token is not None and self._token.renewed(text):
            return
        raise failure

    def acknowledge(self, recall_ids: Sequence[str]) -> int:
        """The receipt: these were shown. How many of them were the officer's. Raises CallFailure, NoToken."""
        request = contract.AcknowledgeRequest(context=self._frame(), recall_ids=recall_ids)
        text = self._token.text() if self._token is not None else ""
        try:
            answer = self._stub.Acknowledge(request, timeout=_ACKNOWLEDGE_S, metadata=metadata(text))
        except grpc.RpcError as error:
            failure = failure_of(error, request)
        else:
            return int(answer.acknowledged)
        raise failure

    def close(self) -> None:
        """Ends the iteration, from another thread too."""
        self._over = True
        if self._call is not None:
            self._call.cancel()
