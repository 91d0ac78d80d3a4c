"""What is to be judged, as one UTF-8 CSV file: the agency's own file where it is one, else a copy of it beside OUT."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clients.agency.cells import CUI_DIGITS, cui_problem, folded, neutral
from clients.agency.encoding import UTF_8, UTF_8_MARKED, encoding_of, known_encoding
from clients.agency.failures import AgencyError
from clients.agency.headings import KNOWN
from clients.agency.spooling import spool_json_lines, spool_parquet, spool_text, spool_workbook

STDIN = "-"
_DELIMITERS = ",;\t|"
_SAMPLE_BYTES = 256 * 1024
_SAMPLE_ROWS = 200


@dataclass(frozen=True)
class Source:
    """A CSV file in UTF-8.

    path: of the CSV; given: what the clerk named. start: byte of the first row to judge; first_row: its number, as a
    spreadsheet counts. names: the header's cells, "" for none. sample: cells of the first rows. own: whether `path` is
    a copy that belongs to the run. header_sure: whether it is known that the first line is the header, or is none.
    """

    path: Path
    given: str
    encoding: str
    delimiter: str
    names: tuple[str, ...]
    has_header: bool
    header_sure: bool
    start: int
    first_row: int
    sample: tuple[tuple[str, ...], ...]
    own: bool

    @property
    def heading(self) -> str:
        """Which row was taken for the header."""
        return f"fila {self.first_row - 1}" if self.has_header else "sin encabezado"

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size


def open_source(
    given: str,
    copy: Path,
    *,
    encoding: str = "",
    delimiter: str = "",
    header: bool | None = None,
    keep_copy: bool = False,
) -> Source:
    """The source that was named; `copy` is written where the file is not CSV in UTF-8. "-" is standard input.

    keep_copy: a copy that is there is the run's own, from before it was interrupted. Raises AgencyError, OSError.
    """
    path = Path(given)
    if given != STDIN and not path.is_file():
        raise AgencyError(f"No existe el archivo {given}.")
    if given != STDIN and path.stat().st_size == 0:
        raise AgencyError(f"El archivo {given} está vacío.")
    if path.suffix.lower() in _NAMED and header is None:
        header = True
    read_as = UTF_8
    if given == STDIN or not _is_plain(path, encoding):
        if not (keep_copy and copy.is_file()):
            partly = copy.with_name(f"{copy.name}.tmp")
            try:
                read_as = _spool(given, partly, encoding)
            except BaseException:
                partly.unlink(missing_ok=True)
                raise
            partly.replace(copy)
        delimiter = delimiter if given == STDIN or path.suffix.lower() not in _FORMATS else ","
        own, path = True, copy
    else:
        own = False
    return _inspected(path, given, read_as, delimiter, header, own=own)


_FORMATS = {
    ".xlsx": spool_workbook,
    ".xlsm": spool_workbook,
    ".xls": spool_workbook,
    ".ods": spool_workbook,
    ".parquet": spool_parquet,
    ".jsonl": spool_json_lines,
    ".ndjson": spool_json_lines,
}
_NAMED = (".parquet", ".jsonl", ".ndjson")  # whose columns have names


def _is_plain(path: Path, encoding: str) -> bool:
    if path.suffix.lower() in _FORMATS:
        return False
    name = known_encoding(encoding) if encoding else encoding_of(path)
    if name not in (UTF_8, UTF_8_MARKED):
        return False
    with path.open("rb") as file:  # lines that end with a carriage return alone are made anew
        head = file.read(_SAMPLE_BYTES)
    return b"\n" in head or b"\r" not in head


def _spool(given: str, copy: Path, encoding: str) -> str:
    path = Path(given)
    if given != STDIN and (spool := _FORMATS.get(path.suffix.lower())):
        spool(path, copy)
        return UTF_8
    return spool_text(None if given == STDIN else path, copy, encoding)


def _inspected(
    path: Path, given: str, encoding: str, delimiter: str, asked_header: bool | None, *, own: bool
) -> Source:
    with path.open("rb") as file:
        head = file.read(_SAMPLE_BYTES)
    mark = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    text = head[mark:].decode("utf-8", "surrogateescape")
    if not text.strip():
        raise AgencyError(f"El archivo {given} está vacío.")
    delimiter = _delimiter(text, delimiter)
    # Blank lines above the header are passed over and counted as rows.
    rows, ends = _head_rows(text, delimiter)
    above = next(place for place, row in enumerate(rows) if any(cell.strip() for cell in row))
    header = tuple(cell.strip().encode("utf-8", "replace").decode() for cell in rows[above])
    is_data = any(_is_data(cell) for cell in header)
    has_header = not is_data if asked_header is None else asked_header
    header_sure = asked_header is not None or is_data or any(folded(cell) in KNOWN for cell in header)
    if has_header:
        start = mark + len(text[: ends[above]].encode("utf-8", "surrogateescape"))
    else:
        start = mark + (len(text[: ends[above - 1]].encode("utf-8", "surrogateescape")) if above else 0)
    first = above + 1 if has_header else above
    names = header if has_header else tuple("" for _ in header)
    sample = tuple(tuple(row) for row in rows[first : first + _SAMPLE_ROWS] if any(row))
    return Source(path, given, encoding, delimiter, names, has_header, header_sure, start, first + 1, sample, own)


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
    if not any(any(cell.strip() for cell in row) for row in rows):
        raise AgencyError("Las primeras líneas del archivo no tienen datos.")
    return rows, ends


def _delimiter(text: str, given: str) -> str:
    if given:
        delimiter = {"tab": "\t", "\\t": "\t"}.get(given, given)
        if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\x00':
            raise AgencyError("El delimitador es un solo carácter, por ejemplo «;», o tab.")
        return delimiter
    first = next(line for line in io.StringIO(text) if line.strip())
    counted = {sign: first.count(sign) for sign in _DELIMITERS}
    best = max(counted, key=lambda sign: counted[sign])
    return best if counted[best] else ","


def _is_data(cell: str) -> bool:
    digits = "".join(letter for letter in cell if letter.isdecimal())
    return len(digits) == CUI_DIGITS and not cui_problem(digits)


def header_words(source: Source) -> list[str]:
    """What the columns are called to the clerk."""
    return [neutral(name) or f"#{place}" for place, name in enumerate(source.names, 1)]


def places_of(source: Source, name: str) -> list[int]:
    """Places of the columns of that name, accents and capitals aside."""
    return [place for place, each in enumerate(source.names) if each and folded(each) == folded(name)]
