"""Characters that steer a terminal or the order of reading are shown, not obeyed: in tables and in JSON."""

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
from tests.kit.unseen import UNSEEN, is_unseen

_DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def _steers(character: str) -> bool:
    """By the Unicode database."""
    return (
        (unicodedata.category(character) == "Cc" and character not in "\t\n")
        or unicodedata.category(character) in ("Zl", "Zp")
        or unicodedata.bidirectional(character) in _DIRECTIONS
        or character in "\u061c\u200e\u200f\ufeff"
        or is_unseen(ord(character))
    )


_TEXTS = st.text(st.one_of(st.characters(), st.sampled_from([chr(edge) for span in UNSEEN for edge in span])))


@given(_TEXTS)
def test_nothing_that_steers_is_left_and_nothing_else_changes(text: str) -> None:
    assert told(text) == "".join("\ufffd" if _steers(each) else each for each in text)


@given(_TEXTS)
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
