"""A file of changes: JSON lines, one JSON document, or CSV (docs/feed.md).

    {"register": "oj", "source": "ordenes", "id": "OC-7", "sequence": 12, "event_time": "2026-11-27T10:42:00-06:00",
     "kind": "UPSERT", "row": {"NUM_ORDEN": "OC-7", "ESTADO": "PENDIENTE"}}

In CSV the same words stand in the heading with an underscore before them (`_register,_id,...`), beside the row's own
columns. `sequence` is in every change of a file, or in none: then the sender numbers them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

from clients.client.whole_file import read_whole
from ronda.v1 import feed_service_pb2 as contract

GUATEMALA = ZoneInfo("America/Guatemala")
CHANGE_BYTES = 256 * 1024  # of one, as it is sent: the server keeps less
_LINE_BYTES = 8 << 20
_WORDS = ("register", "source", "id", "sequence", "event_time", "kind", "row")
_KINDS = {
    "UPSERT": contract.FEED_CHANGE_KIND_UPSERT,
    "CANCEL": contract.FEED_CHANGE_KIND_CANCEL,
    "HEARTBEAT": contract.FEED_CHANGE_KIND_HEARTBEAT,
}


class ChangesUnreadable(Exception):
    """A file that is no file of changes. `line` from 1, 0 = the whole; `rule` in Spanish, without what stands there."""

    def __init__(self, line: int, rule: str) -> None:
        super().__init__(f"línea {line}: {rule}" if line else rule)
        self.line, self.rule = line, rule


class MessageUnreadable(ChangesUnreadable):
    """A message that is no change for certain. `register` where it tells it; the register lacks a change then."""

    def __init__(self, rule: str, register: str = "") -> None:
        super().__init__(0, rule)
        self.register = register


class FileChange:
    """One change and the line at which it begins."""

    __slots__ = ("change", "line")

    def __init__(self, line: int, change: contract.FeedChange) -> None:
        self.line, self.change = line, change


def read_changes(path: Path) -> Iterator[FileChange]:
    """The file's changes in their order. Raises ChangesUnreadable, OSError."""
    return _numbered_alike(_of_csv(path) if path.suffix.lower() == ".csv" else _of_json(path))


def _numbered_alike(changes: Iterator[FileChange]) -> Iterator[FileChange]:
    """A number that one change states would be given to another of the file, or be lost."""
    has_number: bool | None = None
    has_beat = False
    for each in changes:
        if each.change.kind == contract.FEED_CHANGE_KIND_HEARTBEAT:
            has_beat = True
        else:
            if has_number is None:
                has_number = bool(each.change.sequence)
            if has_number != bool(each.change.sequence):
                raise ChangesUnreadable(each.line, "sequence: la llevan todos los cambios de un archivo, o ninguno")
        if has_beat and has_number is False:  # the server's own number said back would say that nothing is missing
            raise ChangesUnreadable(
                each.line, "sequence: una señal (HEARTBEAT) dice el último número de la fuente; solo va con números"
            )
        yield each


def _of_json(path: Path) -> Iterator[FileChange]:
    with path.open("rb") as file:
        whole = file.read(_LINE_BYTES + 1)
        if len(whole) <= _LINE_BYTES:
            document = _document(whole)
            if document is not None:
                for fields in document:
                    yield FileChange(1, change_of_fields(1, fields))
                return
        file.seek(0)
        line = 0
        while raw := file.readline(_LINE_BYTES + 1):
            line += 1
            if len(raw) > _LINE_BYTES:
                raise ChangesUnreadable(line, f"una línea tiene a lo más {_LINE_BYTES >> 20} MiB")
            if raw.strip():
                yield FileChange(line, change_of_fields(line, _object(line, raw)))


def _document(whole: bytes) -> list[Any] | None:
    """The changes of a file that is one JSON document, an object or a list; None = it is none."""
    try:
        found = json.loads(whole, object_pairs_hook=_object_of)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else [found]


def _object(line: int, raw: bytes) -> Any:
    if line == 1 and raw.strip() == b"[":
        raise ChangesUnreadable(
            1, f"una lista de JSON tiene a lo más {_LINE_BYTES >> 20} MiB: ponga un cambio por línea"
        )
    return json_of(line, raw)


def json_of(line: int, raw: bytes) -> Any:
    """The JSON of a line or message. Raises ChangesUnreadable."""
    try:
        return json.loads(raw, object_pairs_hook=_object_of)
    except _KeyTwice:
        raise ChangesUnreadable(line, "un objeto tiene dos veces la misma palabra") from None
    except (ValueError, RecursionError):
        raise ChangesUnreadable(line, "no es JSON (UTF-8), o está cortada") from None


