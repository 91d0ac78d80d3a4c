"""One JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from indexer.manifest.sources import JsonlSource
from indexer.readers.batch import BadRow, Batch, Unreadable, batch_of_rows
from indexer.readers.text_lines import blocks, decode, open_source, without_bom


def read_jsonl(source: JsonlSource, path: Path, columns: list[str]) -> Iterator[Batch]:
    """Batches of the asked columns: keys, or paths "a.b" into nested objects. Raises Unreadable."""
    paths = [name.split(".") for name in columns]
    done = line_number = 0
    with open_source(path) as file:
        for number, (raw, last) in enumerate(blocks(file)):
            done += len(raw)
            block = without_bom(raw, source.encoding) if number == 0 else raw
            lines = block.split(b"\n")
            cut = last and lines[-1] != b""
            if lines[-1] == b"":
                lines.pop()
            rows: list[int] = []
            cells: list[list[str | None]] = []
            bad: list[BadRow] = []
            damaged: list[int] = []
            for at, line in enumerate(lines, 1):
                line_number += 1
                if not line or line.isspace():
                    continue
                found, broken = _object(line)
                if found is None:
                    if cut and at == len(lines):
                        raise Unreadable("the last line is cut")
                    bad.append(BadRow(line_number, "malformed_row"))
                    continue
                if broken:
                    damaged.append(len(rows))
                rows.append(line_number)
                cells.append([_text(found, keys) for keys in paths])
            yield batch_of_rows(rows, cells, columns, bad, done, damaged)
    if done == 0:
        raise Unreadable("the file is empty")


def _object(line: bytes) -> tuple[dict[str, Any] | None, bool]:
    """The line's object, and whether bytes outside UTF-8 had to be replaced; None = it is none."""
    try:
        found = orjson.loads(line)
        return (found if isinstance(found, dict) else None), False
    except orjson.JSONDecodeError:
        pass
    text, broken = decode(line, "utf-8")
    if not broken:
        return None, False
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None, True
    return (found if isinstance(found, dict) else None), True


def _text(found: dict[str, Any], keys: list[str]) -> str | None:
    value: Any = found
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, int):
        return str(value)
    return orjson.dumps(value).decode()
