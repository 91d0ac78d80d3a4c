"""The writer of the ledger says that changes can be taken over once all that was due meanwhile is in the ledger."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.errors import LedgerFull
from core.ledger.change import SILENT, Kind
from core.ledger.frames import BEAT
from core.ledger.reader import FOLDER, LedgerReader
from server.feed import writer_process
from server.feed.orders import Orders
from server.feed.settings import FeedSource
from server.feed.taking import Message, Now, Rows, Taker
from server.feed.writer_process import FeedWriter
from tests.feed.naive_feed import Sent
from tests.feed.test_sequences import WALL_MS, change_of


def test_a_silence_that_could_not_be_written_comes_before_the_word_that_all_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk was full while its source fell silent: with room again the register was FRESH until the report."""
    monkeypatch.setattr(writer_process, "_STATUS_S", 0.02)
    monkeypatch.setattr(writer_process, "_HOLDS_AFTER_S", 0.02)
    source = FeedSource(institution="oj", registers=("oj",), silent_s=30)
    orders = Orders(
        data=tmp_path,
        socket=tmp_path / "socket",
        status=tmp_path / "status",
        sources={"oj-central": source},
        hold_ms=500,
        future_s=60,
    )
    writer = FeedWriter(orders, Rows())
    writer._taker.take([Message("oj-central", [change_of(Sent(0, "HEARTBEAT"))])], Now(WALL_MS, 1.0))
    beat = tmp_path / FOLDER / BEAT
    look = Taker.look

    def full(taker: Taker, now: Now) -> None:
        raise LedgerFull

    async def scene() -> None:
        monkeypatch.setattr(Taker, "look", full)
        works = [asyncio.create_task(work) for work in (writer._tick(), writer._show())]
        await asyncio.sleep(0.3)
        assert not beat.exists()
        monkeypatch.setattr(Taker, "look", look)
        while not beat.exists():
            await asyncio.sleep(0.01)
        for each in works:
            each.cancel()

    asyncio.run(asyncio.wait_for(scene(), 30))
    with LedgerReader(tmp_path / FOLDER) as reader:
        assert [each.reason for each in reader.changes() if each.kind is Kind.STALE] == [SILENT]
