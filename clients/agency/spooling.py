"""Workbooks, Parquet, JSON lines, standard input and other encodings become a UTF-8 CSV file, in bounded memory.

A workbook's numbers come out whole: what a spreadsheet shows as 2.35711E+12 it still holds in full, a CSV made of it
does not. A text that cannot be decoded keeps U+FFFD in its place, and its row is refused.
"""

from __future__ import annotations

import codecs
import csv
import datetime
import json
import re
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

from lxml import etree

from clients.agency.encoding import CP1252, UTF_8, UTF_8_MARKED, encoding_of, known_encoding
from clients.agency.failures import AgencyError
from clients.agency.formulas import Unvalued, unvalued_cells
from clients.agency.kinds import Kind, damaged, protected, recognise, unreadable_open_document
from clients.client.whole_file import json_of

_CHUNK = 1 << 20
_JSON_LINE = 1 << 20  # bytes of one line; a longer one is an empty row that is refused
# Where CP1252 was only guessed: what no name has there, and what DOS (á) or an old Mac (í, ú) wrote. Here that is a
# no-break space, an œ, and an apostrophe, which Mayan names have too, but behind k, q, t, z or b. They become a control
# character, which the rule for letters that were misread knows (clients.agency.cells), as it knows all other letters.
_DOS_OR_MAC = re.compile(
    r"(?<=[a-z])\xa0(?!(?:de|del|la|las|los|y|e)\b)(?=[a-z])"
    r"|(?<=[cdfglmnrsuv])’(?=[a-z])|(?<=[bhkptqz])’(?=[bcdfghjklmnpqrstvwxyz])|œ"
)
_MISREAD = "\x80"
_KEYS_ROWS = 1_000  # rows with keys that make the header of JSON lines


def spool_text(path: Path | None, copy: Path, encoding: str) -> str:
    """A CSV in another encoding, or standard input (None); returns the encoding. Raises AgencyError, OSError."""
    if path is None:
        raw = copy.with_name(f"{copy.name}.raw")
        try:
            with raw.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file, _CHUNK)
            if raw.stat().st_size == 0:
                raise AgencyError("La entrada estándar está vacía.")
            if recognise(raw, encoding, "La entrada estándar") is not Kind.TEXT:
                raise AgencyError("Por la entrada estándar se lee solo CSV: nombre el archivo.")
            return spool_text(raw, copy, encoding)
        finally:
            raw.unlink(missing_ok=True)
    name = known_encoding(encoding) if encoding else encoding_of(path)
    decoder = codecs.getincrementaldecoder(UTF_8_MARKED if name == UTF_8 else name)(errors="replace")
    guessed = name == CP1252 and not encoding
    with path.open("rb") as file, copy.open("wb") as out:
        for text in _texts(file, decoder):
            out.write((_DOS_OR_MAC.sub(_MISREAD, text) if guessed else text).encode("utf-8", "replace"))
    return name


def _texts(file: BinaryIO, decoder: codecs.IncrementalDecoder) -> Iterable[str]:
    """Decoded pieces that end with a line, as far as lines are shorter than a piece; every line ending a line feed."""
    held = ""
    while data := file.read(_CHUNK):
        text = held + decoder.decode(data)
        whole = max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1  # "\r" at the end may be half of "\r\n"
        if not whole and len(text) >= _CHUNK:
            whole = len(text) - text.endswith("\r")
        held = text[whole:]
        yield text[:whole].replace("\r\n", "\n").replace("\r", "\n")
    yield (held + decoder.decode(b"", final=True)).replace("\r\n", "\n").replace("\r", "\n")


def spool_workbook(path: Path, kind: Kind, copy: Path, check: Callable[[Path], None]) -> None:
    """The first sheet of an XLSX, XLS or ODS file. Raises AgencyError: also where it is hidden.

    check: raises AgencyError for an XLSX file that would take more memory than a list does.
    """
    from python_calamine import (  # noqa: PLC0415 - only for workbooks
        CalamineError,
        CalamineWorkbook,
        PasswordError,
        SheetVisibleEnum,
    )

    try:
        if kind is Kind.WORKBOOK:
            check(path)
        with path.open("rb") as file:
            workbook = CalamineWorkbook.from_filelike(file)
            sheet = workbook.get_sheet_by_index(0)
        if workbook.sheets_metadata[0].visible is not SheetVisibleEnum.Visible:
            raise AgencyError(
                f"{path.name}: la primera hoja, «{sheet.name}», está oculta, y en Excel se ve otra: muéstrela, o ponga "
                "primero la hoja que se ha de consultar."
            )
        unvalued = unvalued_cells(path) if kind is Kind.WORKBOOK else iter(())
        # The reader gives blank rows above the first cell, by which row numbers are right, but no columns before it.
        before = sheet.start[1] if sheet.start is not None else 0
        with copy.open("w", encoding="utf-8", newline="") as out:
            rows = ([_cell_text(cell) for cell in row] for row in sheet.iter_rows())
            csv.writer(out, lineterminator="\n").writerows(_with_errors(rows, unvalued, before, path.name))
    except PasswordError:
        raise protected(path.name) from None
    except (CalamineError, IndexError, etree.XMLSyntaxError, zipfile.BadZipFile, KeyError, ValueError):
        raise (unreadable_open_document if kind is Kind.OPEN_DOCUMENT else damaged)(path.name) from None


