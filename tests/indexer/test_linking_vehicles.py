"""Linking of vehicles, plates and owners by docs/answers.md section 4, a case a rule."""

from __future__ import annotations

from typing import Any

import pytest

from tests.indexer.linking_result import (
    BORN,
    BY_RULE,
    ENGINE,
    HIT,
    PLATE,
    PLATE_SUBJECT,
    POSSIBLE,
    VEHICLE,
    VIN,
    borne,
    by_plate,
    citizen,
)
from tests.indexer.staged_records import (
    OWNED_VEHICLE,
    OWNER,
    PNC,
    REGISTRATION,
    SAT,
    TRANSITO,
    VEHICLE_ALERT,
    VEHICLE_FINE,
    cui,
    record,
)


def test_vehicles_are_known_by_vin_then_chassis_then_plate(run: Any) -> None:
    result = run(
        record(SAT, REGISTRATION, "v", vin="V1", chassis="C1", plate="123BCD", plate_type="P"),
        record(SAT, REGISTRATION, "c", chassis="C1"),
        by_plate("p"),
    )
    assert result.links("v") == {(result.entity("vin:V1"), VIN, BY_RULE)}
    assert result.links("c") == {(result.entity("chassis:C1"), VIN, BY_RULE)}
    assert result.links("p") == {(result.entity("vehicle-plate:P-123BCD|GTM"), PLATE, BY_RULE)}
    assert result.kind("vehicle-plate:P-123BCD|GTM") == VEHICLE


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (50, {("vin:V1", BY_RULE)}),  # only V1 bore it
        (120, {("vin:V1", POSSIBLE), ("vin:V2", POSSIBLE)}),  # nobody: the one before and the one after
        (200, {("vin:V2", BY_RULE)}),
        (None, {("vin:V1", POSSIBLE), ("vin:V2", POSSIBLE)}),  # each that ever did
        (5, {("vin:V1", POSSIBLE)}),  # before anybody: the first after
    ],
)
def test_a_plate_belongs_to_its_bearer_on_the_date(run: Any, day: int | None, expected: set[tuple[str, int]]) -> None:
    result = run(borne("a1", "V1", valid_from=10, valid_to=100), borne("a2", "V2", valid_from=150), by_plate("f", day))
    assert result.links("f") == {(result.entity(vehicle), PLATE, level) for vehicle, level in expected}


def test_the_only_bearer_since_ever_is_meant_without_a_date_too(run: Any) -> None:
    result = run(borne("a1", "V1"), by_plate("f"))
    assert result.links("f") == {(result.entity("vin:V1"), PLATE, BY_RULE)}


def test_between_bearings_the_one_before_and_the_one_after(run: Any) -> None:
    result = run(
        borne("a1", "V1", valid_from=10, valid_to=100),
        borne("a2", "V2", valid_from=20, valid_to=90),
        borne("a3", "V3", valid_from=300),
        by_plate("f", 200),
    )
    assert result.links("f") == {(result.entity(f"vin:V{n}"), PLATE, POSSIBLE) for n in (1, 3)}


def test_a_bearing_known_in_part_is_possible_where_no_other_is_certain(run: Any) -> None:
    """From the year that began on day 100: one who bore it for certain that day is meant alone."""
    partly = borne("a1", "V1", valid_from=100, valid_from_span=364)
    alone = run(partly, by_plate("f", 200), by_plate("g", 500))
    assert alone.links("f") == {(alone.entity("vin:V1"), PLATE, POSSIBLE)}
    assert alone.links("g") == {(alone.entity("vin:V1"), PLATE, BY_RULE)}
    both = run(partly, borne("a2", "V2", valid_from=150, valid_to=250), by_plate("f", 200))
    assert both.links("f") == {(both.entity("vin:V2"), PLATE, BY_RULE)}


