"""The answers bench finds what is wrong: its lists are not empty because nothing is looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bench.answers import agreement, innocents, page, victims, wanted
from bench.answers.asking import Asker, level_of
from bench.answers.bars import BARS, values
from bench.answers.truth import AlertRow, Truth
from ronda.v1 import check_service_pb2 as contract
from tests.kit.nation_kit import BuiltNation


@pytest.fixture(scope="module")
def asker(large_nation: BuiltNation) -> Asker:
    return Asker(large_nation.engine, large_nation.as_of_ms + 1_000)


@pytest.fixture
def truth(large_nation: BuiltNation) -> Truth:
    return Truth.load(large_nation.directory)


def _row(cui: str, **changes: Any) -> AlertRow:
    row = AlertRow("oj", "OC-NEVER-WRITTEN", "WARRANT", True, f"CUI {cui}", (), frozenset({"cui"}))
    return replace(row, **changes)


def test_the_page_parts_the_kinds() -> None:
    assert {"cui_decimal", "passport_look_alike", "two_courts", "vin_other_vehicle"} <= page.recognisable()
    assert {"name_alone", "not_on_file"} <= set(page.hopeless())
    assert not page.recognisable() & set(page.hopeless())
    assert all(len(reason) > 10 for reason in page.hopeless().values())


def test_the_level_is_read_from_the_first_bytes(truth: Truth, asker: Asker, large_nation: BuiltNation) -> None:
    for name in ("wanted", "clean", "wanted_by_name", "deceased"):
        request = contract.CheckPersonRequest(cui=large_nation.cast["persons"][name])
        assert level_of(asker.bytes(request)) == asker.whole(request).answer.level != 0


def test_a_wanted_person_shown_clear_is_listed(truth: Truth, asker: Asker, large_nation: BuiltNation) -> None:
    clean = large_nation.cast["persons"]["clean"]
    truth.alerts = [_row(clean), _row(clean, damage=("name_alone",)), _row(clean, in_force=False)]
    found = wanted.judge(truth, asker)
    assert (found.all_rows, found.rows) == (3, 2)
    assert [row["why_not"] for row in found.clear] == ["", "name_alone"]
    assert found.clear[0]["levels"]["CUI"] == "CLEAR"


def test_an_innocent_shown_red_is_listed(truth: Truth, asker: Asker, large_nation: BuiltNation) -> None:
    meant = f"CUI {large_nation.cast['persons']['wanted']}"
    rows = [row for row in truth.alerts if row.means == meant]
    assert rows
    other = next(cui for cui in truth.persons if cui not in meant)
    truth.alerts = [row for row in truth.alerts if row.means != meant]
    for key, behind in truth.by_record.items():
        truth.by_record[key] = [replace(row, means=f"CUI {other}") if row in rows else row for row in behind]
    found = innocents.look(truth, asker, len(truth.persons), 10, seed=1)
    assert {row["record"] for row in found.hits} <= {row.record_id for row in rows}
    assert found.hits
    assert not found.hits_of_nobody
    for row in rows:
        truth.by_record[row.key] = [replace(row, means="")]
    found = innocents.look(truth, asker, len(truth.persons), 10, seed=1)
    assert found.hits_of_nobody
    assert not found.hits


def test_reasons_why_a_row_by_name_means_nobody_for_certain(truth: Truth) -> None:
    cui = next(
        cui
        for cui, person in truth.persons.items()
        if person["second_given"] and person["second_surname"] and not person["death_date"]
    )
    by_name = _row(cui, shows=frozenset())
    assert truth.why_not(by_name) == "name_alone"
    assert truth.why_not(replace(by_name, shows=frozenset({"birth"}))) == ""
    assert truth.why_not(replace(by_name, shows=frozenset({"cui"}), damage=("cui_stranger",))) == ""
    assert truth.why_not(replace(by_name, means="")) == "not_on_file"
    short = replace(by_name, shows=frozenset({"birth"}), damage=("name_one_each", "date_partial"))
    assert truth.why_not(short) == "two_faults_short"
    for shows, damage, reason in (
        ({"age", "department"}, "name_heard", "name_hurt_undated"),
        ({"parents"}, "name_heard", ""),
        ({"birth"}, "name_heard", ""),
        ({"age", "department"}, "name_code_page", ""),
        ({"age", "department"}, "name_case", ""),
    ):
        assert truth.why_not(replace(by_name, shows=frozenset(shows), damage=(damage,))) == reason
    with pytest.raises(ValueError, match="no such_kind"):
        truth.why_not(replace(by_name, damage=("such_kind",)))


def test_ways_and_addresses_are_looked_at(truth: Truth, asker: Asker) -> None:
    cuis = [row.means[4:] for row in truth.alerts if row.in_force and row.means.startswith("CUI ")][:40]
    compared = agreement.compare(truth, asker, cuis)
    assert set(compared.pairs) >= {"name and birth date", "search", "clearance"}
    assert compared.subjects == len(cuis)
    assert victims.look(truth, asker).questions > 0


def test_every_bar_has_its_value() -> None:
    rows = [{"why_not": ""}, {"why_not": "name_alone"}]
    figures = {
        "persons": 20_000,
        "wanted": {"clear": rows, "below": [], "all_rows": 1_000, "nobody": 12},
        "innocents": {"persons": 10, "vehicles": 10, "hits": [{}], "possible": 1},
        "addresses": {"shown": [{}]},
        "ways": {"unexplained": []},
        "grpc": {"different": 0},
    }
    found = values(figures)
    assert set(found) == set(BARS)
    assert (found["recognisable clear"], found["others clear"], found["nobody"]) == (1, 1.0, 0.012)
    assert (found["innocent hit"], found["innocent possible"], found["addresses"]) == (1, 0.05, 1)
