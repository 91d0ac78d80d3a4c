"""A list and its steps are the list that would be made anew of the same view, whatever is fed and whoever is killed."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.generation.view_file import BEAT, LIVE
from core.ledger.change import Change
from ronda.v1 import check_service_pb2 as checks
from ronda.v1.hotlist_service_pb2 import HotlistEntry, HotlistStep
from server.hotlist.given_lists import GivenLists
from tests.hotlist.followed_world import FollowedWorld
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.kit.small_world import SmallWorld
from tests.live.fed_world import FedWorld, built
from tests.live.test_a_view_answers_as_a_rebuild import ANA, JOSE, LUIS, MARTA, WHO, small_world, theft, warrant

CUI, PLATE = checks.IDENTIFIER_KIND_CUI, checks.IDENTIFIER_KIND_PLATE
PLATES = ("P-123BCD", "P-456FGH", "C-123BCD", "P-777LMN", "123BCD")
VINS = (1, 2, 7)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> SmallRegisters:
    return built(tmp_path_factory.mktemp("base"), small_world())


@pytest.fixture
def world(tmp_path: Path, base: SmallRegisters) -> Iterator[FollowedWorld]:
    fed = FedWorld(tmp_path, small_world(), base)
    yield FollowedWorld(fed)
    fed.writer.close()


def test_a_warrant_that_is_fed_and_cancelled(world: FollowedWorld) -> None:
    marta = (CUI, cui_of(MARTA))
    assert world.held() == world.anew() and marta not in world.held() and not world.steps()
    world.fed.take(warrant(world.fed, "W9", MARTA))
    world.run()
    assert marta in world.held() and world.held() == world.anew()
    world.fed.take(world.fed.cancel("oj", "W9"))
    world.run()
    assert marta not in world.held() and world.held() == world.anew()
    newest = world.steps()[-1]
    assert [(gone.key_kind, gone.key) for gone in newest.gone] == [marta] and newest.registers
    steps = len(world.steps())
    world.run()
    assert len(world.steps()) == steps, "nothing changed: nothing is said"


def test_the_base_s_own_warrant_is_cancelled_while_the_maker_is_dead(world: FollowedWorld) -> None:
    ana, list_id = (CUI, cui_of(ANA)), world.list_id
    assert ana in world.held()
    world.fed.take(world.fed.cancel("oj", "W1"))
    world.restart()
    world.run()
    assert ana not in world.held() and world.list_id == list_id, "by a step: the list is the same"


def test_a_kill_between_two_steps_and_in_the_middle_of_one(world: FollowedWorld) -> None:
    list_id = world.list_id
    world.fed.take(warrant(world.fed, "W9", MARTA))
    world.run()
    path = world.path.with_suffix(".steps")
    first = path.stat().st_size
    world.fed.take(warrant(world.fed, "W10", JOSE), world.fed.cancel("oj", "W9"))
    world.run()
    whole = path.read_bytes()
    for cut in (first, first + 1, (first + len(whole)) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        world.restart()
        world.run()
        assert world.held() == world.anew() and world.list_id == list_id, cut
        assert (CUI, cui_of(JOSE)) in world.held() and (CUI, cui_of(MARTA)) not in world.held()


def test_a_clock_that_was_ahead_makes_no_list_look_fresh(world: FollowedWorld) -> None:
    """The maker's writing of that time is dated then: nobody knows up to when the list is followed."""
    given, beat = GivenLists().look(world.path), world.path.with_suffix(".beat")
    assert given is not None and 0 < given.followed_ms <= time.time() * 1000
    for ahead_s in (3600, 10**8):
        os.utime(beat, (time.time() + ahead_s,) * 2)
        given.read_on()
        assert given.followed_ms == given.file.made_ms, "as long as the list, and no longer"
    os.utime(beat, (given.file.made_ms / 1000 + 0.5,) * 2)
    given.read_on()
    assert abs(given.followed_ms - given.file.made_ms - 500) < 2, "it is told again once the maker's word can be true"


