"""The columns that an executor is given and gives back, and the contract's messages that they are to the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clients.agency.answers import Judged, judged
from clients.agency.batches import BATCH_ROWS, NAMED_ROWS, Batch
from clients.agency.failures import HalfAnswer
from ronda.v1 import clearance_service_pb2 as contract

# As a batch of Clear has them; a column of nulls is not used. row: the row's id, given back; rows whose ids count on
# from one another go into one message.
_ASKED: dict[str, pa.DataType] = {
    "row": pa.int64(),
    "cui": pa.string(),
    "name": pa.string(),
    "birth_date": pa.int32(),  # yyyymmdd
    "plate": pa.string(),
    "vin": pa.string(),
}
ASKED = pa.schema(_ASKED)
# result, reason: ClearanceResult, ClearanceReason. field, rule: of an invalid row. segment: in a row of its own, whose
# `row` is -1, the audit records of the rows before it, sealed to the auditor.
_JUDGED: dict[str, pa.DataType] = {
    "row": pa.int64(),
    "result": pa.int8(),
    "reason": pa.int8(),
    "references": pa.string(),
    "field": pa.string(),
    "rule": pa.string(),
    "segment": pa.binary(),
}
JUDGED = pa.schema(_JUDGED)
JUDGED_DDL = (
    "`row` long, `result` tinyint, `reason` tinyint, `references` string, `field` string, `rule` string, "
    "`segment` binary"
)
SEGMENT_ROW = -1
_FIELDS = {"cui": "cuis", "name": "names", "birth_date": "birth_dates", "plate": "plates", "vin": "vins"}

Answer = Callable[[bytes], bytes]  # a ClearRequest's bytes -> its ClearResponse's


def check_batch(batch: pa.RecordBatch, answer: Answer, generation: str) -> pa.RecordBatch:
    """ASKED -> JUDGED, row for row in the same order; nothing else decides than the rows and who answers.

    Raises what `answer` raises; HalfAnswer.
    """
    parts = [_judged_part(batch.slice(at, len(ids)), ids, answer, generation) for at, ids in _messages(batch)]
    table = pa.Table.from_batches(parts, JUDGED).combine_chunks()
    return table.to_batches()[0] if parts else pa.RecordBatch.from_pylist([], JUDGED)


def _messages(batch: pa.RecordBatch) -> Iterator[tuple[int, range]]:
    """The place of each message's first row, and its ids. The same rows are the same messages whenever they are
    asked: a server's limits know them for a retry.
    """
    ids = batch.column("row").to_numpy()
    most = BATCH_ROWS if batch.column("name").null_count == len(batch) else NAMED_ROWS
    jumps = np.flatnonzero(np.diff(ids) != 1) + 1
    for begin, end in pairwise([0, *jumps.tolist(), len(ids)]):
        for place in range(begin, end, most):
            yield place, range(int(ids[place]), int(ids[place]) + min(most, end - place))


def _judged_part(part: pa.RecordBatch, ids: range, answer: Answer, generation: str) -> pa.RecordBatch:
    """Judges at most BATCH_ROWS rows: one message."""
    request = contract.ClearRequest(row_ids=ids)
    for name, field in _FIELDS.items():
        column = part.column(name)
        if column.null_count < len(part):
            empty: Any = 0 if name == "birth_date" else ""
            getattr(request, field).extend(column.fill_null(empty).to_pylist())
    response = contract.ClearResponse.FromString(answer(request.SerializeToString()))
    found = judged(response, ids, generation)
    rules = [found.rules.get(place, (None, None)) for place in range(len(part))]
    columns: list[Any] = [
        part.column("row"),
        pa.array(found.results.astype(np.int8)),
        pa.array(found.reasons.astype(np.int8)),
        pa.array([found.references.get(place) for place in range(len(part))], pa.string()),
        pa.array([field for field, _ in rules], pa.string()),
        pa.array([rule for _, rule in rules], pa.string()),
        pa.nulls(len(part), pa.binary()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=JUDGED)


def segment_rows(segments: Iterable[bytes]) -> list[pa.RecordBatch]:
    """Audit segments as rows of JUDGED, a batch each."""
    return [pa.RecordBatch.from_pylist([{"row": SEGMENT_ROW, "segment": segment}], JUDGED) for segment in segments]


def row_ids(batches: Sequence[Batch]) -> NDArray[np.int64]:
    """Returns the ids of all rows, ascending as in their file."""
    return np.concatenate([np.arange(batch.ids.start, batch.ids.stop) for batch in batches])


def asked_table(batches: Sequence[Batch]) -> pa.Table:
    """The rows of several batches."""
    columns: dict[str, list[Any]] = {name: [] for name in _FIELDS}
    for batch in batches:
        request = contract.ClearRequest.FromString(batch.message)
        for name, field in _FIELDS.items():
            values = getattr(request, field)
            columns[name].extend(values if len(values) else [None] * len(batch.ids))
    arrays: list[Any] = [pa.array(columns[name], ASKED.field(name).type) for name in _FIELDS]
    return pa.Table.from_arrays([pa.array(row_ids(batches)), *arrays], schema=ASKED)


def answers_of(found: pa.Table, batches: Sequence[Batch]) -> tuple[list[Judged], list[bytes]]:
    """Returns the answers for `asked_table(batches)`, one to each, and the audit segments.

    Raises HalfAnswer: not every row once.
    """
    found = found.sort_by("row")
    numbers = found.column("row").to_numpy()
    ours = int(np.searchsorted(numbers, 0))
    segments = [bytes(segment or b"") for segment in found.column("segment").slice(0, ours).to_pylist()]
    if not np.array_equal(numbers[ours:], row_ids(batches)):
        raise HalfAnswer("rows")
    answers = []
    for batch in batches:
        part = found.slice(ours, len(batch.ids))
        ours += len(batch.ids)
        references = enumerate(part.column("references").to_pylist())
        rules = enumerate(zip(part.column("field").to_pylist(), part.column("rule").to_pylist(), strict=True))
        answers.append(
            Judged(
                part.column("result").to_numpy().astype(np.uint8),
                part.column("reason").to_numpy().astype(np.uint8),
                {place: text for place, text in references if text is not None},
                {place: (field, rule) for place, (field, rule) in rules if field is not None and rule is not None},
            )
        )
    return answers, segments
