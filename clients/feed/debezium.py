"""Debezium's change events as changes of registers (docs/feed.md, "Debezium").

An event is `{"before": ..., "after": ..., "source": {"schema", "table", "ts_ms", ...}, "op": ..., "ts_ms": ...}`,
bare or as the `payload` beside a `schema`. Written by https://debezium.io/documentation/reference/stable/connectors/
(postgresql.html, oracle.html, sqlserver.html, "Data change events", "Data type mappings" and "Schema change topic").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from clients.feed.changes import CHANGE_BYTES, ChangesUnreadable, FileChange, MessageUnreadable, json_of
from clients.feed.debezium_tables import Table, Tables
from clients.feed.debezium_values import Kind, ValueUnreadable, kind_of_schema
from ronda.v1 import feed_service_pb2 as contract

_LINE_BYTES = 8 << 20
_UPSERTS = ("c", "u", "r")
_SHOWN = 80  # characters of a table's name
_DROPPED = "DROP"
_SCHEMA_CHANGES = ("CREATE", "ALTER", _DROPPED)
_QUOTED = re.compile(r'"([^"]*)"')  # the parts of a table's id: "base"."schema"."table"
# DDL that takes rows away without an event that names them.
_EMPTIED = re.compile(r"\b(TRUNCATE\s+(TABLE|(SUB)?PARTITIONS?)|(DROP|EXCHANGE)\s+(SUB)?PARTITIONS?)\b", re.IGNORECASE)


class DebeziumEvents:
    """Reads events of the tables that a file names."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def changes(self, raw: bytes) -> list[contract.FeedChange]:
        """Returns the changes of one event, unnumbered: none of a tombstone, a heartbeat, an ignored table.

        Two where an update changed the record's id. Raises MessageUnreadable.
        """
        if not raw.strip():
            return []
        try:
            event = json_of(0, raw)
        except ChangesUnreadable as error:
            raise MessageUnreadable(error.rule) from None
        schema: Any = None
        if isinstance(event, dict) and "payload" in event:
            schema, event = event.get("schema"), event["payload"]
        if event is None or _is_of_the_connector(event):
            return []
        if isinstance(event, dict) and "tableChanges" in event and "op" not in event:
            self._see_schema_change(event)
            return []
        source = event.get("source") if isinstance(event, dict) else None
        if not isinstance(source, dict) or "op" not in event:
            raise MessageUnreadable("no es un evento de Debezium")
        if event["op"] == "m":  # pg_logical_emit_message: of no table
            return []
        name = f"{source.get('schema')}.{source.get('table')}"
        if name in self._tables.ignored:
            return []
        table = self._tables.tables.get(name)
        if table is None:
            raise MessageUnreadable(f"la tabla {name[:_SHOWN]} no está en el archivo de tablas")
        try:
            return _Row(table, schema).changes(event, source)
        except ValueUnreadable as error:
            raise MessageUnreadable(f"{name[:_SHOWN]}: {error.rule}", table.register) from None

    def _see_schema_change(self, event: Mapping[str, Any]) -> None:
        """Refuses a schema change that drops or empties a table: its rows are gone, and no event names them.

        Other schema changes do not affect records. Raises MessageUnreadable.
        """
        if _EMPTIED.search(str(event.get("ddl") or "")):
            source = event.get("source")
            if not isinstance(source, dict) or not source.get("table"):
                raise MessageUnreadable("un cambio de esquema que vacía una tabla y no dice cuál")
            self._refuse_gone(f"{source.get('schema')}.{source['table']}", "la tabla se vació (truncate)")
        stated = event["tableChanges"]
        for change in stated if isinstance(stated, list) else [None]:  # null, or what nobody knows
            kind, whole = (change.get("type"), change.get("id")) if isinstance(change, dict) else (None, None)
            if kind not in _SCHEMA_CHANGES or not isinstance(whole, str):
                raise MessageUnreadable("un cambio de esquema que no se entiende")
            if kind == _DROPPED:
                self._refuse_gone(".".join(_QUOTED.findall(whole)[-2:]), "la tabla se eliminó (DROP)")

    def _refuse_gone(self, name: str, why: str) -> None:
        if name in self._tables.tables:
            rule = f"{name[:_SHOWN]}: {why}: entregue un extracto completo"
            raise MessageUnreadable(rule, self._tables.tables[name].register)

    def read(self, file: Path) -> Iterator[FileChange]:
        """Yields the changes of a file of JSON lines, in their order. Raises ChangesUnreadable, OSError."""
        with file.open("rb") as lines:
            number = 0
            while raw := lines.readline(_LINE_BYTES + 1):
                number += 1
                if len(raw) > _LINE_BYTES:
                    raise ChangesUnreadable(number, f"una línea tiene a lo más {_LINE_BYTES >> 20} MiB")
                try:
                    found = self.changes(raw)
                except MessageUnreadable as error:
                    raise ChangesUnreadable(number, error.rule) from None
                for change in found:
                    yield FileChange(number, change)


