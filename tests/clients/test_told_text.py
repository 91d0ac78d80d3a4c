"""What steers a terminal or the order of reading is shown, not obeyed: in tables and in JSON."""

from __future__ import annotations

import io
import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

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
    )


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
