"""Clearance in bulk: columns of up to 1,000 rows over several streams, a bounded number on their way, answers in order.

The first batch goes alone: its answer names the generation that the other streams are then pinned to. A broken stream
is begun again on the same generation. Its unanswered batches are sent again, the same bytes under the same request id,
so that each row counts once. Rows keep their numbers; a batch that comes back with others is no answer.
"""

from __future__ import annotations

import datetime
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

import grpc

from clients.client.attempts import Budget, Patience
from clients.client.calls import closed, metadata, sealed_stream
from clients.client.failures import CallFailure, FieldViolation, HalfAnAnswer, QuestionRefused, TooLate, failure_of
from clients.client.questions import NoDate, read_date
from ronda.v1.clearance_service_pb2 import ClearRequest, ClearResponse

if TYPE_CHECKING:
    from clients.client.identity import TokenSource
    from ronda.v1.clearance_service_pb2 import ClearanceReason, ClearanceResult, RowError
    from ronda.v1.value_pb2 import RecordReference

BATCH = 1000  # rows; the most that the contract allows
_PATH = "/ronda.v1.ClearanceService/Clear"
_NUMBERS = 1 << 32  # of rows, in the contract


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """The subject to clear: a CUI, or a whole name with a birth date; or a vehicle's plate with its type, or VIN
    (WANTED)."""

    cui: str = ""
    name: str = ""
    birth_date: datetime.date | str | None = None
    plate: str = ""
    vin: str = ""

    def __repr__(self) -> str:
        """Returns the names of the given columns, without values: rows end up in logs and tracebacks."""
        return f"Row({', '.join(name for name in self.__slots__ if getattr(self, name))})"


class Cleared(NamedTuple):
    """One row and what came of it. error: of a row that is INVALID, else None."""

    row: Row
    result: ClearanceResult
    reason: ClearanceReason
    references: tuple[RecordReference, ...]
    error: RowError | None
    generation_id: str
    answer_id: str

    def __repr__(self) -> str:
        """Returns a text without the row and the names of its records."""
        return f"Cleared(result={int(self.result)}, reason={int(self.reason)}, answer_id={self.answer_id!r})"


def packed(rows: Iterable[Row | str]) -> Iterator[tuple[list[Row], ClearRequest]]:
    """Rows in batches, and each batch as the columns that it needs. Raises QuestionRefused for a date that is none."""
    left = iter(rows)
    first = 0
    while batch := [row if isinstance(row, Row) else Row(cui=row) for row in islice(left, BATCH)]:
        request = ClearRequest(row_ids=[(first + place) % _NUMBERS for place in range(len(batch))])
        for column, values in (
            (request.cuis, [row.cui for row in batch]),
            (request.names, [row.name for row in batch]),
            (request.plates, [row.plate for row in batch]),
            (request.vins, [row.vin for row in batch]),
        ):
            if any(values):
                column.extend(values)
        if any(row.birth_date for row in batch):
            request.birth_dates.extend(_day(row.birth_date, first + place) for place, row in enumerate(batch))
        first += len(batch)
        yield batch, request


def _day(value: datetime.date | str | None, number: int) -> int:
    if not value:
        return 0
    if isinstance(value, datetime.date):
        return value.year * 10_000 + value.month * 100 + value.day
    try:
        day = read_date(value)
    except NoDate:
        day = None
    if day is None or not day.day:
        rule = f"row {number}: a whole date: yyyy-mm-dd or dd/mm/yyyy"
        raise QuestionRefused(
            "INVALID_ARGUMENT", f"birth_date: {rule}", "FIELD_INVALID", [FieldViolation("birth_date", rule)]
        )
    return day.year * 10_000 + day.month * 100 + day.day


def cleared(batch: list[Row], response: ClearResponse) -> Iterator[Cleared]:
    """A response row by row."""
    references: dict[int, list[RecordReference]] = {}
    for place, reference in zip(response.reference_rows, response.references, strict=True):
        references.setdefault(place, []).append(reference)
    errors = {error.row_id: error for error in response.row_errors}
    for place, (row, number, result, reason) in enumerate(
        zip(batch, response.row_ids, response.results, response.reasons, strict=True)
    ):
        yield Cleared(
            row,
            result,
            reason,
            tuple(references.get(place, ())),
            errors.get(number),
            response.generation_id,
            response.answer_id,
        )


