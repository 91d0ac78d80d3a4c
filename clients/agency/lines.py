"""The lines of the files that are written: one a row, no cell that a spreadsheet would execute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from clients.agency import words
from clients.agency.batches import Judged
from clients.agency.cells import csv_cell, neutral
from clients.agency.rows import Asked, Broken, Column, Rows, pc
from ronda.v1 import clearance_service_pb2 as contract

_REASONS = 32  # a code is result * 32 + reason
_NEEDS_CARE = r"""[",;\t\r\n]|^[\s\x{00A0}]*[=+\-@]|^[\t\r\n]"""
_TAIL = ("resultado", "motivo", "codigo", "referencias")
_REVIEW, _INVALID = contract.CLEARANCE_RESULT_REVIEW, contract.CLEARANCE_RESULT_INVALID


@dataclass
class Lines:
    """Bytes for the three files, and what is counted."""

    results: bytes
    rejects: bytes
    review: bytes
    counts: Counter[str] = field(default_factory=Counter)  # by the contract's names
    rules: Counter[str] = field(default_factory=Counter)  # of rows that are not valid


def heads(names: Sequence[str]) -> tuple[bytes, bytes, bytes]:
    """The first lines of results, rejects and homonyms. names: headers of the given columns."""
    given = [csv_cell(name) for name in names]
    results = ",".join(["fila", *given, *_TAIL]) + "\n"
    rejects = ",".join(["fila", "campo", "regla", "codigo", *given]) + "\n"
    return results.encode(), rejects.encode(), results.encode()


def _code(result: int, reason: int) -> int:
    return result * _REASONS + reason


def _tail(result: int, reason: int, references: str = "", rule: str = "") -> str:
    """Result, reason, code and references; the reason of an invalid row is its rule."""
    cells = (
        words.RESULTS.get(result, words.RESULTS[0]),
        rule or words.REASONS.get(reason, ""),
        words.code_of(result, reason),
        references,
    )
    return ",".join(csv_cell(cell) for cell in cells) + "\n"


def _known_tails() -> list[str | None]:
    tails: list[str | None] = [None] * (_code(_INVALID + 1, 0))
    for result in words.RESULTS:
        for reason in words.REASONS:
            tails[_code(result, reason)] = _tail(result, reason)
    return tails


_TAILS: Column = pa.array(_known_tails(), pa.string())


def lines_of(rows: Rows, asked: Asked, answers: Sequence[Judged]) -> Lines:
    """A block's lines. answers: of its batches, in order."""
    results = np.full(len(rows.numbers), _INVALID, np.int16)
    reasons = np.zeros(len(rows.numbers), np.int16)
    if answers:
        results[asked.places] = np.concatenate([answer.results for answer in answers])
        reasons[asked.places] = np.concatenate([answer.reasons for answer in answers])
    references, begin = {}, 0
    for answer in answers:
        for row, told in answer.references.items():
            references[int(asked.places[begin + row])] = told
        for row, (column, rule) in answer.rules.items():
            rows.broken[int(asked.places[begin + row])] = Broken(column, rule)
        begin += len(answer.results)
    # What a newer server may say and this program does not know is shown by its number and never as clear.
    known = (results <= _INVALID) & np.isin(reasons, list(words.REASONS))
    results[~known], reasons[~known] = 0, 0
    codes = results * _REASONS + reasons
    tails = _replaced(
        _TAILS.take(pa.array(codes)),
        {place: _tail(int(results[place]), int(reasons[place]), told) for place, told in references.items()}
        | {place: _tail(_INVALID, 0, rule=_rule(why)) for place, why in rows.broken.items()},
    )
    numbers: Column = pa.array(rows.numbers).cast(pa.string())
    given = [_careful(column) for column in rows.given]
    lines = pc.binary_join_element_wise(numbers, *given, tails, ",")
    found, how_many = np.unique(codes, return_counts=True)
    counts = Counter(
        {
            words.code_of(code // _REASONS, code % _REASONS): many
            for code, many in zip(found.tolist(), how_many.tolist(), strict=True)
        }
    )
    review = np.flatnonzero(results == _REVIEW)
    return Lines(
        _joined(lines),
        _rejects(rows),
        _joined(lines.take(pa.array(review))) if len(review) else b"",
        counts,
        Counter(
            f"{words.FIELDS.get(why.field, why.field)}: {words.rule_words(why.rule)}" for why in rows.broken.values()
        ),
    )


def _rule(why: Broken) -> str:
    return f"{words.FIELDS.get(why.field, why.field)}: {words.rule_words(why.rule)}"


def _replaced(texts: Column, others: dict[int, str]) -> Column:
    if not others:
        return texts
    mask = np.zeros(len(texts), bool)
    places = sorted(others)
    mask[places] = True
    replaced: Column = pc.replace_with_mask(
        texts, pa.array(mask), pa.array([others[place] for place in places], pa.string())
    )
    return replaced


def _careful(column: Column) -> Column:
    """A given column as it may be written: most cells as they are."""
    care = pc.match_substring_regex(column, _NEEDS_CARE)
    if not pc.any(care).as_py():
        return column
    places = np.flatnonzero(care.to_numpy(zero_copy_only=False)).tolist()
    return _replaced(column, {place: csv_cell(column[place].as_py()) for place in places})


def _joined(lines: Column) -> bytes:
    """All lines, end to end: they lie so in the array's buffer."""
    if not len(lines):
        return b""
    _, offsets, data = lines.buffers()
    at = np.frombuffer(offsets, np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return bytes(memoryview(data)[int(at[0]) : int(at[-1])])


def _rejects(rows: Rows) -> bytes:
    lines = []
    for place in sorted(rows.broken):
        why = rows.broken[place]
        given = [csv_cell(column[place].as_py()) for column in rows.given]
        told = (words.FIELDS.get(why.field, why.field), words.rule_words(why.rule), f"{why.field}/{why.rule}")
        lines.append(",".join([str(rows.numbers[place]), *(csv_cell(cell) for cell in told), *given]))
    return "".join(f"{line}\n" for line in lines).encode()


def names_of(names: Sequence[str], fields: Sequence[str]) -> list[str]:
    """Headers of the given columns in the files: the agency's own words, or the field's where it has none."""
    return [neutral(name) or field for name, field in zip(names, fields, strict=True)]