def test_an_alert_whose_vin_never_bore_its_plate_is_possible_for_both(run: Any) -> None:
    def stolen(record_id: str, **fields: Any) -> dict[str, Any]:
        return record(PNC, VEHICLE_ALERT, record_id, alert_kind=7, alert_state=1, **fields)

    plate = {"plate": "123BCD", "plate_type": "P"}
    result = run(
        borne("a1", "V1"),
        borne("b1", "V2", plate="456BCD"),
        stolen("right", vin="V1", **plate),
        stolen("other", vin="V2", **plate),
        stolen("wrong", vin="V9", **plate),
        stolen("untyped", vin="V9", plate="123BCD"),
        stolen("nobody", vin="V1", plate="999BCD", plate_type="P"),
        record(TRANSITO, VEHICLE_FINE, "fine", vin="V2", **plate),
    )
    own = {"right": "V1", "other": "V2", "wrong": "V9", "untyped": "V9", "nobody": "V1", "fine": "V2"}
    for record_id, vin in own.items():
        certain = record_id in ("right", "nobody", "fine")
        links = {(result.entity(f"vin:{vin}"), VIN, BY_RULE if certain else POSSIBLE)}
        if not certain:
            links.add((result.entity("vin:V1"), PLATE, POSSIBLE))
        assert result.links(record_id) == links, record_id


def test_several_bearers_on_the_date_are_possible_each(run: Any) -> None:
    result = run(
        borne("a1", "V1", valid_from=10), borne("a2", "V2"), borne("a3", "V2", valid_from=30), by_plate("f", 40)
    )
    assert result.links("f") == {(result.entity(f"vin:V{n}"), PLATE, POSSIBLE) for n in (1, 2)}
    assert result.row("f", result.entity("vin:V1"))["link_agrees"] == bytes([PLATE])


def test_another_type_or_country_is_another_plate(run: Any) -> None:
    result = run(borne("a1", "V1"), by_plate("c", plate_type="C"), by_plate("s", plate_country="SLV"))
    assert result.links("c") == {(result.entity("vehicle-plate:C-123BCD|GTM"), PLATE, BY_RULE)}
    assert result.links("s") == {(result.entity("vehicle-plate:P-123BCD|SLV"), PLATE, BY_RULE)}


def test_a_guatemalan_plate_without_type_is_possible_for_its_bearers(run: Any) -> None:
    result = run(
        borne("a1", "V1"),
        by_plate("g", plate_type=None),
        by_plate("n", plate_type=None, plate="999BCD"),
        by_plate("s", plate_type=None, plate_country="SLV"),
    )
    assert result.links("g") == {(result.entity("vin:V1"), PLATE, POSSIBLE)}
    assert result.links("n") == {(result.entity("vehicle-record:transito:n"), 0, BY_RULE)}
    assert result.links("s") == {(result.entity("vehicle-plate:?-123BCD|SLV"), PLATE, BY_RULE)}


def test_a_stolen_plate_is_a_subject_of_its_own(run: Any) -> None:
    result = run(
        borne("a1", "V1"),
        record(PNC, VEHICLE_ALERT, "plate", plate="123BCD", plate_type="P", vin="V1", alert_kind=8, alert_state=1),
        record(PNC, VEHICLE_ALERT, "car", plate="123BCD", plate_type="P", alert_kind=7, alert_state=1),
    )
    assert result.links("plate") == {(result.entity("plate:P-123BCD|GTM"), PLATE, BY_RULE)}
    assert result.kind("plate:P-123BCD|GTM") == PLATE_SUBJECT
    assert result.links("car") == {(result.entity("vin:V1"), PLATE, BY_RULE)}


