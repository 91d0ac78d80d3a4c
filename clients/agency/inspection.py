"""The beginning of a CSV file: its delimiter, its header row, its first row to judge."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from clients.agency.cells import CUI_DIGITS, cui_problem, folded
from clients.agency.failures import AgencyError
from clients.agency.headings import KNOWN

SAMPLE_BYTES = 256 * 1024
_DELIMITERS = ",;\t|"
_SAMPLE_ROWS = 200
_DELIMITER_ROWS = 50  # that the delimiter is found by
_TITLE_ROWS = 20  # in which a header is looked for: titles and a logo's place stand above it
_SEPARATOR_LINE = re.compile(r'"?sep=([^"\r\n])"?\r?\n', re.IGNORECASE)  # how Excel learns the delimiter
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """The facts in the first bytes.

    start: byte of the first row to judge; first_row: its number, as a spreadsheet counts. names: the header's cells, ""
    for none. titles: rows above the header that hold something. sample: cells of the first rows. header_sure: whether
    it is known which row is the header, or that there is none.
    """

    delimiter: str
    names: tuple[str, ...]
    has_header: bool
    header_sure: bool
    titles: int
    start: int
    first_row: int
    sample: tuple[tuple[str, ...], ...]


def inspect(
    head: bytes, given: str, delimiter: str, asked_header: bool | None, named: Collection[str] = ()
) -> Beginning:
    """The beginning of a file. head: its first bytes, UTF-8; given: its name for the clerk; asked_header: whether
    there is one, None = look. named: columns that the clerk named. Raises AgencyError.
    """
    mark = len(_MARK) if head.startswith(_MARK) else 0
    text = head[mark:].decode("utf-8", "surrogateescape")
    if not text.strip():
        raise AgencyError(f"El archivo {given} está vacío.")
    told = _SEPARATOR_LINE.match(text)
    delimiter = _delimiter(text[told.end() :] if told else text, delimiter or (told[1] if told else ""))
    rows, ends = _head_rows(text, delimiter)
    # Blank lines above the header are passed over and counted as rows.
    filled = [place for place, row in enumerate(rows) if any(cell.strip() for cell in row)][1 if told else 0 :]
    if not filled:
        raise AgencyError("Las primeras líneas del archivo no tienen datos.")
    words = KNOWN | {folded(name) for name in named}
    place, sure = _header_place(rows, filled, words)
    has_header = place is not None if asked_header is None else asked_header
    if asked_header and place is None:
        place = filled[0]
    first = place + 1 if has_header and place is not None else filled[0]
    header = rows[place if has_header and place is not None else filled[0]]
    cells = tuple(cell.strip().encode("utf-8", "replace").decode() for cell in header)
    return Beginning(
        delimiter=delimiter,
        names=cells if has_header else tuple("" for _ in cells),
        has_header=has_header,
        header_sure=sure or asked_header is not None,
        titles=sum(each < first - 1 for each in filled) if has_header else 0,
        start=mark + (len(text[: ends[first - 1]].encode("utf-8", "surrogateescape")) if first else 0),
        first_row=first + (0 if told else 1),  # a spreadsheet does not show the line that tells it the delimiter
        sample=tuple(tuple(row) for row in rows[first : first + _SAMPLE_ROWS] if any(row)),
    )


def _header_place(rows: list[list[str]], filled: list[int], words: Collection[str]) -> tuple[int | None, bool]:
    """Returns the header's row, None = none, and whether that is sure.

    It is the row with most known words among the first, above the first with a valid CUI.
    """
    above: list[int] = []
    for place in filled[:_TITLE_ROWS]:
        if any(_is_data(cell) for cell in rows[place]):
            break
        above.append(place)
    if not above:
        return None, True
    known = {place: sum(folded(cell) in words for cell in rows[place]) for place in above}
    best = max(above, key=lambda place: known[place])
    return (best, True) if known[best] else (above[0], False)


def _head_rows(text: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    """The first rows, and the place behind each."""
    rows: list[list[str]] = []
    ends: list[int] = []
    at = 0

    def counted() -> Iterator[str]:
        nonlocal at
        for line in io.StringIO(text, newline=""):
            at += len(line)
            yield line

    held = 0
    try:
        for row in csv.reader(counted(), delimiter=delimiter):
            rows.append(row)
            ends.append(at)
            held += bool(row)
            if held > _SAMPLE_ROWS:
                break
    except csv.Error:  # the sample ends within a cell
        pass
    return rows, ends


def _delimiter(text: str, given: str) -> str:
    """Raises AgencyError."""
    if given:
        delimiter = {"tab": "\t", "\\t": "\t"}.get(given, given)
        if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\x00':
            raise AgencyError("El delimitador es un solo carácter, por ejemplo «;», o tab.")
        return delimiter
    return max(_DELIMITERS, key=lambda sign: _evenness(text, sign))


def _evenness(text: str, sign: str) -> tuple[float, int]:
    """Returns the share of rows with the commonest number of cells by that sign, and that number; (0, 0) = no cells.

    A sign that stands in names or titles alone parts rows unevenly.
    """
    try:
        rows = islice(csv.reader(io.StringIO(text, newline=""), delimiter=sign), _DELIMITER_ROWS)
        widths = Counter(len(row) for row in rows if any(cell.strip() for cell in row))
    except csv.Error:
        return 0, 0
    if not widths:
        return 0, 0
    width, many = widths.most_common(1)[0]
    return (many / widths.total(), width) if width > 1 else (0, 0)


def _is_data(cell: str) -> bool:
    digits = "".join(letter for letter in cell if letter.isdecimal())
    return len(digits) == CUI_DIGITS and not cui_problem(digits)
