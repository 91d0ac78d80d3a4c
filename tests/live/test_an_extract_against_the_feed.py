"""A fed change against an extract of the same register and record: every row of docs/answers.md section 15's table."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.generation.store import Generation
from core.ledger.change import Change, Kind
from core.ledger.reader import FOLDER
from core.ledger.writer import LedgerWriter
from indexer.generations.publishing import GENERATIONS, current_generation, published_generations, switch
from indexer.live import writer
from indexer.live.following import Follower
from indexer.live.joining import join
from indexer.live.standing import Standing
from indexer.manifest.loading import load_manifests
from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1 import level_pb2
from ronda.v1.alert_pb2 import Hit
from ronda.v1.register_pb2 import REGISTER_STATE_STALE
from server.calls.live_levels import LiveLevels
from server.recall.looks import Found, Look
from server.recall.store import RecallStore
from server.recall.telling import told
from server.recall.views import Views
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.kit.small_world import MP, SmallWorld
from tests.live.fed_world import AS_OF_S
from tests.live.stating import FEED, SEQUENCE, StatingWorld

ANA, LUIS = cui_of(1), cui_of(2)
CALLED = {ANA: ("ANA LUCIA CAAL CHOC", "1980-05-17"), LUIS: ("LUIS ALBERTO POP TZUL", "1975-01-20")}
DAY = "2026-05-28"  # that of AS_OF_S, in Guatemala: 14:26
CANCELLED_AT, ISSUED_AT = f"{DAY}T10:42:00-06:00", f"{DAY}T10:50:00-06:00"
NOTE = "cancelada según Organismo Judicial 28/05 10:42: confirme"
PENDING, CANCELLED = "PENDIENTE", "CANCELADA"


def milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def world_of(world: SmallWorld, orders: dict[str, tuple[str, str]]) -> SmallWorld:
    """orders: record id -> (CUI, state)."""
    for number, (cui, (name, born)) in enumerate(CALLED.items(), 1):
        assert world.person(number, name, born) == cui
    for record_id, (cui, state) in orders.items():
        world.warrant(record_id, cui, *CALLED[cui], state=state)
    world.warrant("OC-0", "", "OTRA PERSONA TUYUC", "1960-01-01", state=CANCELLED)  # no extract without a row
    return world


BEFORE = {"OC-7": (ANA, PENDING)}


class Court:
    """A court that feeds, one extract after the other, and `ronda live`'s follower over whichever serves."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.number = self.extracts = 0
        self.accepts_ledger = False  # whatever it lacks
        self.follower: Follower | None = None
        self.ledger: LedgerWriter | None = None

    def extract(self, orders: dict[str, tuple[str, str]], world: SmallWorld | None = None) -> None:
        """The next base."""
        self.extracts += 1
        written = world_of(world or SmallWorld(), orders).write(self.directory / f"written-{self.extracts}")
        registers = replace(written.options(), data=self.data, live=True, accept_shrink=["oj", "oj/WARRANT"])
        registers = replace(registers, accept_ledger=self.accepts_ledger)
        for file in written.sources.iterdir():
            os.utime(file, (AS_OF_S, AS_OF_S))
        build(registers)
        self.open(written.manifests)

    def open(self, manifests: Path) -> None:
        """With the manifests that the base was built by."""
        if self.ledger is None:
            self.ledger = LedgerWriter(self.data / FOLDER)
        if self.follower is not None:
            self.follower.__exit__(None, None, None)
        self.follower = Follower(self.data, str(current_generation(self.data)), load_manifests(manifests))

    def open_again(self) -> None:
        """A new follower over the base that serves."""
        assert self.follower is not None
        manifests = self.follower._manifests
        self.follower.__exit__(None, None, None)
        self.follower = Follower(self.data, str(current_generation(self.data)), manifests)

    def close(self) -> None:
        assert self.follower is not None and self.ledger is not None
        self.follower.__exit__(None, None, None)
        self.ledger.close()

    def feed(self, kind: Kind, record_id: str, at: str, source: str = FEED, **cells: str) -> None:
        self.number += 1
        event_ms = milliseconds(at)
        change = Change(
            kind, "oj", source, record_id=record_id, source_sequence=self.number, event_ms=event_ms, record=cells
        )
        assert self.ledger is not None
        self.ledger.append([change], AS_OF_S * 1000 - 1000 + self.number)  # one after the other

    def upsert(self, record_id: str, cui: str, state: str, at: str) -> None:
        name, born = CALLED[cui]
        cells = {"ORDEN": record_id, "CUI": cui, "NOMBRE": name, "NACIMIENTO": born}
        self.feed(Kind.UPSERT, record_id, at, **cells, ESTADO=state, FECHA="2024-02-03", DELITO="ROBO")

    def view(self) -> Generation:
        assert self.follower is not None
        self.follower.step()
        base = Generation.open(self.data / GENERATIONS / self.follower.base_id)
        return LiveLevels(base, self.data).look() or base

    def answer(self, cui: str, now_ms: int = AS_OF_S * 1000 + 1) -> checks.CheckPersonResponse:
        request = checks.CheckPersonRequest(cui=cui).SerializeToString()
        answer = Engine(self.view()).answer(METHODS["CheckPerson"], request, Grant.everything(), now_ms)
        return checks.CheckPersonResponse.FromString(answer)

    def level(self, cui: str) -> str:
        return level_pb2.Level.Name(self.answer(cui).answer.level).removeprefix("LEVEL_")

    def hits(self, cui: str) -> list[Hit]:
        return list(self.answer(cui).answer.hits)

    def notes(self, cui: str) -> list[str]:
        return [note.text for hit in self.hits(cui) for note in hit.notes]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once: the extract before anything was fed."""
    made = Court(tmp_path_factory.mktemp("court"))
    made.extract(BEFORE)
    made.close()
    return made.data


@pytest.fixture
def court(tmp_path: Path, first: Path) -> Iterator[Court]:
    made = Court(tmp_path)
    shutil.copytree(first, made.data)
    made.open(first.parent / "written-1" / "registers" / "manifests")
    yield made
    made.close()


def at(time: str) -> Callable[[], SmallWorld]:
    return lambda: StatingWorld(f"{DAY}T{time}-06:00", snapshot=True)


def day() -> SmallWorld:
    return StatingWorld(DAY, snapshot=True)


def as_of_alone() -> SmallWorld:
    return StatingWorld(f"{DAY}T11:30:00-06:00")


def sequence(number: int) -> Callable[[], SmallWorld]:
    return lambda: StatingWorld(f"{DAY}T09:00:00-06:00", sequence=number)


LISTED = {"OC-7": (ANA, PENDING)}


@pytest.mark.parametrize(
    ("extract", "lists", "level", "notes"),
    [
        (at("10:00:00"), LISTED, "CLEAR", []),
        (day, LISTED, "CLEAR", []),
        (as_of_alone, LISTED, "CLEAR", []),
        (SmallWorld, LISTED, "CLEAR", []),
        (at("11:30:00"), LISTED, "POSSIBLE", [NOTE]),
        (at("10:42:00"), LISTED, "POSSIBLE", [NOTE]),
        (at("10:41:59"), LISTED, "CLEAR", []),
        (sequence(0), LISTED, "CLEAR", []),
        (sequence(1), LISTED, "POSSIBLE", [NOTE]),
        (sequence(5), LISTED, "POSSIBLE", [NOTE]),
        (sequence(1), {"OC-7": (ANA, CANCELLED)}, "CLEAR", []),
        (at("10:00:00"), {"OC-7": (ANA, CANCELLED)}, "CLEAR", []),
        (sequence(1), {}, "CLEAR", []),
        (at("11:30:00"), {}, "CLEAR", []),
    ],
)
def test_a_warrant_that_was_cancelled_by_feed(
    court: Court,
    extract: Callable[[], SmallWorld],
    lists: dict[str, tuple[str, str]],
    level: str,
    notes: list[str],
) -> None:
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    assert court.level(ANA) == "CLEAR"
    [closed] = court.answer(ANA).person.closed_alerts
    assert [note.text for note in closed.notes] == ["cancelada por Organismo Judicial el 28/05/2026"]
    court.extract(lists, extract())
    assert (court.level(ANA), court.notes(ANA)) == (level, notes)
    assert court.level(LUIS) == "CLEAR"


@pytest.mark.parametrize(
    ("extract", "level"),
    [
        (at("10:00:00"), "HIT"),
        (as_of_alone, "POSSIBLE"),
        (SmallWorld, "HIT"),
        (sequence(0), "HIT"),
        (sequence(1), "CLEAR"),
        (at("11:30:00"), "CLEAR"),
        (day, "HIT"),
    ],
)
def test_a_warrant_that_was_issued_by_feed(court: Court, extract: Callable[[], SmallWorld], level: str) -> None:
    """And is not listed by the next extract."""
    court.upsert("OC-8", LUIS, PENDING, ISSUED_AT)
    assert court.level(LUIS) == "HIT"
    court.extract(BEFORE, extract())
    assert court.level(LUIS) == level
    assert (court.level(ANA), court.notes(ANA)) == ("HIT", [])


@pytest.mark.parametrize(("lists", "word"), [({}, "no consta"), ({"OC-8": (LUIS, CANCELLED)}, "cancelada")])
def test_a_later_extract_that_does_not_list_it_makes_it_possible(
    court: Court, lists: dict[str, tuple[str, str]], word: str
) -> None:
    """By its as-of, which decides nothing; fed once more after it the warrant is certain again."""
    court.upsert("OC-8", LUIS, PENDING, ISSUED_AT)
    court.extract(BEFORE | lists, as_of_alone())
    assert (court.level(LUIS), court.notes(LUIS)) == (
        "POSSIBLE",
        [f"{word} según Organismo Judicial 28/05 11:30: confirme"],
    )
    court.upsert("OC-8", LUIS, PENDING, f"{DAY}T11:31:00-06:00")
    assert (court.level(LUIS), court.notes(LUIS)) == ("HIT", [])


def test_an_instant_decides_only_where_no_sequence_of_the_feed_is_stated(court: Court) -> None:
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    late = f"{DAY}T11:30:00-06:00"
    court.extract(LISTED, StatingWorld(late, snapshot=True, sequence=1))
    assert court.level(ANA) == "CLEAR", "the second cancellation is behind the stated sequence"
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT, source="another")
    court.extract(LISTED, StatingWorld(late, snapshot=True, sequence=2))
    assert (court.level(ANA), court.notes(ANA)) == ("POSSIBLE", [NOTE]), "of the other feed none is stated"


def ahead() -> StatingWorld:
    """An instant that is not yet: the day's last, say, or a clock that is ahead."""
    return StatingWorld(datetime.fromtimestamp(time.time() + 43_000, UTC).isoformat(), snapshot=True)


