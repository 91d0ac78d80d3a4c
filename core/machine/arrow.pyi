"""Columns of an Arrow record batch, read where they lie, through the Arrow C data interface."""

from collections.abc import Sequence

from typing_extensions import disjoint_base

from core.machine.arrow_export import ExportsArrow

@disjoint_base
class RecordColumns:
    """The columns of a batch by name, in any order.

    `fields` are (name, format) with the formats of the C data interface: "C" uint8, "c" int8, "s" int16, "i" int32, "I"
    uint32, "l" int64, "b" bool, "u" utf8, "z" binary, "w:16" fixed-size binary. Raises AssemblyError, which names the
    column, when one is missing or of another type.
    """

    def __init__(self, batch: ExportsArrow, fields: Sequence[tuple[str, str]]) -> None: ...
    @property
    def rows(self) -> int: ...
