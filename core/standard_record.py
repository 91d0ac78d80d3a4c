"""The standard record as core/standard_record.toml describes it: columns, types, meanings, and who fills them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).with_suffix(".toml")
_STANDARD_PARTS = ("head", "person", "vehicle", "alert")
# Format of each type in the Arrow C data interface.
_FORMATS = {
    "bool": "b", "int8": "c", "uint8": "C", "int16": "s", "int32": "i", "int64": "l", "string": "u", "binary": "z",
    "day": "i", "date": "i", "span": "s", "year": "s", "entity": "I", "criteria": "z", "id128": "w:16",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column. `type` is a word of the description, without the ?."""

    name: str
    type: str
    nullable: bool
    means: str

    @property
    def format(self) -> str:
        """Its format in the Arrow C data interface."""
        return _FORMATS[self.type]


@dataclass(frozen=True)
class Part:
    """Columns about one thing; `by` is the file and the function that fills them."""

    about: str
    by: str
    columns: tuple[Column, ...]


def _column(name: str, kind: str, means: str) -> Column:
    word = kind.removesuffix("?")
    if word not in _FORMATS:
        raise ValueError(f"{_FILE.name}: column {name} has the type {kind!r}, which is none of {', '.join(_FORMATS)}")
    return Column(name, word, kind != word, means)


with _FILE.open("rb") as _file:
    _described = tomllib.load(_file)

NUMBERS: dict[str, int] = _described["numbers"]
PARTS: dict[str, Part] = {
    name: Part(part["about"], part["by"], tuple(_column(column, *said) for column, said in part["columns"].items()))
    for name, part in _described["parts"].items()
}
STANDARD: tuple[Column, ...] = tuple(column for name in _STANDARD_PARTS for column in PARTS[name].columns)
LINK: tuple[Column, ...] = PARTS["link"].columns
ENTITY: tuple[Column, ...] = PARTS["entity"].columns
# What the assembly reads of a linked record.
ASSEMBLED: tuple[Column, ...] = tuple(c for c in (*LINK, *STANDARD) if c.name not in _described["unassembled"])
