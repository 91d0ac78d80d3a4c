"""What steers a terminal or the order of reading is shown, not obeyed: in tables and in JSON."""

from __future__ import annotations

import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.text import Text

from clients.terminal.told_console import ToldConsole
from clients.terminal.told_text import told, told_json
from clients.terminal.whole_table import WholeTable

_DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def _steers(character: str) -> bool:
    """By the Unicode database."""
    return (
        (unicodedata.category(character) == "Cc" and character not in "\t\n")
        or unicodedata.category(character) in ("Zl", "Zp")
        or unicodedata.bidirectional(character) in _DIRECTIONS
        or character in "\u061c\u200e\u200f\ufeff"
        or _is_unseen(ord(character))
    )


# Default_Ignorable_Code_Point, DerivedCoreProperties.txt of Unicode 15, variation selectors of emoji aside
_UNSEEN = (
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180E),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0xE0000, 0xE0FFF),
)


def _is_unseen(code: int) -> bool:
    return any(first <= code <= last for first, last in _UNSEEN)


@given(st.text())
def test_nothing_that_steers_is_left_and_nothing_else_changes(text: str) -> None:
    assert told(text) == "".join("\ufffd" if _steers(each) else each for each in text)


@given(st.text())
def test_json_says_the_same(text: str) -> None:
    document = told_json(json.dumps(text, ensure_ascii=False))
    assert json.loads(document) == text
    assert not any(_steers(each) for each in document)


def test_a_table_obeys_nothing() -> None:
    table = WholeTable("looks", "caso")
    table.add("C-1\x1b[2J\u202e\x9b31m")
    shown = io.StringIO()
    Console(file=shown, width=80, force_terminal=False).print(table)
    assert "C-1\ufffd[2J\ufffd\ufffd31m" in shown.getvalue()


@pytest.mark.parametrize(
    "renderable", ["C-1\x1b[2J\u202e\x9b31m", Text("C-1\x1b[2J\u202e\x9b31m"), Panel("C-1\x1b[2J\u202e\x9b31m")]
)
def test_a_console_cleans_whatever_it_prints(renderable: RenderableType) -> None:
    shown = io.StringIO()
    ToldConsole(file=shown, width=80, force_terminal=True, highlight=False).print(renderable)
    assert "C-1\ufffd[2J\ufffd\ufffd31m" in shown.getvalue()
