"""The text of an answer as lines and tables that a template can mark up."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from clients.officer_view.frame import Framed
from clients.officer_view.styles import BADGES
from clients.terminal.whole_table import WholeTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

_CLASSES = {style: "insignia " + colour.lower().replace(" ", "-") for colour, style in BADGES.items()}
STRONG = "fuerte"


@dataclass(frozen=True)
class Span:
    """A piece of a line. `mark`: its class in the style sheet; "" = none."""

    text: str
    mark: str = ""


@dataclass(frozen=True)
class Line:
    """One line. `within`: it belongs to the one above it."""

    spans: list[Span]
    within: bool = False

    @property
    def table(self) -> bool:
        """Returns whether it is a table."""
        return False


@dataclass(frozen=True)
class Grid:
    """A table. Each cell holds lines."""

    title: str
    headings: list[str]
    rows: list[list[list[Line]]]

    @property
    def table(self) -> bool:
        """Returns whether it is a table."""
        return True


def marked(renderable: RenderableType, *, within: bool = False) -> Iterator[Line | Grid]:
    """Yields the lines and tables of what clients/officer_view makes for a terminal.

    Raises TypeError for a renderable of another kind: nothing of an answer may be left out.
    """
    if isinstance(renderable, Text):
        yield from _lines(renderable, within)
    elif isinstance(renderable, Framed):
        for part in renderable.parts:
            yield from marked(part, within=within)
    elif isinstance(renderable, Group):
        for part in renderable.renderables:
            yield from marked(part, within=within)
    elif isinstance(renderable, Padding):
        assert not isinstance(renderable.renderable, str)
        yield from marked(renderable.renderable, within=True)
    elif isinstance(renderable, WholeTable):
        yield grid(renderable)
    else:
        raise TypeError(f"{type(renderable).__name__} has no form in a page")


def grid(table: WholeTable) -> Grid:
    """A table with the columns that hold anything."""
    filled = [at for at in range(len(table.headings)) if any(row[at].plain for row in table.rows)]
    headings = [table.headings[at] for at in filled]
    return Grid(table.title, headings, [[list(_lines(row[at], False)) for at in filled] for row in table.rows])


def _lines(text: Text, within: bool) -> Iterator[Line]:
    for line in text.split("\n", allow_blank=False):
        yield Line(_spans(line), within)


def _spans(line: Text) -> list[Span]:
    """Pieces between which the style changes; of several on one piece the last counts, as on a terminal."""
    edges = sorted({0, len(line.plain), *(edge for span in line.spans for edge in (span.start, span.end))})
    pieces = []
    for start, end in pairwise(edges):
        styles = [span.style for span in line.spans if span.start <= start and span.end >= end]
        pieces.append(Span(line.plain[start:end], _class(str(styles[-1] if styles else line.style))))
    return pieces


def _class(style: str) -> str:
    return _CLASSES.get(style) or (STRONG if style.startswith("bold") else "")
