"""Generations under a running server: switched, damaged, rolled back, pinned; no call fails for it."""

from __future__ import annotations

import os
import shutil
import signal
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from ronda.v1 import check_service_pb2, clearance_service_pb2, level_pb2, section_pb2
from tests.server.conftest import StartServer
from tests.server.load import Load
from tests.server.published import Published
from tests.server.requests import CLEAR_BATCH, CLEAR_FIRST, QUESTION
from tests.server.running_server import Failure, call, clear, until


def _serving(channel: grpc.Channel) -> str:
    answer = call(channel, "CheckService/CheckPerson", QUESTION)
    return check_service_pb2.CheckPersonResponse.FromString(answer).answer.generation_id


def test_switches_under_load_fail_no_call(published: Published, start_server: StartServer) -> None:
    wanted = [published.publish()]
    server = start_server().wait_ready()

    def switched() -> bool:
        """A worker that no caller reached has it too: else it may pass over one."""
        everywhere = f'ronda_generation_workers{{generation="{wanted[-1]}"}} 2.0' in server.metrics()
        return everywhere and all(caller.generations[-1:] == wanted[-1:] for caller in load.callers)

    with Load(server, QUESTION, 6) as load:
        for _ in range(3):
            until(switched)
            wanted.append(published.publish())
        until(switched)
    assert load.failures == []
    assert all(caller.generations == wanted for caller in load.callers)  # in order, each worker switched once each
    assert "ronda_generation_switches_total 6.0" in server.metrics()


def test_a_damaged_generation_is_refused_and_the_last_good_one_serves(
    published: Published, start_server: StartServer
) -> None:
    good = published.publish()
    server = start_server().wait_ready()
    with server.channel() as channel:
        damaged = published.publish(cut="dossiers.bin")
        refused = until(lambda: len(server.events("generation_refused")) == 2 and server.events("generation_refused"))
        assert {line["generation"] for line in refused} == {damaged}
        assert all("dossiers.bin" in line["why"] and line["serving"] == good for line in refused)
        assert _serving(channel) == good
        stub = health_pb2_grpc.HealthStub(channel)
        status, answer = stub.Check.with_call(health_pb2.HealthCheckRequest(), timeout=5)
        assert status.status == health_pb2.HealthCheckResponse.SERVING
        detail = dict(answer.trailing_metadata())["ronda-detail"]
        assert damaged in detail
        assert "dossiers.bin" in detail
        assert "ronda_generations_refused_total 2.0" in server.metrics()
        assert "ronda_generation_refused 2.0" in server.metrics()
        # a worker that dies meanwhile comes back with the last good one, not with nothing
        import os
        import signal

        os.kill(server.worker_pids()[0], signal.SIGKILL)
        until(lambda: len(server.events("worker_ready")) == 3)
        assert server.events("last_good_generation_serves")
        assert _serving(channel) == good
        better = published.publish()
        until(lambda: f'ronda_generation_workers{{generation="{better}"}} 2.0' in server.metrics())
        assert _serving(channel) == better


def test_damaged_from_the_start_is_not_served(published: Published, start_server: StartServer) -> None:
    """Nor is anything, where nothing older is whole; where something is, tests/server/test_broken_manifest.py."""
    damaged = published.publish(cut="keys.mdb")
    server = start_server().wait_ready()
    with server.channel() as channel:
        try:
            call(channel, "CheckService/CheckPerson", QUESTION)
            raise AssertionError("a damaged generation answers")
        except grpc.RpcError as error:
            failed = Failure(error)
    assert (failed.code, failed.reason) == (grpc.StatusCode.UNAVAILABLE, "NO_GENERATION")
    assert failed.metadata["refused_generation"] == damaged


def test_current_that_names_nonsense_is_refused(published: Published, start_server: StartServer) -> None:
    good = published.publish()
    server = start_server(workers=1).wait_ready()
    with server.channel() as channel:
        for nonsense in ("../../etc", "", "20260101T000000Z-deadbeef"):
            before = len(server.events("generation_refused"))
            published.point(nonsense)
            until(lambda wanted=before + 1: len(server.events("generation_refused")) == wanted)
            assert _serving(channel) == good
        published.point(good)
        until(lambda: "ronda_generation_refused 0.0" in server.metrics())


@pytest.mark.parametrize(
    "content",
    ["", "a\0b\n", "\0" * 26, "\ufeff20260101T000001Z-00000001\n", "x" * (20 << 20), "pipe"],
    ids=["empty", "NUL", "NULs", "BOM", "long", "pipe"],
)
def test_a_damaged_current_ends_no_worker_and_the_last_good_one_serves(
    published: Published, start_server: StartServer, content: str
) -> None:
    """A power cut or an editor leaves such files: a worker that begins then knows what others serve, too."""
    good = published.publish()
    server = start_server(workers=1).wait_ready()
    (first,) = server.worker_pids()
    fresh = published.data / "CURRENT.new"
    if content == "pipe":
        os.mkfifo(fresh)
    else:
        fresh.write_text(content, encoding="utf-8")
    fresh.rename(published.data / "CURRENT")
    told = until(lambda: server.events("generation_refused"))
    assert (told[0]["generation"], told[0]["why"].split(":")[0]) == ("(none)", "CURRENT")
    os.kill(first, signal.SIGKILL)
    until(lambda: server.events("last_good_generation_serves"))
    with server.channel() as channel:
        assert until(lambda: _served_now(channel)) == good
        better = published.publish()
        until(lambda: _serving(channel) == better)
    assert [line["status"] for line in server.events("worker_died")] == [-signal.SIGKILL]


