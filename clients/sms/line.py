"""One bind to the operator's SMSC: aiosmpplib's bind and PDUs, with loops of our own for input and output.

The faults of aiosmpplib 0.7.4's loops, and the behaviour here:
- it answers each deliver_sm in its own turn; here all that came together are kept by one write, and answered together;
- it answers every readable PDU with success, and the rest with generic_nack, after which some operators send the same
  again for ever; here an unreadable PDU is rejected for good (ESME_RX_R_APPN);
- an invalid PDU, an operator's own status, a length of gigabytes, or a receipt without a date ended the bind or the
  program, and a broken bind left its socket open;
- two tasks for each PDU watch whether the line is quiet, and its log holds texts and numbers; none of it is written.

A full gateway puts messages off (ESME_RX_T_APPN): the SMSC has them, and tries again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
from typing import TYPE_CHECKING, Any, Protocol

import aiosmpplib
from aiosmpplib import SmppCommand, SmppCommandStatus
from tenacity import RetryCallState, wait_random_exponential

from clients.sms.counts import Counts, tell
from clients.sms.parts import Parts
from clients.sms.pdus import HEAD, Plain, delivered, plain_message, read_head, with_status

if TYPE_CHECKING:
    from clients.sms.outbox import Outbox
    from clients.sms.settings import SmsSettings

_LONGEST_PDU = 70_000  # bytes: a message_payload of 64 KiB, and the rest
_READ = 65_536
_UNREADABLE = (ValueError, LookupError, TypeError, struct.error)  # ends too soon, a field that is none
_RESPONSE = 0x8000_0000
_BIND_S = 30.0
_MOST_UNANSWERED = 10_000  # PDUs of the SMSC; then no more is read until the disk has what came
_ENCODING = "gsm0338"
_STATUSES = frozenset(SmppCommandStatus)
BACKOFF = wait_random_exponential(multiplier=0.2, max=20)
"""Seconds between two binds."""


class Inbox(Protocol):
    """The receiver of messages: clients.sms.gateway.Gateway."""

    @property
    def is_full(self) -> bool:
        """Returns whether the SMSC is to deliver later."""

    def accept(self, sender: str, ton: int, npi: int, address: str, text: str) -> None:
        """Takes a message, which is kept once `keep` returns."""

    async def keep(self) -> None:
        """Puts accepted messages on disk; they will be answered. Raises sqlite3.Error."""


class Line(aiosmpplib.ESME):  # type: ignore[misc]
    """A bind, made again when it breaks, that nothing which an SMSC may send ends for good."""

    def __init__(self, settings: SmsSettings, password: str, inbox: Inbox, outbox: Outbox, counts: Counts) -> None:
        host, _, port = settings.sms_smsc.rpartition(":")
        super().__init__(
            smsc_host=host.strip("[]"),
            smsc_port=int(port),
            system_id=settings.sms_system_id,
            password=password,
            enquire_link_interval=float(settings.sms_enquire_s),
            log_level=logging.CRITICAL + 1,
            log_handler=logging.NullHandler(),
            retry_timer=_Backoff(),
            socket_timeout=_BIND_S,
        )
        self._inbox, self._outbox, self._counts = inbox, outbox, counts
        self._parts = Parts(counts, settings.sms_validity_s)
        self._over = asyncio.Event()
        self._heard = asyncio.Event()
        self._heard_at = 0.0
        self._answers: list[bytes] = []
        self._unanswered = asyncio.Event()
        self._answering = asyncio.Lock()

    async def connect(self) -> None:
        """Binds; the socket of a bind that broke is closed first. Raises SmppError, OSError."""
        self.close()
        try:
            await super().connect()
        except aiosmpplib.SmppError as error:
            if error.command_status == SmppCommandStatus.ESME_ROK:  # what came is no response to a bind
                tell("bind_failed", kind="no SMSC")
            else:
                tell("bind_refused", status=int(error.command_status))
            raise
        except Exception as error:
            tell("bind_failed", kind=type(error).__name__)
            raise
        self._answers.clear()  # to PDUs of another bind
        self._counts.add("binds")
        tell("bound")
        self._over.clear()
        self._heard_at = asyncio.get_running_loop().time()
        self._outbox.is_bound = True
        self._outbox.send_again()

    async def _receive_data(self) -> None:
        """Reads what is there; meanwhile what came before is kept by one write, and answered."""
        pending = bytearray()
        answering = asyncio.create_task(self._answer_what_came())
        try:
            unbound = False
            while not (unbound or self._is_shutting_down):
                data = await self._reader.read(_READ)
                if not data:
                    raise ConnectionResetError
                self._heard_at = asyncio.get_running_loop().time()
                self._heard.set()
                pending += data
                unbound = self._take_all(pending)
                if len(self._answers) > _MOST_UNANSWERED:
                    await self._answer()
            await self._answer()
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
            self._over.set()
            self._outbox.is_bound = False
            self._outbox.changed.set()

    def _take_all(self, pending: bytearray) -> bool:
        """All whole PDUs of `pending`, which keeps the rest; whether the SMSC unbound."""
        at, unbound = 0, False
        while len(pending) - at >= HEAD.size and not unbound:
            length, command, status, sequence = read_head(pending, at)
            if not HEAD.size <= length <= _LONGEST_PDU:
                self._malformed(length)
                raise ConnectionError("PDU of an impossible length")  # where the next one begins is not known
            if len(pending) - at < length:
                break
            if command == SmppCommand.DELIVER_SM:
                self._answers.append(self._delivered(bytes(pending[at : at + length]), sequence))
            elif command in (SmppCommand.SUBMIT_SM_RESP, SmppCommand.GENERIC_NACK):
                self._outbox.answered(sequence, status)
            elif command < _RESPONSE:
                self._answers.append(self._requested(command, sequence))
                unbound = command == SmppCommand.UNBIND
            at += length
        del pending[:at]
        if self._answers:
            self._unanswered.set()
        return unbound

    async def _answer_what_came(self) -> None:
        """Answers, turn by turn; what fails here ends the bind."""
        try:
            while True:
                await self._unanswered.wait()
                await self._answer()
        except Exception:
            self.close()
            raise

    async def _answer(self) -> None:
        """Sends the answers once the messages are kept."""
        async with self._answering:
            self._unanswered.clear()
            answers, self._answers = self._answers, []
            await self._inbox.keep()
            if answers and self._writer is not None:
                await self._write(b"".join(answers))

    async def _write(self, pdus: bytes) -> None:
        """Raises ConnectionError."""
        if self._writer.transport.is_closing():  # uvloop has an error of its own for that
            raise ConnectionResetError
        self._writer.write(pdus)
        await self._writer.drain()

    def _delivered(self, pdu: bytes, sequence: int) -> bytes:
        """Takes a message, part or receipt; its response."""
        if self._inbox.is_full:
            self._counts.add("put_off")
            return delivered(sequence, SmppCommandStatus.ESME_RX_T_APPN)
        message = plain_message(pdu)
        if message is None:
            try:
                message = self._unusual(pdu)
            except _UNREADABLE:
                self._malformed(len(pdu))
                return delivered(sequence, SmppCommandStatus.ESME_RX_R_APPN)
        if message is not None:
            self._inbox.accept(*message)
        return delivered(sequence)

    def _unusual(self, pdu: bytes) -> Plain | None:
        """Reads another kind of message; None for an incomplete part, and for a receipt. Raises _UNREADABLE."""
        header = aiosmpplib.SmppMessage.parse_header(pdu)
        message: Any = aiosmpplib.DeliverSm.from_pdu(pdu, header, _ENCODING)
        if message.is_receipt():
            state = str(message.parse_receipt().get("stat", ""))
            self._counts.add("receipts_delivered" if state == "DELIVRD" else "receipts_failed")
            return None
        text = message.short_message or message.message_payload
        if message.is_segmented():
            text = self._parts.joined(message)
        source = message.source
        if text is None:
            return None
        return Plain(source.number, int(source.ton), int(source.npi), message.destination.number, text)

    def _requested(self, command: int, sequence: int) -> bytes:
        """Returns the response to another request of the SMSC."""
        if command == SmppCommand.ENQUIRE_LINK:
            return bytes(aiosmpplib.EnquireLinkResp(sequence).pdu())
        if command == SmppCommand.UNBIND:
            return bytes(aiosmpplib.UnbindResp(sequence).pdu())
        self._malformed(HEAD.size)
        return bytes(aiosmpplib.GenericNack(sequence, SmppCommandStatus.ESME_RINVCMDID).pdu())

    def _malformed(self, octets: int) -> None:
        self._counts.add("malformed")
        tell("malformed_pdu", octets=octets)

    async def _dequeue_messages(self) -> None:
        """Sends replies as the outbox lets them go."""
        while not (self._over.is_set() or self._is_shutting_down):
            if pdus := self._outbox.take(self):
                await self._write(pdus)
            else:
                await self._outbox.wait()

    async def _connection_keeper(self) -> None:
        """Asks a line that is quiet whether it is there; one that stays quiet is over."""
        loop = asyncio.get_running_loop()
        while not (self._over.is_set() or self._is_shutting_down):
            quiet_at = self._heard_at + self.enquire_link_interval
            if quiet_at > loop.time():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), quiet_at - loop.time())
                continue
            self._heard.clear()
            await self._write(aiosmpplib.EnquireLink(self.sequence_generator.next_sequence()).pdu())
            try:
                await asyncio.wait_for(self._heard.wait(), self.socket_timeout)
            except TimeoutError:
                tell("line_is_silent")
                return

    async def _get_pdu(self) -> tuple[bytes, Any]:
        """The response to the bind."""
        head = await self._reader.readexactly(HEAD.size)
        length, _, status, _ = read_head(head)
        if not HEAD.size <= length <= _LONGEST_PDU:
            raise ConnectionError("PDU of an impossible length")
        if status not in _STATUSES:  # an operator's own: some failure
            head = with_status(head, SmppCommandStatus.ESME_RUNKNOWNERR)
        body = await self._reader.readexactly(length - HEAD.size)
        return head + body, aiosmpplib.SmppMessage.parse_header(head)

    def close(self) -> None:
        """Gives up the socket."""
        if self._writer is not None:
            self._writer.transport.abort()


class _Backoff(aiosmpplib.AbstractRetryTimer):  # type: ignore[misc]
    """Between binds: random, longer each time, 20 seconds at most."""

    def __init__(self) -> None:
        self._attempt = 0

    async def wait(self) -> None:
        """Waits."""
        self._attempt += 1
        await asyncio.sleep(self.next_delay())

    def reset(self) -> None:
        """A bind succeeded."""
        self._attempt = 0

    def next_delay(self) -> float:
        """Returns the delay in seconds."""
        return float(BACKOFF(_nth(max(self._attempt, 1))))


def _nth(attempt: int) -> RetryCallState:
    state = RetryCallState(retry_object=None, fn=None, args=(), kwargs={})  # type: ignore[arg-type]
    state.attempt_number = attempt
    return state
