"""Changes fed over a base are answered as a build of the changed registers answers it, however it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.ledger.change import Change
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from tests.indexer.small_registers import cui_of
from tests.kit.small_world import SmallWorld
from tests.live.fed_world import FedWorld, built, differences, questions, said

ANA, LUIS, MARTA, JOSE = range(1, 5)
WHO = {
    ANA: ("ANA LUCIA CAAL CHOC", "1980-05-17"),
    LUIS: ("LUIS ALBERTO POP TZUL", "1975-01-20"),
    MARTA: ("MARTA ELENA GARCIA LOPEZ", "1990-11-02"),
    JOSE: ("JOSE MANUEL PEREZ RAMIREZ", "1966-07-30"),
}


def small_world() -> SmallWorld:
    world = SmallWorld()
    for number, (name, born) in WHO.items():
        world.person(number, name, born, CALLE="3a calle 4-55")
    world.person(5, "JOSE MANUEL PEREZ RAMIRES", "1971-07-30")
    for number in range(6, 20):
        given, surname = ("UNO", "DOS", "TRES", "CUATRO", "CINCO")[number % 5], ("COY", "TUC", "ICAL")[number % 3]
        world.person(number, f"PERSONA {given} {surname} XOL", f"19{50 + number}-03-0{1 + number % 8}")
    world.warrant("W1", cui_of(ANA), *WHO[ANA])
    world.warrant("W2", cui_of(LUIS), *WHO[LUIS], state="CANCELADA")
    world.warrant("W3", "", *WHO[JOSE])
    world.warrant("W4", "", "NADIE CONOCIDO DE AQUI", "1960-01-01")
    world.car(1, "P-123BCD", [{"CUI": cui_of(ANA), "NOMBRE": WHO[ANA][0], "DESDE": "2015-01-01"}])
    world.car(2, "P-456FGH", [{"CUI": cui_of(LUIS), "NOMBRE": WHO[LUIS][0], "DESDE": "2016-01-01"}])
    world.report("M1", "ROBO", PLACA="P-456FGH")
    return world


def warrant(fed: FedWorld, record_id: str, number: int, state: str = "PENDIENTE", by_name: bool = False) -> Change:
    name, born = WHO[number]
    who = {"CUI": "" if by_name else cui_of(number), "NOMBRE": name, "NACIMIENTO": born}
    return fed.upsert("oj", ORDEN=record_id, **who, ESTADO=state, FECHA="2024-02-03", DELITO="HOMICIDIO")


def theft(fed: FedWorld, record_id: str, state: str = "PENDIENTE", **cells: str) -> Change:
    return fed.upsert("mp", ID=record_id, TIPO="ROBO", **cells, ESTADO=state, FECHA="2024-03-03")


def owned(fed: FedWorld, record_id: str, plate: str, vin: int, number: int, name: str) -> Change:
    whose = {"CUI": cui_of(number), "NOMBRE": name, "DESDE": "2023-01-01"}
    return fed.upsert("sat", ID=record_id, PLACA=plate, VIN=f"3N1AB7AP5FY{vin:06d}", **whose)


def test_warrants_issued_closed_and_moved(fed: FedWorld) -> None:
    """The warrants have their own levels; W1's number was another's: it leaves the one and is the other's at once."""
    fed.writer.publish()
    assert differences(fed) == []
    fed.take(warrant(fed, "W9", MARTA))
    assert "LEVEL_HIT" in said(fed.view(), checks.CheckPersonRequest(cui=cui_of(MARTA)))
    fed.take(warrant(fed, "W9", MARTA, "CANCELADA"))
    fed.take(warrant(fed, "W10", JOSE), warrant(fed, "W2", LUIS))
    fed.take(warrant(fed, "W1", MARTA))
    assert fed.view().sequence == fed.sequence == 5
    assert differences(fed) == []


