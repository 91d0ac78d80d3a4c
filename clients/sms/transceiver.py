"""The bind to the operator's SMSC: aiosmpplib's ESME, with what of its parts an operator's line needs done otherwise.

What aiosmpplib 0.7.4 leaves, and is mended here through its own interfaces or in `_Esme`:
- it correlates a response only after the request has left, so a fast SMSC's response finds nothing: `sending` notes it;
- its correlator reads all it keeps at each message, and joins parts of long messages by their reference alone, whoever
  sent them, in the order of texts, and not at all where the reference has two bytes: `_Correlator`;
- a PDU that is no such, a status that only this operator has, or a length of gigabytes, ended the bind or the program;
- a bind that broke left its socket open; its log holds texts and numbers: nothing of it is written.
It answers every deliver_sm that it can read with success, so a full gateway lets the SMSC wait by reading no further.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import struct
import time
from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aiosmpplib
from aiosmpplib.protocol import PDU_HEADER_LENGTH
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from clients.sms import wording
from clients.sms.counts import Counts, tell
from clients.sms.reply import notice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from clients.sms.journal import Entry, Journal
    from clients.sms.settings import SmsSettings

_LONGEST_PDU = 70_000  # bytes: a message_payload of 64 KiB, and the rest
_MOST_PARTS = 8
_MOST_UNJOINED = 2_000
_UDHI = 0x40
_RESPONSE_S = 30.0  # after so long without a response a reply is sent again
_GIVE_UP_S = 24 * 3600
_BACKOFF = wait_random_exponential(multiplier=0.2, max=20)  # of binds
_PUT_OFF = (aiosmpplib.SmppCommandStatus.ESME_RTHROTTLED, aiosmpplib.SmppCommandStatus.ESME_RMSGQFUL)


def _nth(attempt: int) -> RetryCallState:
    state = RetryCallState(retry_object=None, fn=None, args=(), kwargs={})  # type: ignore[arg-type]
    state.attempt_number = attempt
    return state


class _Outbox(aiosmpplib.AbstractBroker):  # type: ignore[misc]
    """Replies on their way: those that wait, and those sent and not acknowledged, `window` at most."""

    def __init__(self, settings: SmsSettings, journal: Journal, counts: Counts) -> None:
        self._settings, self._journal, self._counts = settings, journal, counts
        self._waiting: asyncio.PriorityQueue[tuple[int, int, Entry]] = asyncio.PriorityQueue()
        self._turn = itertools.count()
        self._sent: dict[int, tuple[Entry, float]] = {}
        self._room = asyncio.Condition()
        self.put_off_until = 0.0
        self._put_off_s = 0.1

    def submit(self, entry: Entry) -> None:
        """Takes a reply to send."""
        self._waiting.put_nowait((entry.reference, next(self._turn), entry))

    async def enqueue(self, message: Any) -> None:
        """Nothing but replies is sent."""
        raise NotImplementedError

    async def dequeue(self) -> Any:
        """The next reply as a submit_sm, once the window has room."""
        async with self._room:
            while True:
                await self._room.wait_for(lambda: len(self._sent) < self._settings.sms_window)
                if len(self._sent) + self._journal.unwritten < self._settings.sms_window:
                    break
                self._journal.flush()  # what a kill doubles is a window at most, acknowledged ones not yet written too
        while True:
            _, _, entry = await self._waiting.get()
            age = time.time() - entry.at
            if age < _GIVE_UP_S:
                break
            self._journal.done(entry.reference)
        text, left = entry.reply, self._settings.sms_validity_s - age
        if left <= 0:  # what it says may no longer be so
            self._counts.add("expired")
            text, left = notice(wording.NO_ANSWER, entry.reference).parts[0], float(self._settings.sms_validity_s)
        self._sent[entry.reference] = (entry, time.monotonic())
        return aiosmpplib.SubmitSm(
            short_message=text,
            source=aiosmpplib.PhoneNumber(entry.address),
            destination=aiosmpplib.PhoneNumber(entry.sender, aiosmpplib.TON(entry.ton), aiosmpplib.NPI(entry.npi)),
            validity_period=timedelta(seconds=max(int(left), 1)),
            registered_delivery=1,
            log_id=str(entry.reference),
        )

    async def answered(self, reference: int, status: Any) -> None:
        """The SMSC's word on a reply: taken, put off, or refused for good."""
        found = self._sent.pop(reference, None)
        async with self._room:
            self._room.notify()
        if found is None:
            return
        if status == aiosmpplib.SmppCommandStatus.ESME_ROK:
            self._put_off_s = 0.1
            self._counts.add("acknowledged")
            self._journal.done(reference)
        elif status in _PUT_OFF:
            self._counts.add("throttled")
            self.put_off_until = time.monotonic() + self._put_off_s
            self._put_off_s = min(self._put_off_s * 2, 5.0)
            self.submit(found[0])
        else:
            self._counts.add("refused")
            tell("submit_refused", status=int(status))
            self._journal.done(reference)

    async def send_again(self, older_than_s: float = 0.0) -> None:
        """Puts what was sent and not acknowledged back to those that wait: the same text and number."""
        now = time.monotonic()
        for reference, (entry, at) in list(self._sent.items()):
            if now - at >= older_than_s:
                del self._sent[reference]
                self._counts.add("sent_again")
                self.submit(entry)
        async with self._room:
            self._room.notify_all()