@pytest.mark.parametrize("extract", [ahead, sequence(999_999_999_999_999)])
def test_no_extract_holds_what_happened_after_it_was_read(court: Court, extract: Callable[[], SmallWorld]) -> None:
    """A number or an instant that is wrongly ahead drops no change that comes."""
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    court.extract(LISTED, extract())
    assert (court.level(ANA), court.notes(ANA)) == ("POSSIBLE", [NOTE])
    now = datetime.fromtimestamp(time.time() + 1, UTC).isoformat()
    court.upsert("OC-8", LUIS, PENDING, now)
    assert court.level(LUIS) == "HIT"
    court.extract(LISTED, extract())
    assert court.level(LUIS) == "HIT", "the same file, read again"
    court.feed(Kind.CANCEL, "OC-7", now)
    court.feed(Kind.CANCEL, "OC-8", now)
    for cui in (ANA, LUIS):
        answer = court.answer(cui, milliseconds(now))  # before that day, it is closed on one still to come
        assert not answer.answer.hits


@pytest.mark.parametrize("said", ["-1", "+1", "1.0", "1e3", "0x10", "", "uno", "١", "1 2", "9" * 16, "1\n2"])
def test_what_is_no_number_states_nothing(court: Court, said: str) -> None:
    """The source is as one that cannot be read: what it listed before stays, STALE, and the fed change wins."""
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    court.extract({}, Saying(said))
    answer = court.answer(ANA).answer
    assert (court.level(ANA), court.notes(ANA)) == ("INCOMPLETE", [])
    assert [status.state for status in answer.registers if status.register_id == "oj"] == [REGISTER_STATE_STALE]


