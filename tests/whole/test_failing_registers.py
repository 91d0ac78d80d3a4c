"""Registers that fail, one after the other, under a server that follows; and a discreet alert that leaves no trace."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from ronda.v1 import register_service_pb2 as registers
from tests.kit.asker import Asker
from tests.kit.comparison import ask
from tests.kit.expectations import assert_expected
from tests.kit.nation_cases import CLEAR, FOUND, FRESH, MISSING, STALE, WARRANT
from tests.kit.nation_kit import BuiltNation
from tests.kit.questions import Drawer
from tests.kit.registers_read import assert_registers_equal
from tests.server.running_server import RunningServer, until

QUESTIONS = 300


@pytest.fixture
def cast(small_nation: BuiltNation) -> dict[str, Any]:
    return small_nation.cast


class Changing:
    """A copy of the nation that is changed and built again, with a server that follows."""

    def __init__(self, nation: BuiltNation, directory: Path, log: Path) -> None:
        shutil.copytree(nation.directory, directory, dirs_exist_ok=True)
        self.nation = BuiltNation(directory, nation.dsn)
        self.whole = nation.registers
        self.server = RunningServer(self.nation.data, log, workers=1)
        self.ask = Asker(self.server.wait_ready())

    def rebuild(self, change: Callable[[Path], None], **options: Any) -> None:
        """Changes the registers' files, builds, and waits until the server answers from the new generation."""
        change(self.nation.registers)
        self.nation.build(**options)
        wanted = self.nation.manifest["generation_id"]
        until(lambda: self.ask(registers.GetGenerationRequest()).generation_id == wanted)

    def restore(self, directory: Path) -> None:
        """A change: every register as it was before all changes."""
        shutil.rmtree(directory)
        shutil.copytree(self.whole, directory)


@pytest.fixture
def changing(small_nation: BuiltNation, tmp_path: Path) -> Iterator[Changing]:
    found = Changing(small_nation, tmp_path / "nation", tmp_path / "log")
    try:
        yield found
    finally:
        found.server.stop()


def age(register: str) -> Callable[[Path], None]:
    """Makes a register's extract a month old."""

    def change(directory: Path) -> None:
        old = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=31)
        (directory / register / "CORTE").write_text(old.isoformat(timespec="seconds") + "\n", encoding="utf-8")

    return change


def unreadable(register: str) -> Callable[[Path], None]:
    """Leaves nothing in a register's files but their first hundred bytes of zeros."""

    def change(directory: Path) -> None:
        for path in (directory / register).iterdir():
            if path.name != "CORTE":
                path.write_bytes(b"\0" * 100)

    return change


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_registers_that_fail(changing: Changing, cast: dict[str, Any]) -> None:
    """A stale context register, a stale alert register, one carried forward, one withdrawn: each in its turn."""
    clean, wanted = cast["persons"]["clean"], cast["persons"]["wanted"]

    changing.rebuild(age("transito"))
    response = changing.ask.person(clean)
    assert_expected(response, CLEAR | {"coverage": "INCOMPLETE"})
    assert [r.register_id for r in response.answer.registers if r.state == STALE] == ["transito"]

    changing.rebuild(age("sapo"))
    response = changing.ask.person(clean)
    assert_expected(response, FOUND | {"level": "INCOMPLETE", "coverage": "INCOMPLETE", "hits": []})
    assert [r.register_id for r in response.answer.registers if r.state == STALE] == ["sapo", "transito"]
    assert_expected(changing.ask.person(wanted), FOUND | {"level": "HIT", "coverage": "INCOMPLETE"})

    listed = changing.ask(registers.ListRegistersRequest()).registers
    before = {r.status.register_id: r.status.as_of for r in listed}
    changing.rebuild(unreadable("oj"))
    response = changing.ask.person(wanted)
    assert_expected(
        response,
        FOUND | {"level": "HIT", "hits": [WARRANT | {"sources": ["oj", "mp", "sapo"], "source_state": STALE}]},
    )
    oj = next(r for r in response.answer.registers if r.register_id == "oj")
    assert oj.carried_forward
    assert oj.as_of == before["oj"], "a hit that was carried forward keeps its as-of"

    # Whoever is stale makes a clean person INCOMPLETE too: only where all are whole does the one withdrawn decide.
    changing.rebuild(changing.restore)
    assert_expected(changing.ask.person(clean), CLEAR)
    changing.rebuild(lambda _: None, withdraw=["oj"])
    response = changing.ask.person(clean)
    assert_expected(response, FOUND | {"level": "INCOMPLETE", "coverage": "INCOMPLETE", "hits": []})
    assert {r.register_id: r.state for r in response.answer.registers if r.state != FRESH} == {"oj": MISSING}