class ClearanceRun:
    """Streams that clear one file. For one thread; `responses` is used once.

    generation_id: that all are answered by; "" until the first answer, if none was named.
    """

    def __init__(
        self,
        open_channel: Callable[[], grpc.Channel],
        token: TokenSource | None,
        start: ClearRequest,
        patience: Patience,
        *,
        channels: int,
        window: int,
    ) -> None:
        """start: context, standard and perhaps generation, no rows. window: batches on their way, over all channels."""
        self.generation_id = start.generation_id
        self._token, self._start, self._patience = token, start, patience
        self._window = max(window, 1)
        self._budget = Budget()
        self._lanes = [_Lane(open_channel()) for _ in range(max(channels, 1))]

    @sealed_stream
    def responses(self, batches: Iterable[ClearRequest]) -> Iterator[ClearResponse]:
        """One response a batch, in order. batches: columns with `row_ids`, at most 4,000 rows each, without context.

        Raises CallFailure, NoToken; whatever reading the batches raises comes through as it is.
        """
        on_their_way: deque[_Lane] = deque()
        number = 0
        try:
            for batch in batches:
                lane = self._lanes[number % len(self._lanes)]
                self._send(lane, batch)
                on_their_way.append(lane)
                number += 1
                if number == 1 or len(on_their_way) >= self._window:
                    yield self._receive(on_their_way.popleft())
            while on_their_way:
                yield self._receive(on_their_way.popleft())
        finally:
            self.close()

    def close(self) -> None:
        """Ends the streams and their connections."""
        for lane in self._lanes:
            lane.close()

    def _send(self, lane: _Lane, batch: ClearRequest) -> None:
        lane.unanswered.append(batch)
        if lane.stream is None:
            self._open(lane)
        else:
            lane.stream.send(batch)

    def _receive(self, lane: _Lane) -> ClearResponse:
        while True:
            found = self._next(lane)
            if not isinstance(found, CallFailure):
                lane.unanswered.popleft()
                lane.attempt = 1
                self._budget.earn()
                self.generation_id = self._start.generation_id = found.generation_id
                return found
            pause = self._pause(lane, found)
            if pause is None:
                raise found
            lane.end_stream()
            time.sleep(pause)
            self._open(lane)

    def _next(self, lane: _Lane) -> ClearResponse | CallFailure:
        sent = lane.unanswered[0]
        assert lane.stream is not None
        try:
            found = lane.stream.answers.get(timeout=self._patience.batch)
        except Empty:
            return TooLate("DEADLINE_EXCEEDED", f"no answer to a batch within {self._patience.batch:.0f} seconds")
        if isinstance(found, grpc.RpcError):
            return failure_of(found, sent)
        if found is None or isinstance(found, BaseException):
            return HalfAnAnswer("INTERNAL", "the stream ended before all its batches were answered")
        rows = len(sent.row_ids)
        if list(found.row_ids) != list(sent.row_ids) or not (len(found.results) == len(found.reasons) == rows):
            return HalfAnAnswer("INTERNAL", "a batch came back with other rows than it was sent")
        if not found.generation_id or self.generation_id not in ("", found.generation_id):
            return HalfAnAnswer("INTERNAL", "a batch was answered by another generation than the run's")
        answer: ClearResponse = found
        return answer

    def _pause(self, lane: _Lane, failure: CallFailure) -> float | None:
        """Seconds to wait before the stream is begun again; None: `failure` is final."""
        if failure.reason == "TOKEN_EXPIRED" and self._token is not None and self._token.renewed(lane.token):
            return 0.0
        told = failure.retry_after_seconds
        if told is not None and failure.reason == "LIMIT_EXCEEDED" and told <= self._patience.batch:
            return told  # an allowance of rows fills again: to wait for it is no failing attempt
        if isinstance(failure, TooLate):
            pause = self._patience.first_pause if lane.attempt < self._patience.attempts else None
        else:
            pause = self._patience.pause(failure, lane.attempt)
        if pause is None or not self._budget.spend():
            return None
        lane.attempt += 1
        return pause

    def _open(self, lane: _Lane) -> None:
        """Begins the lane's stream, with whatever of it is unanswered."""
        lane.token = self._token.text() if self._token is not None else ""
        lane.stream = _Stream(lane.channel, lane.token)
        lane.stream.send(self._start)
        for batch in lane.unanswered:
            lane.stream.send(batch)


class _Lane:
    """A connection, its stream of the moment, and the batches that it has not answered."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel
        self.stream: _Stream | None = None
        self.unanswered: deque[ClearRequest] = deque()
        self.token = ""
        self.attempt = 1

    def end_stream(self) -> None:
        if self.stream is not None:
            self.stream.end()
            self.stream = None

    def close(self) -> None:
        self.end_stream()
        self.channel.close()


class _Stream:
    """One Clear call. gRPC reads requests in a thread of its own, and one of ours reads the answers."""

    def __init__(self, channel: grpc.Channel, token: str) -> None:
        self.answers: SimpleQueue[Any] = SimpleQueue()  # ClearResponse; grpc.RpcError or None: the end
        self._requests: SimpleQueue[ClearRequest | None] = SimpleQueue()
        clear: Any = channel.stream_stream(_PATH, ClearRequest.SerializeToString, ClearResponse.FromString)
        try:
            self._call: Any = clear(iter(self._requests.get, None), metadata=metadata(token))
        except ValueError:  # of a channel that was closed
            raise closed() from None
        threading.Thread(target=self._read, name="ronda-clear", daemon=True).start()

    def send(self, request: ClearRequest) -> None:
        # The start is changed once the generation is known; gRPC's thread may read it later.
        self._requests.put(request if request.row_ids else ClearRequest.FromString(request.SerializeToString()))

    def end(self) -> None:
        self._requests.put(None)
        self._call.cancel()

    def _read(self) -> None:
        end: Any = None
        try:
            for answer in self._call:
                self.answers.put(answer)
        except grpc.RpcError as error:
            end = error
        self.answers.put(end)