def test_steps_that_are_gone_or_of_another_list_make_a_list_anew(world: FollowedWorld) -> None:
    path = world.path.with_suffix(".steps")
    world.fed.take(warrant(world.fed, "W9", MARTA))
    world.run()
    for content in (
        None,
        b'{"format": 1, "list_id": "another", "watched": []}\n',
        b"\xff" * 99,
        path.read_bytes()[:-9] + b"AAAAAAAA\n",
    ):
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        world.restart()
        world.run()
        assert world.held() == world.anew() and not world.steps()


def test_a_list_that_was_empty(tmp_path: Path) -> None:
    """Steps are all that it has, and then nothing again."""
    bare = SmallWorld()
    bare.rows["mp"].clear()
    bare.person(MARTA, *WHO[MARTA])
    bare.warrant("W0", cui_of(MARTA), *WHO[MARTA], state="CANCELADA")
    bare.car(1, "P-123BCD")
    bare.report("M5", "ROBO", PLACA="P-555BCD", ESTADO="CANCELADA")
    fed = FedWorld(tmp_path / "fed", bare, built(tmp_path / "base", bare))
    world = FollowedWorld(fed)
    assert world.held() == world.snapshot() == world.anew() == {}
    fed.take(warrant(fed, "W9", MARTA))
    world.run()
    assert world.held() == world.snapshot() == world.anew() != {}
    fed.take(fed.cancel("oj", "W9"))
    world.run()
    assert world.held() == world.snapshot() == {}
    fed.writer.close()


def test_many_changed_keys_are_several_steps(world: FollowedWorld) -> None:
    changes = [
        world.fed.upsert(
            "oj", ORDEN=f"Z{number}", CUI=cui_of(1000 + number), NOMBRE=f"PERSONA NUMERO {number}",
            NACIMIENTO="1980-01-01", ESTADO="PENDIENTE", FECHA="2024-02-03", DELITO="ROBO",
        )
        for number in range(600)
    ]  # fmt: skip
    world.fed.take(*changes)
    world.run()
    steps = world.steps()
    assert len(steps) > 1 and all(step.ByteSize() < 64 * 1024 for step in steps)
    assert world.held() == world.snapshot() == world.anew() and (CUI, cui_of(1599)) in world.held()


