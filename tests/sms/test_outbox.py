"""Checks what waits for the SMSC: its order, its age, and what an operator that takes few gets."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import aiosmpplib
import pytest

from clients.sms import wording
from clients.sms.counts import Counts
from clients.sms.journal import Entry, Journal
from clients.sms.outbox import Outbox
from clients.sms.parts import Parts
from clients.sms.settings import SmsSettings

DAY_S = 86_400


def entry(reference: int, age_s: float = 0.0, sender: str = "50255512345") -> Entry:
    """A reply that has waited so long."""
    return Entry(reference, time.time() - age_s, "id", sender, 1, 1, "1110", "", f"VERDE R{reference}")


class Bench:
    """An outbox that nobody is bound to, with what it sends as texts."""

    def __init__(self, directory: Path, **settings: object) -> None:
        self.settings = SmsSettings.model_validate(settings)
        self.counts, self.journal = Counts(), Journal(directory)
        self.outbox = Outbox(self.settings, self.journal, self.counts)
        self._esme = aiosmpplib.ESME("127.0.0.1", 1, "id", "")

    def take(self) -> list[aiosmpplib.SubmitSm]:
        """Returns what may go now."""
        pdus, found = self.outbox.take(self._esme), []
        while pdus:
            header = aiosmpplib.SmppMessage.parse_header(pdus)
            pdu, pdus = pdus[: header.pdu_length], pdus[header.pdu_length :]
            found.append(aiosmpplib.SubmitSm.from_pdu(pdu, header, "gsm0338"))
        return found

    def acknowledge(self, sent: list[aiosmpplib.SubmitSm], status: int = 0) -> None:
        """The SMSC's responses."""
        for each in sent:
            self.outbox.answered(each.sequence_num, status)


def texts(sent: list[aiosmpplib.SubmitSm]) -> list[str]:
    """Returns what telephones would show."""
    return [each.short_message for each in sent]


def test_in_order_until_the_oldest_has_waited_long_then_the_newest_first(tmp_path: Path) -> None:
    async def run() -> None:
        bench = Bench(tmp_path, sms_window=2)
        for reference in range(1, 5):
            bench.outbox.submit(entry(reference))
        assert texts(bench.take()) == ["VERDE R1", "VERDE R2"]
        bench.outbox.send_again()  # the bind broke: the same again, before the others
        first = bench.take()
        assert texts(first) == ["VERDE R1", "VERDE R2"]
        bench.acknowledge(first)
        await bench.journal.close()
        slow = Bench(tmp_path / "slow", sms_window=1)
        for reference, age_s in ((1, 300.0), (2, 100.0), (3, 50.0), (4, 1.0)):
            slow.outbox.submit(entry(reference, age_s))
        said = []
        for _ in range(4):
            sent = slow.take()
            said += texts(sent)
            slow.acknowledge(sent)
            await slow.journal.keep()
        assert said[:3] == ["VERDE R4", "VERDE R3", "VERDE R2"]
        assert said[3] == "SIN RESPUESTA: no es verde, repita R1"  # what it said may no longer be so
        assert slow.counts["expired"] == 1
        await slow.journal.close()

    asyncio.run(run())


def test_what_became_of_a_pin_is_true_however_late_it_is_sent(tmp_path: Path) -> None:
    async def run() -> None:
        bench = Bench(tmp_path)
        for reference, text in enumerate((wording.PIN_CHANGED, wording.CHANGE_UNKNOWN, wording.SIGNED_IN), 1):
            bench.outbox.submit(entry(reference, age_s=300)._replace(reply=text))
        assert sorted(texts(bench.take())) == sorted(
            [wording.PIN_CHANGED, wording.CHANGE_UNKNOWN, f"{wording.NO_ANSWER} R3"]
        )
        assert bench.counts["expired"] == 1
        await bench.journal.close()

    asyncio.run(run())


def test_the_smsc_has_the_rest_of_the_time_and_after_a_day_nobody_hears(tmp_path: Path) -> None:
    async def run() -> None:
        bench = Bench(tmp_path, sms_validity_s=180)
        bench.outbox.submit(entry(1, age_s=5))
        bench.outbox.submit(entry(2, age_s=DAY_S + 1))
        (sent,) = bench.take()
        assert 170 <= sent.validity_period.total_seconds() <= 175
        assert (bench.counts["given_up"], len(bench.outbox)) == (1, 1)
        await bench.journal.close()

    asyncio.run(run())


def test_no_more_than_a_window_can_be_doubled(tmp_path: Path) -> None:
    """An acknowledged message that is not on disk as such counts, for a kill would send it again."""

    async def run() -> None:
        bench = Bench(tmp_path, sms_window=2)
        for reference in range(1, 6):
            bench.outbox.submit(entry(reference))
        sent = bench.take()
        bench.acknowledge(sent)
        assert bench.take() == []
        await bench.outbox.wait()  # writes them
        assert len(bench.take()) == 2
        await bench.journal.close()

    asyncio.run(run())


def test_a_reply_that_no_pdu_holds_stops_no_other(tmp_path: Path) -> None:
    async def run() -> None:
        bench = Bench(tmp_path)
        bench.outbox.submit(entry(1, sender="5" * 21))
        bench.outbox.submit(entry(2))
        assert texts(bench.take()) == ["VERDE R2"]
        assert bench.counts["refused"] == 1
        await bench.journal.close()

    asyncio.run(run())


@pytest.mark.parametrize("total", [2, 8])
def test_a_hundred_first_parts_crowd_out_their_senders_own(total: int) -> None:
    counts = Counts()
    parts = Parts(counts, 180)

    def part(sender: str, reference: int, number: int, text: str) -> str | None:
        message = aiosmpplib.DeliverSm(short_message=text, source=aiosmpplib.PhoneNumber(sender))
        message.optional_params = [
            aiosmpplib.OptionalParam(tag, value)
            for tag, value in ((0x020C, reference), (0x020F, number), (0x020E, total))
        ]
        return parts.joined(message)

    assert part("1", 7, 1, "P ") is None
    for reference in range(100):
        assert part("2", reference, 1, "x") is None
    assert part("2", 500, 2, "y" * 255) is None  # longer than a part can be
    said = [part("1", 7, number, str(number)) for number in range(2, total + 1)]
    assert said[-1] == "P " + "".join(map(str, range(2, total + 1)))
    assert len(parts) == 4
    assert counts["parts_given_up"] == 97
