"""Names in other scripts than Latin (docs/names.md, "Names"): by example, and against the naive twin."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.names import keys as names
from core.names.comparison import compare_texts, similarity
from tests.core.names import naive_names

AGREES = 1
CYRILLIC, ARABIC, HEBREW = "абвгджийкнопрстуьъёІЇ", "اأبتثجحدرسعغفقكلمنهويةءىَِّ", "אבגדהוחיכלמנסעפצקרשתךםן"
HAN, HANGUL, GREEK, OTHERS = "王李张伟芳欧阳娜秀英敏", "김이박최정강조윤장임", "αβγδεηθικλμνοπρστφχψωάώς", "देवีരാமกข"
LATIN, NONE = "ABÑé\u0303", " -.,'\u200d\ufffd€😀٣\U00020000"
MIXED = st.text(CYRILLIC + ARABIC + HEBREW + HAN + HANGUL + GREEK + OTHERS + NONE, max_size=20)


def test_every_code_point_of_other_scripts_is_written_as_the_naive_twin_says() -> None:
    """Alone, and between two letters of Cyrillic: what separates, what is part of its word, what begins a new one."""
    for code in (*range(0x370, 0xD800), *range(0xE000, 0x10400)):
        for text in (chr(code), f"г{chr(code)}д"):
            assert names.fold(text) == naive_names.fold(text), hex(code)


@given(MIXED)
def test_a_text_without_a_latin_letter_folds_as_the_naive_twin_says(text: str) -> None:
    assert names.fold(text) == naive_names.fold(text)
    assert names.name_key(text) == naive_names.name_key(text)


@given(MIXED, st.text(LATIN, min_size=1, max_size=3), MIXED)
def test_beside_a_latin_letter_other_scripts_separate(before: str, latin: str, after: str) -> None:
    assert names.fold(before + latin + after) == naive_names.fold(before + latin + after)


@given(st.lists(st.text(ARABIC + HAN, min_size=1, max_size=90), max_size=80))
def test_tokens_and_letters_beyond_the_bounds_are_dropped(words: list[str]) -> None:
    text = " ".join(words)
    assert names.fold(text) == naive_names.fold(text)
    assert all(len(word) <= 64 for word in names.fold(text).split())
    assert len(names.fold(text).split()) <= 64


@pytest.mark.parametrize(
    ("written", "latin"),
    [
        ("Иван Петров", "Ivan Petrov"),
        ("Сергей Владимирович Кузнецов", "Sergei Vladimirovich Kuznetsov"),
        ("王小明", "Wang Xiao Ming"),
        ("김민수", "Kim Min Su"),
        ("محمد الحسن", "Mohamed Al Hassan"),
        ("Νίκος Παπαδόπουλος", "Nikos Papadopoulos"),
    ],
)
def test_a_name_in_its_own_script_is_that_name(written: str, latin: str) -> None:
    assert similarity(written, latin) > 0.5
    assert similarity(written, latin) == pytest.approx(similarity(latin, written))
    assert similarity(written, "Jorge Humberto Castillo") < 0.01


def test_short_vowels_that_are_not_written_are_an_a() -> None:
    assert names.fold("حسن كريم") == "HASAN KARIM"


def test_an_article_is_a_word_of_its_own() -> None:
    assert names.fold("الحسن").split()[0] == "AL"


def test_a_character_is_a_word_where_no_blank_parts_them() -> None:
    assert names.fold("王小明") == "WANG XIAO MING"


def test_a_name_in_both_scripts_is_its_latin_one() -> None:
    assert names.fold("Иван Петров (Ivan Petrov)") == "IVAN PETROV"
    assert compare_texts("Juan Pérez 王", "Juan Pérez") == AGREES


PARTS = st.lists(st.one_of(MIXED, st.text(LATIN + " 1", max_size=4), st.just("")), min_size=6, max_size=6)


@given(PARTS)
@example(["", "", "-1", "", "Ͱ", ""])
def test_parts_are_folded_as_the_text_that_they_make(parts: list[str]) -> None:
    """So a part in another script is not looked at where one of the others is in Latin letters."""
    assert names.name_key_of_parts(*parts) == naive_names.name_key_of_parts(*parts)


@pytest.mark.parametrize("text", ["", " ", "😀😀", "٣٤٥", "\ufffd\ufffd", "—、。", "\U00020000"])
def test_what_holds_no_letter_of_any_script_tells_nothing(text: str) -> None:
    assert similarity(text, "Juan Pérez") == 0.0
    assert similarity(text, text) == 0.0
