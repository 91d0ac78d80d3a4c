"""The results of a block's rows: the four columns behind the given ones, from any engine.

The one place where a server's numbers become a clerk's text; CSV lines (lines.py) and Arrow columns are made of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clients.agency import words
from clients.agency.answers import Judged
from clients.agency.cells import neutral
from clients.agency.rows import Asked, Broken, Rows
from clients.agency.texts import Column, by_number, has_none_of, pc, replaced
from ronda.v1 import clearance_service_pb2 as contract

RESULT_COLUMNS = ("resultado", "motivo", "codigo", "referencias")
_REASONS = 32  # a code is result * 32 + reason
_INVALID = contract.CLEARANCE_RESULT_INVALID
_KNOWN = np.isin(np.arange(256), list(words.REASONS))
_MARKS = b'",;\t\r\n=+-@'  # no cell without any of them needs care
_NEEDS_CARE = r"""[",;\t\r\n]|^[\s\x{00A0}]*[=+\-@]"""


@dataclass(frozen=True)
class Outcome:
    """A block's rows, judged. codes: of each row, see `cells_of_code`. references: place of a row -> its records.
    broken: place of a row that is not valid -> why; its code is that of INVALID.
    """

    codes: NDArray[np.int16]
    references: dict[int, str]
    broken: dict[int, Broken]

    @property
    def review(self) -> NDArray[np.int64]:
        """Places of the rows that a person must look at."""
        return np.flatnonzero(self.codes // _REASONS == contract.CLEARANCE_RESULT_REVIEW)

    def counts(self) -> Counter[str]:
        """Rows by the contract's names."""
        many = np.bincount(self.codes)
        return Counter({code_name(code): int(many[code]) for code in np.flatnonzero(many).tolist()})

    def rules(self) -> Counter[str]:
        """Invalid rows by column and rule, as a clerk reads them."""
        return Counter(told_rule(why) for why in self.broken.values())


def outcome_of(rows: Rows, asked: Asked, answers: Sequence[Judged]) -> Outcome:
    """answers: of the batches of `asked`, in order. What was not asked is invalid, as `rows.broken` says."""
    results = np.full(len(rows.numbers), _INVALID, np.int16)
    reasons = np.zeros(len(rows.numbers), np.int16)
    if answers:
        results[asked.places] = np.concatenate([answer.results for answer in answers])
        reasons[asked.places] = np.concatenate([answer.reasons for answer in answers])
    references: dict[int, str] = {}
    broken, begin = dict(rows.broken), 0
    for answer in answers:
        for row, told in answer.references.items():
            references[int(asked.places[begin + row])] = told
        for row, (column, rule) in answer.rules.items():
            broken[int(asked.places[begin + row])] = Broken(column, rule)
        begin += len(answer.results)
    # What a newer server may say and this program does not know is shown by its number and never as clear.
    strange = (results > _INVALID) | ~_KNOWN[reasons]
    if strange.any():
        results[strange], reasons[strange] = 0, 0
    return Outcome(results * _REASONS + reasons, references, broken)


def code_name(code: int) -> str:
    """The contract's names of a code: NO_RECORD/NOTHING_ON_FILE."""
    return words.code_of(code // _REASONS, code % _REASONS)


def told_rule(why: Broken) -> str:
    """Column and rule as a clerk reads them."""
    return f"{words.FIELDS.get(why.field, why.field)}: {words.rule_words(why.rule)}"


@lru_cache(maxsize=4_096)
def cells_of_code(code: int, rule: str = "") -> tuple[str, ...]:
    """The cells of RESULT_COLUMNS but the references; the reason of a row that is not valid is its rule."""
    result, reason = divmod(code, _REASONS)
    cells = (words.RESULTS.get(result, words.RESULTS[0]), rule or words.REASONS.get(reason, ""), code_name(code))
    return tuple(neutral(cell) for cell in cells)


def all_codes() -> Iterable[int]:
    """Every code that `outcome_of` gives."""
    return (result * _REASONS + reason for result in words.RESULTS for reason in words.REASONS)


def odd_cells(outcome: Outcome) -> dict[int, tuple[tuple[str, ...], str]]:
    """Place -> cells and references, of the rows that have more to say than their code."""
    odd = {
        place: (cells_of_code(int(outcome.codes[place])), references)
        for place, references in outcome.references.items()
    }
    return odd | {
        place: (cells_of_code(_INVALID * _REASONS, told_rule(why)), "") for place, why in outcome.broken.items()
    }


_BY_CODE = {code: (*cells_of_code(code), "") for code in all_codes()}
_COLUMNS = [by_number({code: cells[at] for code, cells in _BY_CODE.items()}) for at in range(len(RESULT_COLUMNS))]


def result_columns(outcome: Outcome) -> list[Column]:
    """The four columns as Arrow arrays of texts: what the cells of the CSV say once it is read."""
    taken = pa.array(outcome.codes)
    odd = {place: (*cells, neutral(references)) for place, (cells, references) in odd_cells(outcome).items()}
    return [
        replaced(column.take(taken), {place: cells[at] for place, cells in odd.items()})
        for at, column in enumerate(_COLUMNS)
    ]


def given_columns(rows: Rows) -> list[Column]:
    """The given columns as they may be written into any format: no cell that a spreadsheet executes."""
    return [careful(column, neutral) for column in rows.given]


def careful(column: Column, written: Callable[[str], str]) -> Column:
    """A given column as it may be written: most cells as they are, others as `written` (neutral, csv_cell) has them."""
    if has_none_of(column, _MARKS):
        return column
    places = np.flatnonzero(pc.match_substring_regex(column, _NEEDS_CARE).to_numpy(zero_copy_only=False)).tolist()
    return replaced(column, {place: written(column[place].as_py()) for place in places})
