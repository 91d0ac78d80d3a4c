"""Odd rows are fed, in any portions: the view answers as a base that was built with them in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.access.grant import Grant
from ronda.v1 import check_service_pb2 as checks
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.kit import small_world as small_world_kit
from tests.kit.small_world import HEADERS, OJ, RENAP, SAT, SmallWorld
from tests.live.fed_world import FedWorld, built, clearances, differences, said
from tests.live.odd_changes import OddChanges, by_identifier
from tests.live.test_a_view_answers_as_a_rebuild import ANA, JOSE, LUIS, MARTA, WHO, owned, small_world, theft


@pytest.mark.parametrize("seed", range(8))
def test_odd_rows_are_answered_as_a_rebuild_answers_them(fed: FedWorld, seed: int) -> None:
    fed.writer.publish()
    OddChanges(seed).feed(fed)
    assert differences(fed, by_identifier(fed.world)) == []


def test_none_and_two_thousand_changes_in_one_tick(fed: FedWorld) -> None:
    """The statements were planned over a few rows, and are asked of none and of many."""
    fed.writer.publish()
    OddChanges(1).feed(fed)
    fed.take()
    who = {"NOMBRE": "MARTA ELENA GARCIA LOPEZ", "NACIMIENTO": "", "FECHA": "2024-02-03", "DELITO": ""}
    many = [fed.upsert("oj", ORDEN=f"Z{n}", CUI="", ESTADO="PENDIENTE", **who) for n in range(1000)]
    many += [
        fed.upsert("mp", ID=f"Z{n}", TIPO="ROBO", PLACA=f"P-{n % 900 + 100}BCD", ESTADO="PENDIENTE")
        for n in range(1000)
    ]
    assert fed.take(*many).refused == []
    assert differences(fed, by_identifier(fed.world)) == []
    fed.take(*(fed.cancel("oj", f"Z{n}") for n in range(1000)))
    assert differences(fed, [asked for asked in by_identifier(fed.world) if hasattr(asked, "cui")]) == []


def test_an_owner_s_own_number_is_none_of_the_vehicle_s(fed: FedWorld) -> None:
    """Vehicle and owner come in one row of SAT; by plate alone both follow its bearer, to and fro."""
    ana = {"CUI": cui_of(ANA), "NOMBRE": WHO[ANA][0], "DESDE": "2023-01-01"}
    fed.take(
        owned(fed, "V9-00", "P-123BCD", 2, LUIS, WHO[LUIS][0]),
        fed.upsert("sat", ID="V10-00", PLACA="123BCD", VIN="", **ana),
        owned(fed, "V1-00", "P-999XYZ", 99, JOSE, WHO[JOSE][0]),
    )
    assert differences(fed) == []
    fed.take(owned(fed, "V9-00", "P-123BCD", 1, LUIS, WHO[LUIS][0]))
    assert differences(fed) == []


@pytest.fixture
def doubtful(tmp_path: Path) -> Iterator[FedWorld]:
    """Yields a base with alerts linked to two: by the VIN of one and the plate of another, by the number of one and the
    name of another; and with acts of somebody with a doubtful date of birth."""
    name, born = WHO[MARTA]
    world = small_world()
    world.report("M9", "ROBO", PLACA="P-456FGH", VIN="3N1AB7AP5FY000001")
    world.warrant("W9", cui_of(LUIS), name, born)
    world.warrant("W10", cui_of(6))
    world.warrant("W11", "", WHO[ANA][0], WHO[ANA][1])
    fed = FedWorld(tmp_path / "fed", world, built(tmp_path / "built", world))
    fed.writer.publish()
    yield fed
    fed.writer.close()


def test_a_report_that_two_vehicles_may_be_meant_by(doubtful: FedWorld) -> None:
    """Either's change leaves no copy of it behind: who bought one; the other's plate is another's by now."""
    doubtful.take(owned(doubtful, "V1-00", "P-123BCD", 1, MARTA, WHO[MARTA][0]))
    assert differences(doubtful) == []
    doubtful.take(owned(doubtful, "V2-00", "P-777JKL", 2, LUIS, WHO[LUIS][0]))
    assert differences(doubtful) == []


def test_a_report_is_closed_as_the_plate_leaves_one_of_two(doubtful: FedWorld) -> None:
    """At one time: closed, it follows the plate as one that was closed before does."""
    moved = owned(doubtful, "V2-00", "P-777JKL", 2, LUIS, WHO[LUIS][0])
    doubtful.take(doubtful.cancel("mp", "M9"), moved)
    for engine in (doubtful.view(), doubtful.rebuilt()):
        assert "M9" not in said(engine, checks.CheckVehicleRequest(plate="P-777JKL"))
        assert "M9" in said(engine, checks.CheckVehicleRequest(plate="P-123BCD"))


