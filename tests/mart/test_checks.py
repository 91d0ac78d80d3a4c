"""Checks as figures: from the audit log of a real server to a table, and nothing in it that is about somebody."""

from __future__ import annotations

import datetime
import json
import os
import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import grpc
import pandas as pd
import pytest
from typer.testing import CliRunner

from clients.client.connection import Connection, request_context
from core.mart.layout import FOLDER, OWN, current_mart, read_mart
from ronda.command import app
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import context_pb2
from ronda.v1 import statistics_service_pb2 as contract
from ronda.v1.check_service_pb2_grpc import CheckServiceStub
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext
from server.audit.check_counts import COLUMNS, count_checks
from tests.kit.nation_kit import BuiltNation
from tests.mart.small_sources import CALLS, CHECKS, EVENTS, SmallSources, event
from tests.server.running_server import RunningServer

_COUNTRY = ZoneInfo("America/Guatemala")
_ASKED = 20


@pytest.mark.slow
def test_what_was_checked_is_counted_and_nobody_is_in_it(small_nation: BuiltNation, tmp_path: Path) -> None:
    sources = SmallSources(tmp_path, EVENTS, CHECKS, CALLS)
    sources.csv("hechos_2024_20250115.csv", [event(n, datetime.date(2024, 3, 7)) for n in range(20)])
    shutil.copytree(small_nation.data, sources.data, dirs_exist_ok=True, ignore=shutil.ignore_patterns("audit*"))
    cui = small_nation.cast["persons"]["wanted"]
    server = RunningServer(sources.data, tmp_path / "server.log", workers=1).wait_ready()
    try:
        with server.channel() as channel:
            check = CheckServiceStub(channel)  # type: ignore[no-untyped-call]
            for number in range(_ASKED):
                context = RequestContext(purpose=PURPOSE_TRAFFIC_STOP, request_id=f"r{number}")
                check.CheckPerson(checks.CheckPersonRequest(context=context, cui=cui))
            with pytest.raises(grpc.RpcError):
                check.CheckPerson(checks.CheckPersonRequest(context=context, cui="1"))
        given = {"RONDA_DATA": str(sources.data), "COLUMNS": "200"}
        none: dict[str, str | None] = {name: None for name in os.environ if name.startswith("RONDA_")}
        words = ["mart", "build", "--sources", str(sources.files), "--manifests", str(sources.manifests)]
        done = CliRunner().invoke(app, words, env=none | given)
        assert done.exit_code == 0, done.output
        year = datetime.datetime.now(_COUNTRY).year
        asked = contract.QueryRequest(
            context=request_context(context_pb2.PURPOSE_STATISTICS),
            rule=contract.COUNTING_RULE_CHECK,
            by=[contract.DIMENSION_HIT, contract.DIMENSION_LEVEL],
            filter=contract.StatisticsFilter(first_year=year),
        )
        with Connection(server.address) as connection:
            cells = [cell for part in connection.statistics.Query(asked, timeout=30) for cell in part.cells]
            listed = connection.statistics.ListSources(
                contract.ListSourcesRequest(context=request_context(context_pb2.PURPOSE_STATISTICS)), timeout=30
            ).sources
            with pytest.raises(grpc.RpcError) as refused:
                asked.rule = contract.COUNTING_RULE_CALL
                del asked.by[:]
                list(connection.statistics.Query(asked, timeout=30))
            assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    finally:
        server.stop()
    shown = {tuple(key.code for key in cell.keys): cell.value for cell in cells if cell.HasField("value")}
    assert set(shown) == {("WARRANT", "HIT")}
    assert abs(shown["WARRANT", "HIT"] - _ASKED) < 5
    empty = next(source for source in listed if source.id == "ronda_llamadas")
    assert not empty.HasField("last_delivery")
    assert empty.rule == contract.COUNTING_RULE_CALL
    folder = sources.data / FOLDER / (current_mart(sources.data) or "")
    names = [name for name in read_mart(folder).files if name.startswith("fact_c") and "_case" not in name]
    for name in names:
        table = pd.read_parquet(folder / name)
        assert not {"nip", "subject", "case_number", "unit", "device", "minute"} & set(table.columns)
        assert cui.encode() not in (folder / name).read_bytes()
    assert len(pd.read_parquet(folder / "fact_call.ronda_llamadas.0000.parquet")) == 0
    for path in (sources.data / FOLDER / OWN).rglob("*.*"):
        assert cui not in path.read_text(encoding="utf-8")


def test_counts_of_a_sealed_segment_are_kept(tmp_path: Path) -> None:
    audit, kept = tmp_path / "audit", tmp_path / "kept"
    (audit / "logs" / "worker-0").mkdir(parents=True)
    seal = {"segment": 1, "records": 1, "bytes": 1, "root": "", "made_ms": 1, "sealed_ms": 2, "cut_bytes": 0}
    (audit / "seals").write_text(json.dumps({"seal": "worker-0", **seal}) + "\n", encoding="ascii")
    (audit / "logs" / "worker-0" / "00000001.seg").write_bytes(b"")
    kept.mkdir()
    row = ["2025-03-07", 14, "TRAFFIC_STOP", "CHECK", "HIT", "WARRANT", 7]
    assert len(row) == len(COLUMNS)
    (kept / "worker-0-00000001.json").write_text(json.dumps([row]), encoding="utf-8")
    assert count_checks(audit, kept) == ({tuple(row[:-1]): 7}, [])
