"""Questions by name to the engine: free text, bad input, masks, pages, and what a search says of what it found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.access.grant import Grant
from core.engine.entry import METHODS
from core.errors import QuestionError
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import error_pb2, level_pb2, section_pb2
from tests.kit.nation_kit import BuiltNation
from tests.oracle.record import Record, Subject

EVERYTHING = dict.fromkeys(range(1, 6), 2**64 - 1)
REFUSALS = {
    error_pb2.ERROR_REASON_FIELD_INVALID,
    error_pb2.ERROR_REASON_QUERY_TOO_BROAD,
    error_pb2.ERROR_REASON_QUESTION_EMPTY,
    error_pb2.ERROR_REASON_MESSAGE_MALFORMED,
}


def ask(nation: BuiltNation, method: str, request: Any, masks: dict[int, int] | None = None) -> Any:
    content = nation.engine.answer(
        METHODS[method], request.SerializeToString(), Grant(masks or EVERYTHING), nation.as_of_ms
    )
    return getattr(checks, f"{method}Response").FromString(content)


def search(nation: BuiltNation, masks: dict[int, int] | None = None, **fields: Any) -> checks.SearchPersonsResponse:
    found: checks.SearchPersonsResponse = ask(nation, "SearchPersons", checks.SearchPersonsRequest(**fields), masks)
    return found


def identity_claims(nation: BuiltNation) -> Iterator[tuple[Subject, Record]]:
    for subject in nation.oracle.names_on_file.subjects:
        for link in subject.links:
            if (
                link.section == section_pb2.SECTION_IDENTITY
                and link.record.birth[0]
                and "\x1f" in link.record.name_text
            ):
                yield subject, link.record


def plain(claim: Record) -> str:
    return claim.name_text.replace("\x1f", " ")


@pytest.mark.parametrize("method", ["SearchPersons", "Check", "CheckPerson"])
@pytest.mark.parametrize(
    "names",
    [
        "X",
        "A B",
        " ".join(["MARIA"] * 33),
        "1234567 890",
        "😀 😀",
        "مرحبا بالعالم",
        "A" * 200,
        "JUAN\0PEREZ",
        "'; DROP TABLE PERSONS; --",
        "Jose\u0301 N\u0303un\u0303ez",
        "\u202eZEREP NAUJ",
        "N",
        "N 1985",
        "1985",
        " \t ",
        "-",
    ],
)
def test_bad_input_is_answered_or_refused_by_name(small_nation: BuiltNation, method: str, names: str) -> None:
    if method == "CheckPerson":
        request: Any = checks.CheckPersonRequest()
        request.name.full = names
    else:
        field = "names" if method == "SearchPersons" else "query"
        request = getattr(checks, f"{method}Request")(**{field: names})
    try:
        response = ask(small_nation, method, request)
    except QuestionError as error:
        assert error.reason in REFUSALS
        assert names.strip() not in str(error) or len(names.strip()) < 3
    else:
        assert response.answer.level in level_pb2.Level.values()


def test_free_text_says_what_typed_fields_say(small_nation: BuiltNation) -> None:
    _, claim = next(identity_claims(small_nation))
    year, month, day = claim.birth
    for text, birth in (
        (f"N {plain(claim)} {year}", {"year": year}),
        (f"{plain(claim)} {day:02}/{month:02}/{year}", {"year": year, "month": month, "day": day}),
    ):
        free = search(small_nation, names=text)
        typed = search(small_nation, names=plain(claim), birth_date=birth)
        assert free.candidates
        assert list(free.candidates) == list(typed.candidates)


def test_results_say_score_spelling_and_what_agrees(small_nation: BuiltNation) -> None:
    subject, claim = next(identity_claims(small_nation))
    found = search(
        small_nation,
        names=plain(claim),
        birth_date={"year": claim.birth[0], "month": claim.birth[1], "day": claim.birth[2]},
    ).candidates[0]
    assert found.subject_id == subject.subject_id
    assert found.score > 0.9
    assert found.matched_name == plain(claim)
    agreements = {c.criterion: c.agreement for c in found.comparisons}
    assert agreements == {
        level_pb2.CRITERION_NAMES: level_pb2.AGREEMENT_AGREES,
        level_pb2.CRITERION_BIRTH_DATE: level_pb2.AGREEMENT_AGREES,
    }


def test_an_alias_is_found_by_those_who_may_see_it_alone(small_nation: BuiltNation) -> None:
    """A spelling of another register finds its bearer; hidden, it leaves no trace."""
    for subject in small_nation.oracle.names_on_file.subjects:
        sections: dict[str, set[int]] = {}
        for link in subject.links:
            if link.record.name_text:
                sections.setdefault(plain(link.record), set()).add(link.section)
        aliases = [text for text, where in sections.items() if section_pb2.SECTION_IDENTITY not in where]
        if not aliases or len(aliases) == len(sections):
            continue
        alias = aliases[0]
        mine = [c for c in search(small_nation, names=alias).candidates if c.subject_id == subject.subject_id]
        if mine and mine[0].matched_name == alias:
            break
    else:
        pytest.fail("the nation has no alias")
    seen = EVERYTHING[1] & ~sum(1 << section for section in sections[alias])
    hidden = search(small_nation, dict.fromkeys(EVERYTHING, seen), names=alias).candidates
    assert all(c.matched_name != alias for c in hidden if c.subject_id == subject.subject_id)


def test_pages_hold_everybody_once_best_first(small_nation: BuiltNation) -> None:
    request = checks.SearchPersonsRequest(names="LOPEZ", page_size=7)
    ids: list[str] = []
    scores: list[float] = []
    total = 0
    while True:
        page = ask(small_nation, "SearchPersons", request)
        ids += [c.subject_id for c in page.candidates]
        scores += [c.score for c in page.candidates]
        total = page.candidates_total
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert len(ids) == len(set(ids)) == total > 14
    assert scores == sorted(scores, reverse=True)


def test_a_search_that_found_many_names_the_field_that_narrows(small_nation: BuiltNation) -> None:
    broad = search(small_nation, names="JOSE")
    other = search(small_nation, names="MARIA")
    found = broad if broad.candidates_total > other.candidates_total else other
    if found.candidates_total > 100:
        assert found.narrow_by == "birth_date"
    else:
        assert not found.narrow_by


def test_names_come_as_text_or_in_parts(small_nation: BuiltNation) -> None:
    with pytest.raises(QuestionError) as refused:
        search(small_nation, names="ANA", name={"first_given": "ANA"})
    assert refused.value.reason == error_pb2.ERROR_REASON_QUESTION_AMBIGUOUS
    with pytest.raises(QuestionError) as refused:
        search(small_nation, names="  ")
    assert refused.value.reason == error_pb2.ERROR_REASON_QUESTION_EMPTY
    fields: list[dict[str, Any]] = [{"age_from": 151}, {"age_to": -1}, {"municipality": 7}]
    for field in fields:
        with pytest.raises(QuestionError) as refused:
            search(small_nation, names="ANA", **field)
        assert refused.value.field in field
