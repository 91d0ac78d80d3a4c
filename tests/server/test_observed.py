"""Checks what operations see: the scrape, reflection behind its flag, the unit file."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import grpc
import pytest
from prometheus_client import Counter
from prometheus_client.parser import text_string_to_metric_families

from ronda.v1.register_pb2 import RegisterState
from ronda.v1.register_service_pb2 import ListRegistersResponse
from server.metrics import counts
from tests.kit.field_world import field_server
from tests.kit.nation_kit import BuiltNation
from tests.server.conftest import StartServer
from tests.server.published import Published
from tests.server.requests import QUESTION
from tests.server.running_server import call, failure, until

ROOT = Path(__file__).parents[2]


def samples_of(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_scrape_adds_up_all_workers(
    small_nation: BuiltNation, published: Published, start_server: StartServer
) -> None:
    generation = published.publish()
    server = start_server().wait_ready()
    for _ in range(8):  # connections of their own, so that both workers get some
        with server.channel() as channel:
            for _ in range(5):
                call(channel, "CheckService/CheckPerson", QUESTION)
            failure(channel, "CheckService/CheckPerson", b"")
            call(channel, "RegisterService/ListRegisters", b"")
    samples = samples_of(server.metrics())
    assert samples["ronda_calls_total", "CheckPerson", "OK"] == 40
    assert samples["ronda_calls_total", "CheckPerson", "INVALID_ARGUMENT"] == 8
    assert samples["ronda_calls_total", "ListRegisters", "OK"] == 8
    assert samples["ronda_call_seconds_count", "CheckPerson"] == 48
    assert samples["ronda_answers_total", "CheckPerson", "POSSIBLE"] == 40  # NOT_FOUND is at least POSSIBLE
    assert samples["ronda_workers_ready",] == 2
    assert samples["ronda_generation_workers", generation] == 2
    assert samples["ronda_disk_free_bytes",] > 0
    assert samples["ronda_generation_built_timestamp_seconds",] > 0
    assert samples["ronda_build_info", version("ronda")] == 1
    with server.channel() as channel:
        listed = ListRegistersResponse.FromString(call(channel, "RegisterService/ListRegisters", b"")).registers
    for register, entry in zip(listed, small_nation.manifest["registers"], strict=True):
        name = register.status.register_id
        assert f"REGISTER_STATE_{state_in(samples, name)}" == RegisterState.Name(register.status.state)
        assert (("ronda_register_age_seconds", name) in samples) == register.status.HasField("as_of")
        assert samples.get(("ronda_register_rows_refused", name)) == entry.get("rows_refused")


def state_in(samples: dict[tuple[str, ...], float], register: str) -> str:
    """The one state in which a scrape shows a register."""
    (state,) = (
        state
        for state in ("FRESH", "STALE", "MISSING")
        if samples["ronda_register_state", *sorted((register, state))] == 1
    )
    return state


def test_labelled_counters_are_there_before_their_first_event(tmp_path: Path) -> None:
    """An increase is seen from one sample to the next: a series that appears with 1 has had none."""
    named_later = {"ronda_calls_shed_by_device", "ronda_feed_changes"}  # devices; sources, where there are some
    counters = {
        family.name
        for counter in vars(counts).values()
        if isinstance(counter, Counter)
        for family in counter.describe()
        if counter._labelnames
    }
    with field_server(tmp_path, lane_listen="127.0.0.1:0") as field:
        until(lambda: "ronda_lane_total{" in field.server.metrics())  # its loop is looked at now and then
        families = {each.name: each for each in text_string_to_metric_families(field.server.metrics())}
        assert counters - named_later == {name for name in counters if name in families and families[name].samples}
        statuses = {sample.labels["status"]: sample.value for sample in families["ronda_calls"].samples}
        assert {statuses["UNAVAILABLE"], statuses["INTERNAL"], statuses["UNAUTHENTICATED"]} == {0}
        parts = {sample.labels["part"] for sample in families["ronda_trust_refused"].samples}
        assert {"policy", "institution/pnc"} <= parts


def test_reflection_only_with_its_flag(published: Published, start_server: StartServer) -> None:
    from google.protobuf.descriptor_pool import DescriptorPool
    from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

    published.publish()
    with start_server(workers=1, reflection=True).wait_ready().channel() as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert "ronda.v1.CheckService" in database.get_services()
        method = DescriptorPool(database).FindServiceByName("ronda.v1.CheckService").FindMethodByName("CheckPerson")
        assert method.input_type.name == "CheckPersonRequest"
    with start_server(workers=1).wait_ready().channel() as channel, pytest.raises(grpc.RpcError) as caught:
        ProtoReflectionDescriptorDatabase(channel).get_services()
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_overload_is_refused_with_a_time(published: Published, start_server: StartServer) -> None:
    """A worker that may hold one stream refuses the second, and takes it when the first has ended."""
    from tests.server.requests import CLEAR_BATCH, CLEAR_FIRST
    from tests.server.running_server import Failure, clear

    published.publish()
    server = start_server(workers=1, max_concurrent_calls=1).wait_ready()
    ended: list[bool] = []

    def batches() -> object:
        yield CLEAR_FIRST
        yield CLEAR_BATCH
        until(lambda: ended)

    with server.channel() as channel:
        first = clear(channel, batches())  # type: ignore[arg-type]
        next(first)
        with pytest.raises(grpc.RpcError) as caught:
            list(clear(channel, iter([CLEAR_FIRST])))
        failed = Failure(caught.value)
        assert (failed.code, failed.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert failed.retry_after_s
        assert call(channel, "CheckService/CheckPerson", QUESTION)  # look-ups go on
        ended.append(True)
        assert list(first) == []
        assert len(list(clear(channel, iter([CLEAR_FIRST, CLEAR_BATCH])))) == 1
    assert samples_of(server.metrics())["ronda_calls_shed_total", "concurrency"] == 1


def test_a_silent_stream_is_ended(published: Published, start_server: StartServer) -> None:
    from tests.server.requests import CLEAR_BATCH, CLEAR_FIRST
    from tests.server.running_server import Failure, clear

    published.publish()
    server = start_server(workers=1, clear_idle_s=1).wait_ready()
    ended: list[bool] = []

    def batches() -> object:
        yield CLEAR_FIRST
        yield CLEAR_BATCH
        until(lambda: ended)

    with server.channel() as channel:
        stream = clear(channel, batches())  # type: ignore[arg-type]
        next(stream)
        with pytest.raises(grpc.RpcError) as caught:
            next(stream)
        failed = Failure(caught.value)
        ended.append(True)
    assert (failed.code, failed.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")


def test_the_unit_file() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    path = ROOT / "deploy" / "ronda.service"
    unit.read(path)
    service = unit["Service"]
    assert service["ExecStart"].endswith("ronda serve")
    assert (service["Type"], service["WatchdogSec"]) == ("notify", "30")
    assert (service["NoNewPrivileges"], service["ProtectSystem"], service["User"]) == ("yes", "strict", "ronda")


@pytest.mark.parametrize("unit", sorted((ROOT / "deploy").glob("*.service")), ids=lambda path: path.name)
def test_each_unit_is_kept_in_and_says_when_a_start_is_in_vain(unit: Path) -> None:
    read = configparser.RawConfigParser(strict=False)
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read(unit)
    service = read["Service"]
    for name, wanted in (
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("User", "ronda"),
        ("LimitCORE", "0"),
    ):
        assert service[name] == wanted
    assert "RestartPreventExitStatus" in service or service.get("Type") == "oneshot"
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed here: the unit file is only read")
    checked = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    complaints = [line for line in checked.stderr.splitlines() if unit.name in line and "not executable" not in line]
    assert complaints == []