def _is_of_the_connector(event: Any) -> bool:
    """Returns whether an event is Debezium's own: a heartbeat, or the begin or end of a transaction."""
    if not isinstance(event, dict) or "op" in event:
        return False
    return set(event) == {"ts_ms"} or (event.get("status") in ("BEGIN", "END") and "id" in event)


class _Row:
    """One event's rows."""

    def __init__(self, table: Table, schema: Any) -> None:
        self._table = table
        self._kinds = {image: _fields_of(schema, image) for image in ("before", "after")}

    def changes(self, event: Mapping[str, Any], source: Mapping[str, Any]) -> list[contract.FeedChange]:
        """Raises ValueUnreadable."""
        op, at = event["op"], _moment(source.get("ts_ms"))
        if op == "d":
            return [self._cancel(self._image(event, "before"), at)]
        if op == "t":
            raise ValueUnreadable("la tabla se vació (truncate): entregue un extracto completo")
        if op not in _UPSERTS:
            raise ValueUnreadable("op no es c, u, r, d ni t")
        after = self._image(event, "after")
        cells = {
            self._table.name_of(column): self._cell("after", column, value)
            for column, value in after.items()
            if column not in self._table.leave_out
        }
        change = self._change(contract.FEED_CHANGE_KIND_UPSERT, self._id("after", after), at)
        change.cells.update(cells)
        if change.ByteSize() > CHANGE_BYTES:
            raise ValueUnreadable(f"un cambio tiene a lo más {CHANGE_BYTES >> 10} KiB")
        before = event.get("before")
        if op != "u" or not isinstance(before, dict) or before.get(self._table.id) is None:
            return [change]
        cancel = self._cancel(before, at)
        line = self._table.name_of(self._table.line)
        same = cancel.record_id == change.record_id and cancel.cells.get(line, "") == change.cells.get(line, "")
        return [change] if same or (self._table.line and self._table.line not in before) else [cancel, change]

    def _cancel(self, before: Mapping[str, Any], at: Timestamp) -> contract.FeedChange:
        change = self._change(contract.FEED_CHANGE_KIND_CANCEL, self._id("before", before), at)
        if line := self._table.line:
            if line not in before:
                raise ValueUnreadable(f"before no trae la columna {line}")
            change.cells[self._table.name_of(line)] = self._cell("before", line, before[line])
        return change

    def _change(self, kind: contract.FeedChangeKind, record_id: str, at: Timestamp) -> contract.FeedChange:
        return contract.FeedChange(
            register_id=self._table.register,
            record_id=record_id,
            kind=kind,
            event_time=at,
            manifest_source=self._table.source,
        )

    def _id(self, image: str, row: Mapping[str, Any]) -> str:
        if row.get(self._table.id) is None:
            raise ValueUnreadable(f"{image} no trae la columna {self._table.id}, el id del registro")
        return self._cell(image, self._table.id, row[self._table.id])

    def _image(self, event: Mapping[str, Any], image: str) -> Mapping[str, Any]:
        found = event.get(image)
        if not isinstance(found, dict):
            raise ValueUnreadable(f"falta {image}: en PostgreSQL, ALTER TABLE ... REPLICA IDENTITY")
        return found

    def _cell(self, image: str, column: str, value: Any) -> str:
        """Returns the text; "" of null. Raises ValueUnreadable, naming the column."""
        if value is None:
            return ""
        try:
            text = self._kind(image, column)(value)
            text.encode()
        except ValueUnreadable as error:
            raise ValueUnreadable(f"columna {column}: {error.rule}") from None
        except UnicodeEncodeError:
            raise ValueUnreadable(f"columna {column}: no es texto Unicode") from None
        return text

    def _kind(self, image: str, column: str) -> Kind:
        stated = self._table.types.get(column)
        if stated is not None:
            return stated
        field = self._kinds[image].get(column)
        if field is None:
            raise ValueUnreadable("el evento no trae schema: diga su tipo en types")
        return kind_of_schema(field)


def _fields_of(schema: Any, image: str) -> dict[str, Mapping[str, Any]]:
    """Returns the fields of a row in Kafka Connect's schema of the envelope, by name; none where there is none."""
    for each in _listed(schema):
        if each.get("field") == image:
            return {str(field.get("field")): field for field in _listed(each)}
    return {}


def _listed(schema: Any) -> list[Mapping[str, Any]]:
    fields = schema.get("fields") if isinstance(schema, dict) else None
    return [each for each in fields if isinstance(each, dict)] if isinstance(fields, list) else []


def _moment(ts_ms: Any) -> Timestamp:
    """Returns the time when the database changed, by its own clock."""
    found = Timestamp()
    try:
        found.FromMilliseconds(ts_ms)
    except (ValueError, TypeError, OverflowError):
        raise ValueUnreadable("source.ts_ms no es una hora") from None
    return found
