"""Columns of text to the bytes of CSV, COPY and fixed-width files, a block at a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nation.columns import Column, compute

Columns = Mapping[str, Column]


def csv_bytes(columns: Columns, *, head: bool, encoding: str, delimiter: str = ",", null: str = "") -> bytes:
    """A CSV file's part. Values that hold the delimiter or a quote are quoted; lines end with CR LF, as exports do.

    Raises UnicodeEncodeError when a value does not exist in the encoding.
    """
    cells = [_quoted(compute.fill_null(column, null), delimiter) for column in columns.values()]
    lines = compute.binary_join_element_wise(*cells, delimiter)
    title = [delimiter.join(columns)] if head else []
    return _joined([*title], lines, "\r\n").encode(encoding)


def copy_bytes(columns: Columns) -> bytes:
    """PostgreSQL COPY text: tab between values, \\N for null, UTF-8. Values hold no tab, newline or backslash."""
    cells = [compute.fill_null(column, "\\N") for column in columns.values()]
    return _joined([], compute.binary_join_element_wise(*cells, "\t"), "\n").encode()


def fixed_bytes(columns: Columns, widths: Mapping[str, int], encoding: str) -> bytes:
    """Fixed width: values cut or filled with blanks on the right; lines end with LF."""
    cells = [
        compute.utf8_rpad(compute.utf8_slice_codeunits(compute.fill_null(columns[name], ""), 0, width), width)
        for name, width in widths.items()
    ]
    return _joined([], compute.binary_join_element_wise(*cells, ""), "\n").encode(encoding)


def write_part(folder: Path, name: str, content: bytes) -> None:
    """Writes a block's part of file `name` (a relative path)."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _quoted(column: Column, delimiter: str) -> Column:
    special = compute.or_(compute.match_substring(column, delimiter), compute.match_substring(column, '"'))
    if not compute.any(special).as_py():
        return column
    quoted = compute.binary_join_element_wise("", compute.replace_substring(column, '"', '""'), "", '"')
    return compute.if_else(special, quoted, column)


def _joined(head: list[str], lines: Column, newline: str) -> str:
    text = newline.join([*head, *lines.to_pylist()])
    return text + newline if text else ""
