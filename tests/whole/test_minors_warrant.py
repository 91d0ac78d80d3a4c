"""Orders of adolescents' courts: shown to who may act on them, without the offence; certified to nobody."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1 import context_pb2, level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.kit.small_world import SmallWorld
from tests.oracle.registers import everything

MINOR = 3
YEAR = datetime.datetime.now(datetime.UTC).year
WHO = {
    "of age now": "2004-01-02",  # sixteen when the warrant was issued, in 2020
    "of age, a year of birth alone": "2004-00-00",
    "a minor still": f"{YEAR - 14}-01-02",
    "of age when it was issued": "1980-05-17",
    "a minor without an order": f"{YEAR - 14}-01-02",
    "of unknown age without an order": "",
    "of age without an order": "1980-05-17",
}
ORDERED = ("of age now", "of age, a year of birth alone", "a minor still", "of age when it was issued")
NOT_OF_AGE = ("a minor still", "a minor without an order", "of unknown age without an order")
ACTION = ("BRING_TO_JUDGE", "Orden de juzgado de adolescentes: conducir ante juez")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> EngineAndOracle:
    world = SmallWorld()
    for number, (case, born) in enumerate(WHO.items(), 1):
        cui = world.person(number, f"PERSONA {chr(64 + number)} CAAL", born)
        if case in ORDERED:
            world.warrant(f"W{number}", cui)
        world.car(number, f"P-{number:03}BCD", [{"CUI": cui}])
    return EngineAndOracle(world.write(tmp_path_factory.mktemp("minors")))


def masks(sees_minors: bool) -> dict[int, int]:
    return everything() if sees_minors else everything() | {MINOR: 0}


def asked(both: EngineAndOracle, case: str, sees_minors: bool, purpose: str = "UNSPECIFIED") -> Any:
    context = context_pb2.RequestContext(purpose=f"PURPOSE_{purpose}")
    return both.person(masks(sees_minors), cui=cui_of(list(WHO).index(case) + 1), context=context)


@pytest.mark.parametrize("case", ORDERED)
def test_a_minors_warrant(both: EngineAndOracle, case: str) -> None:
    """HIT for who sees warrants and asks to act, whatever the age; the offence for who sees minors' orders."""
    whole = asked(both, case, sees_minors=True)
    (hit,) = whole.answer.hits
    assert hit.offence.text == "ROBO AGRAVADO"
    shown = asked(both, case, sees_minors=False, purpose="TRAFFIC_STOP")
    assert (shown.answer.level, shown.answer.hits_total) == (level_pb2.LEVEL_HIT, 1)
    (same,) = shown.answer.hits
    of_a_minor = case != "of age when it was issued"
    assert same.HasField("offence") != of_a_minor
    assert (b"ROBO AGRAVADO" in shown.SerializeToString()) != of_a_minor
    assert ((same.action.code, same.action.text) == ACTION) == (case == "a minor still")
    hit.ClearField("offence")
    same.ClearField("offence")
    assert same == hit, "all else is the same"
    assert bool(shown.person.warrants) != of_a_minor, "the record itself stays hidden"


@pytest.mark.parametrize("purpose", ["CLEARANCE", "AUDIT", "STATISTICS"])
@pytest.mark.parametrize("case", WHO)
def test_grey_for_every_minor_tells_of_no_order(both: EngineAndOracle, case: str, purpose: str) -> None:
    shown = asked(both, case, sees_minors=False, purpose=purpose)
    answer = shown.answer
    notes = [note.code for note in answer.notes]
    if case in NOT_OF_AGE:
        assert (answer.level, answer.hits_total, notes) == (level_pb2.LEVEL_INCOMPLETE, 0, ["ADOLESCENTS_HIDDEN"])
    else:
        assert answer.level == (level_pb2.LEVEL_HIT if case in ORDERED else level_pb2.LEVEL_CLEAR)
        assert not notes
    seen = asked(both, case, sees_minors=True, purpose=purpose).answer
    assert seen.level == (level_pb2.LEVEL_HIT if case in ORDERED else level_pb2.LEVEL_CLEAR)
    assert not seen.notes


def test_the_two_minors_answers_are_alike(both: EngineAndOracle) -> None:
    """But for what tells the two persons apart."""
    one, other = (asked(both, case, False, "CLEARANCE") for case in ("a minor still", "a minor without an order"))
    for each in (one, other):
        each.ClearField("person")
    assert one == other
    assert [t.section for t in asked(both, "a minor still", False, "CLEARANCE").person.totals] == [
        t.section for t in asked(both, "a minor without an order", False, "CLEARANCE").person.totals
    ]


@pytest.mark.parametrize("case", WHO)
@pytest.mark.parametrize("by_name", [False, True])
def test_no_certificate_counts_or_names_an_adolescents_order(both: EngineAndOracle, case: str, by_name: bool) -> None:
    number = list(WHO).index(case) + 1
    row = clearance.ClearRequest(row_ids=[1])
    if by_name:
        born = int(WHO[case].replace("-", "") or "20100102")
        if not born % 100:
            return
        row.names.append(f"PERSONA {chr(64 + number)} CAAL")
        row.birth_dates.append(born)
    else:
        row.cuis.append(cui_of(number))
    for sees_minors in (True, False):
        response = both.cleared(clearance.CLEARANCE_STANDARD_WANTED, row, masks(sees_minors))
        told = (
            clearance.ClearanceResult.Name(response.results[0]).removeprefix("CLEARANCE_RESULT_"),
            clearance.ClearanceReason.Name(response.reasons[0]).removeprefix("CLEARANCE_REASON_"),
        )
        if case in NOT_OF_AGE:
            assert not response.references
            hidden = ("INCOMPLETE", "NOT_OF_AGE")
            seen = ("REVIEW", "NOT_OF_AGE") if case in ORDERED else ("NO_RECORD", "NOTHING_ON_FILE")
            if not by_name:
                assert told == (seen if sees_minors and not WHO[case] else hidden), "of a child whoever asks"
            elif not sees_minors:
                assert told in (hidden, ("NO_RECORD", "NAME_ONLY")) and (told == hidden or WHO[case] == "")
        elif not by_name:
            assert told == (("WITH_RECORD", "RECORD") if case in ORDERED else ("NO_RECORD", "NOTHING_ON_FILE"))


@pytest.mark.parametrize("case", NOT_OF_AGE)
def test_an_owner_who_is_a_minor(both: EngineAndOracle, case: str) -> None:
    plate = f"P{list(WHO).index(case) + 1:03}BCD"
    hidden = masks(sees_minors=False)
    context = context_pb2.RequestContext(purpose=context_pb2.PURPOSE_CLEARANCE)
    answer = both.vehicle(hidden, plate=plate, context=context)
    assert (answer.vehicle.owner_level, answer.answer.level) == (level_pb2.LEVEL_INCOMPLETE,) * 2
    assert [note.code for note in answer.answer.notes] == ["ADOLESCENTS_HIDDEN"]
    answer = both.vehicle(hidden, plate=plate)
    level = level_pb2.LEVEL_HIT if case in ORDERED else level_pb2.LEVEL_CLEAR
    assert (answer.vehicle.owner_level, answer.answer.level) == (level, level)
