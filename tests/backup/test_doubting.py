"""A ledger that was put back from a copy: its registers are STALE until each source says which number was its last."""

from __future__ import annotations

from pathlib import Path

from core.ledger.change import GAP, RESTORED
from core.ledger.frames import LOG
from core.ledger.writer import LedgerWriter
from ronda.copies.doubting import doubt_sources
from server.feed.taking import Message, Now, Taker
from tests.feed.naive_feed import Sent
from tests.feed.test_sequences import HOLD_S, SOURCES, WALL_MS, change_of

NOW = Now(WALL_MS, 100.0)


class Restored:
    """The rules over a ledger with two changes and what is missing behind them, put back from a copy."""

    def __init__(self, folder: Path, *before: Sent) -> None:
        self._ledger = LedgerWriter(folder)
        self._taker = self._new()
        self.send(*before)
        self._ledger.close()
        doubt_sources(folder, WALL_MS)
        self._ledger = LedgerWriter(folder)
        self._taker = self._new()

    def _new(self) -> Taker:
        return Taker(self._ledger, SOURCES, hold_s=HOLD_S, future_s=60)

    def send(self, *sent: Sent) -> None:
        self._taker.take([Message("oj-central", [change_of(each) for each in sent])], NOW)

    @property
    def stale(self) -> str:
        self._taker.look(NOW)
        return str(self._taker.positions(["oj-central"])[0]["stale"])


def test_changes_end_no_doubt_and_a_heartbeat_does(tmp_path: Path) -> None:
    """A source was FRESH although the copy lacks its last changes, and a new change took the number of a lost one."""
    restored = Restored(tmp_path, Sent(1, "UPSERT", "A", "x"), Sent(2, "CANCEL", "A"))
    assert restored.stale == RESTORED
    restored.send(Sent(3, "UPSERT", "B", "x"))
    assert restored.stale == RESTORED
    restored.send(Sent(3, "HEARTBEAT"))
    assert restored.stale == ""


def test_a_heartbeat_that_tells_of_more_leaves_a_gap(tmp_path: Path) -> None:
    restored = Restored(tmp_path, Sent(1, "UPSERT", "A", "x"))
    restored.send(Sent(2, "HEARTBEAT"))
    assert restored.stale == GAP
    restored.send(Sent(2, "CANCEL", "A"))
    assert restored.stale == ""


def test_what_was_missing_before_stays_missing(tmp_path: Path) -> None:
    restored = Restored(tmp_path, Sent(1, "UPSERT", "A", "x"), Sent(3, "CANCEL", "B"), Sent(3, "HEARTBEAT"))
    assert restored.stale in (f"{GAP} {RESTORED}", RESTORED)
    restored.send(Sent(3, "HEARTBEAT"))
    assert restored.stale == GAP


def test_nothing_was_fed_and_nothing_is_doubted(tmp_path: Path) -> None:
    doubt_sources(tmp_path, WALL_MS)
    assert not (tmp_path / LOG).exists()
    LedgerWriter(tmp_path).close()
    doubt_sources(tmp_path, WALL_MS)