class Saying(StatingWorld):
    """The sidecar's content in place of a number."""

    def __init__(self, said: str) -> None:
        super().__init__(sequence=0)
        self.said = said

    def write(self, directory: Path) -> SmallRegisters:
        registers = super().write(directory)
        (registers.sources / SEQUENCE).write_text(self.said)
        return registers


def test_an_older_extract_states_less(court: Court) -> None:
    """In the place of a later one, by a build and by a roll-back: what it does not hold counts again."""
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    court.upsert("OC-8", LUIS, PENDING, ISSUED_AT)
    for stated, levels in (
        (2, ("POSSIBLE", "CLEAR")),
        (1, ("POSSIBLE", "HIT")),
        (0, ("CLEAR", "HIT")),
        (2, ("POSSIBLE", "CLEAR")),
    ):
        court.extract(LISTED, sequence(stated)())
        assert (court.level(ANA), court.level(LUIS)) == levels, stated


@pytest.mark.parametrize(
    ("instant", "level"),
    [
        (f"{DAY}T16:42:00Z", "POSSIBLE"),
        (f"{DAY}T16:41:59Z", "CLEAR"),
        (f"{DAY}T18:42:00+02:00", "POSSIBLE"),
        (f"{DAY}T10:42:00", "POSSIBLE"),
        (f"{DAY} 10:41:59.999", "CLEAR"),
        (f"{DAY}T10:42:00.001", "POSSIBLE"),
        ("2026-05-29", "POSSIBLE"),
        ("2026-05-29T00:00:00+14:00", "CLEAR"),
    ],
)
def test_an_instant_in_whatever_zone(court: Court, instant: str, level: str) -> None:
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    court.extract(LISTED, StatingWorld(instant, snapshot=True))
    assert court.level(ANA) == level


