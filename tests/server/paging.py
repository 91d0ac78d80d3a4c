"""Lists asked page by page, with tokens of one's own or another's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc

from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as checks
from tests.server.running_server import Failure


def with_token(first: Any, token: str) -> Any:
    """The same question for the page that the token names."""
    request = type(first).FromString(first.SerializeToString())
    request.page_token = token
    return request


def refusal(ask: Callable[[Any], Any], request: Any) -> str:
    """Reason; "" = answered."""
    try:
        ask(request)
    except grpc.RpcError as error:
        return Failure(error).reason
    return ""


def forged(generation: Path, request: checks.SearchPersonsRequest) -> str:
    """The token of whoever runs Ronda himself over a generation of the same id, at that directory."""
    engine = Engine(Generation.open(generation))
    answer = engine.answer(METHODS["SearchPersons"], request.SerializeToString(), Grant.everything(), 0)
    return checks.SearchPersonsResponse.FromString(answer).next_page_token
