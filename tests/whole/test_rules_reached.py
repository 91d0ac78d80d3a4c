"""Engine and oracle agree on the meaning of each kind of damaged row: no numbered rule of docs/answers.md goes unasked.

Questions drawn at random meet few of them. Rules of failing registers, withdrawals and older generations need worlds of
their own: test_failing_registers.py, test_withdrawn_authority.py, tests/server/test_generations.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq
import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from tests.kit.comparison import ask
from tests.kit.nation_kit import BuiltNation
from tests.kit.questions import Question
from tests.oracle.registers import everything

ROWS_OF_A_KIND = 3
# Rule -> kinds of docs/damage.md that are under it.
RULES = {
    "a record without number may mean a foreigner": ("foreigner",),
    "a wrong number weakens nothing": ("cui_digit_wrong", "cui_digits_swapped", "cui_stranger", "cui_nobody"),
    "given names decide between siblings": ("cui_relative", "twin"),
    "numbers as clerks write them": (
        *("cui_grouped", "cui_decimal", "cui_apostrophe", "cui_word_before", "cui_parentheses", "cui_place_behind"),
        *("cui_look_alike", "cui_lost_zero", "cui_exponent_whole", "cui_exponent_cut", "cui_two", "cui_filler"),
        *("cui_in_other_field", "cedula_spelled", "passport_spelled", "passport_no_country"),
    ),
    "plates and VINs as clerks write them": (
        *("plate_spelled", "plate_look_alike", "plate_type_word", "plate_country", "vin_spelled", "vin_look_alike"),
        *("field_exchanged", "vin_cut", "engine_only"),
    ),
    "dates as clerks write them": ("date_format", "date_two_digit_year", "date_serial", "date_impossible"),
    "birth dates nearly right": ("date_swapped", "date_year_off", "date_day_off", "date_digit_wrong", "date_partial"),
    "birth dates that are none": ("date_filler", "date_issue_for_birth"),
    "days known in part": ("validity_until_partial", "validity_from_partial", "validity_unreadable"),
    "damaged letters": ("name_code_page", "name_letter_lost", "name_letter_blank"),
    "nearly the name": (
        *("name_one_each", "name_initials", "name_other_second_surname", "name_letter_wrong_each", "name_married"),
        *("name_second_left_out", "name_heard", "name_nickname", "sex_wrong"),
    ),
    "one record, several rows": ("row_doubled_state", "row_doubled"),
    "one causa, two courts": ("two_courts", "court_spelled", "co_accused"),
    "issued again after the closing": ("reissued",),
    "listed by the authority without number": ("authority_without_number",),
    "what is cut changes no level": ("many_owners",),
    "plate against VIN": ("plate_char_wrong", "vin_char_wrong", "vin_other_vehicle", "plate_untyped"),
    "plates over time": ("plate_dated", "plate_undated"),
    "victims": ("victim_named",),
    "damaged rows": ("row_shifted", "state_unknown"),
}


def _rows(nation: BuiltNation) -> Iterator[tuple[str, dict[str, Any]]]:
    """A few alert rows of each kind of damage."""
    seen: Counter[str] = Counter()
    for row in pq.read_table(nation.truth / "records.parquet").to_pylist():
        for kind in row["damage"].split() if row["kind"] else ():
            seen[kind] += 1
            if seen[kind] <= ROWS_OF_A_KIND:
                yield kind, row


def _questions(row: dict[str, Any], plates: dict[str, list[str]]) -> Iterator[Question]:
    """Yields questions by each way to the persons that the row means."""
    match (row["means"] or "").split():
        case ["CUI", cui]:
            yield Question("CheckPerson", checks.CheckPersonRequest(cui=cui))
            yield Question("Check", checks.CheckRequest(query=cui))
            yield Question(
                "Clear",
                clearance.ClearRequest(standard=clearance.CLEARANCE_STANDARD_WANTED, row_ids=[1], cuis=[cui]),
            )
            for plate in plates.get(cui, [])[:2]:
                yield Question("CheckVehicle", checks.CheckVehicleRequest(plate=plate))
        case ["PASSPORT", country, number]:
            request = checks.CheckPersonRequest()
            request.document.country, request.document.number = country, number
            yield Question("CheckPerson", request)
            yield Question("Check", checks.CheckRequest(query=number))
        case ["VIN", vin]:
            yield Question("CheckVehicle", checks.CheckVehicleRequest(vin=vin))
        case ["PLATE", plate]:
            yield Question("CheckVehicle", checks.CheckVehicleRequest(plate=plate))


@pytest.mark.timeout(900)
def test_both_agree_under_every_rule(large_nation: BuiltNation) -> None:
    plates: dict[str, list[str]] = {}
    for owned in pq.read_table(large_nation.truth / "owners.parquet").to_pylist():
        plates.setdefault(owned["cui"], []).append(owned["plate"])
    answered: Counter[str] = Counter()
    differing = []
    for kind, row in _rows(large_nation):
        for question in _questions(row, plates):
            both = ask(large_nation.engine, large_nation.oracle, question, everything(), large_nation.as_of_ms)
            answered[kind] += not both.oracle.startswith("error")
            if not both.equal:
                differing.append(f"{kind}: {question.method} {question.request}")
    assert not differing, "\n".join(differing[:10])
    for rule, kinds in RULES.items():
        assert all(answered[kind] for kind in kinds), f"{rule}: {[kind for kind in kinds if not answered[kind]]}"
