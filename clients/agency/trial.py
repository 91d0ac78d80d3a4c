"""`--dry-run`: what a run would ask, and which rows it would refuse, without asking anybody."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa

from clients.agency import words
from clients.agency.blocks import read_blocks
from clients.agency.cells import cui_problem
from clients.agency.columns import Columns
from clients.agency.rows import Asked, BlockReader, asked_of
from clients.agency.source import Source

_FIRST = 20  # rows that are named


@dataclass
class Trial:
    """Rows, blank rows, and the invalid ones by rule; first: number of a row -> its rule."""

    rows: int = 0
    blank: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    first: dict[int, str] = field(default_factory=dict)

    @property
    def invalid(self) -> int:
        """Rows that would be refused."""
        return sum(self.rules.values())

    def _add(self, number: int, column: str, rule: str) -> None:
        told = f"{words.FIELDS.get(column, column)}: {words.rule_words(rule)}"
        self.rules[told] += 1
        if len(self.first) < _FIRST:
            self.first[number] = told


def try_file(source: Source, columns: Columns) -> Trial:
    """Reads the whole file. What only the server can tell (a plate's form, a CUI in letters) is not counted."""
    trial = Trial()
    reader = BlockReader(columns, len(source.names), source.delimiter)
    number = source.first_row
    with source.path.open("rb") as file:
        for block in read_blocks(file, source.start):
            rows = reader.read(block, number)
            number += rows.total
            asked = asked_of(rows, columns)
            trial.rows += len(rows.numbers)
            trial.blank += rows.blank
            wrong = {place: (why.field, why.rule) for place, why in rows.broken.items()}
            wrong |= {int(asked.places[place]): ("cuis", rule) for place, rule in _wrong_cuis(asked)}
            for place in sorted(wrong):
                trial._add(int(rows.numbers[place]), *wrong[place])
    return trial


def _wrong_cuis(asked: Asked) -> list[tuple[int, str]]:
    if asked.cuis is None:
        return []
    cuis = asked.cuis.to_pylist() if isinstance(asked.cuis, pa.Array) else asked.cuis
    return [(place, rule) for place, cui in enumerate(cuis) if cui and (rule := cui_problem(cui))]