def test_a_warrant_under_another_s_number_leaves_nobody_behind(doubtful: FedWorld) -> None:
    """The register of persons bears the number out by now: the person meant by name is clear."""
    name, born = WHO[MARTA]
    place = next(row["ID"] for row in doubtful.world.rows["renap"] if row["CUI"] == cui_of(LUIS))
    assert "level: LEVEL_POSSIBLE" in said(doubtful.view(), checks.CheckPersonRequest(cui=cui_of(MARTA)))
    doubtful.take(doubtful.upsert("renap", ID=place, CUI=cui_of(LUIS), NOMBRE=name, NACIMIENTO=born, SEXO="F"))
    for engine in (doubtful.view(), doubtful.rebuilt()):  # but for namesakes, whose count follows at the next rebuild
        assert "level: LEVEL_HIT" in said(engine, checks.CheckPersonRequest(cui=cui_of(LUIS)))
        assert "level: LEVEL_CLEAR" in said(engine, checks.CheckPersonRequest(cui=cui_of(MARTA)))


def test_whose_birth_date_is_mended_did_it_as_a_minor_or_not(doubtful: FedWorld) -> None:
    """The warrants are of 2020: the accused were 12, or of age. Hidden ones are shown and the other way round; Ana's
    is linked by name, which follows no birth date before the next rebuild, but is no less a minor's."""
    patrol = Grant({1: (1 << 64) - 1})
    for number in (6, ANA):
        row = dict(next(row for row in doubtful.world.rows["renap"] if row["CUI"] == cui_of(number)))
        hers = checks.CheckPersonRequest(cui=cui_of(number))
        for born in ("2008-05-05", row["NACIMIENTO"], "2008-05-05"):
            doubtful.take(doubtful.upsert("renap", **row | {"NACIMIENTO": born}))
            for engine in (doubtful.view(), doubtful.rebuilt()):
                shown = said(engine, hers, patrol)
                assert "level: LEVEL_HIT" in shown
                assert ("ROBO AGRAVADO" in shown) == (born != "2008-05-05")


def test_a_report_by_the_end_of_a_number(fed: FedWorld) -> None:
    """It means any vehicle that comes with such an end of its number, in whichever of the two orders."""
    fed.take(theft(fed, "M9", VIN="000088"))
    fed.take(owned(fed, "V88-00", "P-888LLL", 88, LUIS, WHO[LUIS][0]))
    fed.take(theft(fed, "M10", VIN="0000088"), theft(fed, "M11", VIN="5FY000077", PLACA="P-777JKL"))
    fed.take(theft(fed, "M12", VIN="000077"))
    assert differences(fed) == []
    fed.take(theft(fed, "M13", VIN="3N1AB7AP5FY000077"))
    assert differences(fed) == []


class _TwoCourts(SmallWorld):
    """The police has warrants too; DELITO is the causa of both."""

    def write(self, directory: Path) -> SmallRegisters:
        registers = super().write(directory)
        courts = OJ.replace('issued = "FECHA"', 'issued = "FECHA"\nmerge_key = ["DELITO"]')
        (registers.manifests / "oj.toml").write_text(courts, encoding="utf-8")
        police = courts.replace('"oj"', '"pnc"').replace("oj.csv", "pnc.csv").replace("order = 20", "order = 25")
        police = police.replace('authoritative_for = ["warrant"]\n', "")
        (registers.manifests / "pnc.toml").write_text(police, encoding="utf-8")
        rows = f"{HEADERS['oj'].replace(' ', ',')}\nP1,,{WHO[MARTA][0]},,PENDIENTE,2020-05-05,C1\n"
        (registers.sources / "pnc.csv").write_text(rows, encoding="utf-8")
        return registers


def test_a_warrant_by_name_follows_the_causa_of_another_register(tmp_path: Path) -> None:
    """It means its person while a court states the number beside the causa; for another causa it never does."""
    world = _TwoCourts()
    world.rows = small_world().rows
    fed = FedWorld(tmp_path / "fed", world, built(tmp_path / "built", world))
    row = {"ORDEN": "W9", "CUI": cui_of(MARTA), "NOMBRE": WHO[MARTA][0], "ESTADO": "PENDIENTE", "DELITO": "C1"}
    hers = [checks.CheckPersonRequest(cui=cui_of(MARTA)), *clearances([cui_of(MARTA)], [])]
    for cells in (row, row | {"DELITO": "C2"}, row):
        fed.take(fed.upsert("oj", **cells))
        assert differences(fed, hers) == []
    fed.take(fed.cancel("oj", "W9"))
    for engine in (fed.view(), fed.rebuilt()):  # the court's word on the causa is on the police's copy too
        assert "level: LEVEL_CLEAR" in said(engine, hers[0])
    fed.writer.close()


