"""A change replaces or closes the records that it names, and no others: not the other side, source or person of one
number (docs/feed.md, "The key of a record")."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from core.access.grant import Grant
from core.generation.view_file import read_view
from core.ledger.change import Kind
from ronda.v1 import check_service_pb2 as checks
from tests.indexer.small_registers import cui_of
from tests.live.fed_world import built, differences, said
from tests.live.shared_numbers import FedNumbers, SharedNumbers
from tests.live.test_a_view_answers_as_a_rebuild import ANA, JOSE, LUIS, MARTA
from tests.live.test_a_view_answers_as_a_rebuild import WHO as EVERYBODY

HIT, POSSIBLE, STOLEN = "LEVEL_HIT", "LEVEL_POSSIBLE", "vehicle_level: LEVEL_HIT"
PATROL = Grant({1: (1 << 64) - 1})  # whatever is OPEN
ROSA = 5
WHO = {**EVERYBODY, ROSA: ("ROSA MARIA TUC SACALXOT", "1970-02-02")}


def who(number: int, prefix: str = "") -> dict[str, str]:
    name, born = WHO[number]
    return {f"{prefix}CUI": cui_of(number), f"{prefix}NOMBRE": name, f"{prefix}NACIMIENTO": born}


def world_of(line: str = "LINEA") -> SharedNumbers:
    """JOSE keeps away from MARTA and ANA by one order; one number is LUIS's and JOSE's, one a theft's of both kinds."""
    world = SharedNumbers(line)
    for number, (name, born) in WHO.items():
        world.person(number, name, born, CALLE="3a calle 4-55" if number in (MARTA, ANA) else "9a avenida 1-11")
    world.car(1, "P-123BCD", [{"CUI": cui_of(MARTA), "NOMBRE": WHO[MARTA][0], "DESDE": "2015-01-01"}])
    world.car(2, "P-456FGH", [{"CUI": cui_of(LUIS), "NOMBRE": WHO[LUIS][0], "DESDE": "2016-01-01"}])
    world.car(3, "P-789JKL", [{"CUI": cui_of(ROSA), "NOMBRE": WHO[ROSA][0], "DESDE": "2016-01-01"}])
    world.add("oj/medidas", NUMERO="7", **who(JOSE, "A_"), **who(MARTA, "V_"), **who(ANA, "W_"))
    world.add("oj/ordenes", NUMERO="8", LINEA="1", **who(LUIS))
    world.add("oj/ordenes", NUMERO="8", LINEA="2", **who(JOSE))
    world.add("oj/sentencias", NUMERO="9", **who(ROSA))
    world.add("mp/vehiculos", NUMERO="9", PLACA="P-456FGH", VIN="3N1AB7AP5FY000002")
    world.add("mp/placas", NUMERO="9", PLACA="P-789JKL")
    world.add("mp/personas", NUMERO="10", **who(ANA))
    return world


@pytest.fixture
def fed(tmp_path: Path) -> Iterator[FedNumbers]:
    world = world_of()
    made = FedNumbers(tmp_path / "fed", world, built(tmp_path / "built", world))
    made.writer.publish()
    yield made
    made.writer.close()


@pytest.fixture
def without_line(tmp_path: Path) -> Iterator[FedNumbers]:
    """The manifest names no line: nobody can say which of two rows a change means."""
    world = world_of("")
    made = FedNumbers(tmp_path / "fed", world, built(tmp_path / "built", world))
    made.writer.publish()
    yield made
    made.writer.close()


def person(fed: FedNumbers, number: int) -> str:
    return said(fed.view(), checks.CheckPersonRequest(cui=cui_of(number)), PATROL)


def plate(fed: FedNumbers, text: str) -> str:
    return said(fed.view(), checks.CheckVehicleRequest(plate=text), PATROL)


@pytest.mark.parametrize(
    ("place", "cells"),
    [
        ("oj/sentencias", {"NUMERO": "77", "FECHA": "2010-01-01"}),
        ("renap/personas", {"ID": "R3-2", "SEXO": "F", "CALLE": "3a calle 4-55"}),
        ("sat/vehiculos", {"ID": "V1-00", "PLACA": "P-123BCD", "VIN": "3N1AB7AP5FY000001", "DESDE": "2024-01-01"}),
    ],
)
@pytest.mark.parametrize("side", [MARTA, ANA, JOSE])
def test_a_row_about_one_side_leaves_the_other(fed: FedNumbers, place: str, cells: dict[str, str], side: int) -> None:
    """An unchanged row of RENAP, a sale and a sentence of each of the three: he stays restrained, and they hidden."""
    assert HIT in person(fed, JOSE)
    assert "3a calle" not in plate(fed, "P-123BCD")
    whose = who(side) if place != "sat/vehiculos" else {"CUI": cui_of(side), "NOMBRE": WHO[side][0]}
    if place == "renap/personas":
        cells = cells | {"ID": next(row["ID"] for row in fed.world.rows[place] if row["CUI"] == cui_of(side))}
    assert fed.take(fed.feed(place, **cells, **whose)).refused == []
    assert HIT in person(fed, JOSE)
    assert "3a calle" not in plate(fed, "P-123BCD") + person(fed, MARTA) + person(fed, ANA)
    assert differences(fed) == []


