"""The file that assigns tables of Debezium's events to registers (docs/feed.md, "Debezium").

ignore = ["public.auditoria"]

[[table]]
table = "public.ordenes"        # schema and table, as `source` of the event names them
register = "oj"
source = "ordenes"              # the manifest's; not needed where the register has one
id = "num_orden"                # the table's column that is the record's id
line = "linea"                  # the column that is the manifest's `line`, where it has one
leave_out = ["nota_interna"]    # columns that are not sent
columns = { NUM_ORDEN = "num_orden" }   # manifest's column = the table's; others keep their name
types = { fecha = "date", monto = "decimal:2" }   # for events without `schema`
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clients.client.whole_file import read_whole
from clients.feed.debezium_values import Kind, kind_named

_TEXTS = ("table", "register", "source", "id", "line")
_KEYS = {*_TEXTS, "leave_out", "columns", "types"}


class TablesInvalid(Exception):
    """The file is none of tables; in Spanish."""


@dataclass(frozen=True)
class Table:
    """One table with rows that are records of one source of one register."""

    register: str
    source: str
    id: str
    line: str = ""
    leave_out: frozenset[str] = frozenset()
    names: dict[str, str] = field(default_factory=dict)  # the table's column -> the manifest's
    types: dict[str, Kind] = field(default_factory=dict)  # by the table's column

    def name_of(self, column: str) -> str:
        """Returns the manifest's name of a column."""
        return self.names.get(column, column)


@dataclass(frozen=True)
class Tables:
    """All of them, by "schema.table"."""

    tables: dict[str, Table]
    ignored: frozenset[str]


def read_tables(path: Path) -> Tables:
    """Reads the file. Raises TablesInvalid, OSError."""
    try:
        found = tomllib.loads(read_whole(path).decode())
    except ValueError as error:
        raise TablesInvalid(f"{path.name}: no es TOML ({error})") from None
    strange = set(found) - {"table", "ignore"}
    ignored, listed = found.get("ignore", []), found.get("table", [])
    if strange or not _are_texts(ignored) or not isinstance(listed, list) or not listed:
        raise TablesInvalid(f"{path.name}: tiene [[table]], una o varias, e ignore, una lista de textos")
    tables: dict[str, Table] = {}
    for each in listed:
        name = each.get("table") if isinstance(each, dict) else None
        if not isinstance(name, str) or name in tables or name in ignored:
            raise TablesInvalid(f"{path.name}: cada [[table]] nombra en table una tabla, una sola vez")
        tables[name] = _table(f"{path.name}: {name}", each)
    return Tables(tables, frozenset(ignored))


def _table(where: str, fields: dict[str, Any]) -> Table:
    if strange := sorted(set(fields) - _KEYS):
        raise TablesInvalid(f"{where}: no conoce {strange[0]}; solo {', '.join(sorted(_KEYS))}")
    texts = {name: fields.get(name, "") for name in _TEXTS}
    if not all(isinstance(text, str) for text in texts.values()) or not (texts["register"] and texts["id"]):
        raise TablesInvalid(f"{where}: register e id son textos, y no faltan")
    columns, types, leave_out = fields.get("columns", {}), fields.get("types", {}), fields.get("leave_out", [])
    if not isinstance(columns, dict) or not isinstance(types, dict):
        raise TablesInvalid(f"{where}: columns y types son tablas, columna y texto")
    if not _are_texts([*columns.values(), *types.values()]) or not _are_texts(leave_out):
        raise TablesInvalid(f"{where}: columns, types y leave_out tienen textos")
    names = {column: name for name, column in columns.items()}
    if len(names) < len(columns) or {texts["id"], texts["line"]} & set(leave_out):
        raise TablesInvalid(f"{where}: una columna va a una del manifiesto; id y line se envían")
    kinds = {}
    for column, text in types.items():
        kind = kind_named(text)
        if kind is None:
            raise TablesInvalid(f"{where}: types.{column}: no es un tipo conocido")
        kinds[column] = kind
    return Table(texts["register"], texts["source"], texts["id"], texts["line"], frozenset(leave_out), names, kinds)


def _are_texts(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(each, str) for each in found)