def test_warrants_by_name(fed: FedWorld) -> None:
    """The fitting person is found in the base; a subject made of a name alone is gone once a number gives its owner."""
    fed.take(warrant(fed, "W20", MARTA, by_name=True))
    assert differences(fed) == []
    fed.take(warrant(fed, "W4", MARTA), warrant(fed, "W3", JOSE))
    assert differences(fed) == []


def slipped(number: int) -> str:
    """The CUI with its sixth digit another."""
    cui = cui_of(number)
    return cui[:5] + str((int(cui[5]) + 3) % 10) + cui[6:]


def without_a_digit(number: int) -> str:
    return cui_of(number)[:8] + cui_of(number)[9:]


def with_a_digit_twice(number: int) -> str:
    return cui_of(number)[:9] + cui_of(number)[8:]


@pytest.mark.parametrize("spoiled", [slipped, without_a_digit, with_a_digit_twice])
def test_a_warrant_by_a_number_one_slip_off(fed: FedWorld, spoiled: Callable[[int], str]) -> None:
    """It is fed with its bearer on file, and before the bearer is, who then moves away."""

    def order(record_id: str, cui: str, name: str) -> Change:
        row = {"ESTADO": "PENDIENTE", "FECHA": "2024-02-03", "DELITO": "HOMICIDIO"}
        return fed.upsert("oj", ORDEN=record_id, CUI=cui, NOMBRE=name, **row)

    def person(number: int, name: str) -> Change:
        return fed.upsert("renap", ID=f"R{number}", CUI=cui_of(number), NOMBRE=name, NACIMIENTO="1985-05-05", SEXO="F")

    def level(number: int) -> str:
        return said(fed.view(), checks.CheckPersonRequest(cui=cui_of(number)))

    fed.take(order("W30", spoiled(MARTA), WHO[MARTA][0]), order("W31", spoiled(88), "SILVIA XOL TZUL"))
    assert "LEVEL_POSSIBLE" in level(MARTA)
    asked = [checks.CheckPersonRequest(cui=cui_of(number)) for number in (*WHO, 88)]
    assert differences(fed, asked) == []
    fed.take(person(88, "SILVIA XOL TZUL"))
    assert "LEVEL_POSSIBLE" in level(88)
    fed.take(person(88, "OLGA SIS RAX"))
    assert "LEVEL_POSSIBLE" not in level(88)
    assert differences(fed, asked) == []


def test_a_warrant_whose_names_cell_holds_a_cui(fed: FedWorld) -> None:
    row = {"ESTADO": "PENDIENTE", "FECHA": "2024-02-03", "DELITO": "HOMICIDIO"}
    for record_id, name in (
        ("W40", f"EL CHINO DPI {cui_of(MARTA)}"),
        ("W41", f"YOSELIN IQUI OXLAJ DPI {cui_of(JOSE)}"),
    ):
        fed.take(fed.upsert("oj", ORDEN=record_id, CUI="", NOMBRE=name, **row))
    for number in (MARTA, JOSE):
        assert "LEVEL_POSSIBLE" in said(fed.view(), checks.CheckPersonRequest(cui=cui_of(number)))
    assert differences(fed, [checks.CheckPersonRequest(cui=cui_of(number)) for number in WHO]) == []


def undated(fed: FedWorld) -> list[Any]:
    """Questions without a birth date: in so small a nation one bearer more of a word moves what it tells by a bit, and
    words are counted by the base (docs/live.md, "What is not there yet")."""
    return [each for each in questions(fed.world) if "birth_date" not in {field.name for field, _ in each.ListFields()}]