class _Correlator(aiosmpplib.AbstractCorrelator):  # type: ignore[misc]
    """Requests sent, by sequence number; parts of long messages, by who sent them."""

    def __init__(self, counts: Counts, keep_parts_s: float) -> None:
        self._counts, self._keep_parts_s = counts, keep_parts_s
        self._requests: OrderedDict[int, Any] = OrderedDict()
        self._parts: OrderedDict[tuple[str, int, int], tuple[float, dict[int, str]]] = OrderedDict()
        self.part_kept = False

    def note(self, message: Any) -> None:
        """A request that is about to leave."""
        self._requests[message.sequence_num] = message
        if len(self._requests) > 10_000:
            self._requests.popitem(last=False)

    async def get(self, response: Any) -> Any:
        """The request of a response."""
        return self._requests.pop(response.sequence_num, None)

    async def put_delivery_segmented(self, deliver_sm: Any) -> Any:
        """The whole message once its last part is here, in whatever order they came; None before."""
        self.part_kept = True
        self._counts.add("parts")
        reference, number, total = deliver_sm.get_segmentation_data()
        if deliver_sm.esm_class & _UDHI and reference > 0xFF:
            reference >>= 16  # read two bytes too long
        if not 1 <= number <= total <= _MOST_PARTS:
            self._counts.add("parts_given_up")
            return None
        key = (deliver_sm.source.number, reference, total)
        _, parts = self._parts.setdefault(key, (time.monotonic(), {}))
        parts[number] = deliver_sm.short_message or deliver_sm.message_payload
        self._drop_old()
        if len(parts) < total:
            return None
        self._parts.pop(key, None)
        self.part_kept = False
        deliver_sm.short_message, deliver_sm.message_payload = "".join(parts[n] for n in sorted(parts)), ""
        return deliver_sm

    def _drop_old(self) -> None:
        now = time.monotonic()
        while self._parts:
            began, _parts = next(iter(self._parts.values()))
            if now - began < self._keep_parts_s and len(self._parts) <= _MOST_UNJOINED:
                return
            self._parts.popitem(last=False)
            self._counts.add("parts_given_up")

    async def put(self, smpp_message: Any) -> None:
        """Noted before it left."""

    async def put_delivery(self, smsc_message_id: str, submit_sm: Any) -> None:
        """Receipts are counted, not told apart."""

    async def get_delivery(self, receipt: Any) -> None:
        """As put_delivery."""

    async def get_segmented(self, smpp_seq_num: int, remove: bool = False) -> tuple[None, int]:
        """A reply is one segment."""
        return None, 0

    def get_cumulated_status(self, ref_num: int) -> int:
        """As get_segmented."""
        return 0

    async def expired(self, smpp_message: Any) -> None:
        """What is not acknowledged is the outbox's to send again."""


