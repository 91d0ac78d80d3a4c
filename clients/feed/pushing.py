"""Changes sent on a Push stream: a few messages ahead of the answers, resumed at the server's position.

Unanswered changes are sent again on the next stream: the server knows them by their numbers, and nothing changes. A
number with another content at the server ends everything (HistoriesDiffer). Changes under known numbers are answered
before one under a new number is sent: a restored source gives out no number a second time.
"""

from __future__ import annotations

import queue
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc

from clients.client.failures import CallFailure, read_failure
from clients.feed.changes import FileChange
from clients.feed.issued import other_content
from ronda.v1 import context_pb2, error_pb2
from ronda.v1 import feed_service_pb2 as contract

BATCH = 200  # changes of a message
_BATCH_BYTES = 1 << 20
_AHEAD = 4  # messages that wait for their answers
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0
MISSING_NOWHERE = ("FEED_REGISTER_FOREIGN", "FEED_GAP_TOO_WIDE")  # refusals after which no server misses the number
_TAKEN_OTHERWISE = (error_pb2.ERROR_REASON_FEED_SEQUENCE_REUSED, error_pb2.ERROR_REASON_FEED_SEQUENCE_RESET)


@dataclass(frozen=True)
class RefusedChange:
    """A change that the server did not take."""

    line: int
    register: str
    sequence: int
    reason: str  # ErrorReason without prefix
    field: str
    rule: str
    record_id: str = ""


@dataclass
class Tally:
    """The outcomes of all changes sent."""

    outcomes: Counter[str] = field(default_factory=Counter)  # FeedOutcomeKind without prefix -> how many
    refused: list[RefusedChange] = field(default_factory=list)
    refused_more: int = 0  # beyond the first that are kept
    positions: dict[str, Any] = field(default_factory=dict)  # register -> FeedPosition, the newest
    token: str = ""
    streams: int = 0


REFUSED_KEPT = 1000
_Batch = list[FileChange]