def test_what_comes_behind_the_stated_sequence_wins(court: Court) -> None:
    """In whatever order: cancelled, listed, issued anew, cancelled again; on one view."""
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    court.extract(LISTED, sequence(1)())
    assert court.level(ANA) == "POSSIBLE"
    court.upsert("OC-7", ANA, PENDING, f"{DAY}T12:00:00-06:00")
    assert (court.level(ANA), court.notes(ANA)) == ("HIT", [])
    court.feed(Kind.CANCEL, "OC-7", f"{DAY}T13:00:00-06:00")
    assert (court.level(ANA), court.notes(ANA)) == ("CLEAR", [])
    [closed] = court.answer(ANA).person.closed_alerts
    assert [note.code for note in closed.notes] == ["CLOSED_CANCELLED"]
    court.extract(LISTED, sequence(2)())
    assert court.level(ANA) == "CLEAR", "the third change is behind what this extract states"


def test_the_last_that_yields_says_whether_it_was_closed(court: Court) -> None:
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    court.upsert("OC-7", ANA, PENDING, f"{DAY}T12:00:00-06:00")
    court.upsert("OC-8", LUIS, PENDING, ISSUED_AT)
    court.upsert("OC-8", LUIS, CANCELLED, f"{DAY}T11:05:00-06:00")
    court.extract({**LISTED, "OC-8": (LUIS, PENDING)}, sequence(4)())
    assert (court.level(ANA), court.notes(ANA)) == ("HIT", [])
    assert court.level(LUIS) == "POSSIBLE"
    assert court.notes(LUIS) == ["cancelada según Organismo Judicial 28/05 11:05: confirme"]


def test_a_row_that_cannot_be_read_says_nothing(court: Court) -> None:
    """A row that yields needs no report: the extract is the later word."""
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    court.upsert("OC-7", ANA, "QUIEN SABE", f"{DAY}T12:00:00-06:00")
    court.extract(LISTED, sequence(2)())
    assert (court.level(ANA), court.notes(ANA)) == ("POSSIBLE", [NOTE])
    assert court.level(LUIS) == "CLEAR", "no register is STALE for it"


def test_another_warrant_of_the_person_stays_a_hit(court: Court) -> None:
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    court.extract({**LISTED, "OC-9": (ANA, PENDING)}, sequence(1)())
    levels = sorted((hit.record.record_id, hit.level, len(hit.notes)) for hit in court.hits(ANA))
    assert levels == [("OC-7", level_pb2.LEVEL_POSSIBLE, 1), ("OC-9", level_pb2.LEVEL_HIT, 0)]
    assert court.level(ANA) == "HIT"


def test_a_clearance_is_reviewed(court: Court) -> None:
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    court.extract(LISTED, sequence(1)())
    batch = clearance.ClearRequest(standard="CLEARANCE_STANDARD_WANTED", row_ids=[1, 2], cuis=[ANA, LUIS])
    content = batch.SerializeToString()
    opened = Engine(court.view()).clearance(content, Grant.everything(), AS_OF_S * 1000 + 1)
    found = clearance.ClearResponse.FromString(opened.answer(content, AS_OF_S * 1000 + 1))
    assert list(found.results) == [clearance.CLEARANCE_RESULT_REVIEW, clearance.CLEARANCE_RESULT_NO_RECORD]
    assert found.ledger_sequence == "1"