def test_a_list_with_many_steps_is_made_anew(world: FollowedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.hotlist.following._LEAST_BYTES", 200)
    monkeypatch.setattr("server.hotlist.following._SHARE", 1_000_000)
    before = world.list_id
    world.fed.take(warrant(world.fed, "W9", MARTA))
    world.run()
    world.maker._rests.clear()
    world.run()
    assert world.list_id != before and not world.steps() and world.held() == world.anew()


def test_a_hit_that_is_denied_and_not_any_more_is_a_step(world: FollowedWorld) -> None:
    ana, list_id = (CUI, cui_of(ANA)), world.list_id

    def possible() -> bool:
        (content,) = world.held()[ana]
        return HotlistEntry.FromString(content).record.possible

    assert not possible()
    for denied, restarts in ((True, False), (False, False), (True, True), (False, True)):
        world.deny(*[bytes(16) + b"oj\0W1"] if denied else [])
        if restarts:
            world.restart()
        world.run()
        assert possible() == denied and world.held() == world.snapshot() == world.anew()
        named = [entry.key for block in world.steps()[-1].keys for entry in block.entries]
        assert named == [cui_of(ANA)] and world.list_id == list_id


def test_registers_that_are_stale_are_said_so(world: FollowedWorld) -> None:
    """The writer of views falls silent: nobody knows what was cancelled since."""
    beat = world.fed.data / LIVE / world.fed.base_id / BEAT
    beat.touch()
    world.fed.take(warrant(world.fed, "W9", MARTA))
    world.run()
    assert not _stale(world.steps()[-1])["oj"]
    os.utime(beat, (1, 1))
    world.run()
    newest = world.steps()[-1]
    assert _stale(newest)["oj"] and not newest.keys and not newest.gone
    beat.touch()
    world.run()
    assert not _stale(world.steps()[-1])["oj"], "and no more when it is back"


def _stale(step: HotlistStep) -> dict[str, bool]:
    return {register.register_id: register.carried_forward for register in step.registers}


RECORDS = st.sampled_from(["W1", "W2", "W3", "W4", "W9", "W10"])
PERSONS = st.sampled_from([ANA, LUIS, MARTA, JOSE])
STATES = st.sampled_from(["PENDIENTE", "PENDIENTE", "CANCELADA"])


def _warrants() -> st.SearchStrategy[Callable[[FedWorld], Change]]:
    return st.builds(
        lambda record, number, state, by_name: lambda fed: warrant(fed, record, number, state, by_name),
        RECORDS, PERSONS, STATES, st.booleans(),
    )  # fmt: skip


def _thefts() -> st.SearchStrategy[Callable[[FedWorld], Change]]:
    return st.builds(
        lambda record, state, plate, vin: lambda fed: theft(
            fed, record, state, PLACA=plate, VIN=f"3N1AB7AP5FY{vin:06d}" if vin else ""
        ),
        st.sampled_from(["M0", "M1", "M9"]), STATES, st.sampled_from(PLATES), st.sampled_from((0, *VINS)),
    )  # fmt: skip


def _cars() -> st.SearchStrategy[Callable[[FedWorld], Change]]:
    return st.builds(
        lambda record, plate, vin, number: lambda fed: fed.upsert(
            "sat", ID=record, PLACA=plate, VIN=f"3N1AB7AP5FY{vin:06d}", CUI=cui_of(number), NOMBRE=WHO[number][0],
            DESDE="2023-01-01",
        ),
        st.sampled_from(["V1-00", "V2-00", "V9"]), st.sampled_from(PLATES), st.sampled_from(VINS), PERSONS,
    )  # fmt: skip


def _people() -> st.SearchStrategy[Callable[[FedWorld], Change]]:
    """Another name, or a child."""
    return st.builds(
        lambda number, born: lambda fed: fed.upsert(
            "renap", ID=f"R{number}-{number - 1}", CUI=cui_of(number), NOMBRE=WHO[number][0] + " X",
            NACIMIENTO=born, SEXO="F",
        ),
        PERSONS, st.sampled_from(["1980-05-17", "2020-01-01"]),
    )  # fmt: skip


def _cancels() -> st.SearchStrategy[Callable[[FedWorld], Change]]:
    return st.one_of(
        RECORDS.map(lambda record: lambda fed: fed.cancel("oj", record)),
        st.sampled_from(["M0", "M1", "M9"]).map(lambda record: lambda fed: fed.cancel("mp", record)),
        st.sampled_from(["V1-00", "V2-00", "V9"]).map(lambda record: lambda fed: fed.cancel("sat", record)),
    )


CHANGES = st.lists(st.one_of(_warrants(), _thefts(), _cars(), _people(), _cancels()), min_size=1, max_size=4)
AFTER = st.sampled_from(["run", "run", "restart", "killed", "nothing"])


@given(rounds=st.lists(st.tuples(CHANGES, AFTER), min_size=1, max_size=6))
@settings(max_examples=12, deadline=None)
def test_whatever_is_fed(base: SmallRegisters, rounds: list[tuple[list[Callable[[FedWorld], Change]], str]]) -> None:
    directory = Path(tempfile.mkdtemp(prefix="steps-"))
    fed = FedWorld(directory, small_world(), base)
    try:
        world = FollowedWorld(fed)
        list_id = world.list_id
        for changes, after in rounds:
            fed.take(*(change(fed) for change in changes))
            if after == "restart":
                world.restart()
            if after in ("run", "killed"):
                world.run()
            if after == "killed":  # its last line is half on disk
                path = world.path.with_suffix(".steps")
                content = path.read_bytes()
                path.write_bytes(content[: max(content.index(b"\n") + 1, len(content) - 40)])
                world.restart()
        world.run()
        assert world.held() == world.snapshot() == world.anew()
        assert world.list_id == list_id
    finally:
        fed.writer.close()
        shutil.rmtree(directory)
