"""Encodes a register's rows, given as Arrow text columns, as standard records.

Manifests: docs/manifests.md. Records: docs/standard-record.md. The plan is plain Python, made by
indexer.standardise.plan from a manifest. Slots, maps, conditions, subjects and fields are numbered by their place; -1 =
none. Texts are UTF-8 bytes.

  columns       number of input columns; the first of `names` are theirs
  null_words    map with the null words as keys
  null_dates    yyyymmdd;  date_formats: "D/M/Y", one letter a part
  maps          {key: (text, number)}
  slots         (columns, join, constant or None, map)
  conditions    (column, 0 in / 1 not in / 2 present / 3 absent, map of the list, map of the others or -1; lists in
                upper case without accents)
  subjects      {slots by SUBJECT_KEYS, field, sex_map, organisation, dead (flags), surname_first, comma_parts, date}
  records       {section, part, vehicle, damaged_section, subject, when, record_id, version, date, sensitivity,
                 clearance, certificate, required [(column, date slot)], strict [(slot, field)], op, n_ops, field,
                 alert or None}
  ops           {kind of OPERATIONS, number, slot, map, flag, column, optional, derived of DERIVED, child, children,
                 name, field}
  names         fields of warnings and refusals; sections: the section of each, "" for a column
  ordinal, register_id, contact, damaged_text
  source        the source's number (core/standard_record.toml); line: slot of its line, -1 = none

A coded value is (slot, map, constant, field); a flag is a condition, -1 = false, -2 = true.
"""

from collections.abc import Sequence
from typing import Any

from typing_extensions import disjoint_base

RULES: tuple[str, ...]
"""Words of the rules after core.identifiers.api' own."""
DERIVED: tuple[str, ...]
"""The sources of a payload's field, besides columns."""
OPERATIONS: tuple[str, ...]
SUBJECT_KEYS: tuple[str, ...]
COLUMNS: list[tuple[str, str]]
"""The columns of a standard record that were compiled in, as (name, Arrow format)."""

def cell_text(text: str) -> str:
    """Returns a text as every cell is read: trimmed, runs of white space as one space, nothing that steers or hides.

    What a change calls its record is read so too: it is the text of the extract's cell.
    """

@disjoint_base
class Encoder:
    """Encodes batches by one plan. Not thread-safe. Raises KeyError or MemoryError for a plan that it cannot build."""

    def __new__(cls, plan: dict[str, Any]) -> Encoder: ...
    def encode(
        self,
        columns: Sequence[tuple[Any, Any, Any, int]],
        rows: Any,
        undecodable: Any = None,
    ) -> int:
        """Adds the standard records of a batch's rows and returns their number.

        Everything is given as objects of the buffer protocol. `columns`: (32-bit offsets, UTF-8 data, validity bitmap
        or None, Arrow offset) each. `rows`: int64, the number of each row in its source. `undecodable`: uint8, 1 = the
        row holds U+FFFD where bytes could not be read.
        Raises ValueError for buffers that do not fit together, MemoryError when a column passes 2 GiB.
        """

    def cell(self, column: int, text: str) -> str | None:
        """Returns a cell's text as records get it: trimmed, runs of white space as one space; None = it counts as null.

        Raises ValueError for a column that the plan does not have.
        """

    def take(self) -> tuple[int, list[tuple[bytes | None, bytes | None, bytes, int]]]:
        """The records so far and their columns, which start again empty.

        A column, in the order of COLUMNS: (validity, one byte a value, None = no nulls; offsets or None; data;
        number of nulls).
        """

    def take_refusals(self) -> list[tuple[int, int, str, str]]:
        """(row, number of the record in the plan, field or "", rule) of each refused record since the last call."""

    def left_out(self) -> dict[str, int]:
        """Rows of which the conditions left out every record, by the column of the first that did not hold, since the
        encoder was made."""

    def warnings(self) -> dict[tuple[str, str, str], int]:
        """Values left out, by (section, field, rule), since the encoder was made."""
