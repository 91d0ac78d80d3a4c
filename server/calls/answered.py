"""The interface between a worker and each service that Python answers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

import grpc

from server.calls.own_methods import OwnPlaces
from server.calls.unary import Service
from server.part import Part, module_of
from server.settings import GroundSettings


@dataclass(frozen=True)
class Given:
    """The parts for the handlers of one service."""

    part: Part
    settings: GroundSettings  # of the whole server; server.settings.own_settings has those of the service
    service: Service
    places: OwnPlaces  # of the unary methods of all services
    socket: Path  # of the process that the supervisor keeps for the service
    secret: bytes  # of the service, the same in every worker; empty where its card names none
    changed: Callable[[], None]  # to be called after what the engine answers by was changed


class Answered(NamedTuple):
    """The handlers of one service, and what goes on beside its calls."""

    handlers: Sequence[grpc.GenericRpcHandler]  # type: ignore[type-arg]  # no generic at run time
    watches: Sequence[Callable[[], Coroutine[Any, Any, None]]] = ()


class _Wiring(Protocol):
    def answered(self, given: Given) -> Answered: ...


def answered(given: Given) -> Answered:
    """Makes the handlers of one service, by the module that its card names."""
    return cast(_Wiring, module_of(given.part.handlers)).answered(given)
