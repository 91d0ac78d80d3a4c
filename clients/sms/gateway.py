"""Turns a text into its reply: the sender, the question, Ronda's answer; some senders get none.

It knows nothing of SMPP: `accept` takes a message, the outbox is given each reply to send.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clients.client.failures import CallFailure, NotSignedIn, OutcomeUnknown
from clients.client.questions import NoDate
from clients.sms import wording
from clients.sms.counts import tell
from clients.sms.grammar import LONGEST, Kind, Message, read_message
from clients.sms.journal import Entry
from clients.sms.questions import ASKED, VEHICLES, question_of, request_id_of
from clients.sms.reply import Reply, answer_reply, failure_reply, notice
from clients.sms.sessions import NoSession, Tried

if TYPE_CHECKING:
    from clients.sms.asking import Asker
    from clients.sms.counts import Counts
    from clients.sms.journal import Journal
    from clients.sms.outbox import Outbox
    from clients.sms.recalling import Recalling
    from clients.sms.sessions import Session, Sessions
    from clients.sms.settings import SmsSettings

# A sender gets the instructions at most so often: two gateways never talk for ever. In a session, which takes a PIN, so
# many times before: an officer who hears nothing does not know whether the gateway is down.
_HELP_AGAIN_S, _HELPED_IN_A_SESSION = 600, 6
_KEPT = LONGEST + 1  # characters of a text: more say no more than that it is too long
_SENDERS = 50_000  # remembered for limits
_LOOK_S = 0.1  # between two looks at what is late
_LEAST_S = 0.5  # that an answer has, however old its question
_LEAST_FOR_A_CHANGE_S = 10.0  # and a change of PIN that an earlier process began
_NUMBER = re.compile(r"[0-9]{8,15}")
_OURS = re.compile(
    r"\s*(?:ROJO|AMARILLO|GRIS|NEGRO|VERDE|SIN RESPUESTA|NO (?:ENTENDIDO|HAY MAS|SE SABE|SE ENTREG(?:O|ARON))|"
    r"PIN (?:ACEPTADO|CAMBIADO|NO)|NUEVA ALERTA|POSIBLE ALERTA|CANCELADA: NO|CORREGIDA(?=:))\b",
    re.I,
)


@dataclass(slots=True, repr=False)
class _Accepted:
    """A message to be answered. number: of its sender, as + and digits; who: its keyed hash.

    message: None = it was not understood.
    """

    entry: Entry
    number: str
    who: bytes
    message: Message | None

    @property
    def is_change(self) -> bool:
        """Returns whether it changes the PIN."""
        return self.message is not None and self.message.kind is Kind.CHANGE_PIN


def _budget_of(message: Message | None) -> bytes:
    """Returns the sender's budget that a message spends: with a PIN, a question without one, or no question.

    A sender can be forged. A forger without the PIN spends nothing of the officer's budget for messages with it.
    """
    if message is None:
        return b"-"
    return b"P" if message.pin else b"Q"


class Gateway:
    """One gateway: a `clients.sms.line.Inbox`. The journal has a message until its reply is acknowledged."""

    def __init__(
        self,
        settings: SmsSettings,
        journal: Journal,
        sessions: Sessions,
        asker: Asker,
        counts: Counts,
        outbox: Outbox,
        recalling: Recalling,
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._sessions = sessions
        self._asker = asker
        self._counts = counts
        self._outbox = outbox
        self._recalling = recalling
        self._accepted: list[_Accepted] = []
        self._keeping = 0
        self._answers: dict[asyncio.Task[None], float] = {}  # until when (Unix time) each must be had
        self._late: set[asyncio.Task[None]] = set()
        self._looked_at: OrderedDict[bytes, tuple[float, float]] = OrderedDict()  # room left, as of
        self._helped: OrderedDict[bytes, tuple[float, int]] = OrderedDict()  # when, and how often in that session

    @property
    def is_full(self) -> bool:
        """Returns whether messages and their replies are as many as may be held."""
        return self.answering + len(self._outbox) >= self._settings.sms_open

    def accept(self, sender: str, ton: int, npi: int, address: str, text: str) -> None:
        """Takes a message of the SMSC.

        After the next `keep` it is kept, or is one without a reply, and may be acknowledged. sender: as the SMSC gave
        it, with its type and plan of numbering. address: the message's recipient.
        """
        self._counts.add("received")
        text = text[:_KEPT]
        number = self.number_of(sender, ton)
        who = self._journal.hash_of("sender", number)
        now = time.time()
        if not number or _OURS.match(text):
            self._counts.add("looped")
            return
        message = read_message(text)
        if not self._may_be_looked_at(who + _budget_of(message)):
            self._counts.add("limited")
            return
        seen = self._seen(number, text)
        # "Consulte de nuevo": what was asked before a recall is no duplicate after it.
        since = max(now - self._settings.sms_duplicate_s, self._recalling.recalled.since(number))
        if self._journal.was_seen(seen, since):
            self._counts.add("duplicates")
            return
        reference = self._journal.next_reference()
        entry = Entry(reference, now, request_id_of(reference), sender, ton, npi, address, text)
        self._journal.accept(entry, seen)
        self._accepted.append(_Accepted(entry, number, who, message))

    async def keep(self) -> None:
        """Puts accepted messages on disk, and starts their answers. Raises sqlite3.Error: a full disk, nothing is
        kept."""
        if not self._accepted:
            return
        accepted, self._accepted = self._accepted, []
        self._keeping += len(accepted)
        try:
            await self._journal.keep()
        except BaseException:
            self._accepted = accepted + self._accepted
            raise
        finally:
            self._keeping -= len(accepted)
        for each in accepted:
            self._counts.add("accepted")
            self._begin(each)

    def resume(self) -> int:
        """Goes on with what an earlier process left; returns how many messages. Raises JournalError."""
        left = self._journal.left_over()
        for entry in left:
            self._counts.add("left_over")
            if entry.reply:
                self._outbox.submit(entry)
            else:
                number = self.number_of(entry.sender, entry.ton)
                who = self._journal.hash_of("sender", number)
                self._begin(_Accepted(entry, number, who, read_message(entry.text)))
        return len(left)

    async def close(self) -> None:
        """Ends what is being answered; the journal has it."""
        for task in self._answers:
            task.cancel()
        await asyncio.gather(*self._answers, return_exceptions=True)

    async def give_up_late(self) -> None:
        """Ends late messages with SIN RESPUESTA, as long as it runs. A clock for each would cost more."""
        while True:
            await asyncio.sleep(_LOOK_S)
            now = time.time()
            for task in [task for task, until in self._answers.items() if until < now and task not in self._late]:
                self._late.add(task)
                task.cancel()

    @property
    def answering(self) -> int:
        """Messages that wait for their answer."""
        return len(self._answers) + len(self._accepted) + self._keeping

    def number_of(self, sender: str, ton: int) -> str:
        """The sender's number as + and digits; "" of a name or short code, who is never answered."""
        digits = sender.removeprefix("+")
        if not _NUMBER.fullmatch(digits) or ton == 5:  # 5: letters
            return ""
        return f"+{self._settings.sms_country_code}{digits}" if len(digits) == 8 else f"+{digits}"

    def _begin(self, accepted: _Accepted) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(accepted))
        self._answers[task] = self._answer_until(accepted)
        task.add_done_callback(self._ended)

    def _answer_until(self, accepted: _Accepted) -> float:
        """Returns the deadline of the answer (Unix time): after a PIN the question has its whole time."""
        return max(self._pin_until(accepted) + self._settings.sms_answer_s, time.time() + _LEAST_S)

    def _pin_until(self, accepted: _Accepted) -> float:
        """Returns the deadline of the issuer's answer (Unix time); for a message without a PIN its arrival."""
        if accepted.message is None or not accepted.message.pin:
            return accepted.entry.at
        until = accepted.entry.at + self._settings.sms_pin_s
        return max(until, time.time() + _LEAST_FOR_A_CHANGE_S) if accepted.is_change else until

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._answers[task]
        self._late.discard(task)

    async def _answer(self, accepted: _Accepted) -> None:
        entry, number, who = accepted.entry, accepted.number, accepted.who
        try:
            reply = await self._reply(accepted)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task not in self._late or task.uncancel():  # the gateway ends
                raise
            reply = self._failed(None, accepted)
        except CallFailure as failure:
            reply = self._failed(failure, accepted)
        except Exception as error:  # whatever it is, the officer must hear that it is not green
            tell("fault", kind=type(error).__name__)
            reply = self._failed(None, accepted)
        if reply is not None and reply.parts[0].startswith(wording.UNPROVEN) and not self._journal.is_known(who):
            # Whatever failed, a number that never gave a right PIN hears nothing, but that its provisional PIN is one.
            reply = reply if wording.PIN_EXPIRED in reply.parts[0] else None
            if reply is None:
                self._stranger(who, entry)
        if reply is None:
            self._journal.done(entry.reference)
            return
        if reply.parts[0].startswith(wording.TO_BE_REPEATED):
            self._journal.forget(self._seen(number, entry.text))
        whole = entry._replace(reply=reply.parts[0], text="")
        self._journal.replied(whole)
        self._tell_undelivered(accepted)
        self._outbox.submit(whole)

    def _tell_undelivered(self, accepted: _Accepted) -> None:
        """Sends, before the reply, a notice of earlier ones that the SMSC never took."""
        text = self._outbox.undelivered.take(accepted.entry.sender)
        if text:
            reference = self._journal.next_reference()
            note = accepted.entry._replace(reference=reference, at=time.time(), text="", reply=notice(text).parts[0])
            self._outbox.submit_notice(note, lambda _taken: None, float(self._settings.sms_validity_s))

    def _failed(self, failure: CallFailure | None, accepted: _Accepted) -> Reply:
        self._counts.add("failures")
        tell("no_answer", status=failure.status if failure else "TIMEOUT", reason=failure.reason if failure else "")
        if accepted.is_change:  # the issuer was asked, and is silent; or it was never asked
            unknown = failure is None or isinstance(failure, OutcomeUnknown)
            return notice(wording.CHANGE_UNKNOWN if unknown else wording.NOT_CHANGED)
        return failure_reply(failure, accepted.entry.reference)

    async def _reply(self, accepted: _Accepted) -> Reply | None:
        """Returns the reply; None for a sender who gets none. Raises CallFailure."""
        entry, number, who = accepted.entry, accepted.number, accepted.who
        message, tried = accepted.message, self._tried(accepted)
        if message is None or (not message.pin and not self._journal.is_known(who)):
            return self._no_question(accepted)
        try:
            if message.kind is Kind.CHANGE_PIN:
                await self._sessions.change_pin(number, message.pin, message.value, tried)
                return notice(wording.PIN_CHANGED)
            if message.kind is Kind.SIGN_OFF:
                await self._sessions.end(number)
                return notice(wording.SIGNED_OFF)
            session = await self._sessions.of(number, message.pin, tried)
        except NoSession:
            return notice(wording.SIGN_IN_FIRST, entry.reference)
        except CallFailure as failure:
            return self._not_signed_in(failure, accepted)
        if session.recall is not None:
            given, session.recall = session.recall, None
            await self._recalling.remember(given, entry, number)
        if message.kind is Kind.SIGN_IN:
            return notice(wording.SIGNED_IN)
        if message.kind is Kind.MORE:
            return self._more(session, message, accepted)
        return await self._asked(session, message, accepted)

    def _tried(self, accepted: _Accepted) -> Tried:
        """The try of the message's PIN; of one without, of the session's renewal."""
        until = self._pin_until(accepted)
        if until == accepted.entry.at:
            until += self._settings.sms_answer_s
        return Tried(accepted.entry.request_id, time.monotonic() + max(until - time.time(), _LEAST_S))

    async def _asked(self, session: Session, message: Message, accepted: _Accepted) -> Reply:
        assert message.kind in ASKED
        entry = accepted.entry
        try:
            question = question_of(message, entry.request_id, entry.at)
        except NoDate:
            return failure_reply(CallFailure("INVALID_ARGUMENT", "", "FIELD_INVALID"), entry.reference)
        self._counts.add("questions")
        seconds = min(self._settings.sms_answer_s, self._answer_until(accepted) - time.time())
        try:
            response = await self._asker.ask(question, session.token, max(seconds, 0.5))
        except NotSignedIn:  # revoked, or run out by the server's clock: the next message signs in anew
            self._sessions.drop(accepted.number)
            raise
        self._counts.add("answers")
        named = message.kind is Kind.NAME
        reply = answer_reply(response, entry.reference, of_vehicle=message.kind in VEHICLES, asked_by_name=named)
        session.reference, session.parts = entry.reference, list(reply.parts[1:])
        return reply

    def _more(self, session: Session, message: Message, accepted: _Accepted) -> Reply:
        """The next part of the last answer; it keeps that answer's number."""
        self._journal.forget(self._seen(accepted.number, accepted.entry.text))
        if not session.reference or (message.value and int(message.value) != session.reference):
            return notice(wording.NOT_THAT_ONE)
        if self._recalling.recalled.holds(accepted.number, session.reference):
            return notice(wording.RECALLED, session.reference)
        if not session.parts:
            return notice(wording.NO_MORE, session.reference)
        return Reply(0, (session.parts.pop(0),))

    def _not_signed_in(self, failure: CallFailure, accepted: _Accepted) -> Reply:
        self._counts.add("locked_out", failure.reason == "LIMIT_EXCEEDED")
        text = {
            "SIGN_IN_REFUSED": wording.WRONG_PRESENT_PIN if accepted.is_change else wording.WRONG_PIN,
            "PIN_EXPIRED": wording.PIN_EXPIRED,
            "LIMIT_EXCEEDED": wording.LOCKED_OUT,
            "FIELD_INVALID": wording.PIN_BREAKS_A_RULE,
        }.get(failure.reason)
        return notice(text, accepted.entry.reference) if text else self._failed(failure, accepted)

    def _no_question(self, accepted: _Accepted) -> Reply | None:
        entry, who = accepted.entry, accepted.who
        if not self._journal.is_known(who):
            self._stranger(who, entry)
            return None
        self._counts.add("not_questions")
        now = time.monotonic()
        at, times = self._helped.get(who, (-_HELP_AGAIN_S, 0))
        if now - at >= _HELP_AGAIN_S:
            at, times = now, 0
        most = _HELPED_IN_A_SESSION if self._sessions.living(accepted.number) else 1
        if times >= most:
            return None
        self._remember(self._helped, who, (at, times + 1))
        return notice(wording.TOO_LONG if len(entry.text) > LONGEST else wording.NOT_UNDERSTOOD)

    def _stranger(self, who: bytes, entry: Entry) -> None:
        """Counts a message that gets no reply."""
        self._counts.add("strangers")
        self._journal.count_stranger(who, entry.at)
        tell("stranger", sender=who.hex())

    def _seen(self, number: str, text: str) -> bytes:
        return self._journal.hash_of("text", number, " ".join(text.upper().split()))

    def _may_be_looked_at(self, who: bytes) -> bool:
        """Spends one message of a sender's budget. who: the sender's keyed hash and which of the three."""
        most, now = float(self._settings.sms_sender_minute), time.monotonic()
        room, at = self._looked_at.get(who, (most, now))
        room = min(most, room + (now - at) * most / 60)
        self._remember(self._looked_at, who, (max(room - 1, 0.0), now))
        return room >= 1

    def _remember(self, kept: OrderedDict[bytes, object] | OrderedDict, who: bytes, value: object) -> None:  # type: ignore[type-arg]
        kept[who] = value
        kept.move_to_end(who)
        if len(kept) > _SENDERS:
            kept.popitem(last=False)
