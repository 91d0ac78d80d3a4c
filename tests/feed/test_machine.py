"""A machine account: it feeds by its certificate alone, and gets nothing else over either transport."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from ronda.v1 import (
    alert_service_pb2,
    check_service_pb2,
    clearance_service_pb2,
    confirmation_service_pb2,
    context_pb2,
    hotlist_service_pb2,
    register_service_pb2,
    statistics_service_pb2,
)
from ronda.v1 import feed_service_pb2 as contract
from server.trust.issuing import Pair
from tests.feed.feed_kit import Stream, feed_server, warrant
from tests.kit.field_world import SERVICE, STOP, FieldServer
from tests.kit.ports import free_port
from tests.server.running_server import ROOT, until
from tests.trust.trust_kit import Client

DENIED = grpc.StatusCode.PERMISSION_DENIED
EVERYTHING = "\npermit (principal, action, resource);\n"  # for the role, the institution, anybody
SERVED: tuple[Any, ...] = (
    alert_service_pb2,
    check_service_pb2,
    clearance_service_pb2,
    confirmation_service_pb2,
    contract,
    hotlist_service_pb2,
    register_service_pb2,
    statistics_service_pb2,
)


@pytest.fixture(scope="module")
def lane_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory, lane_port: int) -> Iterator[FieldServer]:
    directory = tmp_path_factory.mktemp("machine")
    with feed_server(directory, policy=EVERYTHING, lane_listen=f"127.0.0.1:{lane_port}") as running:
        yield running


class Program:
    """A machine's channel without a token, as `Stream` asks."""

    def __init__(self, field: FieldServer, pair: Pair, address: str = "", token: str = "") -> None:
        self.client: Client = field.kit.client(pair, token)
        self.channel = field.kit.channel(address or field.address, self.client)

    def frame(self, **changes: Any) -> context_pb2.RequestContext:
        return context_pb2.RequestContext(**{"purpose": SERVICE, "case_number": "MP001-2026-1", **changes})

    def asks(self, path: str, request: bytes) -> grpc.StatusCode:
        """Returns how a call ends."""
        rpc: Any = self.channel.stream_stream(path, None, None)
        try:
            list(rpc(iter([request]), timeout=20, metadata=self.client.metadata))
        except grpc.RpcError as error:
            code: grpc.StatusCode = error.code()
            return code
        return grpc.StatusCode.OK


def machine(field: FieldServer, name: str = "ordenes", institution: str = "oj", **options: Any) -> Pair:
    return field.kit.issuer(institution).machine(name, **options)


def methods() -> list[tuple[str, str]]:
    services = [service for module in SERVED for service in module.DESCRIPTOR.services_by_name.values()]
    return [(service.full_name, method.name) for service in services for method in service.methods]


def test_a_machine_feeds_by_its_certificate_alone(field: FieldServer) -> None:
    program: Any = Program(field, machine(field))
    stream = Stream(program)
    [outcome] = stream.send(warrant(1, "Z-1")).outcomes
    assert outcome.kind == contract.FEED_OUTCOME_KIND_TAKEN
    record = next(each for each in field.records() if each.identity["device"].endswith("/machine/ordenes"))
    assert record.identity == {"device": "spiffe://oj.gob.gt/machine/ordenes", "institution": "oj"}
    metric = 'ronda_machine_certificate_end_timestamp_seconds{institution="oj",machine="ordenes"}'
    until(lambda: metric in field.server.metrics())


def test_it_feeds_its_own_institution_s_sources_alone(field: FieldServer) -> None:
    other: Any = Program(field, machine(field, institution="mp"))
    with pytest.raises(grpc.RpcError) as refused:
        Stream(other, source="oj-central")
    assert refused.value.code() == DENIED


@pytest.mark.parametrize("purpose", [STOP, SERVICE, context_pb2.PURPOSE_BREAK_GLASS])
def test_nothing_else_of_the_contract_answers_a_machine(
    field: FieldServer, lane_port: int, purpose: context_pb2.Purpose
) -> None:
    """The policy may permit the role, the institution or everybody; over grpcio and over the lane."""
    pair = machine(field)
    request = contract.StatusRequest(
        context=context_pb2.RequestContext(purpose=purpose, case_number="MP001-2026-1", reason="x" * 20)
    ).SerializeToString()
    feeds = {("ronda.v1.FeedService", "Push"), ("ronda.v1.FeedService", "Status")}
    assert len(methods()) > 20
    for address in ("", f"localhost:{lane_port}"):
        program = Program(field, pair, address)
        ended = {
            each: program.asks(f"/{each[0]}/{each[1]}", request) for each in methods() if each not in feeds or address
        }
        assert grpc.StatusCode.OK not in ended.values(), ended
    for method in ("Check", "CheckPerson", "CheckVehicle"):
        for address in ("", f"localhost:{lane_port}"):
            asked = Program(field, pair, address).asks(f"/ronda.v1.CheckService/{method}", request)
            assert asked == DENIED


