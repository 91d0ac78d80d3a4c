"""Asks a running server with the contract's messages."""

from __future__ import annotations

from typing import Any

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import register_service_pb2 as registers
from tests.server.running_server import RunningServer, call


class Asker:
    """Asks a running server."""

    def __init__(self, server: RunningServer, address: str = "") -> None:
        self.server = server
        self.channel = server.channel(address)

    def raw(self, request: Any) -> bytes:
        method = type(request).__name__.removesuffix("Request")
        service = "RegisterService" if method in ("ListRegisters", "GetGeneration") else "CheckService"
        return call(self.channel, f"{service}/{method}", request.SerializeToString())

    def __call__(self, request: Any) -> Any:
        name = type(request).__name__.replace("Request", "Response")
        kind = getattr(checks, name, None) or getattr(registers, name)
        return kind.FromString(self.raw(request))

    def person(self, cui: str) -> Any:
        return self(checks.CheckPersonRequest(cui=cui))
