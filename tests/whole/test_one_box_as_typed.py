"""The one box as people type into it: birth dates, NOMBRE, two things at once, a CUI that lost a digit."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import QuestionError
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import error_pb2, level_pb2
from tests.core.free_text import naive_free_names
from tests.kit.nation_kit import BuiltNation
from tests.oracle.record import Record, Subject
from tests.whole.test_name_questions import ask, identity_claims, plain, search

MONTHS = naive_free_names.MONTHS[:12]


def whole(nation: BuiltNation) -> tuple[Subject, Record]:
    """Somebody with a name of letters and a whole birth date, of which day and month cannot be exchanged."""
    return next(
        (subject, claim)
        for subject, claim in identity_claims(nation)
        if all(claim.birth)
        and claim.birth[2] > 12
        and 1926 < claim.birth[0] < 2000
        and plain(claim).replace(" ", "").isalpha()
    )


def check(nation: BuiltNation, query: str) -> checks.CheckResponse:
    found: checks.CheckResponse = ask(nation, "Check", checks.CheckRequest(query=query))
    return found


def refusal(nation: BuiltNation, method: str, request: Any) -> tuple[int, str]:
    with pytest.raises(QuestionError) as refused:
        ask(nation, method, request)
    return refused.value.reason, refused.value.field


@pytest.mark.parametrize(
    "form",
    [
        *("{d:02}.{m:02}.{y}", "{d}/{m}/{y2:02}", "{d}-{m}-{y}", "{d}.{m}.{y2:02}", "{d} {word} {y}"),
        *("{d} de {word} de {y}", "{y}-{m:02}-{d:02}", "{d:02}-{short}-{y2:02}", "{d} {m} {y}", "({d}/{m}/{y})"),
        "{y}.{m}.{d}",
    ],
)
def test_a_birth_date_is_read_as_people_write_it(small_nation: BuiltNation, form: str) -> None:
    _, claim = whole(small_nation)
    year, month, day = claim.birth
    word = MONTHS[month - 1]
    written = form.format(d=day, m=month, y=year, y2=year % 100, word=word, short=word[:3].upper())
    typed = search(small_nation, names=plain(claim), birth_date={"year": year, "month": month, "day": day})
    assert typed.candidates
    assert list(search(small_nation, names=f"{plain(claim)} {written}").candidates) == list(typed.candidates)
    found = check(small_nation, f"nombre: {plain(claim)} {written}")
    assert [d.kind for d in found.detected] == [checks.IDENTIFIER_KIND_NAME]
    assert level_pb2.CRITERION_BIRTH_DATE in [c.criterion for c in found.answer.comparisons]


@pytest.mark.parametrize("form", ["{m}/{y}", "{m:02}-{y}", "{y}.{m:02}"])
def test_a_month_in_digits_is_a_birth_date_without_a_day(small_nation: BuiltNation, form: str) -> None:
    _, claim = whole(small_nation)
    year, month, _ = claim.birth
    text = f"{plain(claim)} {form.format(m=month, y=year)}"
    typed = search(small_nation, names=plain(claim), birth_date={"year": year, "month": month})
    assert typed.candidates
    assert list(search(small_nation, names=text).candidates) == list(typed.candidates)
    assert [d.kind for d in check(small_nation, text).detected] == [checks.IDENTIFIER_KIND_NAME]


@pytest.mark.parametrize("text", ["Paz 14.03.1988", "Lopez 14-3-88", "Aycinena 14.03.1988", "Beltranena 1988-03-14"])
def test_one_surname_and_a_date_are_no_passport(small_nation: BuiltNation, text: str) -> None:
    assert [d.kind for d in check(small_nation, text).detected] == [checks.IDENTIFIER_KIND_NAME]


def test_an_age_is_a_year_of_birth(small_nation: BuiltNation) -> None:
    _, claim = whole(small_nation)
    this_year = 1970 + small_nation.as_of_ms // 31_556_952_000
    typed = search(small_nation, names=plain(claim), birth_date={"year": claim.birth[0]})
    for text in (f"{this_year - claim.birth[0]} años", f"{this_year - claim.birth[0]} AÑOS DE EDAD"):
        assert list(search(small_nation, names=f"{plain(claim)}, {text}").candidates) == list(typed.candidates)


@pytest.mark.parametrize("digits", ["14.13.1950", "31/02/1985", "25 3 1985x", "25 1985", "14131988", "1-1-850"])
def test_digits_that_are_no_date_are_not_dropped(small_nation: BuiltNation, digits: str) -> None:
    _, claim = whole(small_nation)
    text = f"{plain(claim)} de la Asuncion y Barrios {digits}"
    assert refusal(small_nation, "Check", checks.CheckRequest(query=text)) == (
        error_pb2.ERROR_REASON_FIELD_INVALID,
        "query",
    )
    request = checks.SearchPersonsRequest(names=text)
    assert refusal(small_nation, "SearchPersons", request) == (error_pb2.ERROR_REASON_FIELD_INVALID, "names")


def test_the_word_for_a_name_is_no_name(small_nation: BuiltNation) -> None:
    _, claim = whole(small_nation)
    typed = search(small_nation, names=plain(claim))
    for label in ("nombre: ", "NOMBRE ", "Nombres:", "nombre completo: ", "NOMBRES Y APELLIDOS "):
        assert list(search(small_nation, names=label + plain(claim)).candidates) == list(typed.candidates)
        labelled, bare = check(small_nation, label + plain(claim)), check(small_nation, plain(claim))
        assert (labelled.person, list(labelled.candidates)) == (bare.person, list(bare.candidates))
        assert labelled.answer.level == bare.answer.level


@pytest.mark.parametrize(
    "text",
    [
        *("{cui} P-323ZZB", "P-323ZZB, {cui}", "P-323ZZB P-324ZZB", "{cui} 1HGCM82633A004352"),
        *("dueño de {cui}: P 323 ZZB toyota", "{cui} y P-323ZZB rojo"),
    ],
)
def test_two_things_are_asked_one_at_a_time(small_nation: BuiltNation, text: str) -> None:
    cui = next(claim.cui for _, claim in identity_claims(small_nation) if claim.cui)
    request = checks.CheckRequest(query=text.format(cui=cui))
    assert refusal(small_nation, "Check", request) == (error_pb2.ERROR_REASON_QUESTION_AMBIGUOUS, "query")


@pytest.mark.parametrize(
    "text", ["DPI {cui} GUATEMALA", "{cui} {cui}", "placa P-323ZZB", "CUI: {cui}", "{first} {second} {third}"]
)
def test_one_thing_in_several_words_is_one(small_nation: BuiltNation, text: str) -> None:
    cui = next(claim.cui for _, claim in identity_claims(small_nation) if claim.cui)
    written = text.format(cui=cui, first=cui[:4], second=cui[4:9], third=cui[9:])
    assert check(small_nation, written).detected[0].kind in (checks.IDENTIFIER_KIND_CUI, checks.IDENTIFIER_KIND_PLATE)


def test_a_name_beside_a_number_is_compared(small_nation: BuiltNation) -> None:
    """The number decides who is meant, and another's name is reported and is no visto bueno."""
    claims = [
        claim for _, claim in identity_claims(small_nation) if claim.cui and plain(claim).replace(" ", "").isalpha()
    ]
    claim, other = (
        claims[0],
        next(each for each in claims if not set(plain(each).split()) & set(plain(claims[0]).split())),
    )
    own, anothers = (check(small_nation, f"{claim.cui} {plain(each)}") for each in (claim, other))
    assert own.person.subject_id == anothers.person.subject_id
    agreements = [
        next(c.agreement for c in answer.answer.comparisons if c.criterion == level_pb2.CRITERION_NAMES)
        for answer in (own, anothers)
    ]
    assert agreements == [level_pb2.AGREEMENT_AGREES, level_pb2.AGREEMENT_DISAGREES]
    assert anothers.answer.level != level_pb2.LEVEL_CLEAR