def _served_now(channel: grpc.Channel) -> str:
    try:
        return _serving(channel)
    except grpc.RpcError:
        return ""


def test_roll_back(published: Published, start_server: StartServer) -> None:
    first = published.publish()
    second = published.publish()
    server = start_server().wait_ready()
    with server.channel() as channel:
        assert _serving(channel) == second
        published.point(first)
        until(lambda: _serving(channel) == first)


def test_a_stream_keeps_its_generation(published: Published, start_server: StartServer) -> None:
    first = published.publish()
    server = start_server(workers=1).wait_ready()
    switched: list[str] = []

    def batches() -> object:
        yield CLEAR_FIRST
        yield CLEAR_BATCH
        until(lambda: switched)
        yield CLEAR_BATCH

    with server.channel() as channel:
        stream = clear(channel, batches())  # type: ignore[arg-type]
        generations = [clearance_service_pb2.ClearResponse.FromString(next(stream)).generation_id]
        for _ in range(5):  # more than are kept for page tokens
            newest = published.publish()
            until(lambda wanted=newest: _serving(channel) == wanted)
        shutil.rmtree(published.data / "generations" / first)  # collected while in use
        switched.append(newest)
        generations += [clearance_service_pb2.ClearResponse.FromString(batch).generation_id for batch in stream]
        assert generations == [first, first]
        gone = clearance_service_pb2.ClearRequest.FromString(CLEAR_FIRST)
        gone.generation_id = first
        until(lambda: any(first in line["generations"] for line in server.events("generation_closed")))
        for wanted in (first, "20200101T000000Z-00000000", "../../../etc"):
            gone.generation_id = wanted
            try:
                list(clear(channel, iter([gone.SerializeToString()])))
                raise AssertionError("a generation that is gone answers")
            except grpc.RpcError as error:
                failed = Failure(error)
            assert (failed.code, failed.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "GENERATION_GONE")


def test_a_stream_may_name_the_generation_before(published: Published, start_server: StartServer) -> None:
    """One that was current here a moment ago; none that never was, though it lies on the disk."""
    never, first = published.publish(), published.publish()
    server = start_server(workers=1).wait_ready()
    request = clearance_service_pb2.ClearRequest.FromString(CLEAR_FIRST)
    request.generation_id = first
    with server.channel() as channel:
        second = published.publish()
        until(lambda: _serving(channel) == second)
        answered = list(clear(channel, iter([request.SerializeToString(), CLEAR_BATCH])))
        assert [clearance_service_pb2.ClearResponse.FromString(batch).generation_id for batch in answered] == [first]
        request.generation_id = never
        with pytest.raises(grpc.RpcError) as gone:
            list(clear(channel, iter([request.SerializeToString(), CLEAR_BATCH])))
    assert Failure(gone.value).reason == "GENERATION_GONE"


def test_altered_bytes_are_found_in_the_background(published: Published, start_server: StartServer) -> None:
    generation = published.publish()
    path = published.data / "generations" / generation / "dossiers.bin"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1  # opening checks sizes and headers only
    path.write_bytes(content)
    server = start_server(verify_mib_per_s=1000).wait_ready()
    found = until(lambda: server.events("generation_files_damaged"))
    assert found[0]["files"] == ["dossiers.bin"]
    assert "ronda_generation_damaged_files 1.0" in server.metrics()
    with server.channel() as channel:
        stub = health_pb2_grpc.HealthStub(channel)

        def detail() -> str:
            _, answer = stub.Check.with_call(health_pb2.HealthCheckRequest(), timeout=5)
            return str(dict(answer.trailing_metadata()).get("ronda-detail", ""))

        assert until(detail) == "damaged files: dossiers.bin"


def _page(channel: grpc.Channel, method: str, request: Any) -> Any:
    response = getattr(check_service_pb2, f"{method}Response")
    return response.FromString(call(channel, f"CheckService/{method}", request.SerializeToString()))


def test_a_page_of_an_older_generation_says_no_level(published: Published, start_server: StartServer) -> None:
    """A warrant of the newer load is not in it: green, or anything else, would be said of yesterday."""
    first = published.publish()
    server = start_server(workers=1).wait_ready()
    persons = check_service_pb2.SearchPersonsRequest(names="JUAN", page_size=1)
    vehicles = check_service_pb2.SearchVehiclesRequest(plate_pattern="P-1*", page_size=1)
    asked: list[tuple[str, Any]] = [("SearchPersons", persons), ("SearchVehicles", vehicles)]
    with server.channel() as channel:
        found = _page(channel, "SearchVehicles", vehicles).candidates[0]
        for section in (section_pb2.SECTION_OWNER, section_pb2.SECTION_VEHICLE_REGISTRATION):
            owners = check_service_pb2.ListRecordsRequest(subject_id=found.subject_id, section=section, page_size=1)
            if _page(channel, "ListRecords", owners).next_page_token:
                asked.append(("ListRecords", owners))
        for method, request in asked:
            page = _page(channel, method, request)
            assert page.answer.level, method
            request.page_token = page.next_page_token
            assert request.page_token, method
            second = _page(channel, method, request)
            assert second.answer.level, "the generation that serves says one on every page"
        newer = published.publish()
        until(lambda: _serving(channel) == newer)
        for method, request in asked:
            page = _page(channel, method, request)
            assert page.answer.generation_id == first
            assert page.answer.level == level_pb2.LEVEL_UNSPECIFIED, method
            assert all(c.level == level_pb2.LEVEL_UNSPECIFIED for c in getattr(page, "candidates", ())), method
            request.page_token = ""
            again = _page(channel, method, request)
            assert (again.answer.generation_id, bool(again.answer.level)) == (newer, True), method
