"""The lines of the files that are written: one a row, no cell that a spreadsheet would execute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import pyarrow as pa

from clients.agency import words
from clients.agency.answers import Judged
from clients.agency.cells import csv_cell, neutral
from clients.agency.encoding import UTF_8, UTF_8_MARKED
from clients.agency.formats import ROW_NUMBER
from clients.agency.results import (
    RESULT_COLUMNS,
    Outcome,
    all_codes,
    careful,
    cells_of_code,
    odd_cells,
    outcome_of,
)
from clients.agency.rows import Asked, Rows
from clients.agency.texts import Column, by_number, joined, pc, replaced


@dataclass
class Lines:
    """Bytes for the three files, and what is counted."""

    results: bytes | memoryview
    rejects: bytes | memoryview
    review: bytes | memoryview
    counts: Counter[str] = field(default_factory=Counter)  # by the contract's names
    rules: Counter[str] = field(default_factory=Counter)  # of rows that are not valid


def headings(names: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Columns of results, rejects and homonyms. names: headers of the given columns."""
    given = [neutral(name) for name in names]
    results = [ROW_NUMBER, *given, *RESULT_COLUMNS]
    return results, [ROW_NUMBER, "campo", "regla", "codigo", *given], results


def heads(names: Sequence[str], *, marked: bool) -> tuple[bytes, ...]:
    """The first lines of results, rejects and homonyms. marked: begin with the mark of UTF-8."""
    encoding = UTF_8_MARKED if marked else UTF_8
    return tuple(_line([csv_cell(name) for name in heading]).encode(encoding) for heading in headings(names))


def _line(cells: Sequence[str]) -> str:
    return ",".join(cells) + "\n"


@lru_cache(maxsize=4_096)
def _cells(cells: tuple[str, ...]) -> str:
    return ",".join(csv_cell(cell) for cell in cells)


def _tail(cells: tuple[str, ...], references: str = "") -> str:
    return f"{_cells(cells)},{csv_cell(references)}\n"


_TAILS = by_number({code: _tail(cells_of_code(code)) for code in all_codes()})


def lines_of(rows: Rows, asked: Asked, answers: Sequence[Judged]) -> Lines:
    """A block's lines. answers: of its batches, in order."""
    outcome = outcome_of(rows, asked, answers)
    tails = replaced(
        _TAILS.take(pa.array(outcome.codes)), {place: _tail(*told) for place, told in odd_cells(outcome).items()}
    )
    numbers: Column = pa.array(rows.numbers).cast(pa.string())
    given = [careful(column, csv_cell) for column in rows.given]
    lines = pc.binary_join_element_wise(numbers, *given, tails, ",")
    review = outcome.review
    return Lines(
        joined(lines),
        _rejects(rows, outcome),
        joined(lines.take(pa.array(review))) if len(review) else b"",
        outcome.counts(),
        outcome.rules(),
    )


def _rejects(rows: Rows, outcome: Outcome) -> bytes:
    lines = []
    for place in sorted(outcome.broken):
        why = outcome.broken[place]
        given = [csv_cell(column[place].as_py()) for column in rows.given]
        told = (words.FIELDS.get(why.field, why.field), words.rule_words(why.rule), f"{why.field}/{why.rule}")
        lines.append(_line([str(rows.numbers[place]), *(csv_cell(cell) for cell in told), *given]))
    return "".join(lines).encode()


def names_of(names: Sequence[str], fields: Sequence[str]) -> list[str]:
    """Headers of the given columns in the files: the agency's own words, or the field's where it has none."""
    return [neutral(name) or field for name, field in zip(names, fields, strict=True)]