class _Hook(aiosmpplib.AbstractHook):  # type: ignore[misc]
    """What comes and goes."""

    def __init__(
        self, outbox: _Outbox, correlator: _Correlator, counts: Counts, deliver: Callable[..., Awaitable[None]]
    ) -> None:
        self._outbox, self._correlator, self._counts, self._deliver = outbox, correlator, counts, deliver

    async def sending(self, smpp_message: Any, pdu: bytes, client_id: str) -> None:
        """Before a PDU leaves."""
        if isinstance(smpp_message, aiosmpplib.SubmitSm | aiosmpplib.EnquireLink | aiosmpplib.Unbind):
            self._correlator.note(smpp_message)
            self._counts.add("submitted", isinstance(smpp_message, aiosmpplib.SubmitSm))

    async def received(self, smpp_message: Any, pdu: bytes, client_id: str) -> None:
        """A PDU that came; of a deliver_sm, before it is acknowledged."""
        if isinstance(smpp_message, aiosmpplib.DeliverSm):
            if smpp_message.is_receipt():
                state = str(smpp_message.parse_receipt().get("stat", ""))
                self._counts.add("receipts_delivered" if state == "DELIVRD" else "receipts_failed")
                return
            source = smpp_message.source
            text = smpp_message.short_message or smpp_message.message_payload
            await self._deliver(source.number, int(source.ton), int(source.npi), smpp_message.destination.number, text)
        elif isinstance(smpp_message, aiosmpplib.SubmitSmResp) and smpp_message.log_id:
            await self._outbox.answered(int(smpp_message.log_id), smpp_message.command_status)
        elif isinstance(smpp_message, aiosmpplib.BindTransceiverResp):
            if smpp_message.command_status == aiosmpplib.SmppCommandStatus.ESME_ROK:
                self._counts.add("binds")
                tell("bound")
                await self._outbox.send_again()
            else:
                tell("bind_refused", status=int(smpp_message.command_status))
        elif smpp_message is None and not self._correlator.part_kept:
            self._counts.add("malformed")
            tell("malformed_pdu", octets=len(pdu))
        self._correlator.part_kept = False

    async def send_error(self, smpp_message: Any, error: Exception, client_id: str) -> None:
        """A reply that did not leave: the next bind sends it again."""
        tell("submit_failed", kind=type(error).__name__)


class _Pace(aiosmpplib.AbstractRateLimiter):  # type: ignore[misc]
    """At most so many replies a second, evenly, with a tenth of a second's worth at once."""

    def __init__(self, rate: int) -> None:
        self._step, self._ahead, self._next = 1 / rate, 0.1, 0.0

    async def limit(self) -> None:
        """Waits until the next may leave."""
        now = time.monotonic()
        self._next = max(self._next, now - self._ahead) + self._step
        if self._next > now:
            await asyncio.sleep(self._next - now)


class _Throttle(aiosmpplib.AbstractThrottleHandler):  # type: ignore[misc]
    """Sends nothing while the SMSC puts off."""

    def __init__(self, outbox: _Outbox) -> None:
        self._outbox = outbox

    async def throttled(self) -> None:
        """The outbox hears it with the response."""

    async def not_throttled(self) -> None:
        """As throttled."""

    async def allow_request(self) -> bool:
        """Whether the time that was put off is over."""
        return time.monotonic() >= self._outbox.put_off_until

    async def throttle_delay(self) -> float:
        """How long it still is, in seconds."""
        return max(self._outbox.put_off_until - time.monotonic(), 0.0)


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
        """In seconds."""
        return float(_BACKOFF(_nth(max(self._attempt, 1))))