def test_roll_backs_and_restarts_keep_to_what_each_extract_states(court: Court) -> None:
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    court.extract(LISTED, sequence(1)())
    assert court.level(ANA) == "POSSIBLE"
    first, second = sorted(published_generations(court.data))
    switch(court.data, first)
    assert court.follower is not None
    manifests = court.follower._manifests
    for generation, level in ((first, "CLEAR"), (second, "POSSIBLE")):
        switch(court.data, generation)
        court.follower.__exit__(None, None, None)
        court.follower = Follower(court.data, generation, manifests)
        assert court.level(ANA) == level


def test_what_a_build_took_in_is_not_linked(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer over a new base passes over what the extract holds already, and what the build took in."""
    for number in range(5):
        court.upsert(f"OC-1{number}", LUIS, PENDING, ISSUED_AT)
    linked: list[int] = []

    def counted(standing: Standing, changed: pa.Table, *given: Any) -> Any:
        linked.append(changed.num_rows)
        return join(standing, changed, *given)

    monkeypatch.setattr(writer, "join", counted)
    court.extract(BEFORE, sequence(4)())
    assert (court.level(LUIS), linked) == ("HIT", [])
    court.extract(BEFORE, sequence(5)())
    assert (court.level(LUIS), linked) == ("CLEAR", [])


def test_who_was_told_to_let_go_is_told_of_the_doubt(court: Court, tmp_path: Path) -> None:
    store = RecallStore(tmp_path / "recall")
    views = Views(court.data, store)

    def said() -> list[str]:
        engine, seen = Engine(court.view()), views.look()
        assert seen is not None
        look = Found(0, Look("w/1/1", "pnc/1", bytes(15) + b"\1", 1000, "base", 0))
        store.take(seen.taken, [(each, [look]) for each in seen.changes])
        views.done(seen)
        now_ms = AS_OF_S * 1000 + 1
        found = (told(row, engine, Grant.everything(), now_ms) for row in store.waiting("pnc/1", 0, now_ms, 10))
        return [message.text for message in found if message is not None]

    assert said() == []
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    [text] = said()
    assert text.startswith("CANCELADA: NO ACTÚE por esta orden de captura (OJ).")
    court.extract(LISTED, sequence(1)())
    [text] = said()
    assert text.startswith(f"POSIBLE ALERTA NUEVA: orden de captura (OJ); {NOTE}. Consulta: ANA LUCIA CAAL CHOC")


class Merging(StatingWorld):
    """Both courts' and prosecutors' records of one causa; the court decides."""

    def __init__(self, mp: str, sequence: int) -> None:
        super().__init__(f"{DAY}T09:00:00-06:00", sequence=sequence)
        self.mp = mp

    def write(self, directory: Path):  # type: ignore[no-untyped-def]
        self.rows["mp"] += [
            {"ID": "SOA-7", "TIPO": "CAPTURA", "CUI": ANA, "NOMBRE": CALLED[ANA][0], "NACIMIENTO": CALLED[ANA][1]}
            | {"ESTADO": self.mp, "FECHA": "2020-05-05"}
        ]
        registers = super().write(directory)
        manifest = registers.manifests / "oj.toml"
        text = manifest.read_text(encoding="utf-8")
        manifest.write_text(text + 'merge_key = ["DELITO"]\n', encoding="utf-8")
        capture = """
[[record]]
source = "denuncias"
section = "warrant"
when = { column = "TIPO", in = ["CAPTURA"] }
record_id = "ID"
date = "FECHA"

[record.subject]
cui = "CUI"
full_name = "NOMBRE"
birth_date = "NACIMIENTO"

[record.alert]
kind = "WARRANT"
state = { column = "ESTADO", codes = "state" }
issued = "FECHA"
merge_key = [{ const = "ROBO AGRAVADO" }]
"""
        assert "authoritative_for" not in MP
        (registers.manifests / "mp.toml").write_text(MP + capture, encoding="utf-8")
        return registers


def test_of_one_warrant_the_doubt_of_the_record_that_stands_for_it_counts(court: Court) -> None:
    """The prosecutors list it too: what the court itself closed and lists again is not certain for that."""
    court.feed(Kind.CANCEL, "OC-7", CANCELLED_AT)
    court.extract(LISTED, Merging(PENDING, 1))
    [hit] = court.hits(ANA)
    assert {source.record.record_id for source in hit.sources} == {"OC-7", "SOA-7"}
    assert (hit.level, [note.text for note in hit.notes]) == (level_pb2.LEVEL_POSSIBLE, [NOTE])
