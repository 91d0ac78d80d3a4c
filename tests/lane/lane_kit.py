"""A server with both addresses, and one call made over each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc

from server.calls.unary import LANE_TOLD_BY
from tests.server.running_server import RunningServer
from tests.trust.conftest import TrustedServer
from tests.trust.trust_kit import Client


def lane_address(server: RunningServer) -> str:
    """By name, as the certificate has it."""
    return "localhost:" + str(server.events("ready")[0]["lane"]).rpartition(":")[2]


@dataclass(frozen=True)
class Outcome:
    """Everything that a client receives but the lane's port: the metadata is initial and trailing."""

    code: str
    text: str
    response: bytes
    initial: tuple[tuple[str, Any], ...]
    trailing: tuple[tuple[str, Any], ...]


def outcome(channel: grpc.Channel, method: str, request: bytes, **options: Any) -> Outcome:
    """Makes a unary call of raw bytes; `method` with its service, "ronda.v1.CheckService/CheckPerson"."""
    options.setdefault("timeout", 20)
    ask: Any = channel.unary_unary(f"/{method}", None, None)
    response = b""
    try:
        response, made = ask.with_call(request, **options)
    except grpc.RpcError as error:
        made = error
    return Outcome(
        made.code().name,
        made.details() or "",
        response,
        _pairs(made.initial_metadata()),
        _pairs(made.trailing_metadata()),
    )


def _pairs(metadata: Any) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((key, value) for key, value in metadata or () if key != LANE_TOLD_BY))


def both(server: TrustedServer, client: Client, method: str, request: bytes, **options: Any) -> tuple[Outcome, Outcome]:
    """The same call over grpcio and over the lane, each on a connection of its own."""
    options.setdefault("metadata", client.metadata)
    found = []
    for address in (server.address, lane_address(server.server)):
        with server.kit.channel(address, client) as channel:
            found.append(outcome(channel, method, request, **options))
    return found[0], found[1]