def test_an_engine_finds_the_vehicles_that_have_it(run: Any) -> None:
    engine = {"alert_kind": 9, "alert_state": 1}
    result = run(
        record(SAT, REGISTRATION, "v1", vin="V1", engine="E1"),
        record(SAT, REGISTRATION, "v2", vin="V2", engine="E2"),
        record(SAT, REGISTRATION, "v3", vin="V3", engine="E2"),
        *(record(PNC, VEHICLE_ALERT, f"e{n}", engine=f"E{n}", **engine) for n in (1, 2, 3)),
    )
    assert result.links("e1") == {(result.entity("vin:V1"), ENGINE, POSSIBLE)}
    assert result.links("e2") == {(result.entity(f"vin:V{n}"), ENGINE, POSSIBLE) for n in (2, 3)}
    assert result.links("e3") == {(result.entity("vehicle-record:pnc:e3"), 0, BY_RULE)}


# --- owners ---


def owner(record_id: str = "o", **fields: Any) -> dict[str, Any]:
    """An owner row of SAT."""
    return record(SAT, OWNER, record_id, vin="V1", **fields)


@pytest.mark.parametrize(
    ("claims", "fields", "subject", "level"),
    [
        ([{"name": "ANA LUCIA CAAL CHOC"}], {"cui": cui(1), "name": "CAAL CHOC ANA LUCIA"}, f"cui:{cui(1)}", HIT),
        ([{"name": "ANA LUCIA CAAL CHOC"}], {"cui": cui(1), "name": "PEDRO TZUL SOTO"}, f"cui:{cui(1)}", POSSIBLE),
        ([{"name": "ANA LUCIA CAAL CHOC"}], {"cui": cui(1), "name": "ANA CAAL MEJIA"}, f"cui:{cui(1)}", POSSIBLE),
        ([{"name": "ANA LUCIA CAAL CHOC", "birth": BORN}], {"cui": cui(1), "name": "PEDRO TZUL SOTO", "birth": BORN},
         f"cui:{cui(1)}", POSSIBLE),
        ([{"name": "ANA LUCIA CAAL CHOC", "birth": BORN}], {"cui": cui(1), "name": "ANA TZUL SOTO", "birth": BORN},
         f"cui:{cui(1)}", POSSIBLE),
        ([{"name": "ANA LUCIA CAAL CHOC"}], {"cui": cui(1)}, f"cui:{cui(1)}", HIT),
        ([], {"cui": cui(1), "name": "ANA"}, f"cui:{cui(1)}", HIT),
        ([], {"nit": "77", "name": "EMPRESA SOTO"}, "nit:77", HIT),
        ([], {"cedula": "A-1 5", "name": "ANA"}, "cedula:A-1 5", POSSIBLE),
        ([{"name": "ANA CAAL", "cedula": "A-1 5"}], {"cedula": "A-1 5", "name": "ANA CAAL"}, f"cui:{cui(1)}", HIT),
        ([{"name": "ANA CAAL", "cedula": "A-1 5"}], {"cedula": "A-1 5", "name": "ANA MEJIA"}, f"cui:{cui(1)}",
         POSSIBLE),
        ([], {"name": "SOLO NOMBRE"}, "record:sat:o", HIT),
        ([], {}, None, 0),
    ],
)  # fmt: skip
def test_an_owner_is_linked_like_a_record(
    run: Any, claims: list[dict[str, Any]], fields: dict[str, Any], subject: str | None, level: int
) -> None:
    result = run(*(citizen(1, **claim) for claim in claims), owner(**fields))
    row = result.row("o")
    assert row["entity"] == result.entity("vin:V1")
    assert row["owner_level"] == level
    assert row["owner_entity"] == (None if subject is None else result.entity(subject))
    assert subject is None or row["owner_entity"] is not None


def test_an_owner_without_identifier_is_the_subject_of_his_own_vehicle_record(run: Any) -> None:
    result = run(owner("o", name="SOLO NOMBRE"), record(SAT, OWNED_VEHICLE, "o", name="SOLO NOMBRE"))
    own = result.entity("record:sat:o")
    rows = {row["section"]: row for row in result.rows}
    assert (rows[OWNED_VEHICLE]["entity"], rows[OWNER]["owner_entity"]) == (own, own)