def test_a_row_of_one_source_leaves_the_other_source_s_record_of_that_number(fed: FedNumbers) -> None:
    assert fed.take(fed.feed("mp/placas", NUMERO="9", PLACA="P-789JKL", ESTADO="CANCELADA", FECHA="2024-02-03"))
    assert STOLEN in plate(fed, "P-456FGH")
    assert STOLEN not in plate(fed, "P-789JKL")
    assert differences(fed) == []
    assert fed.take(fed.close("mp/vehiculos", "9")).refused == []
    assert STOLEN not in plate(fed, "P-456FGH")
    assert differences(fed) == []


def test_a_row_of_one_person_leaves_the_other_of_that_order(fed: FedNumbers) -> None:
    """By the line: closed for LUIS, he of the second line is wanted still; a corrected CUI replaces within its line."""
    fed.take(fed.feed("oj/ordenes", NUMERO="8", LINEA="1", **who(LUIS), ESTADO="CANCELADA", FECHA="2024-02-03"))
    assert HIT not in person(fed, LUIS)
    assert HIT in person(fed, JOSE)
    fed.take(replace(fed.close("oj/ordenes", "8", "2"), record={"LINEA": " 2\u00a0"}))  # as an extract's cell is read
    assert differences(fed) == []
    fed.take(fed.feed("oj/ordenes", NUMERO="8", LINEA="1", **who(ROSA), ESTADO="PENDIENTE", FECHA="2024-02-03"))
    assert HIT in person(fed, ROSA)
    assert HIT not in person(fed, LUIS)
    assert differences(fed) == []


def test_a_cancellation_that_may_mean_two_clears_neither(fed: FedNumbers) -> None:
    """Two sources, and two lines: POSSIBLE, "cancelada según ...: confirme", until it is said which."""
    assert fed.take(fed.change(Kind.CANCEL, "mp", "9", {})).refused == []
    for text in ("P-456FGH", "P-789JKL"):
        assert POSSIBLE in plate(fed, text)
        assert "cancelada según Ministerio Público" in plate(fed, text)
    fed.take(fed.change(Kind.CANCEL, "oj/ordenes", "8", {}))
    for number in (LUIS, JOSE):
        assert "cancelada según Organismo Judicial" in person(fed, number)
    assert HIT in person(fed, JOSE)  # the other order
    fed.take(fed.close("mp/vehiculos", "9"), fed.close("mp/placas", "9"))
    fed.take(fed.close("oj/ordenes", "8", "1"), fed.close("oj/ordenes", "8", "2"))
    assert differences(fed) == []


def test_a_cancellation_without_source_closes_nothing_for_certain(fed: FedNumbers) -> None:
    """The sentence of that number stays: it holds, whatever becomes of a warrant, which may be meant."""
    fed.take(fed.feed("oj/ordenes", NUMERO="9", LINEA="", **who(LUIS), ESTADO="PENDIENTE", FECHA="2024-02-03"))
    assert fed.take(fed.change(Kind.CANCEL, "oj", "9", {})).refused == []
    assert "sentences" in person(fed, ROSA)
    assert "cancelada según Organismo Judicial" in person(fed, LUIS)
    fed.take(fed.close("oj/ordenes", "9"))
    assert differences(fed) == []


def test_a_row_that_may_replace_two_is_refused_by_name(without_line: FedNumbers) -> None:
    """Its register is STALE; neither of the two becomes green, and a cancellation says no more than it knows."""
    change = without_line.change(Kind.UPSERT, "oj/ordenes", "8", {**who(LUIS), "NUMERO": "8", "ESTADO": "CANCELADA"})
    assert [(why.sequence, why.rule) for why in without_line.take(change).refused] == [(1, "ambiguous_record")]
    for number in (LUIS, JOSE):
        assert HIT in person(without_line, number)
    stale = 'register_id: "oj"\n  name: "Organismo Judicial"\n  state: REGISTER_STATE_STALE'
    assert stale in person(without_line, ROSA).replace("    ", "  ")
    without_line.take(without_line.change(Kind.CANCEL, "oj/ordenes", "8", {}))
    for number in (LUIS, JOSE):
        assert "cancelada según Organismo Judicial" in person(without_line, number)
    assert stale in person(without_line, ROSA).replace("    ", "  ")


def test_in_one_piece_or_one_by_one_it_comes_to_the_same(without_line: FedNumbers) -> None:
    """Cancelled, and then fed again by a row that is refused: the cancellation is not lost between the two."""
    cancel = without_line.change(Kind.CANCEL, "oj/ordenes", "8", {})
    upsert = without_line.change(Kind.UPSERT, "oj/ordenes", "8", {**who(LUIS), "NUMERO": "8", "ESTADO": "PENDIENTE"})
    assert [why.rule for why in without_line.take(cancel, upsert).refused] == ["ambiguous_record"]
    for number in (LUIS, JOSE):
        assert "cancelada según Organismo Judicial" in person(without_line, number)


