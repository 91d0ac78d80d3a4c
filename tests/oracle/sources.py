"""Registers' files read row by row, one simple way a format (docs/manifests.md, `[[source]]`)."""

from __future__ import annotations

import csv
import datetime
import fnmatch
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

GUATEMALA = datetime.timezone(datetime.timedelta(hours=-6))


@dataclass
class Row:
    """A row: its cells by column as text, or the rule that refuses it whole and the cells that it still shows."""

    number: int
    cells: dict[str, str]
    refused: str = ""
    loose: tuple[str, ...] = ()


def rows_of(source: dict[str, Any], directory: Path, dsn: str) -> Iterator[Row]:
    if source["format"] == "postgresql":
        yield from _postgresql(source, dsn)
        return
    path = file_of(source["path"], directory)
    yield from {
        "csv": _csv,
        "fixed_width": _fixed_width,
        "xml": _xml,
        "xlsx": _xlsx,
        "jsonl": _jsonl,
        "parquet": _parquet,
    }[source["format"]](source, path)


def file_of(pattern: str, directory: Path) -> Path:
    """The last file by name that matches."""
    folder = directory / Path(pattern).parent
    names = sorted(p.name for p in folder.iterdir() if fnmatch.fnmatchcase(p.name, Path(pattern).name))
    return folder / names[-1]


def as_text(value: Any) -> str:
    """The text form of a typed cell; "" for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(GUATEMALA).replace(tzinfo=None)
        return str(value.strftime("%Y-%m-%d %H:%M:%S"))
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _lines(source: dict[str, Any], path: Path) -> Iterator[tuple[int, str | None, str]]:
    """(line from 1, text or None when the bytes are outside the encoding, readable text)."""
    encoding = source.get("encoding", "latin-1" if source["format"] == "fixed_width" else "utf-8")
    content = path.read_bytes()
    if encoding == "utf-8":
        content = content.removeprefix(b"\xef\xbb\xbf")
    lines = content.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    for number, raw in enumerate(lines, 1):
        line = raw.removesuffix(b"\r")
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError:
            yield number, None, line.decode(encoding, "replace")
        else:
            yield number, text, text


def _csv(source: dict[str, Any], path: Path) -> Iterator[Row]:
    assert not source.get("multiline"), "no register of the nation has multiline cells"
    quote = source.get("quote", '"')
    dialect: dict[str, Any] = {"delimiter": source.get("delimiter", ","), "strict": True}
    dialect |= {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    columns = list(source.get("columns", ()))
    shift = 0
    for number, text, loose in _lines(source, path):
        if not columns:
            assert text is not None
            columns = [c.strip() for c in next(csv.reader([text], **dialect))]
            shift = number
            continue
        if text is not None and not text.strip():
            continue
        try:
            cells = next(csv.reader([loose], **dialect))
        except csv.Error:
            cells = loose.split(dialect["delimiter"])
            yield Row(number - shift, {}, "malformed_row", tuple(cells))
            continue
        if text is None:
            yield Row(number - shift, {}, "undecodable_bytes", tuple(cells))
        elif len(cells) != len(columns):
            yield Row(number - shift, {}, "wrong_column_count", tuple(cells))
        else:
            yield Row(number - shift, dict(zip(columns, cells, strict=True)))


def _fixed_width(source: dict[str, Any], path: Path) -> Iterator[Row]:
    for number, text, loose in _lines(source, path):
        if text is not None and not text.strip():
            continue
        if text is None:
            yield Row(number, {}, "undecodable_bytes", tuple(loose.split()))
        elif len(text) != source["record_length"]:
            yield Row(number, {}, "wrong_length", tuple(text.split()))
        else:
            cut = {c["name"]: text[c["start"] - 1 : c["start"] - 1 + c["width"]] for c in source["columns"]}
            yield Row(number, cut)


def _xml(source: dict[str, Any], path: Path) -> Iterator[Row]:
    root = ElementTree.fromstring(path.read_bytes())
    columns = source["_columns"]
    for number, element in enumerate(root.iter(source["row_tag"]), 1):
        cells = {}
        for column in columns:
            *steps, last = column.split("/")
            place = element.find("/".join([*steps, *([] if last.startswith("@") else [last])]) or ".")
            if place is None:
                continue
            cells[column] = (place.get(last[1:]) if last.startswith("@") else place.text) or ""
        yield Row(number, cells)


def _xlsx(source: dict[str, Any], path: Path) -> Iterator[Row]:
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    sheet = book[source["sheet"]] if "sheet" in source else book.worksheets[0]
    head = source.get("header_row", 1)
    columns: list[str] = []
    for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
        texts = [as_text(value) for value in cells]
        if number < head:
            continue
        if number == head:
            columns = [t.strip() for t in texts]
        elif any(t.strip() for t in texts):
            padded = texts + [""] * (len(columns) - len(texts))
            yield Row(number - head, {c: t for c, t in zip(columns, padded, strict=False) if c})


def _jsonl(source: dict[str, Any], path: Path) -> Iterator[Row]:
    for number, text, loose in _lines(source, path):
        if text is not None and not text.strip():
            continue
        if text is None:
            yield Row(number, {}, "undecodable_bytes", tuple(loose.split('"')))
            continue
        try:
            item = json.loads(text)
        except ValueError:
            item = None
        if not isinstance(item, dict):
            yield Row(number, {}, "malformed_row", tuple(text.split('"')))
            continue
        cells = {}
        for column in source["_columns"]:
            value: Any = item
            for step in column.split("."):
                value = value.get(step) if isinstance(value, dict) else None
            cells[column] = as_text(value)
        yield Row(number, cells)


def _parquet(source: dict[str, Any], path: Path) -> Iterator[Row]:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    for number, item in enumerate(table.to_pylist(), 1):
        yield Row(number, {name: as_text(value) for name, value in item.items()})


def _postgresql(source: dict[str, Any], dsn: str) -> Iterator[Row]:
    import psycopg

    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(source["query"].encode())
        assert cursor.description is not None
        columns = [c.name for c in cursor.description]
        for number, values in enumerate(cursor.fetchall(), 1):
            yield Row(number, {c: as_text(v) for c, v in zip(columns, values, strict=True)})
