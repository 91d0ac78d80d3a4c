"""A table of which nothing is ever cut, at any width."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from clients.terminal.whole_table import WholeTable

LETTERS = st.sampled_from("abcXYZ0189-ñÉ漢")
WORDS = st.text(LETTERS, min_size=1, max_size=45)
CELLS = st.lists(st.lists(WORDS, max_size=6).map(" ".join), max_size=3).map("\n".join)
ROWS = st.integers(1, 8).flatmap(
    lambda columns: st.lists(st.lists(CELLS, min_size=columns, max_size=columns), min_size=1, max_size=5)
)


def printed(table: WholeTable, width: int) -> list[str]:
    """The lines on a screen of so many columns."""
    console = Console(width=width, force_terminal=True, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(table, crop=False)
    return Text.from_ansi(capture.get()).plain.splitlines()


def cells_of(lines: list[str], headings: list[str]) -> list[list[str]]:
    """The rows' cells as words, read back from the grid or from the lines of key and value."""
    if not any(line.startswith("┏") for line in lines):
        return _of_lines(lines, headings)
    shown = [word.strip() for word in next(line for line in lines if line.startswith("┃")).strip("┃").split("┃")]
    rows: list[list[list[str]]] = []
    open_row = False
    for line in lines:
        if not line.startswith("│"):
            open_row = False
            continue
        if not open_row:
            rows.append([[] for _ in headings])
            open_row = True
        for heading, piece in zip(shown, line.strip("│").split("│"), strict=True):
            rows[-1][headings.index(heading)] += piece.split()
    return [[" ".join(cell) for cell in row] for row in rows]


def _of_lines(lines: list[str], headings: list[str]) -> list[list[str]]:
    rows: list[list[str]] = []
    column = 0
    for line in lines:
        if line.startswith("─"):
            rows.append(["" for _ in headings])
            continue
        if not rows:
            continue
        for number, heading in enumerate(headings):
            if line.startswith(f"{heading}:"):
                column, line = number, line.removeprefix(f"{heading}:")  # noqa: PLW2901
        rows[-1][column] = " ".join([*rows[-1][column].split(), *line.split()])
    return rows


@given(rows=ROWS, width=st.integers(12, 250))
def test_every_cell_can_be_read_back_with_no_word_broken(rows: list[list[str]], width: int) -> None:
    assume(any(cell.strip() for row in rows for cell in row))
    headings = [f"<{number}>" for number in range(len(rows[0]))]
    table = WholeTable("título", *headings, lines_between=True)
    for row in rows:
        table.add(*row)
    lines = printed(table, width)
    assert cells_of(lines, headings) == [[" ".join(cell.split()) for cell in row] for row in rows]
    too_long = [line for line in lines if cell_len(line) > width]
    assert all(any(cell_len(word) > width for word in line.split()) for line in too_long)


def test_columns_that_hold_nothing_take_no_room() -> None:
    table = WholeTable("", "uno", "nada", "dos")
    table.add("a", "", "b")
    assert "nada" not in "\n".join(printed(table, 80))
    assert printed(WholeTable("Candidatos: 0", "nada"), 80) == ["Candidatos: 0"]


def test_a_row_has_a_cell_for_each_heading() -> None:
    with pytest.raises(ValueError, match="1 cells for 2 headings"):
        WholeTable("", "uno", "dos").add("a")
