"""A batch of rows as the bytes of a ClearRequest.

CUIs alone are laid side by side with their field's head before each, without an object a row; field numbers are the
contract's. tests/agency holds the bytes against those of protobuf.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from clients.agency.cells import LONGEST_CELL
from clients.agency.rows import Asked, Rows
from clients.agency.texts import Column, joined, pc
from ronda.v1 import clearance_service_pb2 as contract

BATCH_ROWS = 4_000  # ClearRequest.row_ids: "at most 4,000"
NAMED_ROWS = 1_000  # ClearRequest.names: "in a message of at most 1,000 rows"
SEARCHED_ROWS = 250  # where rows are asked by name: a search each, so that every worker has as much to do to the end
UTF_8_BYTES = 4  # of a character at most
_IDS = 1 << 32  # they are uint32
_LENGTH_DELIMITED = 2  # wire type of protobuf's encoding
_IDS_TAG, _CUI_TAG = (
    contract.ClearRequest.DESCRIPTOR.fields_by_name[name].number << 3 | _LENGTH_DELIMITED
    for name in ("row_ids", "cuis")
)


def _head(tag: int, length: int) -> bytes:
    """Tag and length of a field of that many bytes, below 2**14."""
    return bytes([tag, length] if length < 128 else [tag, length & 127 | 128, length >> 7])


_CUI_HEADS = pa.array([_head(_CUI_TAG, length) for length in range(UTF_8_BYTES * LONGEST_CELL + 1)], pa.binary())


def packed_ids(ids: range) -> bytes:
    """Row ids as protobuf packs them: 7 bits a byte, the lowest first."""
    if len(ids) == 0:
        return b""
    long, longest = ((max(id_.bit_length(), 1) + 6) // 7 for id_ in (ids[0], ids[-1]))
    if long != longest:
        shorter = range(ids.start, 1 << 7 * long)
        return packed_ids(shorter) + packed_ids(range(shorter.stop, ids.stop))
    septets = np.arange(ids.start, ids.stop, dtype=np.uint64)[:, None] >> np.arange(0, 7 * long, 7, dtype=np.uint64)
    taken = (septets & np.uint64(127)).astype(np.uint8)
    taken[:, :-1] |= 128
    return taken.tobytes()


@dataclass(frozen=True)
class Batch:
    """A message and the ids of its rows, and these as they stand in it."""

    message: bytes
    ids: range
    packed_ids: bytes = b""


def batches_of(rows: Rows, asked: Asked) -> Iterator[Batch]:
    """Yields the messages of a block, in order.

    Row ids count on from the number of a message's first row in its file. So two messages of a run are never the same
    bytes, with any content, and the same rows asked again are. By this a server distinguishes a repeated question from
    a new one (docs/trust.md, "replay").
    """
    packed = _Packed(asked.cuis) if isinstance(asked.cuis, pa.Array) else None
    by_name = asked.names is not None and (asked.cuis is None or not all(asked.cuis))
    most = BATCH_ROWS if asked.names is None else SEARCHED_ROWS if by_name else NAMED_ROWS
    for begin in range(0, len(asked.places), most):
        end = min(begin + most, len(asked.places))
        first = int(rows.numbers[asked.places[begin]]) % (_IDS - BATCH_ROWS)
        ids = range(first, first + end - begin)
        if packed is not None:
            told = packed_ids(ids)
            yield Batch(b"".join((_head(_IDS_TAG, len(told)), told, packed[begin:end])), ids, told)
            continue
        request = contract.ClearRequest(row_ids=ids)
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
