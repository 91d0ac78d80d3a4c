"""Older generations that a call may still name, and page tokens that are believed (docs/answers.md section 13)."""

from __future__ import annotations

import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from core.access.caller import Caller
from core.engine.entry import METHODS, Engine
from core.generation.store import Generation
from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld
from tests.server.conftest import StartServer
from tests.server.paging import forged, refusal, with_token
from tests.server.published import Published
from tests.server.requests import CLEAR_BATCH, CLEAR_FIRST
from tests.server.running_server import Failure, RunningServer, clear, until

SEARCH = checks.SearchPersonsRequest(names="LOPEZ", page_size=1)


def serves(ask: Asker, generation: str) -> bool:
    return bool(ask(SEARCH).answer.generation_id == generation)


def publish_and_wait(published: Published, ask: Asker) -> str:
    newer = published.publish()
    until(lambda: serves(ask, newer))
    return newer


def test_a_forged_token_names_no_older_generation(published: Published, start_server: StartServer) -> None:
    first = published.publish()
    ask = Asker(start_server(workers=1).wait_ready())
    newer = publish_and_wait(published, ask)
    for generation in (first, newer):
        token = forged(published.data / "generations" / generation, SEARCH)
        assert refusal(ask, with_token(SEARCH, token)) == "PAGE_TOKEN_INVALID"


def test_a_token_outlives_a_restart_and_is_known_to_each_worker(
    published: Published, start_server: StartServer
) -> None:
    published.publish()
    server = start_server(workers=2).wait_ready()
    token = Asker(server)(SEARCH).next_page_token
    key = published.data / "page.key"
    assert (stat.S_IMODE(key.stat().st_mode), key.stat().st_size) == (0o600, 16)
    for _ in range(8):  # connections spread over both
        assert not refusal(Asker(server), with_token(SEARCH, token))
    server.stop()
    again = Asker(start_server(workers=2).wait_ready())
    assert not refusal(again, with_token(SEARCH, token))


def test_an_earlier_generation_may_be_named_for_a_time(published: Published, start_server: StartServer) -> None:
    first = published.publish()
    server = start_server(workers=1, page_generation_s=1).wait_ready()
    ask = Asker(server)
    token = ask(SEARCH).next_page_token
    publish_and_wait(published, ask)
    until(lambda: refusal(ask, with_token(SEARCH, token)) == "GENERATION_GONE")
    request = clearance_service_pb2.ClearRequest.FromString(CLEAR_FIRST)
    request.generation_id = first
    with pytest.raises(grpc.RpcError) as gone:
        list(clear(ask.channel, iter([request.SerializeToString(), CLEAR_BATCH])))
    assert Failure(gone.value).reason == "GENERATION_GONE"


def test_no_earlier_generation_may_be_named_where_the_time_is_nought(
    published: Published, start_server: StartServer
) -> None:
    published.publish()
    ask = Asker(start_server(workers=1, page_generation_s=0).wait_ready())
    token = ask(SEARCH).next_page_token
    assert not refusal(ask, with_token(SEARCH, token))
    publish_and_wait(published, ask)
    assert refusal(ask, with_token(SEARCH, token)) == "GENERATION_GONE"


def test_after_a_restart_only_the_current_generation_may_be_named(
    published: Published, start_server: StartServer
) -> None:
    published.publish()
    server = start_server(workers=1).wait_ready()
    ask = Asker(server)
    token = ask(SEARCH).next_page_token
    publish_and_wait(published, ask)
    assert not refusal(ask, with_token(SEARCH, token))
    server.stop()
    again = Asker(start_server(workers=1).wait_ready())
    assert refusal(again, with_token(SEARCH, token)) == "GENERATION_GONE"


def test_a_generation_that_was_gone_back_from_may_be_named_for_a_time(
    published: Published, start_server: StartServer
) -> None:
    first = published.publish()
    ask = Asker(start_server(workers=1).wait_ready())
    of_first = ask(SEARCH).next_page_token
    publish_and_wait(published, ask)
    of_newer = ask(SEARCH).next_page_token
    published.point(first)
    until(lambda: serves(ask, first))
    assert not refusal(ask, with_token(SEARCH, of_first))
    assert not refusal(ask, with_token(SEARCH, of_newer))


def test_a_worker_that_has_not_switched_yet_follows_the_token(published: Published, start_server: StartServer) -> None:
    """One of two workers switches first: the other answers its tokens."""
    published.publish()
    server = start_server(workers=1, generations_poll_ms=3_600_000).wait_ready()
    ask = Asker(server)
    first = ask(SEARCH)
    newer = published.publish()
    assert serves(ask, first.answer.generation_id)
    key = (published.data / "page.key").read_bytes()
    other = Engine(Generation.open(published.data / "generations" / newer), key)
    caller = Caller.of_development(b"{}")
    answer = other.answer(METHODS["SearchPersons"], SEARCH.SerializeToString(), caller, time.time_ns() // 1_000_000)
    request = with_token(SEARCH, checks.SearchPersonsResponse.FromString(answer).next_page_token)
    assert not refusal(ask, request)
    page = ask(request)
    assert (page.answer.generation_id, bool(page.answer.level)) == (newer, True)
    assert serves(ask, newer)


def test_the_page_key_leaves_no_draft(published: Published, start_server: StartServer) -> None:
    published.publish()
    start_server(workers=1).wait_ready()
    assert [path.name for path in published.data.glob("*page.key*")] == ["page.key"]


# ---- a real rebuild ----


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[SmallWorld, Path, Asker, str]]:
    """Yields twenty of one name, the last of them wanted; an asker, and the token of the page with the wanted one."""
    world = SmallWorld()
    for number in range(20):
        world.person(number + 2, "ANA LUCIA TZUL QUEJ", f"1980-05-{number + 1:02}")
    world.warrant("O1", world.rows["renap"][-1]["CUI"])
    world.car(1, "P-123BCD")
    server = RunningServer(world.build(tmp_path), tmp_path / "log", workers=1)
    ask = Asker(server.wait_ready())
    yield world, tmp_path, ask, ask(NAMESAKES).next_page_token
    server.stop()


NAMESAKES = checks.SearchPersonsRequest(names="ANA LUCIA TZUL QUEJ", page_size=19)


def rebuilt(world: SmallWorld, directory: Path, ask: Asker) -> None:
    before = ask(NAMESAKES).answer.generation_id
    again = world.write(Path(tempfile.mkdtemp(dir=directory)))
    build(again.options(data=directory / "registers" / "data"))
    until(lambda: ask(NAMESAKES).answer.generation_id != before)


def test_pages_go_on_over_a_rebuild_where_their_subjects_are_as_they_were(
    world: tuple[SmallWorld, Path, Asker, str],
) -> None:
    registers, directory, ask, token = world
    first = ask(NAMESAKES)
    registers.person(900, "PEDRO XICAY", "1950-01-01", CALLE="1a calle")  # numbered before them
    rebuilt(registers, directory, ask)
    page = ask(with_token(NAMESAKES, token))
    assert page.answer.generation_id == first.answer.generation_id
    assert [candidate.alerts for candidate in page.candidates] == [1]


def test_a_page_with_a_warrant_cancelled_since_is_gone(world: tuple[SmallWorld, Path, Asker, str]) -> None:
    registers, directory, ask, token = world
    registers.rows["oj"].clear()
    registers.warrant("O1", registers.rows["renap"][-1]["CUI"], state="CANCELADA")
    rebuilt(registers, directory, ask)
    assert refusal(ask, with_token(NAMESAKES, token)) == "GENERATION_GONE"
