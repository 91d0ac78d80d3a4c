"""The rules of docs/feed.md for one source and register, a second time: sets and searches, nothing kept ready."""

from __future__ import annotations

from typing import NamedTuple


class Sent(NamedTuple):
    """A message of a source. kind: UPSERT, CANCEL or HEARTBEAT."""

    sequence: int
    kind: str
    record: str = ""
    text: str = ""


class NaiveFeed:
    """Fates as ronda.v1.FeedOutcomeKind names them; a refusal as REFUSED:reason."""

    def __init__(self) -> None:
        self.came: dict[int, Sent] = {}
        self.waiting: set[int] = set()
        self.dropped: set[int] = set()  # on disk, never in force
        self.announced = 0
        self.stale = False

    @property
    def newest(self) -> int:
        return max([self.announced, *self.came])

    @property
    def missing(self) -> list[int]:
        return [each for each in range(1, self.newest + 1) if each not in self.came]

    @property
    def in_force(self) -> list[Sent]:
        return [self.came[each] for each in sorted(set(self.came) - self.waiting - self.dropped)]

    def records(self) -> dict[str, Sent]:
        """Record -> the change that holds."""
        return {sent.record: sent for sent in self.in_force}

    def send(self, sent: Sent) -> str:
        if sent.kind == "HEARTBEAT":
            if sent.sequence < max([0, *self.came]):
                return "REFUSED:FEED_SEQUENCE_RESET"
            self.announced = max(self.announced, sent.sequence)
            self._settle()
            return "TAKEN"
        known = self.came.get(sent.sequence)
        if known is not None:
            if known == sent:
                return "KNOWN"
            return "REFUSED:FEED_SEQUENCE_RESET" if sent.sequence == 1 else "REFUSED:FEED_SEQUENCE_REUSED"
        self.came[sent.sequence] = sent
        before = [each for each in range(1, sent.sequence) if each not in self.came]
        if self._overtaken(sent):
            self.dropped.add(sent.sequence)
            fate = "OVERTAKEN"
        elif sent.kind == "CANCEL" or not before or self.stale:
            fate = "TAKEN"
        else:
            self.waiting.add(sent.sequence)
            fate = "HELD"
        self._settle()
        return fate

    def _overtaken(self, sent: Sent) -> bool:
        return any(other.record == sent.record and other.sequence > sent.sequence for other in self.in_force)

    def _settle(self) -> None:
        """Brings into force each change that waits for nothing more; one that a later change overtook never is."""
        for sequence in sorted(self.waiting):
            if self._overtaken(self.came[sequence]):
                self.waiting.discard(sequence)
                self.dropped.add(sequence)
        for sequence in sorted(self.waiting):
            if not any(each < sequence for each in self.missing):
                self.waiting.discard(sequence)
        if not self.missing:
            self.stale = False

    def patience_over(self) -> None:
        """Ends the waiting for missing changes: it was long enough."""
        if self.missing:
            self.stale = True
            self.waiting.clear()