def again(fed: FedNumbers, place: str, stay: Callable[[Mapping[str, str]], bool]) -> None:
    """The next extract lacks rows and states nothing; the whole ledger is taken over it."""
    fed.world.rows[place] = [row for row in fed.world.rows[place] if stay(row)]
    fed.over(*fed.built_anew(), [fed.taken])


def test_no_extract_makes_certain_what_a_cancellation_did_not_say(fed: FedNumbers) -> None:
    """One of two lines is left, and the order of a warrant and an order with one number: neither is closed for it."""
    fed.take(fed.feed("oj/ordenes", NUMERO="7", LINEA="", **who(LUIS), ESTADO="PENDIENTE", FECHA="2024-02-03"))
    fed.take(fed.change(Kind.CANCEL, "oj/ordenes", "8", {}), fed.change(Kind.CANCEL, "oj", "7", {}))
    again(fed, "oj/ordenes", lambda row: row["NUMERO"] == "8" and row["LINEA"] == "1")
    assert "cancelada según Organismo Judicial" in person(fed, LUIS)
    assert "cancelada según Organismo Judicial" in person(fed, JOSE)
    assert "3a calle" not in plate(fed, "P-123BCD") + person(fed, MARTA)
    fed.take(fed.change(Kind.CANCEL, "oj", "9", {}))
    assert "sentences" in person(fed, ROSA)


def test_a_row_that_meant_one_of_two_does_not_mean_the_one_that_is_left(without_line: FedNumbers) -> None:
    """JOSE's row is closed, and the next extract lists LUIS alone under that number: he is wanted still."""
    cells = {**who(JOSE), "NUMERO": "8", "ESTADO": "CANCELADA"}
    assert without_line.take(without_line.change(Kind.UPSERT, "oj/ordenes", "8", cells)).refused != []
    again(without_line, "oj/ordenes", lambda row: row["CUI"] == cui_of(LUIS))
    assert HIT in person(without_line, LUIS)
    assert "REGISTER_STATE_STALE" in person(without_line, ROSA)


def test_a_cancellation_that_names_nothing_is_told(fed: FedNumbers) -> None:
    """It closes nothing, whatever its id or line looks like; one that may mean several says what it may close."""
    wrong = [
        fed.change(Kind.CANCEL, "oj/ordenes", "8", {"LINEA": "01"}),
        fed.change(Kind.CANCEL, "oj/ordenes", "80", {"LINEA": "1"}),
        fed.change(Kind.CANCEL, "oj/ordenes", "80", {}),
        fed.change(Kind.CANCEL, "oj/medidas", "8", {}),
    ]
    told = {(each.manifest_source, each.record_id) for each in fed.take(*wrong).naming_nothing}
    assert told == {("ordenes", "8"), ("ordenes", "80"), ("medidas", "8")}
    assert read_view(fed.writer.home).registers["oj"].naming_nothing == 4
    assert HIT in person(fed, LUIS)
    assert HIT in person(fed, JOSE)
    assert fed.take(fed.close("oj/ordenes", "8", "1")).naming_nothing == []
    assert fed.take(fed.change(Kind.CANCEL, "oj/ordenes", "8", {})).naming_nothing == []
    assert HIT not in person(fed, LUIS)


def test_a_change_of_another_line_mends_nothing(fed: FedNumbers) -> None:
    """A refused change stays lacking; a row without the column of the line is no line of its own where lines stand."""
    cells = {**who(LUIS), "NUMERO": "8", "ESTADO": "CANCELADA"}
    assert [why.rule for why in fed.take(fed.change(Kind.UPSERT, "oj/ordenes", "8", cells)).refused] == [
        "ambiguous_record"
    ]
    fed.take(fed.feed("oj/ordenes", NUMERO="8", LINEA="9", **who(ROSA), ESTADO="CANCELADA", FECHA="2024-02-03"))
    fed.take(fed.close("oj/ordenes", "8", "1"))
    assert "REGISTER_STATE_STALE" in person(fed, ROSA)


def test_nothing_is_lacking_of_it_once_each_line_was_written(fed: FedNumbers) -> None:
    """One by one and in one piece: what the refused row meant of either line is older than what stands."""
    refused = fed.change(Kind.UPSERT, "oj/ordenes", "8", {**who(LUIS), "NUMERO": "8", "ESTADO": "CANCELADA"})
    assert [why.rule for why in fed.take(refused).refused] == ["ambiguous_record"]
    assert read_view(fed.writer.home).registers["oj"].refused == {"ambiguous_record": 1}
    fed.take(fed.close("oj/ordenes", "8", "1"))
    assert "REGISTER_STATE_STALE" in person(fed, ROSA)
    fed.take(fed.feed("oj/ordenes", NUMERO="8", LINEA="2", **who(JOSE), ESTADO="PENDIENTE", FECHA="2024-02-03"))
    assert "REGISTER_STATE_STALE" not in person(fed, ROSA)
    fed.over(fed.data, fed.base_id, [fed.taken])
    assert "REGISTER_STATE_STALE" not in person(fed, ROSA)
    assert differences(fed) == []