@pytest.mark.timeout(300)
def test_without_the_register_that_identifies_nobody_is_verified(changing: Changing, cast: dict[str, Any]) -> None:
    clean, wanted = cast["persons"]["clean"], cast["persons"]["wanted"]
    assert_expected(changing.ask.person(clean), CLEAR)
    changing.rebuild(lambda _: None, withdraw=["renap"])
    response = changing.ask.person(clean)
    assert_expected(
        response, {"identity_status": "UNVERIFIED", "level": "INCOMPLETE", "coverage": "INCOMPLETE", "hits": []}
    )
    assert {r.register_id: r.state for r in response.answer.registers if r.state != FRESH} == {"renap": MISSING}
    assert_expected(changing.ask.person(wanted), {"identity_status": "UNVERIFIED", "level": "HIT"})


def test_nobody_is_on_file_in_a_register_that_is_gone(changing: Changing, cast: dict[str, Any]) -> None:
    """By NIT, licence, name, telephone and as owner: other registers hold the person, and RENAP may differ."""
    clean = cast["persons"]["clean"]
    claim = changing.ask.person(clean).person.identity_claims[0]
    name, born = claim.name, claim.birth_date
    changing.rebuild(lambda _: None, withdraw=["renap"])
    by_cui = changing.ask.person(clean).person
    asked = [checks.CheckPersonRequest(name=name), checks.CheckPersonRequest(name=name, birth_date=born)]
    asked += [checks.CheckPersonRequest(nit=each.nit) for each in by_cui.tax_registrations[:1]]
    asked += [checks.CheckPersonRequest(licence=each.number) for each in by_cui.licences[:1]]
    assert len(asked) > 2
    for request in asked:
        found = changing.ask(request)
        assert found.person.subject_id or found.candidates
        for status in (found.answer.identity_status, *(each.identity_status for each in found.candidates)):
            assert status in (level_pb2.IDENTITY_STATUS_UNVERIFIED, level_pb2.IDENTITY_STATUS_UNSPECIFIED)
        assert found.answer.level != level_pb2.LEVEL_CLEAR


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("withdrawn", "carried"), [("renap", "oj"), ("oj", "sat")])
def test_engine_answers_as_the_oracle_does_without_a_register(
    small_nation: BuiltNation, tmp_path: Path, withdrawn: str, carried: str
) -> None:
    """One register withdrawn, another carried forward."""
    directory = tmp_path / "nation"
    shutil.copytree(small_nation.directory, directory)
    lacking = BuiltNation(directory, small_nation.dsn, elsewhere={carried: small_nation.registers})
    unreadable(carried)(lacking.registers)
    lacking.build(withdraw=[withdrawn])
    told = {entry["id"]: (entry["state"], entry["carried_forward"]) for entry in lacking.manifest["registers"]}
    assert told[withdrawn][0] != "loaded" and told[carried] == ("loaded", True)
    assert_registers_equal(lacking)
    drawer = Drawer(lacking.oracle, seed=20261125)
    differing = []
    for question in drawer.questions(QUESTIONS):
        both = ask(lacking.engine, lacking.oracle, question, drawer.masks(), drawer.clock(small_nation.as_of_ms))
        if not both.equal:
            differing.append(f"{question.method} {question.request}\n{both.oracle}\n---\n{both.engine}")
    assert not differing, f"{len(differing)} of {QUESTIONS} differ\n{differing[0]}"


def test_a_discreet_alert_leaves_no_trace(small_nation: BuiltNation, cast: dict[str, Any], tmp_path: Path) -> None:
    """Without the right the answer is the one of a generation without the alert: same level, same number of bytes."""
    who = cast["persons"]["discreet"]
    directory = tmp_path / "nation"
    shutil.copytree(small_nation.directory, directory)
    without = BuiltNation(directory, small_nation.dsn)
    path = without.registers / "mp" / "alertas_discretas.jsonl"
    kept = [line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if who not in line]
    assert len(kept) + 1 == len(path.read_text(encoding="utf-8").splitlines())
    path.write_text("".join(kept), encoding="utf-8")
    without.build(accept_shrink=["mp"])
    full = 2**64 - 1
    grant = Grant({1: full, 2: 0, 3: full, 4: full, 5: full})
    clock = small_nation.as_of_ms
    with_alert = small_nation.engine
    bare = Engine(Generation.open(without.generation_directory))
    for request in (
        checks.CheckPersonRequest(cui=who),
        checks.CheckRequest(query=who),
        checks.SearchPersonsRequest(names="FABRICIO FORONDA WYLD"),
    ):
        method = METHODS[type(request).__name__.removesuffix("Request")]
        content = request.SerializeToString()
        hidden = with_alert.answer(method, content, grant, clock)
        absent = bare.answer(method, content, grant, clock)
        assert len(hidden) == len(absent)
        assert b"DISCREET" not in hidden
    shown = with_alert.answer(
        METHODS["CheckPerson"], checks.CheckPersonRequest(cui=who).SerializeToString(), Grant.everything(), clock
    )
    assert len(shown) > len(hidden)
