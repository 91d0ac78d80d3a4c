"""Clients that share nothing with Ronda's Python stubs: @grpc/grpc-js and buf curl, against a real server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import RunningServer

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on the small nation."""
    running = RunningServer(small_nation.data, tmp_path_factory.mktemp("server") / "server.log", workers=1)
    yield running.wait_ready()
    running.stop()


def wanted_cui(nation: BuiltNation) -> str:
    """The wanted person of the cast."""
    cases = json.loads((nation.directory / "truth" / "cases.json").read_text(encoding="utf-8"))["cases"]
    return next(str(case["request"]["cui"]) for case in cases if case["name"] == "wanted")


def test_grpc_js_compiles_the_contract_and_prints_one_hit(
    small_nation: BuiltNation, server: RunningServer, tmp_path: Path
) -> None:
    for name in ("package.json", "package-lock.json", "check.js"):
        shutil.copy(ROOT / "tests" / "grpc_js" / name, tmp_path)
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=tmp_path, check=True, timeout=240)
    done = subprocess.run(
        ["node", "check.js", str(ROOT / "proto"), server.address, wanted_cui(small_nation)],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=60,
    )
    answer = json.loads(done.stdout)
    assert answer["answer"]["level"] == "LEVEL_HIT"
    hit = answer["answer"]["hits"][0]
    assert hit["kind"] == "ALERT_KIND_WARRANT"
    assert hit["record"]["register_id"] == "oj"
    assert hit["source_as_of"]["seconds"] > 0
    assert answer["subject"] == "person"


def test_buf_curl_asks_from_the_schema_alone(small_nation: BuiltNation, server: RunningServer) -> None:
    question = {"context": {"purpose": "PURPOSE_TRAFFIC_STOP"}, "query": wanted_cui(small_nation)}
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "buf"),
            "curl",
            "--schema",
            "proto",
            "--protocol",
            "grpc",
            "--http2-prior-knowledge",
            "-d",
            json.dumps(question),
            f"http://{server.address}/ronda.v1.CheckService/Check",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )
    answer = json.loads(done.stdout)["answer"]
    assert answer["level"] == "LEVEL_HIT"
    assert answer["hits"][0]["sourceAsOf"]
    assert [source["record"]["registerId"] for source in answer["hits"][0]["sources"]] == ["oj", "mp", "sapo"]
