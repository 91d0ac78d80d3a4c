"""Replies on their way to the SMSC: those that wait, those sent and not acknowledged, and how fast they may go.

Where the SMSC takes fewer than come, replies would all be too old when their turn came. So once the oldest has waited
for long, the newest goes first, and what has expired goes when nothing else waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiosmpplib

from clients.sms import wording
from clients.sms.counts import Counts, tell
from clients.sms.pdus import submit_sm
from clients.sms.refusals import CONGESTED, FOR_GOOD, Later
from clients.sms.reply import notice
from clients.sms.septets import gsm_octets
from clients.sms.undelivered import Undelivered

if TYPE_CHECKING:
    from collections.abc import Callable

    from clients.sms.journal import Entry, Journal
    from clients.sms.settings import SmsSettings

_GIVE_UP_S = 24 * 3600
_FIRST_PUT_OFF_S, _LONGEST_PUT_OFF_S = 0.1, 5.0
_AHEAD_S = 0.1  # so much of a second's replies may go at once


@dataclass(frozen=True, repr=False)
class _Sent:
    """A reply without its response. at: monotonic."""

    entry: Entry
    at: float
    sequence: int


@dataclass(frozen=True)
class _Notice:
    """Data of an entry that answers nothing and is not in the journal. outcome: called once, True = the SMSC took
    it."""

    outcome: Callable[[bool], None]
    valid_s: float


class Outbox:
    """The outbox of one gateway, over any bind."""

    def __init__(self, settings: SmsSettings, journal: Journal, counts: Counts) -> None:
        self._settings, self._journal, self._counts = settings, journal, counts
        self._waiting: deque[Entry] = deque()
        self._expired: deque[Entry] = deque()
        self._later = Later(settings.sms_retry_s)
        self.undelivered = Undelivered()
        self._sent: dict[int, _Sent] = {}
        self._by_sequence: dict[int, int] = {}
        self._notices: dict[int, _Notice] = {}
        self._put_off_until, self._put_off_s = 0.0, _FIRST_PUT_OFF_S
        self._next_at = 0.0
        self.is_bound = False
        self.changed = asyncio.Event()
        """Something may be sent now that could not before, or the bind is over."""
        journal.on_written = self.changed.set

    def __len__(self) -> int:
        return len(self._waiting) + len(self._expired) + len(self._later) + len(self._sent)

    def submit(self, entry: Entry) -> None:
        """Takes a reply to send."""
        self._waiting.append(entry)
        self.changed.set()

    def submit_notice(self, entry: Entry, outcome: Callable[[bool], None], valid_s: float) -> None:
        """Takes what nobody asked for, to send soon or not at all. valid_s: how long the SMSC may try to deliver it."""
        self._notices[entry.reference] = _Notice(outcome, valid_s)
        self.submit(entry)

    async def wait(self) -> None:
        """Waits until `take` may give something. Raises sqlite3.Error."""
        if self._waiting or self._expired:
            pause = max(self._put_off_until, self._next_at) - time.monotonic()
            if pause > 0:
                await asyncio.sleep(pause)
                return
            if len(self._sent) < self._settings.sms_window:
                await self._journal.keep(hurry=True)  # a kill doubles what was acknowledged and is not written as such
                return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.changed.wait(), self._later.seconds())

    def take(self, esme: aiosmpplib.ESME) -> bytes:
        """The PDUs that may go now, as many as window, pace and the SMSC's wish allow; b"" = none."""
        self.changed.clear()
        now = time.monotonic()
        if now < self._put_off_until:
            return b""
        room = self._settings.sms_window - len(self._sent) - self._journal.unwritten
        pdus: list[bytes] = []
        while room > 0 and now >= self._next_at and (entry := self._next()) is not None:
            sequence = esme.sequence_generator.next_sequence()
            try:
                pdus.append(self._pdu(entry, sequence))
            except ValueError as error:  # an address of an earlier setting, a sender of too many digits
                self._counts.add("refused")
                tell("submit_failed", kind=type(error).__name__)
                self._give_up(entry)
                continue
            self._next_at = max(self._next_at, now - _AHEAD_S) + 1 / self._settings.sms_rate
            self._sent[entry.reference] = _Sent(entry, now, sequence)
            self._by_sequence[sequence] = entry.reference
            room -= 1
        self._counts.add("submitted", len(pdus))
        return b"".join(pdus)

    def answered(self, sequence: int, status: int) -> None:
        """The SMSC's word on a reply: taken, put off, refused for now or for good."""
        reference = self._by_sequence.pop(sequence, None)
        found = self._sent.pop(reference, None) if reference is not None else None
        self.changed.set()
        if found is None:
            return
        if status == aiosmpplib.SmppCommandStatus.ESME_ROK:
            self._put_off_s = _FIRST_PUT_OFF_S
            self._counts.add("acknowledged")
            self._done(found.entry.reference, taken=True)
        elif status in FOR_GOOD:
            self._counts.add("refused")
            tell("submit_refused", status=int(status))
            self._give_up(found.entry)
        elif self._later.is_over(found.entry.reference):
            tell("submit_given_up", status=int(status), seconds=round(self._settings.sms_retry_s))
            self._give_up(found.entry)
        elif status in CONGESTED:
            self._counts.add("throttled")
            self._put_off_until = time.monotonic() + self._put_off_s
            self._put_off_s = min(self._put_off_s * 2, _LONGEST_PUT_OFF_S)
            self._waiting.appendleft(found.entry)
        else:
            self._counts.add("refused_for_now")
            self._later.put(found.entry)

    def send_again(self, older_than_s: float = 0.0) -> None:
        """Puts what was sent and not acknowledged back to those that wait: the same text and number."""
        now = time.monotonic()
        late = [each for each in self._sent.values() if now - each.at >= older_than_s]
        for each in reversed(late):
            del self._sent[each.entry.reference]
            self._by_sequence.pop(each.sequence, None)
            self._waiting.appendleft(each.entry)
        self._counts.add("sent_again", len(late))
        if late:
            self.changed.set()

    def _next(self) -> Entry | None:
        """The next reply that is worth sending."""
        now = time.time()
        self._waiting.extendleft(reversed(self._later.take()))
        while self._waiting:
            late = now - self._waiting[0].at > self._settings.sms_answer_s
            entry = self._waiting.pop() if late else self._waiting.popleft()
            if now - entry.at < self._settings.sms_validity_s:
                return entry
            if entry.reference in self._notices:  # it may no longer be so, and nobody waits for it: asked for anew
                self._done(entry.reference)
            else:
                self._expired.append(entry)
        while self._expired:
            entry = self._expired.pop()
            if now - entry.at < _GIVE_UP_S:
                return entry
            self._counts.add("given_up")
            self._done(entry.reference)
        return None

    def _give_up(self, entry: Entry) -> None:
        """Ends a reply that the SMSC never takes; its officer is informed later."""
        if entry.reference not in self._notices:
            self._counts.add("undelivered")
            self.undelivered.put(entry)
        self._done(entry.reference)

    def _done(self, reference: int, *, taken: bool = False) -> None:
        self._later.forget(reference)
        told = self._notices.pop(reference, None)
        if told is None:
            self._journal.done(reference)
        else:
            told.outcome(taken)

    def _pdu(self, entry: Entry, sequence: int) -> bytes:
        """Raises ValueError."""
        told = self._notices.get(entry.reference)
        text, left = entry.reply, self._settings.sms_validity_s - (time.time() - entry.at)
        if told is not None:
            left = told.valid_s
        elif left <= 0 and text.startswith(wording.STAYS_TRUE):
            left = float(self._settings.sms_validity_s)
        elif left <= 0:  # what it says may no longer be so
            self._counts.add("expired")
            text, left = notice(wording.NO_ANSWER, entry.reference).parts[0], float(self._settings.sms_validity_s)
        to = (entry.sender, entry.ton, entry.npi)
        return submit_sm(sequence, entry.address, to, gsm_octets(text), max(int(left), 1))
