"""The stream that keeps a hot list up to date, begun again wherever it broke, from what is held."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import grpc

from clients.client.calls import metadata
from clients.client.failures import CallFailure, failure_of
from clients.client.hot_list import ListKeeper, ListRefused, sync_request, take
from ronda.v1 import hotlist_service_pb2 as contract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from clients.client.identity import TokenSource
    from ronda.v1.context_pb2 import RequestContext

_PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0)
_KEY_S = 10.0
_BEING_MADE = "PART_UNAVAILABLE"  # the first list of a mask
_REFUSED = 2  # in a row, from what is held: then the whole list is asked for
_REFUSED_AT_ALL = 5


class ListFollowing:
    """One list. For one thread, but for `close`."""

    def __init__(
        self,
        stub: Any,
        token: TokenSource | None,
        frame: Callable[[], RequestContext],
        keeper: ListKeeper,
        *,
        on_failure: Callable[[Exception], object] = lambda failure: None,
    ) -> None:
        """stub: HotlistServiceStub. token: None = the channel shows one. frame: a new context for each call.

        keeper: keeps the list. on_failure: called with each break or refusal.
        """
        self._stub, self._token, self._frame = stub, token, frame
        self._keeper, self._on_failure = keeper, on_failure
        self._keys: dict[str, bytes] = {}
        self._call: Any = None
        self._over = False
        self._refused = 0

    def __iter__(self) -> Iterator[contract.HotlistHeader]:
        """The header each time that the keeper has all there is, once a minute at least; for ever.

        Raises CallFailure where trying again would not help, or nothing ever came; ListRefused where all that comes is
        refused; NoToken; what the keeper raises.
        """
        failures, begun = 0, False
        while not self._over:
            try:
                for header in self._headers():
                    failures, begun, self._refused = 0, True, 0
                    yield header
                continue
            except CallFailure as failure:
                if self._over:
                    return
                if not failure.retryable or not (begun or failure.reason == _BEING_MADE):
                    raise
                self._on_failure(failure)
            except ListRefused as refused:
                self._refused += 1
                self._keys = {}
                if self._refused > _REFUSED_AT_ALL:
                    raise
                self._on_failure(refused)
            time.sleep(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
            failures += 1

    def _headers(self) -> Iterator[contract.HotlistHeader]:
        text = self._token.text() if self._token is not None else ""
        place = self._keeper.place if self._refused < _REFUSED else None
        request = sync_request(self._frame(), place)
        try:
            if not self._keys:
                key = contract.GetDeviceKeyRequest(context=self._frame())
                got = self._stub.GetDeviceKey(key, timeout=_KEY_S, metadata=metadata(text))
                self._keys = {each.key_id: each.public_key for each in got.signing_keys}
            self._call = self._stub.Sync(request, metadata=metadata(text))
            yield from take(self._call, self._keeper, self._keys)
        except grpc.RpcError as error:
            failure = failure_of(error, request)
        else:
            return
        finally:
            if self._call is not None:
                self._call.cancel()
        if failure.reason == "TOKEN_EXPIRED" and self._token is not None and self._token.renewed(text):
            return
        raise failure

    def close(self) -> None:
        """Ends the iteration, from another thread too."""
        self._over = True
        if self._call is not None:
            self._call.cancel()