class _Esme(aiosmpplib.ESME):  # type: ignore[misc]
    """An ESME that nothing which an SMSC may send ends."""

    async def connect(self) -> None:
        """Binds; the socket of a bind that broke is closed first."""
        if self._writer is not None:
            self._writer.transport.abort()
        await super().connect()

    async def _get_pdu(self) -> tuple[bytes, Any]:
        while True:
            head = await self._reader.readexactly(PDU_HEADER_LENGTH)
            length, command, status, sequence = struct.unpack("!IIII", head)
            if not PDU_HEADER_LENGTH <= length <= _LONGEST_PDU:
                await self.hook.received(None, head, self.client_id)
                raise ConnectionError("PDU of an impossible length")  # where the next one begins is not known
            body = await self._reader.readexactly(length - PDU_HEADER_LENGTH)
            try:
                aiosmpplib.SmppCommand(command)
            except ValueError:
                await self.hook.received(None, head, self.client_id)
                invalid = aiosmpplib.SmppCommandStatus.ESME_RINVCMDID
                await self._send_data(aiosmpplib.GenericNack(sequence, invalid))
                continue
            try:
                aiosmpplib.SmppCommandStatus(status)
            except ValueError:  # an operator's own: some failure
                unknown = int(aiosmpplib.SmppCommandStatus.ESME_RUNKNOWNERR)
                head = struct.pack("!IIII", length, command, unknown, sequence)
            return head + body, aiosmpplib.SmppMessage.parse_header(head)

    async def _handle_request(self, pdu: bytes, header: Any) -> Any:
        try:
            return await super()._handle_request(pdu, header)
        except (struct.error, IndexError, KeyError, TypeError):  # a PDU that ends too soon, a field that is none
            await self._send_data(aiosmpplib.GenericNack(header.sequence_num))
            return None


class Transceiver:
    """One bind, for as long as `run` runs. deliver: takes sender, type, plan, address, text of a message."""

    def __init__(self, settings: SmsSettings, journal: Journal, counts: Counts) -> None:
        self._settings, self._counts = settings, counts
        self._outbox = _Outbox(settings, journal, counts)
        self.submit = self._outbox.submit

    async def run(self, deliver: Callable[..., Awaitable[None]], password: str) -> None:
        """Binds, and binds again, until it is cancelled; then it unbinds."""
        again = asyncio.create_task(self._send_again())
        try:
            async for attempt in AsyncRetrying(wait=_BACKOFF, retry=retry_if_exception_type(Exception)):
                with attempt:
                    await self._bound(deliver, password)
        finally:
            again.cancel()

    async def _bound(self, deliver: Callable[..., Awaitable[None]], password: str) -> None:
        settings = self._settings
        host, _, port = settings.sms_smsc.rpartition(":")
        correlator = _Correlator(self._counts, settings.sms_validity_s)
        esme = _Esme(
            smsc_host=host.strip("[]"),
            smsc_port=int(port),
            system_id=settings.sms_system_id,
            password=password,
            enquire_link_interval=float(settings.sms_enquire_s),
            log_level=logging.CRITICAL + 1,
            log_handler=logging.NullHandler(),
            hook=_Hook(self._outbox, correlator, self._counts, deliver),
            broker=self._outbox,
            rate_limiter=_Pace(settings.sms_rate),
            throttle_handler=_Throttle(self._outbox),
            correlator=correlator,
            retry_timer=_Backoff(),
        )
        running = asyncio.create_task(esme.start())
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            try:
                await asyncio.wait_for(esme.stop(), 3)
            except TimeoutError:  # the SMSC does not close
                running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            raise
        except Exception as error:
            tell("bind_ended", kind=type(error).__name__)
            raise

    async def _send_again(self) -> None:
        while True:
            await asyncio.sleep(_RESPONSE_S / 6)
            await self._outbox.send_again(_RESPONSE_S)
