"""Courts by words: one court however it is spelt, two courts never one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.standardise.courts import court_name, court_words
from tests.core.standardise import naive_courts

FIRST = "JUZGADO PRIMERO DE PRIMERA INSTANCIA PENAL DE GUATEMALA"


@pytest.mark.parametrize(
    "spelt",
    [
        "Juzgado 1o. de 1a. Inst. Penal, Guatemala",
        "JDO. 1o. 1a. INST. PENAL DE GUATEMALA",
        "JUZG. PRIMERO PRIMERA INSTANCIA PENAL DEL DEPARTAMENTO DE GUATEMALA",
        "juzgado primero de primera instancia penal  de guatemala",
        "JDO I DE 1RA INSTANCIA PENAL GUATE.",
        "Juzgado No. 1 de 1ª. Instancia Penal de Guatemala",
        "JUZGADO PENAL PRIMERO DE PRIMERA INSTANCIA DE GUATEMALA",
        "GUATEMALA, JUZGADO PRIMERO PENAL DE 1A INSTANCIA",
        "JUZGADO DE PRIMERA INSTANCIA PENAL PRIMERO, CIUDAD DE GUATEMALA",
    ],
)
def test_one_court_however_it_is_spelt(spelt: str) -> None:
    assert court_name(spelt) == court_name(FIRST)


@pytest.mark.parametrize(
    ("spelt", "again"),
    [
        ("JUZGADO PENAL PRIMERO", "JUZGADO PRIMERO PENAL"),
        ("JUZGADO DUODECIMO PENAL", "JUZGADO DECIMO SEGUNDO PENAL"),
        ("JUZGADO DUODECIMO PENAL", "JUZGADO PENAL DECIMOSEGUNDO"),
        ("JUZGADO DUODÉCIMO DE PRIMERA INSTANCIA", "JDO. 12o. 1A. INST."),
        ("JUZGADO UNDECIMO DE PAZ", "JUZGADO 11 DE PAZ"),
        ("JUZGADO UNDECIMO DE PAZ", "JUZGADO DÉCIMO PRIMERO DE PAZ"),
        ("JUZGADO UNDECIMO DE PRIMERA INSTANCIA", "JUZGADO DECIMO PRIMERO DE PRIMERA INSTANCIA"),
        ("JUZGADO UNDECIMO DE PRIMERA INSTANCIA", "JUZGADO DECIMO PRIMERO PRIMERA INSTANCIA"),
        ("TRIBUNAL DECIMOTERCERO DE SENTENCIA", "TRIB. SENT. XIII"),
        ("TRIBUNAL DECIMO TERCERO DE SENTENCIA", "TRIB. 13o. SENTENCIA"),
        ("SALA TERCERA DE LA CORTE DE APELACIONES", "SALA 3RA. CORTE APELACION"),
        ("JUZGADO VIGESIMO PRIMERO DE PAZ", "JUZGADO 21 DE PAZ"),
        ("JUZGADO DECIMO DE PRIMERA INSTANCIA", "JDO. 10o. PRIMERA INSTANCIA"),
    ],
)
def test_ordinals_and_the_order_of_words(spelt: str, again: str) -> None:
    assert court_name(spelt) == court_name(again)


@pytest.mark.parametrize(
    ("spelt", "other"),
    [
        ("JUZGADO PRIMERO DE SEGUNDA INSTANCIA", "JUZGADO SEGUNDO DE PRIMERA INSTANCIA"),
        ("JUZGADO DECIMO DE PRIMERA INSTANCIA", "JUZGADO UNDECIMO DE PRIMERA INSTANCIA"),
        ("JUZGADO DECIMO PRIMERA INSTANCIA", "JUZGADO UNDECIMO PRIMERA INSTANCIA"),
        ("JUZGADO DECIMO DE PAZ", "JUZGADO UNDECIMO DE PAZ"),
        ("JUZGADO DUODECIMO PENAL", "JUZGADO SEGUNDO PENAL"),
        ("JUZGADO VIGESIMO DE PAZ", "JUZGADO DUODECIMO DE PAZ"),
    ],
)
def test_ordinals_of_two_courts(spelt: str, other: str) -> None:
    assert court_name(spelt) != court_name(other)


@pytest.mark.parametrize(
    "other",
    [
        "JUZGADO SEGUNDO DE PRIMERA INSTANCIA PENAL DE GUATEMALA",
        "JUZGADO PRIMERO DE PRIMERA INSTANCIA PENAL DE JALAPA",
        "JUZGADO PRIMERO DE PRIMERA INSTANCIA CIVIL DE GUATEMALA",
        "TRIBUNAL PRIMERO DE SENTENCIA PENAL DE GUATEMALA",
        "JUZGADO DE PAZ PENAL DE GUATEMALA",
    ],
)
def test_two_courts_are_never_one(other: str) -> None:
    assert court_name(other) != court_name(FIRST)


def test_a_form_is_never_longer_than_its_word() -> None:
    """The room for a key is the text's own size: a lone "x" named no court while its form was "10"."""
    assert [word for word, form in court_words().items() if len(form) > len(word)] == []
    assert court_name("x") == court_name("10") == court_name("Décimo") == "X"


def test_what_is_no_word_names_no_court() -> None:
    assert court_name("") == court_name("...") == court_name("de la") == ""
    assert court_name("JUZGADO DE LA NIÑEZ") == "JDO NINEZ"
    assert court_name("NIÑEZ, JUZGADO") == "JDO NINEZ"


@given(st.lists(st.sampled_from([*court_words(), "DE", "ÑANDÚ", "ß", "Æ", "1º.", "x" * 70, "🙂", "A"]), max_size=80))
def test_equals_its_plain_twin(words: list[str]) -> None:
    assert court_name(" ".join(words)) == naive_courts.court_name(" ".join(words))