class _KeyTwice(ValueError):
    pass


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns an object; refuses one with a key twice: either value may be meant, and one may be a cancellation."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _KeyTwice
    return found


def _of_csv(path: Path) -> Iterator[FileChange]:
    text = read_whole(path)
    try:
        rows = csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), strict=True)
        heading = next(rows, [])
        if len(set(heading)) < len(heading) or "_register" not in heading:
            raise ChangesUnreadable(1, "el encabezado nombra cada columna una vez, y _register entre ellas")
        if strange := [name for name in heading if name.startswith("_") and name[1:] not in _WORDS[:-1]]:
            raise ChangesUnreadable(1, f"{strange[0][:40]}: con _ solo conoce {', '.join(_WORDS[:-1])}")
        begins = rows.line_num + 1
        for row in rows:
            if row and len(row) != len(heading):
                raise ChangesUnreadable(begins, f"tiene {len(row)} celdas y el encabezado {len(heading)}")
            if row:
                cells = dict(zip(heading, row, strict=True))
                fields: dict[str, Any] = {word: cells[f"_{word}"] for word in _WORDS[:-1] if cells.get(f"_{word}")}
                fields["row"] = {name: cell or None for name, cell in cells.items() if not name.startswith("_")}
                if "sequence" in fields:
                    fields["sequence"] = _number(begins, fields["sequence"])
                yield FileChange(begins, change_of_fields(begins, fields))
            begins = rows.line_num + 1
    except UnicodeDecodeError:
        raise ChangesUnreadable(0, "no es UTF-8: guárdelo como UTF-8") from None
    except csv.Error:
        raise ChangesUnreadable(rows.line_num, "no es CSV, o está cortado") from None


def _number(line: int, text: str) -> int:
    if not text.isdecimal() or not text.isascii():
        raise ChangesUnreadable(line, "sequence: es un número entero")
    return int(text)


def change_of_fields(line: int, fields: Any) -> contract.FeedChange:
    """One change of its JSON object. line: where it stands, for the error. Raises ChangesUnreadable."""
    if not isinstance(fields, dict):
        raise ChangesUnreadable(line, "un cambio es un objeto de JSON")
    for word in fields:
        if word not in _WORDS:
            raise ChangesUnreadable(line, f"solo conoce {', '.join(_WORDS)}")
    kind = fields.get("kind", "UPSERT")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ChangesUnreadable(line, f"kind: es {', '.join(_KINDS)}")
    sequence = fields.get("sequence", 0)
    if type(sequence) is not int or not 0 <= sequence < 1 << 31:
        raise ChangesUnreadable(line, "sequence: es un número entero desde 1")
    change = contract.FeedChange(sequence=sequence, kind=_KINDS[kind])
    change.register_id = _text(line, fields, "register")
    change.record_id = _text(line, fields, "id")
    change.manifest_source = _text(line, fields, "source")
    change.event_time.CopyFrom(_moment(line, _text(line, fields, "event_time")))
    row = fields.get("row") or {}
    if not isinstance(row, dict):
        raise ChangesUnreadable(line, "row: es un objeto, columna y texto")
    for column, cell in row.items():
        if cell is None and kind != "UPSERT":
            continue  # of a cancellation an empty cell would be a line of its own
        if not isinstance(cell, str | None):
            raise ChangesUnreadable(line, "row: cada celda es un texto, como vendría en el extracto, o null")
        change.cells[_unicode(line, "row", column)] = _unicode(line, "row", cell or "")
    if change.ByteSize() > CHANGE_BYTES:
        raise ChangesUnreadable(line, f"un cambio tiene a lo más {CHANGE_BYTES >> 10} KiB")
    return change


def _text(line: int, fields: dict[str, Any], word: str) -> str:
    found = fields.get(word, "")
    if not isinstance(found, str):
        raise ChangesUnreadable(line, f"{word}: es un texto")
    return _unicode(line, word, found)


def _unicode(line: int, word: str, text: str) -> str:
    """JSON may hold half of a pair of surrogates, which is no character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ChangesUnreadable(line, f"{word}: no es texto Unicode") from None
    return text


def _moment(line: int, text: str) -> Timestamp:
    """ISO 8601; without an offset it is Guatemala's time."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ChangesUnreadable(line, "event_time: una hora ISO 8601, 2026-11-27T10:42:00-06:00") from None
    moment = Timestamp()
    try:
        moment.FromDatetime((found if found.tzinfo else found.replace(tzinfo=GUATEMALA)).astimezone(UTC))
    except (ValueError, OverflowError):
        raise ChangesUnreadable(line, "event_time: fuera de los años 1 a 9999") from None
    return moment