def test_vehicles_plates_and_owners(fed: FedWorld) -> None:
    """Vehicle or owner in the base, the other in a level, and both new; a report follows its plate's bearer."""
    fed.take(theft(fed, "M9", PLACA="P-123BCD"), warrant(fed, "W9", LUIS))
    assert differences(fed) == []
    fed.take(
        fed.upsert("renap", ID="R77", CUI=cui_of(77), NOMBRE="NUEVA PERSONA POP", NACIMIENTO="1999-09-09", SEXO="F")
    )
    fed.take(owned(fed, "V9-00", "P-999XYZ", 99, 77, "NUEVA PERSONA POP"))
    assert differences(fed) == []
    fed.take(owned(fed, "V1-00", "P-777JKL", 1, JOSE, WHO[JOSE][0]))
    fed.take(
        theft(fed, "M10", PLACA="P-999XYZ", VIN="3N1AB7AP5FY000099"), theft(fed, "M9", "CANCELADA", PLACA="P-123BCD")
    )
    assert differences(fed) == []


def test_vehicles_are_listed_in_one_order_whatever_level_they_lie_in(fed: FedWorld) -> None:
    """The order is plate, type and subject: a person over the base stands where a rebuild has that person."""
    asked = [checks.SearchVehiclesRequest(plate_pattern=pattern) for pattern in ("P-1*", "1*", "P-*")]
    for number, plate in enumerate(("P-123BCD", "P-123BCF", "P-123BCD", "C-123BCD", "P-123BCD"), 30):
        fed.take(owned(fed, f"V{number}-00", plate, number, ANA, WHO[ANA][0]))
    assert differences(fed, asked) == []


def test_protection_and_names(fed: FedWorld) -> None:
    order = {"ESTADO": "PENDIENTE", "FECHA": "2024-03-03"}
    ana, luis = (
        {"CUI": cui_of(number), "NOMBRE": WHO[number][0], "NACIMIENTO": WHO[number][1]} for number in (ANA, LUIS)
    )
    fed.take(
        fed.upsert("mp", ID="M20", TIPO="VICTIMA", **ana, **order),
        fed.upsert("mp", ID="M21", TIPO="AGRESOR", **luis, **order),
    )
    married = {"CUI": cui_of(MARTA), "NOMBRE": "MARTA ELENA GARCIA DE CAAL", "NACIMIENTO": "1990-11-02", "SEXO": "F"}
    fed.take(fed.upsert("renap", ID="R3-2", **married))
    assert differences(fed, undated(fed)) == []


def test_many_ticks_are_merged_and_say_the_same(fed: FedWorld) -> None:
    for number in range(12):
        state = "CANCELADA" if number % 3 else "PENDIENTE"
        fed.take(warrant(fed, f"W{20 + number % 5}", (ANA, MARTA)[number % 2], state))
        assert len(list(fed.writer.home.glob("*-*"))) <= 16  # eight, and those of the view before
    assert differences(fed) == []


def test_a_cancellation_closes_what_stands(fed: FedWorld) -> None:
    fed.take(fed.cancel("oj", "W1"))
    text = said(fed.view(), checks.CheckPersonRequest(cui=cui_of(ANA)))
    assert "hits {" not in text and "closed_alerts" in text and "ALERT_STATE_CANCELLED" in text
    assert "LEVEL_CLEAR" in text
    assert "hits {" not in said(fed.view(), checks.CheckVehicleRequest(plate="P-123BCD"))
    fed.take(warrant(fed, "W9", MARTA), fed.cancel("oj", "W9"))  # issued and cancelled in one tick
    text = said(fed.view(), checks.CheckPersonRequest(cui=cui_of(MARTA)))
    assert "hits {" not in text and "closed_alerts" in text


def test_a_cancellation_of_what_nobody_knows_changes_nothing(fed: FedWorld) -> None:
    fed.writer.publish()
    before = [said(fed.view(), request) for request in questions(fed.world)]
    result = fed.take(fed.cancel("oj", "NOBODYS"))
    assert result.subjects == 0 and result.refused == []
    assert [said(fed.view(), request) for request in questions(fed.world)] == before


