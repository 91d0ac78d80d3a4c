"""A server's answer to a batch, as columns: long ones are read in place in the message, the rest by protobuf.

Field numbers are the contract's. tests/agency compares the result with protobuf's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from clients.agency.failures import HalfAnswer
from ronda.v1 import clearance_service_pb2 as contract

_LENGTH_DELIMITED = 2  # wire type of protobuf's encoding
_FIELDS = contract.ClearResponse.DESCRIPTOR.fields_by_name
_WANTED = [_FIELDS[name].number << 3 | _LENGTH_DELIMITED for name in ("row_ids", "results", "reasons")]
_ONE_BYTE, _TWO_BYTES = 1 << 7, 1 << 14  # numbers below it are so long


@dataclass(frozen=True)
class Judged:
    """The server's answer to a batch: result and reason of each row; references and rules of rows that have any.

    changes_to: the live changes that it was judged with, up to this sequence; 0 = with none. sample: the server states
    that its people are invented, or that it is in development mode.
    """

    results: NDArray[np.uint8]
    reasons: NDArray[np.uint8]
    references: dict[int, str]
    rules: dict[int, tuple[str, str]]
    changes_to: int = 0
    sample: bool = False


def read_answer(message: bytes, ids: range, packed_ids: bytes, generation: str) -> Judged:
    """packed_ids: the ids as they were sent, in protobuf's encoding. Raises HalfAnswer, as `judged`."""
    columns = _columns(message)
    try:
        if columns is None or columns.ids != packed_ids:
            return judged(contract.ClearResponse.FromString(message), ids, generation)
        rest = contract.ClearResponse.FromString(columns.before + columns.behind)
    except DecodeError:
        raise HalfAnswer("message") from None
    if rest.row_ids or rest.results or rest.reasons:  # there is more of them: in pieces, which protobuf joins
        return judged(contract.ClearResponse.FromString(message), ids, generation)
    if len(columns.results) != len(ids) or len(columns.reasons) != len(ids):
        raise HalfAnswer("rows")
    return _whole(rest, ids, generation, columns.results, columns.reasons)


@dataclass(frozen=True)
class _Columns:
    """The three long columns of a message, and what stands before and behind them."""

    before: bytes
    ids: bytes
    results: bytes
    reasons: bytes
    behind: bytes


def _columns(message: bytes) -> _Columns | None:
    """Returns the columns; None unless they stand one behind the other, in one piece each.

    Results and reasons must have a byte each.
    """
    at, begin = 0, -1
    found: list[bytes] = []
    try:
        while len(found) < len(_WANTED):
            tag, size, start = message[at], message[at + 1], at + 2
            if size >= _ONE_BYTE:
                size, start = size & 127 | message[start] << 7, start + 1
                if size >= _TWO_BYTES:
                    return None
            if tag == _WANTED[0]:
                begin = at
            if begin >= 0 and tag != _WANTED[len(found)]:
                return None
            if tag >= _ONE_BYTE or tag & 7 != _LENGTH_DELIMITED:
                return None
            at = start + size
            if begin >= 0:
                found.append(message[start:at])
    except IndexError:
        return None
    ids, results, reasons = found
    if at > len(message) or not results.isascii() or not reasons.isascii():
        return None
    return _Columns(message[:begin], ids, results, reasons, message[at:])


def judged(response: contract.ClearResponse, ids: range, generation: str) -> Judged:
    """Raises HalfAnswer: rows, columns or generation are not those of the batch."""
    rows = len(ids)
    if len(response.row_ids) != rows or len(response.results) != rows or len(response.reasons) != rows:
        raise HalfAnswer("rows")
    if list(response.row_ids) != list(ids):
        raise HalfAnswer("row ids")
    try:
        results, reasons = bytes(response.results), bytes(response.reasons)
    except ValueError:  # below 0 or above 255: no number of the contract's
        raise HalfAnswer("results") from None
    return _whole(response, ids, generation, results, reasons)


def _whole(response: contract.ClearResponse, ids: range, generation: str, results: bytes, reasons: bytes) -> Judged:
    """Returns the answer with a response's other facts, compared with the columns."""
    if response.generation_id != generation:
        raise HalfAnswer("generation")
    if len(response.reference_rows) != len(response.references):
        raise HalfAnswer("references")
    references: dict[int, str] = {}
    for row, reference in zip(response.reference_rows, response.references, strict=True):
        if row >= len(ids):
            raise HalfAnswer("references")
        told = f"{reference.register_id}:{reference.record_id}{'?' if reference.possible else ''}"
        references[row] = f"{references[row]}; {told}" if row in references else told
    if response.ledger_sequence and not re.fullmatch(r"[0-9]{1,20}", response.ledger_sequence):
        raise HalfAnswer("ledger_sequence")
    rules = {error.row_id - ids.start: (error.field, error.rule) for error in response.row_errors}
    found = np.frombuffer(results, np.uint8)
    if set(rules) != set(np.flatnonzero(found == contract.CLEARANCE_RESULT_INVALID).tolist()):
        raise HalfAnswer("row errors")
    changes_to = int(response.ledger_sequence or 0)
    return Judged(found, np.frombuffer(reasons, np.uint8), references, rules, changes_to, response.sample)
