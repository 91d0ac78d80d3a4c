"""Officers who ask a server in production mode, each with the view that policy gives."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import grpc

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1 import context_pb2
from server.trust.issuing import Issuer
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import call
from tests.trust.trust_kit import TrustKit

STOP = context_pb2.PURPOSE_TRAFFIC_STOP
INVESTIGATION = context_pb2.PURPOSE_INVESTIGATION
VICTIM = context_pb2.PURPOSE_VICTIM_PROTECTION
CLEARANCE = context_pb2.PURPOSE_CLEARANCE

# Two roles of the tests: all that is open but a section; what no institution would give a patrol, to see it withheld.
BLIND = """
permit (
    principal in Role::"pnc/blind",
    action in [Action::"LookUp", Action::"Search", Action::"Registers"],
    resource == Purpose::"TRAFFIC_STOP"
);
permit (principal in Role::"pnc/blind", action == Action::"See", resource in Sensitivity::"OPEN")
when { context.purpose == Purpose::"TRAFFIC_STOP" };
forbid (principal in Role::"pnc/blind", action == Action::"See", resource in Section::"WARRANT");
permit (principal in Role::"pnc/blind", action == Action::"OmitCaseNumber", resource == Purpose::"TRAFFIC_STOP");
permit (principal in Role::"pnc/blind", action == Action::"Spend", resource == Allowance::"border");
"""


def add_test_roles(kit: TrustKit) -> None:
    """Before the server starts."""
    policy = kit.trust / "policy.cedar"
    policy.write_text(policy.read_text(encoding="utf-8") + BLIND, encoding="utf-8")


class Viewer:
    """One officer of one role, with a channel. The NIP is new, so that nobody else spent its allowance."""

    _nips = itertools.count(70001)

    def __init__(self, kit: TrustKit, address: str, role: str, purpose: int) -> None:
        institution, name = role.split("/")
        self.nip = str(next(self._nips))
        self.purpose = purpose
        issuer: Issuer = kit.issuer(institution)
        pair = issuer.device("zona-1", f"device-{self.nip}")
        self.client = kit.client(pair, issuer.token(self.nip, "zona-1", [name], pair.thumbprint))
        self.channel: grpc.Channel = kit.channel(address, self.client)

    @property
    def context(self) -> context_pb2.RequestContext:
        return context_pb2.RequestContext(purpose=self.purpose, case_number="MP001-2026-1")  # type: ignore[arg-type]

    def raw(self, request: Any) -> bytes:
        """The response's bytes, as they left the server."""
        method = type(request).__name__.removesuffix("Request")
        request.context.CopyFrom(self.context)
        content = request.SerializeToString()
        return call(self.channel, f"CheckService/{method}", content, metadata=self.client.metadata)

    def __call__(self, request: Any) -> Any:
        kind = getattr(checks, type(request).__name__.replace("Request", "Response"))
        return kind.FromString(self.raw(request))

    def person(self, nation: BuiltNation, who: str) -> checks.CheckPersonResponse:
        response: checks.CheckPersonResponse = self(checks.CheckPersonRequest(cui=nation.cast["persons"][who]))
        return response

    def vehicle(self, nation: BuiltNation, which: str) -> checks.CheckVehicleResponse:
        response: checks.CheckVehicleResponse = self(
            checks.CheckVehicleRequest(plate=nation.cast["vehicles"][which]["plate"])
        )
        return response

    def clear(self, standard: int, cuis: Iterable[str]) -> clearance.ClearResponse:
        people = list(cuis)
        batch = clearance.ClearRequest(
            context=self.context,
            standard=standard,  # type: ignore[arg-type]
            row_ids=range(len(people)),
            cuis=people,
        )
        open_stream: Any = self.channel.stream_stream("/ronda.v1.ClearanceService/Clear", None, None)
        (content,) = open_stream(iter([batch.SerializeToString()]), timeout=60, metadata=self.client.metadata)
        return clearance.ClearResponse.FromString(content)


def notified(data: Path) -> list[dict[str, Any]]:
    """The notifications that a server has written."""
    from server.notifications import FOLDER, read_lines

    return read_lines(data / FOLDER)
