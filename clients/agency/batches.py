"""A batch of rows as the bytes of a ClearRequest, and a response as columns.

CUIs alone are laid side by side with their field's head before each, without an object a row; field numbers are the
contract's. tests/agency holds the bytes against those of protobuf.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clients.agency.cells import LONGEST_CELL
from clients.agency.failures import HalfAnswer
from clients.agency.rows import Asked, Rows
from clients.agency.texts import Column, joined, pc
from ronda.v1 import clearance_service_pb2 as contract

BATCH_ROWS = 1_000  # ClearRequest.row_ids: "at most 1,000"
SEARCHED_ROWS = 250  # where rows are asked by name: a search each, so that every worker has as much to do to the end
UTF_8_BYTES = 4  # of a character at most
_IDS = 1 << 32  # they are uint32
_LENGTH_DELIMITED = 2  # wire type of protobuf's encoding
_CUI_TAG = contract.ClearRequest.DESCRIPTOR.fields_by_name["cuis"].number << 3 | _LENGTH_DELIMITED


def _cui_head(length: int) -> bytes:
    """Tag and length of a text of that many bytes, below 2**14."""
    return bytes([_CUI_TAG, length] if length < 128 else [_CUI_TAG, length & 127 | 128, length >> 7])


_CUI_HEADS = pa.array([_cui_head(length) for length in range(UTF_8_BYTES * LONGEST_CELL + 1)], pa.binary())


@dataclass(frozen=True)
class Batch:
    """A message and the ids of its rows."""

    message: bytes
    ids: range


def batches_of(rows: Rows, asked: Asked) -> Iterator[Batch]:
    """The messages of a block, in order.

    Row ids count on from the number of a message's first row in its file: two messages of a run are never the same
    bytes, whoever stands in them, and the same rows asked again are. So a server tells what is asked again from what
    is asked for the first time (docs/trust.md, "replay").
    """
    packed = _Packed(asked.cuis) if isinstance(asked.cuis, pa.Array) else None
    by_name = asked.names is not None and (asked.cuis is None or not all(asked.cuis))
    most = SEARCHED_ROWS if by_name else BATCH_ROWS
    for begin in range(0, len(asked.places), most):
        end = min(begin + most, len(asked.places))
        first = int(rows.numbers[asked.places[begin]]) % (_IDS - BATCH_ROWS)
        ids = range(first, first + end - begin)
        request = contract.ClearRequest(row_ids=ids)
        if packed is not None:
            yield Batch(b"".join((request.SerializeToString(), packed[begin:end])), ids)
            continue
        request.cuis.extend((asked.cuis or [])[begin:end])
        request.names.extend((asked.names or [])[begin:end])
        request.birth_dates.extend((asked.births or [])[begin:end])
        request.plates.extend((asked.plates or [])[begin:end])
        request.vins.extend((asked.vins or [])[begin:end])
        yield Batch(request.SerializeToString(), ids)


class _Packed:
    """A column of CUIs, none longer than LONGEST_CELL, as protobuf has it: before each its field's head."""

    def __init__(self, cuis: Column) -> None:
        heads = _CUI_HEADS.take(pc.binary_length(cuis))
        self._fields = pc.binary_join_element_wise(heads, cuis.cast(pa.binary()), b"")

    def __getitem__(self, rows: slice) -> memoryview:
        return joined(self._fields[rows])


@dataclass(frozen=True)
class Judged:
    """What the server says of a batch: result and reason of each row; references and rules of those that have any."""

    results: NDArray[np.uint8]
    reasons: NDArray[np.uint8]
    references: dict[int, str]
    rules: dict[int, tuple[str, str]]


def judged(response: contract.ClearResponse, ids: range, generation: str) -> Judged:
    """Raises HalfAnswer: rows, columns or generation are not those of the batch."""
    rows = len(ids)
    if len(response.row_ids) != rows or len(response.results) != rows or len(response.reasons) != rows:
        raise HalfAnswer("rows")
    if response.generation_id != generation:
        raise HalfAnswer("generation")
    if list(response.row_ids) != list(ids):
        raise HalfAnswer("row ids")
    try:
        results, reasons = bytes(response.results), bytes(response.reasons)
    except ValueError:  # below 0 or above 255: no number of the contract's
        raise HalfAnswer("results") from None
    if len(response.reference_rows) != len(response.references):
        raise HalfAnswer("references")
    references: dict[int, str] = {}
    for row, reference in zip(response.reference_rows, response.references, strict=True):
        if row >= rows:
            raise HalfAnswer("references")
        told = f"{reference.register_id}:{reference.record_id}{'?' if reference.possible else ''}"
        references[row] = f"{references[row]}; {told}" if row in references else told
    rules = {error.row_id - ids.start: (error.field, error.rule) for error in response.row_errors}
    found = np.frombuffer(results, np.uint8)
    if set(rules) != set(np.flatnonzero(found == contract.CLEARANCE_RESULT_INVALID).tolist()):
        raise HalfAnswer("row errors")
    return Judged(found, np.frombuffer(reasons, np.uint8), references, rules)