def test_a_name_beside_a_plate_was_not_asked(small_nation: BuiltNation) -> None:
    _, claim = whole(small_nation)
    found = check(small_nation, f"{plain(claim)} P-323ZZB")
    assert [each.kind for each in found.detected] == [checks.IDENTIFIER_KIND_PLATE]
    assert "NAME_NOT_ASKED" in [note.code for note in found.answer.notes]


def test_a_cui_that_lost_a_digit_is_what_its_own_field_says(small_nation: BuiltNation) -> None:
    """Not where the twelve digits are another thing as well: a NIT, say."""
    for _, claim in identity_claims(small_nation):
        text = claim.cui[:4] + claim.cui[5:]
        box = check(small_nation, text)
        if claim.cui and claim.cui in box.suggestions and len(box.detected) == 1:
            break
    else:
        pytest.fail("nobody")
    typed = ask(small_nation, "CheckPerson", checks.CheckPersonRequest(cui=text))
    assert box.answer.level == typed.answer.level == level_pb2.LEVEL_POSSIBLE
    assert box.answer.identity_status == typed.answer.identity_status
    assert list(box.answer.notes) == list(typed.answer.notes)
    assert box.suggestions[0] == typed.suggestions[0]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Ana 14.3.26", ("Ana", (2026, 3, 14))),
        ("Ana 14.3.27", ("Ana", (1927, 3, 14))),
        ("Ana Julio 1985", ("Ana Julio", (1985, 0, 0))),
        ("Ana 5 set. 85.", ("Ana", (1985, 9, 5))),
        ("Nombre", ("Nombre", (0, 0, 0))),
        ("14.3.1985", ("14.3.1985", (0, 0, 0))),
        ("Ana 0 años", ("Ana 0 años", (0, 0, 0))),
        ("Ana 3/1985", ("Ana", (1985, 3, 0))),
        ("Ana 1985-03", ("Ana", (1985, 3, 0))),
        ("Ana 13/1985", ("Ana 13/1985", (0, 0, 0))),
        ("Ana 3/85", ("Ana 3/85", (0, 0, 0))),
    ],
)
def test_what_the_twin_reads(text: str, read: tuple[str, tuple[int, int, int]]) -> None:
    assert naive_free_names.free_name(text, 2026) == read
