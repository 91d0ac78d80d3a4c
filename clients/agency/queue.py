"""Batches that wait for a stream, and batches sent without an answer yet.

Each waiter is woken only for its own event: at a thousand batches a second, waking a crowd that finds nothing costs
more than the answers.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future

from clients.agency.answers import Judged
from clients.agency.batches import Batch


class Job:
    """A batch and its answer to come."""

    __slots__ = ("answer", "batch")

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.answer: Future[Judged] = Future()


class Sent:
    """The batches that one stream has sent; `over` once the stream is."""

    def __init__(self, window: int) -> None:
        self.jobs: deque[Job] = deque()
        self.window = window
        self.over = False
        self.sender: threading.Condition | None = None  # who sends next on the stream waits there

    @property
    def has_room(self) -> bool:
        """True if its window has room."""
        return len(self.jobs) < self.window


class JobQueue:
    """Jobs in order. A job is either here, or in the `Sent` of one stream, or answered: none is lost with a stream."""

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)  # for who has no stream yet
        self._senders: list[Sent] = []  # streams that wait for a job, or for room
        self._closed = False
        self._failure: Exception | None = None
        self._under_way = 0

    def under_way(self) -> bool:
        """True if any question has no answer yet."""
        return self._under_way > 0

    def put(self, batch: Batch) -> Future[Judged]:
        """Adds a batch. Raises what ended the streams."""
        job = Job(batch)
        with self._lock:
            if self._failure is not None:
                raise self._failure
            self._waiting.append(job)
            self._under_way += 1
            self._changed.notify()
            self._wake(next((sent for sent in self._senders if sent.has_room), None))
        return job.answer

    def wait(self) -> bool:
        """Waits for something to send; False when nothing will come any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            return bool(self._waiting) and self._failure is None

    def take(self, sent: Sent) -> Job | None:
        """The next job, now this stream's, once its window has room; None at the end of all, or of the stream."""
        with self._lock:
            while not (sent.over or self._closed or (self._waiting and sent.has_room)):
                sent.sender = sent.sender or threading.Condition(self._lock)
                self._senders.append(sent)
                sent.sender.wait()
                if sent in self._senders:
                    self._senders.remove(sent)
            if sent.over or not self._waiting:
                return None
            job = self._waiting.popleft()
            sent.jobs.append(job)
            return job

    def oldest(self, sent: Sent) -> Job | None:
        """Returns the job that the next answer on this stream belongs to."""
        with self._lock:
            return sent.jobs[0] if sent.jobs else None

    def answered(self, sent: Sent, answer: Judged) -> None:
        """The oldest job of a stream has its answer."""
        with self._lock:
            job = sent.jobs.popleft()
            self._under_way -= 1
            if self._waiting and sent in self._senders:
                self._wake(sent)
        job.answer.set_result(answer)

    def give_back(self, sent: Sent) -> None:
        """A stream is over: what it sent without an answer is sent again, first."""
        with self._lock:
            sent.over = True
            self._waiting.extendleft(reversed(sent.jobs))
            sent.jobs.clear()
            self._wake_all()

    def close(self, failure: Exception | None = None) -> None:
        """Ends the queue; with a failure, the waiting jobs fail."""
        with self._lock:
            self._closed = True
            failed: list[Job] = []
            if failure is not None:
                self._failure = self._failure or failure
                failed = list(self._waiting)
                self._waiting.clear()
            self._wake_all()
        for job in failed:
            job.answer.set_exception(self._failure or RuntimeError("closed"))

    def _wake(self, sent: Sent | None) -> None:
        """Wakes waiters; call it under the lock."""
        if sent is not None and sent.sender is not None:
            self._senders.remove(sent)
            sent.sender.notify()

    def _wake_all(self) -> None:
        for sent in list(self._senders):
            self._wake(sent)
        self._changed.notify_all()
