"""Letters of names that crossed code pages or were lost (docs/manifests.md, "Damaged letters")."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.names.keys import tokens
from indexer.standardise.letters import mend, mend_column

RESTORED = {
    "MU¥OZ": "MUÑOZ",  # CP850 or CP437 as Latin-1
    "Pati¤o": "Patiño",
    "GARC¡A": "GARCÍA",  # or Á, of a Mac, which makes no name
    "RODR¡GUEZ MART¡NEZ": "RODRÍGUEZ MARTÍNEZ",
    "MUÃ‘OZ": "MUÑOZ",  # UTF-8 as CP1252
    "MU\u00c3\u0091OZ": "MUÑOZ",  # as Latin-1
    "MU├æOZ": "MUÑOZ",  # as CP850
    "JosÃ© MarÃ\xada": "José María",
    "MUÃƒâ€˜OZ": "MUÑOZ",  # twice
    "NU„EZ": "NUÑEZ",  # Mac Roman as CP1252
    "P‚REZ": "PÉREZ",
    "¥A¥EZ": "ÑAÑEZ",
    "AGšERO": "AGÜERO",
    "PI&Ntilde;&Oacute;N": "PIÑÓN",  # of HTML, in any case
    "pi&NTILDE;ol": "piÑol",
    "MU&#209;OZ": "MUÑOZ",
    "MU&#xd1;OZ": "MUÑOZ",
    "MU&amp;Ntilde;OZ": "MUÑOZ",  # escaped twice
    "MU%C3%91OZ": "MUÑOZ",  # of an address
    "MU%D1OZ": "MUÑOZ",
    "MU=D1OZ": "MUÑOZ",  # of a mail
    "MU\\u00d1OZ": "MUÑOZ",  # of JSON
}
LOST = ["PATI&O", "CASTA#EDA", "MU?OZ", "MU_OZ", "HERN_NDEZ", "MU\ufffdOZ", "X¡C"]
WHOLE = [
    "MUÑOZ", "Müller", "Mª José", "O’Conor", "O´Higgins", "Q'anil", "A&B", "JOHNSON&JOHNSON", "JUAN_PEREZ",
    "JUAN PEREZ (A) EL CHINO", "LOPEZ - PEREZ", "JUAN/JOSE", "Y/O", "?", "MUNOZ ?", "# 12", "", "L0PEZ",
    "A&B;", "50%DEL", "X=Y", "100%AB",
]  # fmt: skip


@pytest.mark.parametrize("text", RESTORED)
def test_a_letter_that_crossed_code_pages_is_put_back(text: str) -> None:
    mended, restored, lost = mend(text)
    assert (mended, lost) == (RESTORED[text], 0)
    assert restored == sum(c in "ÁÉÍÑÓÚÜáéíñóúü" for c in mended)


@pytest.mark.parametrize("text", LOST)
def test_a_letter_that_cannot_be_told_is_one_lost_letter(text: str) -> None:
    mended, restored, lost = mend(text)
    assert (mended.count("\ufffd"), len(mended), restored, lost) == (1, len(text), 0, 1)


def test_no_sign_that_a_name_reads_as_no_letter_is_a_lost_one() -> None:
    """However glottal stops of Mayan languages are written: K'at, Kꞌat with a saltillo, Kʔat."""
    signs = [
        sign
        for sign in map(chr, (*range(0x80, 0xD800), *range(0xE000, 0x10000)))
        if unicodedata.category(sign)[0] in "LPS" and list(tokens(f"KA{sign}T")) == ["KAT"]
    ]
    assert {"’", "ʼ", "ʔ", "\u0242", "\ua78b", "\ua78c"} <= set(signs)
    assert {sign: mend(f"KA{sign}T") for sign in signs} == {sign: (f"KA{sign}T", 0, 0) for sign in signs}


def test_signs_and_blanks_that_were_escaped_are_put_back() -> None:
    assert mend("ANA%20&quot;LA&nbsp;CHATA&quot;") == ('ANA "LA\xa0CHATA"', 0, 0)


def test_the_two_bytes_of_a_letter_are_one_lost_letter() -> None:
    assert mend("MU\ufffd\ufffdOZ") == ("MU\ufffdOZ", 0, 1)


@pytest.mark.parametrize("text", WHOLE)
def test_a_whole_name_stays(text: str) -> None:
    assert mend(text) == (text, 0, 0)


@given(st.lists(st.one_of(st.none(), st.text(), st.sampled_from([*RESTORED, *LOST, *WHOLE]))), st.integers(0, 3))
def test_a_column_is_mended_cell_by_cell(cells: list[str | None], skipped: int) -> None:
    column = pa.array(cells, pa.string())[skipped:]
    found, restored, lost = mend_column(column)
    one_by_one = [mend(cell) if cell is not None else (None, 0, 0) for cell in cells[skipped:]]
    assert found.to_pylist() == [text for text, _, _ in one_by_one]
    assert (restored, lost) == (sum(n for _, n, _ in one_by_one), sum(n for _, _, n in one_by_one))