def _with_errors(
    rows: Iterator[list[str]], unvalued: Iterator[Unvalued], before: int, shown: str
) -> Iterator[list[str]]:
    """The rows, with the text of an error in its cell, where it costs its row: the reader leaves such cells empty.

    As an empty cell it would be a datum that was not given. before: columns of the sheet that `rows` lack. Raises
    AgencyError: a formula without a value, which its program can mend as a whole.
    """
    ahead = next(unvalued, None)
    for number in count():
        row = next(rows, None)
        if row is None and ahead is None:
            return
        cells = row or []
        while ahead is not None and ahead.row <= number:
            if not ahead.error:
                raise AgencyError(
                    f"{shown}: la celda {ahead.address} tiene una fórmula sin valor, porque ningún programa la "
                    "calculó: ábralo en Excel o LibreOffice, guárdelo y repita."
                )
            place = max(ahead.column - before, 0)
            cells.extend([""] * (place + 1 - len(cells)))
            cells[place] = cells[place] or ahead.error
            ahead = next(unvalued, None)
        yield cells


def sheet_names(path: Path) -> tuple[str, ...]:
    """Returns the sheet names of a readable workbook, in its order."""
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 - only for workbooks

    with path.open("rb") as file:
        return tuple(CalamineWorkbook.from_filelike(file).sheet_names)


def spool_parquet(path: Path, copy: Path) -> None:
    """A Parquet file, row group by row group. Raises AgencyError."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with pq.ParquetFile(path) as file, copy.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=10_000):
                columns = [_listed(column) for column in batch.columns]
                writer.writerows(
                    [_cell_text(cell) for cell in row] for row in (zip(*columns, strict=True) if columns else ())
                )
    except (pa.ArrowException, OSError):
        raise damaged(path.name) from None


def _listed(column: Any) -> list[Any]:
    """The cells of a column; a time that no calendar of Python's has is its number, which is no date."""
    try:
        cells: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        cells = [_one(cell) for cell in column]
    return cells


def _one(cell: Any) -> Any:
    try:
        return cell.as_py()
    except (ValueError, OverflowError):
        return cell.value


def spool_json_lines(path: Path, copy: Path) -> None:
    """An object a line. The header is what the first thousand objects hold. Raises AgencyError."""
    keys: dict[str, None] = {}
    with path.open("rb") as file:
        for _, (number, line) in zip(range(_KEYS_ROWS), _lines(file), strict=False):
            found = _object(line)
            if found is None:
                raise AgencyError(f"{path.name}, línea {number}: no es un objeto JSON ({{...}}) entero.")
            keys.update(dict.fromkeys(found))
    if not keys:
        raise AgencyError(f"El archivo {path.name} está vacío.")
    with path.open("rb") as file, copy.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(keys)
        for _, line in _lines(file):
            row = _object(line)
            if row is None:  # refused with its row number: the file's NUL says that it cannot be read
                writer.writerow(["\x00"])
            else:
                writer.writerow([_cell_text(row.get(key)) for key in keys])


def _lines(file: BinaryIO) -> Iterable[tuple[int, bytes]]:
    """Lines with their numbers, blank ones left out; one that is too long is given cut, and is then no object."""
    number = 0
    while line := file.readline(_JSON_LINE):
        number += 1
        if not line.endswith(b"\n") and len(line) == _JSON_LINE:
            while (rest := file.readline(_JSON_LINE)) and not rest.endswith(b"\n"):
                pass
        if line.strip():
            yield number, line


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json_of(line)
        if b"\\u" in line:
            json.dumps(found, ensure_ascii=False).encode()  # half of a letter is no text
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _cell_text(value: Any) -> str:
    """A cell as text: a whole number without point, a date as yyyy-mm-dd."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, datetime.date) else str(value)