def test_an_officer_s_token_opens_nothing_on_a_machine(field: FieldServer, lane_port: int) -> None:
    """Bound to the machine's certificate by an issuer that went wrong: refused all the same."""
    pair = machine(field)
    token = field.kit.issuer("oj").token("60001", "zona-1", ["feed"], pair.thumbprint)
    request = contract.StatusRequest(context=context_pb2.RequestContext(purpose=SERVICE)).SerializeToString()
    for address, path in (
        ("", "/ronda.v1.FeedService/Status"),
        ("", "/ronda.v1.CheckService/CheckPerson"),
        (f"localhost:{lane_port}", "/ronda.v1.CheckService/CheckPerson"),
    ):
        assert Program(field, pair, address, token).asks(path, request) == grpc.StatusCode.UNAUTHENTICATED


def test_an_officer_s_device_is_no_machine(field: FieldServer, lane_port: int) -> None:
    request = contract.StatusRequest(context=context_pb2.RequestContext(purpose=SERVICE)).SerializeToString()
    issuer = field.kit.issuer("oj")
    for pair in (issuer.device("zona-1", "machine"), issuer.device("machine", "ordenes")):
        for address, path in (
            ("", "/ronda.v1.FeedService/Status"),
            (f"localhost:{lane_port}", "/ronda.v1.CheckService/CheckPerson"),
        ):
            assert Program(field, pair, address).asks(path, request) == grpc.StatusCode.UNAUTHENTICATED
    assert Program(field, issuer.gateway("machine")).asks("/ronda.v1.FeedService/Status", request) == DENIED
    foreign = field.kit.issuer("mp")
    named_otherwise = foreign._client("/machine/ordenes", "x", 1)
    assert Program(field, named_otherwise).asks("/ronda.v1.FeedService/Push", request) != grpc.StatusCode.OK


def test_a_revocation_ends_a_machine(field: FieldServer) -> None:
    program = Program(field, machine(field, "revoked"))
    request = contract.StatusRequest(context=context_pb2.RequestContext(purpose=SERVICE)).SerializeToString()
    assert program.asks("/ronda.v1.FeedService/Status", request) == grpc.StatusCode.OK
    revoked = field.kit.trust / "revoked.toml"
    revoked.with_suffix(".new").write_text('devices = ["spiffe://oj.gob.gt/machine/revoked"]\n', encoding="utf-8")
    revoked.with_suffix(".new").replace(revoked)
    until(lambda: program.asks("/ronda.v1.FeedService/Status", request) == grpc.StatusCode.UNAUTHENTICATED)


def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ronda.command", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip


def test_ronda_feed_works_without_a_token_and_tells_the_end(field: FieldServer, tmp_path: Path) -> None:
    keys = field.kit.directory / "institutions" / "oj"
    prefix = tmp_path / "envios"
    assert command("keys", "device", keys, "--machine", "ordenes", "--out", prefix).returncode == 0
    (tmp_path / "server-ca.pem").write_bytes(field.kit.server_ca)
    asked = ("--identity", prefix, "--server", field.address)
    status = command("feed", "status", *asked, "--json")
    assert json.loads(status.stdout)["positions"][0]["source"] == "oj-central", status.stderr
    drop = tmp_path / "drop"
    drop.mkdir()
    assert "termina el" not in command("feed", "folder", drop, "--once", *asked).stderr
    refused = command("check", *asked, "P-123BCD")
    assert refused.returncode != 0
    prefix.with_suffix(".pem").unlink()
    prefix.with_suffix(".key").unlink()
    assert command("keys", "device", keys, "--machine", "ordenes", "--out", prefix, "--days", "12").returncode == 0
    told = command("feed", "folder", drop, "--once", *asked)
    assert told.returncode == 0
    assert "termina el" in told.stderr
    assert "(en 11 días)" in told.stderr
