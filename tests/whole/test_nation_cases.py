"""Each special case of the nation has its expected answer through a real gRPC server, under the full grant.

The tables are a reader's own reading of docs/answers.md, not what the oracle computes; the person of a case stands in
truth/cases.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf import json_format

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1 import level_pb2
from tests.kit.asker import Asker
from tests.kit.expectations import assert_expected
from tests.kit.nation_cases import FOUND, PERSONS, QUESTIONS, VEHICLES
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import RunningServer, clear, failure


@pytest.fixture(scope="module")
def cast(small_nation: BuiltNation) -> dict[str, Any]:
    return small_nation.cast


@pytest.fixture(scope="module")
def asker(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    server = RunningServer(small_nation.data, tmp_path_factory.mktemp("serve") / "log", workers=1)
    try:
        yield Asker(server.wait_ready())
    finally:
        server.stop()


@pytest.mark.parametrize("case", PERSONS)
def test_a_person_of_the_cast(asker: Asker, cast: dict[str, Any], case: str) -> None:
    who, expected = PERSONS[case]
    assert_expected(asker.person(cast["persons"][who]), expected)


@pytest.mark.parametrize("case", QUESTIONS)
def test_a_question(asker: Asker, case: str) -> None:
    request, expected = QUESTIONS[case]
    assert_expected(asker(request), expected)


@pytest.mark.parametrize("case", VEHICLES)
def test_a_vehicle_of_the_cast(asker: Asker, cast: dict[str, Any], case: str) -> None:
    which, seen, expected = VEHICLES[case]
    plate = cast["vehicles"][which]["plate"]
    assert_expected(asker(checks.CheckVehicleRequest(plate=plate, **seen)), expected)


def test_an_unknown_cui(asker: Asker, cast: dict[str, Any]) -> None:
    """A valid CUI that nobody has is an answer, not an error, and never clear."""
    unknown = next(case for case in cast["cases"] if case["name"] == "unknown_cui")["request"]["cui"]
    expected = {"level": "POSSIBLE", "identity_status": "NOT_FOUND", "hits": [], "notes": ["DOCUMENT_NOT_ON_FILE"]}
    response = asker.person(unknown)
    assert_expected(response, expected | {"comparisons": {"CUI": "UNKNOWN"}, "candidates_total": 0})
    assert not response.HasField("person")


def test_a_cloned_plate_by_its_vin(asker: Asker, cast: dict[str, Any]) -> None:
    """The plate of one vehicle on another: both are shown, the answer is at least POSSIBLE."""
    vehicles = cast["vehicles"]
    request = checks.CheckVehicleRequest(plate=vehicles["cloned_plate"]["plate"], vin=vehicles["clone"]["vin"])
    expected = FOUND | {"level": "POSSIBLE", "hits": [], "candidates_total": 1, "cautions": ["IDENTIFIERS_DISAGREE"]}
    response = asker(request)
    assert_expected(response, expected | {"comparisons": {"PLATE": "AGREES", "VIN": "DISAGREES"}})
    assert response.candidates[0].plate == vehicles["clone"]["plate"]


def test_the_victim_is_not_in_the_aggressors_bytes(asker: Asker, cast: dict[str, Any]) -> None:
    """No identifier, name or address of the victim (Decreto 97-96)."""
    victim = asker.person(cast["persons"]["victim"]).person
    claim = victim.identity_claims[0]
    surnames = f"{claim.name.first_surname} {claim.name.second_surname}"
    secrets = [victim.subject_id, claim.cui, claim.cedula, surnames, *(a.street for a in victim.addresses)]
    assert len([s for s in secrets if s.strip()]) >= 4, "the victim has something to hide"
    content = asker.raw(checks.CheckPersonRequest(cui=cast["persons"]["aggressor"]))
    for secret in secrets:
        if secret.strip():
            assert secret.encode() not in content


def test_clearance_of_the_cast(asker: Asker, cast: dict[str, Any]) -> None:
    """One batch against each standard, the reason beside each result."""
    people = cast["persons"]
    table = {
        "WANTED": {
            "wanted": ("WITH_RECORD", "RECORD"),
            "clean": ("NO_RECORD", "NOTHING_ON_FILE"),
            "wanted_by_several_1": ("REVIEW", "NAME_MATCH"),
            "wanted_by_name": ("REVIEW", "NAME_MATCH"),
            "deceased": ("REVIEW", "DECEASED"),
            "misused": ("REVIEW", "MISUSED"),
            "two_names": ("REVIEW", "CONFLICT"),
            "cancelled_in_oj": ("NO_RECORD", "NOTHING_ON_FILE"),
            "damaged_record": ("REVIEW", "NAME_MATCH"),
        },
        "CRIMINAL_RECORD": {"sentenced": ("WITH_RECORD", "RECORD"), "expunged": ("NO_RECORD", "NOTHING_ON_FILE")},
        "POLICE_RECORD": {
            "not_certificate": ("NO_RECORD", "NOTHING_ON_FILE"),
            "clean": ("NO_RECORD", "NOTHING_ON_FILE"),
        },
        "RENAS": {"renas": ("WITH_RECORD", "RECORD"), "clean": ("NO_RECORD", "NOTHING_ON_FILE")},
    }
    for standard, rows in table.items():
        batch = clearance.ClearRequest(standard=f"CLEARANCE_STANDARD_{standard}")
        batch.row_ids.extend(range(len(rows)))
        batch.cuis.extend(people[who] for who in rows)
        found = list(clear(asker.channel, iter([batch.SerializeToString()])))
        assert len(found) == 1
        response = clearance.ClearResponse.FromString(found[0])
        results = [result for result, _ in rows.values()]
        assert_expected(response, {"results": results, "reasons": [reason for _, reason in rows.values()]})
        with_record = [place for place, result in enumerate(results) if result == "WITH_RECORD"]
        assert set(with_record) <= set(response.reference_rows), "what is behind a record is named"


def test_a_cui_that_fails_its_check_digit_is_found_as_it_is_on_file(asker: Asker, cast: dict[str, Any]) -> None:
    found = asker(checks.CheckPersonRequest(cui=cast["persons"]["invalid_cui"]))
    assert found.person.identity_claims[0].cui == cast["persons"]["invalid_cui"]
    assert level_pb2.CAUTION_FLAG_INVALID_IDENTIFIER_ON_FILE in found.answer.cautions


def test_a_cui_of_eleven_digits_is_an_error_that_names_the_field(asker: Asker, cast: dict[str, Any]) -> None:
    short = cast["persons"]["invalid_cui"][2:]
    request = checks.CheckPersonRequest(cui=short)
    failed = failure(asker.channel, "CheckService/CheckPerson", request.SerializeToString())
    assert failed.reason == "FIELD_INVALID"
    assert list(failed.fields) == ["cui"]
    assert short not in failed.text


def test_the_nations_own_expectations(asker: Asker, cast: dict[str, Any]) -> None:
    """The cast's makers expect this of it."""
    wrong = []
    for case in cast["cases"]:
        if case["method"] == "Clear" or "error" in case["expect"]:
            continue
        fields = dict(case["request"])
        if "subject_of" in fields:
            found = asker(checks.CheckPersonRequest(**fields.pop("subject_of")))
            fields["subject_id"] = found.person.subject_id
            fields["section"] = "SECTION_" + fields["section"]
        request = json_format.ParseDict(fields, getattr(checks, f"{case['method']}Request")())
        try:
            assert_expected(asker(request), case["expect"])
        except AssertionError as error:
            wrong.append(f"{case['name']}: {error}")
    assert not wrong, "\n".join(wrong)