class Pusher:
    """Sends one source's changes."""

    def __init__(
        self,
        stub: Any,
        context: Callable[[], context_pb2.RequestContext],
        source: str,
        token: str = "",
        *,
        patience_s: float = 30.0,
        unsettled: bool = False,
        on_answer: Callable[[Tally], None] = lambda _tally: None,
        on_outcome: Callable[[FileChange, contract.FeedOutcome], None] = lambda _sent, _outcome: None,
    ) -> None:
        """context: a new one for each stream. patience_s: without an answer, before a failure is given up on.

        unsettled: the source holds something that is in no ledger; what is sent does not say that it is up to date.
        on_answer: after each message's answer; on_outcome: of each change in it.
        """
        self._stub, self._context, self._source = stub, context, source
        self._patience_s, self._on_answer, self._on_outcome = patience_s, on_answer, on_outcome
        self._unsettled = unsettled
        self.tally = Tally(token=token)

    def positions(self) -> dict[str, Any]:
        """Returns the position of each register, by the server's answer to an empty push. Raises CallFailure."""
        self.push(())
        return self.tally.positions

    def push(self, changes: Iterable[FileChange]) -> Tally:
        """Sends all of them.

        Raises CallFailure when the server refuses the stream, or is away for too long; HistoriesDiffer.
        """
        batches = _batches(iter(changes))
        unanswered: deque[_Batch] = deque()
        pause_s, until = _FIRST_PAUSE_S, time.monotonic() + self._patience_s
        while True:
            answered = self.tally.outcomes.total()
            try:
                self._stream(batches, unanswered)
                return self.tally
            except (grpc.RpcError, CallFailure) as error:
                failure = error if isinstance(error, CallFailure) else read_failure(error)
                if self.tally.outcomes.total() > answered:
                    pause_s, until = _FIRST_PAUSE_S, time.monotonic() + self._patience_s
                if not _comes_back(failure) or time.monotonic() > until:
                    raise failure from None
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _stream(self, batches: Iterator[_Batch], unanswered: deque[_Batch]) -> None:
        """Sends on one stream. What is not answered stays in `unanswered`. Raises grpc.RpcError, HistoriesDiffer."""
        self.tally.streams += 1
        sending: queue.SimpleQueue[contract.PushRequest | None] = queue.SimpleQueue()
        first = contract.PushRequest(context=self._context(), source=self._source, resume_token=self.tally.token)
        sending.put(first)
        answers = self._stub.Push(iter(sending.get, None))
        again: deque[_Batch] = deque()
        try:
            begun = next(answers)
            self._answered(begun, [])
            newest = {position.register_id: position.newest for position in begun.positions}
            again.extend(unanswered)
            unanswered.clear()
            while True:
                while len(unanswered) < _AHEAD:
                    batch = again.popleft() if again else next(batches, None)
                    if batch is None:
                        break
                    batch, rest = _of_one_kind(batch, newest)
                    if rest:
                        again.appendleft(rest)
                    if unanswered and _is_repeat(unanswered[-1][0], newest) and not _is_repeat(batch[0], newest):
                        again.appendleft(batch)
                        break
                    unanswered.append(batch)
                    changes = [each.change for each in batch]
                    sending.put(contract.PushRequest(changes=changes, unsettled=self._unsettled))
                if not unanswered:
                    sending.put(None)
                    for _ in answers:  # none: the server ends it, and says how
                        pass
                    return
                answer = next(answers)
                self._answered(answer, unanswered.popleft())
        except StopIteration:
            raise CallFailure("UNAVAILABLE", "the stream ended before its answers") from None
        finally:
            unanswered.extend(again)
            sending.put(None)
            answers.cancel()

    def _answered(self, answer: contract.PushResponse, batch: _Batch) -> None:
        tally = self.tally
        tally.positions |= {each.register_id: each for each in answer.positions}
        for sent, outcome in zip(batch, answer.outcomes, strict=True):
            is_change = sent.change.kind != contract.FEED_CHANGE_KIND_HEARTBEAT
            if is_change and outcome.reason in _TAKEN_OTHERWISE:
                register = sent.change.register_id
                following = tally.positions[register].newest + 1
                raise other_content(register, sent.change.sequence, following, sent.line)
            kind = contract.FeedOutcomeKind.Name(outcome.kind).removeprefix("FEED_OUTCOME_KIND_")
            tally.outcomes[kind] += 1
            self._on_outcome(sent, outcome)
            if outcome.kind == contract.FEED_OUTCOME_KIND_REFUSED:
                self._refused(sent, outcome)
        tally.token = answer.resume_token or tally.token
        self._on_answer(tally)

    def _refused(self, sent: FileChange, outcome: contract.FeedOutcome) -> None:
        if len(self.tally.refused) >= REFUSED_KEPT:
            self.tally.refused_more += 1
            return
        reason = error_pb2.ErrorReason.Name(outcome.reason).removeprefix("ERROR_REASON_")
        change = sent.change
        self.tally.refused.append(
            RefusedChange(
                sent.line, change.register_id, change.sequence, reason, outcome.field, outcome.rule, change.record_id
            )
        )


def _batches(changes: Iterator[FileChange]) -> Iterator[_Batch]:
    batch: _Batch = []
    size = 0
    for each in changes:
        bytes_of_it = each.change.ByteSize()
        if batch and (len(batch) >= BATCH or size + bytes_of_it > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += bytes_of_it
    if batch:
        yield batch


def _is_repeat(each: FileChange, newest: Mapping[str, int]) -> bool:
    """Returns whether the server had this number, or knew of it, when the stream began."""
    change = each.change
    return change.kind != contract.FEED_CHANGE_KIND_HEARTBEAT and change.sequence <= newest.get(change.register_id, 0)


def _of_one_kind(batch: _Batch, newest: Mapping[str, int]) -> tuple[_Batch, _Batch]:
    """Returns the beginning of a batch that is all repeats, or all new; and the rest."""
    repeat = _is_repeat(batch[0], newest)
    size = next((place for place, each in enumerate(batch) if _is_repeat(each, newest) != repeat), len(batch))
    return batch[:size], batch[size:]


def _comes_back(failure: CallFailure) -> bool:
    """Returns whether another stream may succeed: the server says so, or did not answer."""
    return failure.retryable or failure.status in ("UNAVAILABLE", "CANCELLED")


def numbered(changes: Iterable[FileChange], first: dict[str, int]) -> Iterator[FileChange]:
    """The changes with numbers of their own, by register from `first` on; none of them is a heartbeat."""
    following = dict(first)
    for each in changes:
        register = each.change.register_id
        each.change.sequence = following.get(register, 1)
        following[register] = each.change.sequence + 1
        yield each
