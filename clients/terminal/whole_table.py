"""A table of which nothing is ever cut: a grid where every word fits whole, else lines of key and value.

Words are never broken: an id that is to be copied stays in one piece, also where the terminal itself must wrap it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from clients.terminal.told_text import told

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

_BORDER = 3  # columns of the screen a column of the table: a line and a blank on each side
_OUTER = 1
_READABLE = 12  # columns of the screen below which text that wraps is a ladder of words


class WholeTable:
    """Headings and rows; renders as wide as it needs, up to the screen's width."""

    def __init__(self, title: str, *headings: str, right: Collection[str] = (), lines_between: bool = False) -> None:
        """`right`: headings of columns of numbers. `lines_between`: a line between rows, for cells of several lines."""
        self.title = title
        self.headings = headings
        self._right = right
        self._lines_between = lines_between
        self.rows: list[tuple[Text, ...]] = []

    def add(self, *cells: str | Text) -> None:
        """A row, one cell a heading; texts are made harmless. Raises ValueError for another number of cells."""
        if len(cells) != len(self.headings):
            raise ValueError(f"{len(cells)} cells for {len(self.headings)} headings")
        self.rows.append(tuple(Text(told(cell)) if isinstance(cell, str) else cell for cell in cells))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield whole(Text(self.title, style="italic"), options.max_width)
        if not self.rows:
            return
        filled = [each for each in self._columns() if any(cell.plain for cell in each[1:])]
        widths = _widths(filled, options.max_width)
        if widths is not None:
            yield self._grid(filled, widths)
        else:
            yield from self._lines(options.max_width)

    def _columns(self) -> list[tuple[Text, ...]]:
        """Each with its heading first."""
        return list(zip((Text(heading) for heading in self.headings), *self.rows, strict=True))

    def _grid(self, columns: Sequence[tuple[Text, ...]], widths: Sequence[int]) -> Table:
        table = Table(show_lines=self._lines_between)
        for (heading, *_), width in zip(columns, widths, strict=True):
            table.add_column(heading, width=width, overflow="fold")
            if heading.plain in self._right:
                table.columns[-1].justify = "right"
        for row in zip(*(cells for _, *cells in columns), strict=True):
            table.add_row(*row)
        return table

    def _lines(self, available: int) -> RenderResult:
        for row in self.rows:
            yield Text("─" * min(available, 20))
            for heading, cell in zip(self.headings, row, strict=True):
                if not cell.plain.strip():
                    continue
                below = "\n" in cell.plain or len(heading) + 2 + _longest(cell.plain.split()) > available
                said = Text.assemble((f"{heading}:", "bold"), "\n" if below else " ", cell)
                yield from (whole(line, available) for line in said.split(allow_blank=True))


def whole(text: Text, available: int) -> Text:
    """Wrapped between words; with a word longer than the screen not at all, so that the terminal wraps it."""
    text.overflow = "fold" if _longest(text.plain.split()) <= available else "ignore"
    return text


def _longest(pieces: Sequence[str]) -> int:
    """Columns of the screen that the longest piece takes."""
    return max((Text(piece).cell_len for piece in pieces), default=0)


def _widths(columns: Sequence[Sequence[Text]], available: int) -> list[int] | None:
    """Returns the width of each column, so that no word is broken and none is too wide; None if they do not fit."""
    needed = [max(_longest(cell.plain.split("\n")) for cell in column) for column in columns]
    words = [max(_longest(cell.plain.split()) for cell in column) for column in columns]
    least = [max(word, min(need, _READABLE)) for word, need in zip(words, needed, strict=True)]
    spare = available - _OUTER - _BORDER * len(columns) - sum(least)
    if spare < 0:
        return None
    widths = list(least)
    wanting = sorted(range(len(columns)), key=lambda column: needed[column] - least[column])
    for place, column in enumerate(wanting):  # who needs least gets all of it, the others share what is left
        given = min(needed[column] - least[column], spare // (len(wanting) - place))
        widths[column] += given
        spare -= given
    return widths
