"""bench-limit: what is asked and compared is what it says, its generator counts every call, and its table tells all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.limit import bars, table
from bench.limit.h2load import read_rate
from bench.limit.load import PERSON_10X10, VEHICLE_10X10, Load, Scenario, Target
from bench.limit.machine import TooFewCores, cores
from bench.limit.payloads import Payloads, prepare
from bench.limit.servers import Keys, Ronda, secure
from tests.kit.nation_kit import BuiltNation

CALLS = 60
H2LOAD = """
finished in 2.00s, {rate} req/s, 10.00MB/s
requests: 100 total, 100 started, 100 done, 100 succeeded, {failed} failed, 0 errored, 0 timeout
status codes: {answered} 2xx, 0 3xx, 0 4xx, {broken} 5xx
"""


def test_what_h2load_says() -> None:
    assert read_rate(H2LOAD.format(rate="123.45", failed=0, answered=100, broken=0)) == 123.45
    for wrong in ({"failed": 1, "broken": 0}, {"failed": 0, "broken": 1}):
        with pytest.raises(AssertionError, match="h2load"):
            read_rate(H2LOAD.format(rate="1", answered=99, **wrong))
    with pytest.raises(AssertionError, match="nothing that is known"):
        read_rate("usage: h2load")


def test_a_rate_below_its_bar_is_scaled_and_says_so() -> None:
    values = {"person-10x10": 80_000.0, "person-50x1": 56_000.0}
    by_bar = {row["bar"]: row for row in bars.rows(values, 2_150.0)}
    scaled = by_bar["lane, CheckPerson, 10 connections x 10"]
    assert (scaled["value"], scaled["met"]) == (160_000.0, True)
    assert scaled["unit"] == "1/s, scaled: 80,000 measured, grpcio 2,150"
    assert by_bar["lane, CheckPerson, 50 callers"]["unit"] == "1/s"
    unmeasured = by_bar["lane, CheckVehicle with owner chain, 10 x 10"]
    assert (unmeasured["value"], unmeasured["met"]) == (None, False)
    assert not bars.rows({"person-10x10": 80_000.0}, 8_600.0)[0]["met"]  # scaled down: a faster machine
    noisy, quiet = bars.rows(values, 2_150.0, noisy={"person-10x10"})[:2]
    assert (noisy["value"], noisy["unit"], noisy["met"]) == (80_000.0, "1/s, noisy", False)
    assert quiet["unit"] == "1/s"
    assert not bars.rows(values, 2_150.0, grpcio_noisy=True)[0]["met"]  # what it would be scaled by was disturbed
    assert len({row["bar"] for row in by_bar.values()}) == len(bars.RATES) + len(bars.BARS)


def test_the_markdown_tells_what_was_not_measured() -> None:
    row = {"server": "lane", "scenario": "person-10x10", "rate": 134_000.0, "p50_us": 650, "p99_us": 1626,
           "p999_us": 2000, "cpu_us": 7.4, "answer_bytes": 3000, "runs": 3, "noisy": True, "note": ""}  # fmt: skip
    of = {"date": "2026-11-27", "persons": 1_000_000, "processor": "a processor", "command": "./run bench-limit"}
    text = table.markdown({"of": of, "rows": [row], "absent": ["grpc-go: not installed"]}, bars.rows({}, None))
    assert "| lane |  | ~134 k |  |  | 7.4 us |" in text
    assert "Not measured: grpc-go: not installed." in text
    assert "2026-11-27" in text and "`./run bench-limit`" in text
    assert text.count("not measured") == len(bars.RATES) + len(bars.BARS)


@pytest.fixture(scope="module")
def two_cores() -> None:
    try:
        cores()
    except TooFewCores as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("limit")


@pytest.fixture(scope="module")
def keys(directory: Path) -> Keys:
    return Keys(directory / "keys")


@pytest.fixture(scope="module")
def payloads(small_nation: BuiltNation, directory: Path, keys: Keys) -> Payloads:
    current = (small_nation.data / "CURRENT").read_text(encoding="utf-8").strip()
    return prepare(small_nation.data / "generations" / current, keys.kit.trust, directory, 500)


@pytest.fixture(scope="module")
def ronda(two_cores: None, small_nation: BuiltNation, directory: Path, keys: Keys) -> Iterator[Ronda]:
    with secure(small_nation.data, keys, directory / "server") as running:
        yield running


def asked(target: Target, questions: Path, scenario: Scenario, **more: Any) -> dict[str, Any]:
    """The generator's report of some calls."""
    return Load(target, questions, scenario, 60, warm_up=0.1, calls=CALLS, **more).end().said


def test_answers_are_of_those_who_are_asked(payloads: Payloads) -> None:
    held = payloads.held()
    assert 300 < len(held) <= 500  # drawn with replacement, asked once
    assert len(dict(held)) == len(held)
    assert all(cui.encode() in answer for cui, answer in held)
    assert payloads.answer_bytes == sum(len(answer) for _, answer in held) / len(held)


@pytest.mark.parametrize("scenario", [PERSON_10X10, VEHICLE_10X10, Scenario("open", "CheckPerson", 4, 8, rate=200)])
def test_every_call_is_answered_and_right(ronda: Ronda, payloads: Payloads, scenario: Scenario) -> None:
    questions = payloads.vehicles if scenario.method == "CheckVehicle" else payloads.persons
    said = asked(ronda.grpcio, questions, scenario)
    assert said["calls"] >= CALLS
    assert (said["failed"], said["wrong"], said["handshakes"]) == (0, 0, scenario.connections)
    assert 0 < said["p50_us"] <= said["p99_us"] <= said["max_us"]


def test_another_answer_is_wrong(ronda: Ronda, payloads: Payloads) -> None:
    """A peer's answer is compared byte for byte: Ronda's, which holds ids of its own, is none of those."""
    target = ronda.grpcio
    strict = Target(target.address, target.pid, target.identity, target.identities, target.ca, digest=True)
    said = asked(strict, payloads.persons, Scenario("strict", "CheckPerson", 1, 1))
    assert said["wrong"] > 0
    assert said["calls"] == 0


def test_a_refusal_is_a_failure_by_its_status(ronda: Ronda, payloads: Payloads, directory: Path) -> None:
    target = ronda.grpcio
    prefix = directory / "stranger"
    for end in ("pem", "key"):
        shutil.copy(f"{target.identity}-0.{end}", f"{prefix}-0.{end}")
    Path(f"{prefix}-0.token").write_text("no.token", encoding="ascii")
    stranger = Target(target.address, target.pid, prefix, 1, target.ca)
    said = asked(stranger, payloads.persons, Scenario("stranger", "CheckPerson", 1, 1))
    assert said["failed"] > 0
    assert (said["calls"], list(said["by_status"])) == (0, ["16"])


def test_nobody_there(two_cores: None, payloads: Payloads) -> None:
    with pytest.raises(RuntimeError, match="status 2"):
        Load(Target("127.0.0.1:9", 1, ca=Path("/nowhere")), payloads.persons, PERSON_10X10, 0.5).end()


def test_bars_are_json() -> None:
    assert json.loads(json.dumps(bars.rows({}, None)))