def test_a_refused_change_makes_its_register_stale_until_it_is_mended(fed: FedWorld) -> None:
    nothing = dict.fromkeys(("CUI", "NOMBRE", "NACIMIENTO", "FECHA", "DELITO"), "")
    result = fed.take(fed.upsert("oj", ORDEN="W9", **nothing, ESTADO="INVENTADO"))
    assert [refused.register for refused in result.refused] == ["oj"]
    text = said(fed.view(), checks.CheckPersonRequest(cui=cui_of(MARTA)))
    assert "LEVEL_INCOMPLETE" in text and "REGISTER_STATE_STALE" in text
    fed.take(warrant(fed, "W9", LUIS))
    assert "LEVEL_CLEAR" in said(fed.view(), checks.CheckPersonRequest(cui=cui_of(MARTA)))


def test_who_is_named_alone_is_not_clear_for_it_at_once(fed: FedWorld) -> None:
    """A warrant that is linked to nobody counts for each who may be meant, and no more once it is closed or names
    its person; the base's own too."""

    def named(record_id: str, name: str = WHO[MARTA][0], state: str = "PENDIENTE", **cells: str) -> Change:
        alone = {"CUI": "", "NOMBRE": name, "NACIMIENTO": "", **cells}
        return fed.upsert("oj", ORDEN=record_id, **alone, ESTADO=state, FECHA="2024-02-03", DELITO="ROBO")

    def exactly(results: str) -> None:
        fed.writer.beat()  # a rebuild may take longer than a writer may be silent
        assert f"results: CLEARANCE_RESULT_{results}\n" in said(fed.view(), list(about(MARTA))[1])
        assert differences(fed, [asked for number in WHO for asked in about(number)]) == []

    fed.writer.publish()
    exactly("NO_RECORD")
    fed.take(named("W30"))
    exactly("REVIEW")
    fed.take(named("W30"), named("W31"), named("W32", WHO[LUIS][0]))
    fed.take(named("W31", state="CANCELADA"))
    exactly("REVIEW")
    fed.take(named("W30", WHO[ANA][0], CUI=cui_of(ANA)))
    exactly("NO_RECORD")
    fed.take(named("W30"), named("W6", WHO[ANA][0]))
    exactly("REVIEW")
    fed.take(fed.cancel("oj", "W30"), fed.cancel("oj", "W6"), named("W32", WHO[JOSE][0]))
    exactly("NO_RECORD")


def about(number: int) -> Iterator[Any]:
    """Returns the answers that show persons named by alerts alone."""
    yield checks.CheckPersonRequest(cui=cui_of(number))
    yield clearance.ClearRequest(standard="CLEARANCE_STANDARD_WANTED", row_ids=[1], cuis=[cui_of(number)])


def test_the_base_s_own_warrant_by_name_alone(tmp_path: Path) -> None:
    world = small_world()
    world.warrant("W40", "", WHO[MARTA][0])
    world.warrant("W41", "", WHO[LUIS][0])
    fed = FedWorld(tmp_path / "fed", world, built(tmp_path / "base", world))
    everybody = [asked for number in WHO for asked in about(number)]
    review = list(about(MARTA))[1]
    fed.writer.publish()
    assert "CLEARANCE_RESULT_REVIEW" in said(fed.view(), review)
    fed.take(fed.cancel("oj", "W40"))
    assert "CLEARANCE_RESULT_NO_RECORD" in said(fed.view(), review)
    assert differences(fed, everybody[4:6]) == []
    row = {"NOMBRE": WHO[LUIS][0], "NACIMIENTO": "", "ESTADO": "PENDIENTE", "FECHA": "2024-02-03", "DELITO": ""}
    fed.take(fed.upsert("oj", ORDEN="W41", CUI=cui_of(JOSE), **row))
    fed.take(fed.upsert("oj", ORDEN="W40", CUI="", **{**row, "NOMBRE": WHO[MARTA][0]}))
    assert differences(fed, everybody) == []
    fed.take(fed.upsert("oj", ORDEN="W41", CUI="", **row))
    assert differences(fed, everybody) == []
    fed.writer.close()
