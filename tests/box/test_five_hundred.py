"""Lines that officers type into one box are read as they mean them (lines.tsv), and any other line is answered."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import QuestionError
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.box.cast import Cast, lines
from tests.box.scoring import read_all

# List -> its lines, and how many of them may be read otherwise.
_LISTS = [("lines", 500, 5), ("more_lines", 200, 4)]


@pytest.mark.parametrize(("name", "count", "most"), _LISTS)
def test_five_hundred_lines_are_read_as_their_writer_meant(cast: Cast, name: str, count: int, most: int) -> None:
    read = list(read_all(cast, name))
    assert len(read) == count
    assert [each.line.text for each in read if each.is_green] == []
    otherwise = [f"{each.line.text}: {each.said}" for each in read if not each.as_meant]
    assert len(otherwise) <= most, otherwise


_WORDS = st.one_of(
    st.sampled_from([word for line in lines() for word in line.text.split()]),
    st.text(max_size=30),
    st.text("P<0123456789"),
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(_WORDS, max_size=20))
def test_whatever_is_typed_is_answered_or_refused_by_name(cast: Cast, words: list[str]) -> None:
    text = " ".join(words)[:200]
    try:
        assert cast.check(text).answer.level != level_pb2.LEVEL_UNSPECIFIED
    except QuestionError as error:
        assert error.field


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("P482FGH toyota gris 2012", {"MAKE": "AGREES", "COLOUR": "AGREES", "MODEL_YEAR": "AGREES"}),
        ("honda negro P-482-FGH", {"MAKE": "DISAGREES", "COLOUR": "DISAGREES"}),
        ("2414768281201 walter de leon 28/02/1995", {"NAMES": "NEAR", "BIRTH_DATE": "AGREES"}),
        ("2414768281201 femenina", {"SEX": "DISAGREES"}),
    ],
)
def test_what_stands_beside_the_number_is_compared(cast: Cast, text: str, seen: dict[str, str]) -> None:
    compared = {
        level_pb2.Criterion.Name(each.criterion).removeprefix("CRITERION_"): level_pb2.Agreement.Name(
            each.agreement
        ).removeprefix("AGREEMENT_")
        for each in cast.check(text).answer.comparisons
    }
    assert {name: compared.get(name) for name in seen} == seen


@pytest.mark.parametrize(
    "text", ["pasaporte F412873 en carro P482FGH", "P-482FGH lic C1190456", "dpi 2414768281201 motor 2ZRF514872"]
)
def test_no_number_is_passed_over_for_another(cast: Cast, text: str) -> None:
    """Two of two kinds are two questions: one of them would be answered, and the other taken for clear."""
    with pytest.raises(QuestionError) as refused:
        cast.check(text)
    assert refused.value.field == "query"


def test_a_zone_that_a_scanner_reads_is_its_document(cast: Cast) -> None:
    """ICAO Doc 9303: three lines of a card, two of a passport, glued or not."""
    card = "IDGTM241476828<1201<<<<<<<<<<<\n9502286M3303034GTM<<<<<<<<<<<4\nDE<LEON<BARRIOS<<WALTER<ALEXAN"
    for text in (card, card.replace("\n", ""), card.replace("\n", " ")):
        found = cast.check(text)
        assert [each.kind for each in found.detected] == [checks.IDENTIFIER_KIND_CUI]
        assert cast.names[found.person.subject_id] == "p5"


@pytest.mark.parametrize(
    "text",
    [
        "pasaporte B1234567",
        "documento B1234567",
        "hondureño B1234567",
    ],
)
def test_a_word_is_no_part_of_a_vin(cast: Cast, text: str) -> None:
    """Seventeen letters and digits together; asked as a VIN, the passport of a wanted man was not found."""
    assert len(text.replace(" ", "")) == 17
    assert checks.IDENTIFIER_KIND_VIN not in [each.kind for each in cast.check(text).detected]


@pytest.mark.parametrize(
    "text",
    [
        "walter de leon alias el chino",
        '"walter de leon barrios" alias "el chino"',
        "walter (a) el chino de leon barrios",
        "no porta documentos dice ser Walter de Leon Barrios de 1995",
        "sin documentos, se identifica como walter de leon barrios",
        "manifiesta llamarse walter de leon",
        "walter de leon profugo",
        "walter de leon ebrio",
        "walter de leon en estado de ebriedad",
        "walter de leon mayor de edad",
        "walter de leon DPI NO PORTA",
        "no trae dpi, walter de leon barrios",
        "responde al nombre de walter de leon",
        'walter "el chino" de leon barrios',
        "walter de leon a.k.a. chino",
        "walter de leon masculino 31",
        "piloto walter de leon",
        "don walter de leon",
        "lic. walter de leon",
        "menor walter de leon 1995",
        "niña walter de leon",
        "1er nombre walter 1er apellido de leon",
        "primer nombre walter segundo nombre alexander primer apellido de leon",
    ],
)
def test_what_is_said_of_somebody_is_no_part_of_the_name(cast: Cast, text: str) -> None:
    """Asked with such a word, a wanted man was "nombre no consta"."""
    found = cast.check(text)
    shown = [found.person.subject_id, *(each.subject_id for each in found.candidates)]
    assert "p5" in [cast.names.get(each) for each in shown]


@pytest.mark.parametrize("text", ["toyota 12345678901", "telefono 123456789", "expediente 1234567"])
def test_a_word_is_no_part_of_a_document(cast: Cast, text: str) -> None:
    with pytest.raises(QuestionError):
        cast.check(text)


@pytest.mark.parametrize("text", ["nina de leon", "nino bravo", "juan menor", "llamado"])
def test_a_word_that_may_be_a_name_stays(cast: Cast, text: str) -> None:
    detected = [(each.kind, each.canonical) for each in cast.check(text).detected]
    assert detected == [(checks.IDENTIFIER_KIND_NAME, text.upper())]


@pytest.mark.parametrize(
    "text",
    [
        "papa cuatro ochenta y dos foxtrot golf hotel",
        "P cuatrocientos ochenta y dos FGH",
        "placa cuatrocientos ochenta y dos efe ge hache",
    ],
)
def test_a_number_that_is_spoken(cast: Cast, text: str) -> None:
    assert cast.names[cast.check(text).vehicle.subject_id] == "v1"


def test_the_end_of_a_vin_beside_a_word(cast: Cast) -> None:
    assert cast.names[cast.check("vin terminacion CC837164").vehicle.subject_id] == "v1"


@pytest.mark.parametrize("text", ["8AJWVT937KK900006", "8AJ WVT 937 KK9 00006", "vin KMHD N41B P5U900 006"])
def test_a_vin_may_stand_in_groups(cast: Cast, text: str) -> None:
    assert [each.kind for each in cast.check(text).detected] == [checks.IDENTIFIER_KIND_VIN]


@pytest.mark.parametrize(
    "text",
    [
        "IDGTM24147682821201<<<<<<<<<<<\n9502286M3303034GTM<<<<<<<<<<<4\nDE<LEON<BARRIOS<<WALTER<ALEXAN",
        "IDGTM24147682821201<<<<<<<<<<<",
        "IDGTM01234567802414768281201<<\n9502286M3303034GTM<<<<<<<<<<<4\nDE<LEON<BARRIOS<<WALTER<ALEXAN",
        "IDGTM01234567802414768281201<<9502286M3303034GTM<<<<<<<<<<<4DE<LEON<BARRIOS<<WALTER<ALEXAN",
        "IDGTM24147682822414768281201<<",
    ],
)
def test_a_card_with_a_check_digit_or_its_cui_behind_its_number_is_read(cast: Cast, text: str) -> None:
    found = cast.check(text)
    assert [each.kind for each in found.detected] == [checks.IDENTIFIER_KIND_CUI]
    assert cast.names[found.person.subject_id] == "p5"


@pytest.mark.parametrize(
    "text",
    [
        "IDGTM241476829<1201<<<<<<<<<<<\n9502286M3303034GTM<<<<<<<<<<<4\nDE<LEON<BARRIOS<<WALTER<ALEXAN",
        "IDGTM24147682921201<<<<<<<<<<<\n9502286M3303034GTM<<<<<<<<<<<4\nDE<LEON<BARRIOS<<WALTER<ALEXAN",
        "I<SLV024147682<1201<<<<<<<<<<<\n9502286M3303034SLV<<<<<<<<<<<4\nDE<LEON<BARRIOS<<WALTER<ALEXAN",
    ],
)
def test_a_zone_that_cannot_be_read_is_no_name(cast: Cast, text: str) -> None:
    """Asked by its name alone, a misread scan came to "nombre no consta"."""
    with pytest.raises(QuestionError) as refused:
        cast.check(text)
    assert refused.value.field == "query"
