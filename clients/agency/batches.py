"""A batch of rows as the bytes of a ClearRequest, and a response as columns.

CUIs of 13 digits are laid side by side with their field's head before each, without an object a row; field numbers are
the contract's. tests/agency holds the bytes against those of protobuf.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clients.agency.cells import CUI_DIGITS
from clients.agency.failures import HalfAnswer
from clients.agency.rows import Asked
from ronda.v1 import clearance_service_pb2 as contract

BATCH_ROWS = 1_000  # ClearRequest.row_ids: "at most 1,000"
_LENGTH_DELIMITED = 2  # wire type of protobuf's encoding
_CUIS_HEAD = bytes(
    [contract.ClearRequest.DESCRIPTOR.fields_by_name["cuis"].number << 3 | _LENGTH_DELIMITED, CUI_DIGITS]
)


@dataclass(frozen=True)
class Batch:
    """A message and how many rows it has; their ids are their places in it."""

    message: bytes
    rows: int


@lru_cache(maxsize=BATCH_ROWS)
def _row_ids(rows: int) -> bytes:
    return contract.ClearRequest(row_ids=range(rows)).SerializeToString()


def batches_of(asked: Asked) -> Iterator[Batch]:
    """The messages of a block, in order."""
    for begin in range(0, len(asked.places), BATCH_ROWS):
        end = min(begin + BATCH_ROWS, len(asked.places))
        if isinstance(asked.cuis, np.ndarray):
            yield Batch(_row_ids(end - begin) + _packed_cuis(asked.cuis[begin:end]), end - begin)
            continue
        request = contract.ClearRequest(row_ids=range(end - begin))
        request.cuis.extend((asked.cuis or [])[begin:end])
        request.names.extend((asked.names or [])[begin:end])
        request.birth_dates.extend((asked.births or [])[begin:end])
        request.plates.extend((asked.plates or [])[begin:end])
        request.vins.extend((asked.vins or [])[begin:end])
        yield Batch(request.SerializeToString(), end - begin)


def _packed_cuis(digits: NDArray[np.uint8]) -> bytes:
    fields = np.empty((len(digits), len(_CUIS_HEAD) + CUI_DIGITS), np.uint8)
    fields[:, : len(_CUIS_HEAD)] = np.frombuffer(_CUIS_HEAD, np.uint8)
    fields[:, len(_CUIS_HEAD) :] = digits
    return fields.tobytes()


@dataclass(frozen=True)
class Judged:
    """What the server says of a batch: result and reason of each row; references and rules of those that have any."""

    results: NDArray[np.uint8]
    reasons: NDArray[np.uint8]
    references: dict[int, str]
    rules: dict[int, tuple[str, str]]


def judged(response: contract.ClearResponse, rows: int, generation: str) -> Judged:
    """Raises HalfAnswer: rows, columns or generation are not those of the batch."""
    results, reasons = bytes(response.results), bytes(response.reasons)
    if len(response.row_ids) != rows or len(results) != rows or len(reasons) != rows:
        raise HalfAnswer("rows")
    if response.generation_id != generation:
        raise HalfAnswer("generation")
    if _row_ids(rows) != contract.ClearRequest(row_ids=response.row_ids).SerializeToString():
        raise HalfAnswer("row ids")
    if len(response.reference_rows) != len(response.references):
        raise HalfAnswer("references")
    references: dict[int, str] = {}
    for row, reference in zip(response.reference_rows, response.references, strict=True):
        if row >= rows:
            raise HalfAnswer("references")
        told = f"{reference.register_id}:{reference.record_id}{'?' if reference.possible else ''}"
        references[row] = f"{references[row]}; {told}" if row in references else told
    rules = {error.row_id: (error.field, error.rule) for error in response.row_errors}
    found = np.frombuffer(results, np.uint8)
    if set(rules) != set(np.flatnonzero(found == contract.CLEARANCE_RESULT_INVALID).tolist()):
        raise HalfAnswer("row errors")
    return Judged(found, np.frombuffer(reasons, np.uint8), references, rules)
