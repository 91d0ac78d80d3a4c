"""The common base of the blocking and the asyncio client: server, device, purpose, and the limits of retries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clients.client.asking import Why, as_why
from clients.client.attempts import Budget, Patience
from clients.client.connection import DEFAULT_SERVER
from clients.client.race import OWN, TWIN

if TYPE_CHECKING:
    from clients.client.calls import Method
    from clients.client.identity import Identity
    from clients.client.lane import AsyncLane, Lane
    from ronda.v1.context_pb2 import RequestContext


class Asker:
    """A server, asked by one device.

    target: "host:port", by the name that the server's certificate has. Without an identity plaintext, which only a
    server in development mode on loopback answers. why: of all questions that state no other; a text is a purpose.
    lane: "host:port" of its express lane, for single checks; None = the one that the server tells, "" = none.
    """

    _lane: Lane | AsyncLane

    def __init__(
        self,
        target: str = DEFAULT_SERVER,
        identity: Identity | None = None,
        *,
        why: Why | str = "",
        patience: Patience | None = None,
        lane: str | None = None,
    ) -> None:
        """Raises OSError where a file of the identity cannot be read. Connects when something is asked."""
        self._target, self._identity = target, identity
        self._why = as_why(why)
        self._patience, self._budget = patience or Patience(), Budget()
        self._token = identity.token_source() if identity is not None and identity.token is not None else None
        self._channels = {place: self._opened_channel() for place in (OWN, TWIN)}  # the twin's connects at the first
        self._stubs: dict[tuple[str, int], Any] = {}
        self._lane = self._opened_lane(lane)

    def _opened_channel(self) -> Any:
        raise NotImplementedError

    def _opened_lane(self, given: str | None) -> Lane | AsyncLane:
        raise NotImplementedError

    @property
    def lane(self) -> str:
        """The address of the express lane while single checks go over it; "" = they go to the server's own."""
        return self._lane.in_use

    def _frame(self, why: Why | str | None) -> RequestContext:
        """The context of one question, with a new request_id. Raises QuestionRefused."""
        return (self._why if why is None else as_why(why)).frame()

    def _stub(self, place: int, method: Method) -> Any:
        """Returns the stub of the method over the connection OWN or TWIN."""
        stub = self._stubs.get((method.path, place))
        if stub is None:
            stub = self._channels[place].unary_unary(method.path, None, method.answer.FromString)
            self._stubs[method.path, place] = stub
        return stub