def test_an_order_that_is_closed_hides_nobody(fed: FedWorld) -> None:
    """The order has a name alone, and another birth date: it hid the address and was no link."""
    order = {"TIPO": "VICTIMA", "NOMBRE": WHO[ANA][0], "NACIMIENTO": "2008-03-04", "ESTADO": "PENDIENTE"}
    car = checks.CheckVehicleRequest(plate="P-123BCD")
    fed.take(fed.upsert("mp", ID="M9", **order))
    assert "3a calle" not in said(fed.view(), car)
    fed.take(fed.cancel("mp", "M9"))
    assert "3a calle" in said(fed.view(), car)
    assert differences(fed, [car]) == []


def test_an_owner_by_nit_is_whose_the_nit_is_by_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vehicle names no CUI. The register of persons gives the NIT to Luis, who is wanted, and takes it back."""
    for name, text in (("RENAP", RENAP), ("SAT", SAT)):
        stating = text.replace('cui = "CUI"\n', 'cui = "CUI"\nnit = "NIT"\n').replace('["cui", ', '["cui", "nit", ')
        monkeypatch.setattr(small_world_kit, name, stating)
        monkeypatch.setitem(HEADERS, name.lower(), f"{HEADERS[name.lower()]} NIT")
    world = small_world()
    world.car(3, "P-777JKL", [{"NIT": "100007-1", "NOMBRE": WHO[LUIS][0]}])
    fed = FedWorld(tmp_path / "fed", world, built(tmp_path / "built", world))
    row = dict(next(row for row in fed.world.rows["renap"] if row["CUI"] == cui_of(LUIS)))
    car = checks.CheckVehicleRequest(plate="P-777JKL")
    fed.take(fed.upsert("oj", ORDEN="W9", CUI=cui_of(LUIS), ESTADO="PENDIENTE"))
    for nit in ("100007-1", ""):
        fed.take(fed.upsert("renap", **row | {"NIT": nit}))
        assert ("ALERT_KIND_WARRANT" in said(fed.view(), car)) == bool(nit)
        assert differences(fed, [car]) == []
    fed.writer.close()


def test_who_lost_her_last_record_is_an_owner_still(tmp_path: Path) -> None:
    """The person is not on file: known by the vehicle's register, and for a time by a warrant. In the base, and fed."""
    world = small_world()
    world.car(3, "P-777JKL", [{"CUI": cui_of(40), "NOMBRE": "NADIE DE AQUI"}])
    world.warrant("W8", cui_of(40))
    fed = FedWorld(tmp_path / "fed", world, built(tmp_path / "built", world))
    cars = [checks.CheckVehicleRequest(plate=plate) for plate in ("P-777JKL", "P-888MNP")]
    fed.take(fed.upsert("sat", ID="V8-00", PLACA="P-888MNP", VIN="", CUI=cui_of(42), NOMBRE="OTRO DE ALLA"))
    fed.take(fed.upsert("oj", ORDEN="W9", CUI=cui_of(42), ESTADO="PENDIENTE"))
    assert ["ALERT_KIND_WARRANT" in said(fed.view(), car) for car in cars] == [True, True]
    for number in ("W8", "W9"):
        fed.take(fed.upsert("oj", ORDEN=number, CUI=cui_of(41), ESTADO="PENDIENTE"))
    assert ["IDENTITY_STATUS_NOT_FOUND" in said(fed.view(), car) for car in cars] == [True, True]
    assert differences(fed, cars) == []
    fed.take(fed.upsert("oj", ORDEN="W9", CUI=cui_of(40), ESTADO="PENDIENTE"))
    assert ["ALERT_KIND_WARRANT" in said(fed.view(), car) for car in cars] == [True, False]
    assert differences(fed, cars) == []
    fed.writer.close()


def test_how_certainly_she_owns_it_changes_with_her_names(fed: FedWorld) -> None:
    """The vehicle's register names the owner as before: a wanted owner with a name that differs is POSSIBLE."""
    fed.writer.publish()
    ana = dict(next(row for row in fed.world.rows["renap"] if row["CUI"] == cui_of(ANA)))
    mended = ana | {"NOMBRE": "ZOILA IRMA TUYUC XOL"}
    car = checks.CheckVehicleRequest(plate="P-123BCD")
    for row, level in ((ana, "HIT"), (mended, "POSSIBLE"), (ana, "HIT")):
        fed.take(fed.upsert("renap", **row))
        assert f"owner_level: LEVEL_{level}" in said(fed.view(), car)
        assert differences(fed, [car]) == []
