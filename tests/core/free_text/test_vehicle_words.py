"""Free text about vehicles: examples, and the compiled reader against its twin of regular expressions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.free_text.vehicles import vehicle_words
from tests.oracle import vehicle_words as naive

PIECES = [
    "P",
    "P-",
    "MT",
    "12?",
    "123",
    "1?3",
    "BCD",
    "B*",
    "...",
    "…",
    "TOYOTA",
    "azul",
    "blue",
    "bird",
    "pick",
    "up",
    "2015",
]
PIECES += [
    "P0-720GVH",
    "5TDKK3DC1BS012345",
    "CR-V",
    "ñandú",
    "de",
    "A-4",
    "320i",
    "C200",
    "Mercedes-Benz",
    "*",
    "?",
    "?*?",
    "0",
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("blue Toyota pickup P 12?...", ("P-12?*", "", 0, "TOYOTA", [])),
        ("Toyota azul pickup P 12?", ("P-12?*", "", 0, "TOYOTA", [])),
        ("P 1?3 B*", ("P-1?3B*", "", 0, "", [])),
        ("m-123", ("M-123*", "", 0, "", [])),
        ("123 BCD blanco", ("?-123BCD", "", 0, "", [])),
        ("P0-720GVH", ("P-720GVH", "", 0, "", [])),
        ("Hilux gris 2015", ("", "", 2015, "", ["HILUX"])),
        ("BMW 320i negro", ("", "", 0, "BMW", ["320I"])),
        ("C 123 KIA", ("C-123*", "", 0, "KIA", [])),
        ("Honda CR-V 5J6RM4H1", ("", "5J6RM4H1", 0, "HONDA", ["CRV"])),
        ("blue bird bus", ("", "", 0, "BLUE BIRD", [])),
    ],
)
def test_what_a_text_says(text: str, expected: tuple[str, str, int, str, list[str]]) -> None:
    said = vehicle_words(text)
    assert said is not None
    assert (said["plate"], said["number"], said["model_year"], said["make"], said["words"]) == expected


@pytest.mark.parametrize("text", ["", "de la", "P 12? P 13?", "x" * 200, "?" * 30, "\x00\x00", "🚗", "a " * 100])
def test_texts_that_say_nothing_are_refused(text: str) -> None:
    assert vehicle_words(text) is None


@given(
    st.one_of(
        st.lists(
            st.one_of(st.sampled_from(PIECES), st.text(st.sampled_from("P1234BCDA?*-. ñé"), max_size=9)), max_size=9
        ).map(" ".join),
        st.text(max_size=60),
    )
)
def test_reads_as_the_regular_expressions_do(text: str) -> None:
    said = vehicle_words(text)
    try:
        words = naive.read(text)
    except naive.Refused:
        assert said is None
        return
    assert said is not None
    plate = f"{words.plate[0] or '?'}-{words.plate[1]}" if words.plate else ""
    assert (said["plate"], said["number"], said["model_year"]) == (plate, words.number, words.model_year)
    assert (said["make"], said["words"]) == (words.make, words.words)
    assert (bool(said["colours"]), bool(said["kinds"])) == (bool(words.colours), bool(words.kinds))
