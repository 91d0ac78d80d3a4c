"""The rules of sequences against their naive twin: any changes in any order, with restarts, torn tails and patience."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.ledger.change import GAP, SILENT, Change, Kind
from core.ledger.frames import LOG
from core.ledger.reader import LedgerReader
from core.ledger.writer import LedgerWriter
from ronda.v1 import error_pb2
from server.feed.sequences import Fate, Outcome
from server.feed.settings import FeedSource
from server.feed.snapshot import noted_place
from server.feed.taking import Message, Now, Rows, Taker
from tests.feed.naive_feed import NaiveFeed, Sent

HOLD_S = 5.0
MEMORY = Path("/dev/shm")  # thousands of writes: what a disk needs for each is no part of the rules
WALL_MS = 1_800_000_000_000
SOURCES = {"oj-central": FeedSource(institution="oj", registers=("oj",), silent_s=10**9)}


def change_of(sent: Sent) -> Change:
    return Change(
        Kind[sent.kind],
        "oj",
        "oj-central",
        record_id=sent.record,
        source_sequence=sent.sequence,
        event_ms=WALL_MS,
        record={"TEXTO": sent.text} if sent.kind != "HEARTBEAT" else {},
    )


def said(outcome: Outcome) -> str:
    if outcome.fate is not Fate.REFUSED:
        return outcome.fate.name
    return f"REFUSED:{error_pb2.ErrorReason.Name(outcome.reason).removeprefix('ERROR_REASON_')}"


@dataclass
class Feed:
    """The real rules over a real ledger."""

    folder: Path
    steady_s: float = 0.0

    def __post_init__(self) -> None:
        self.ledger = LedgerWriter(self.folder)
        self.taker = self._taker()

    def _taker(self, **changes: Any) -> Taker:
        return Taker(self.ledger, SOURCES, hold_s=HOLD_S, future_s=60, snapshots=self.folder, **changes)

    @property
    def now(self) -> Now:
        return Now(WALL_MS, self.steady_s)

    def send(self, *sents: Sent) -> list[str]:
        [outcomes] = self.taker.take([Message("oj-central", [change_of(each) for each in sents])], self.now)
        return [said(each) for each in outcomes]

    def wait(self, seconds: float) -> None:
        self.steady_s += seconds
        self.taker.look(self.now)

    def restart(self, torn: bytes = b"") -> None:
        self.ledger.close()
        if torn:
            with (self.folder / LOG).open("ab") as log:
                log.write(torn)
        self.ledger = LedgerWriter(self.folder, noted_place(self.folder))
        self.taker = self._taker()
        whole = Taker(self.ledger, SOURCES, hold_s=HOLD_S, future_s=60)
        assert self.known(self.taker) == self.known(whole)

    def known(self, taker: Taker) -> tuple[Any, ...]:
        """All that a taker says of the source."""
        position = taker.positions(["oj-central"])[0]
        numbers = range(position["newest"] + 2)
        return position, [taker.digests("oj-central", {"oj": number}) for number in numbers], taker.seen()

    def position(self) -> dict[str, Any]:
        return self.taker.positions(["oj-central"])[0]

    def told(self) -> tuple[dict[str, tuple[str, int, str]], bool]:
        """Returns what a reader of the ledger finds: each record's last change in force, and whether it is STALE."""
        records, stale = {}, False
        with LedgerReader(self.folder) as reader:
            for change in reader.changes():
                if change.kind in (Kind.UPSERT, Kind.CANCEL):
                    text = change.record.get("TEXTO", "")
                    records[change.record_id] = (change.kind.name, change.source_sequence, text)
                elif change.kind in (Kind.STALE, Kind.FRESH):
                    stale = change.kind is Kind.STALE
        return records, stale


class FeedMachine(RuleBasedStateMachine):
    """Anything a source, a network and an operator can do."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="ronda-feed-", dir=MEMORY if MEMORY.is_dir() else None))
        self.feed = Feed(self.folder)
        self.naive = NaiveFeed()

    @initialize()
    def begins(self) -> None:
        assert self.feed.position()["through"] == 0

    @rule(
        ahead=st.integers(-6, 4),
        kind=st.sampled_from(["UPSERT", "UPSERT", "CANCEL"]),
        record=st.sampled_from(["A", "B", "C"]),
        text=st.sampled_from(["x", "y"]),
    )
    def sends(self, ahead: int, kind: str, record: str, text: str) -> None:
        sequence = max(1, self.naive.newest + ahead)
        sent = Sent(sequence, kind, record, text)
        assert self.feed.send(sent) == [self.naive.send(sent)]

    @rule(count=st.integers(1, 4), record=st.sampled_from(["A", "B"]))
    def goes_on(self, count: int, record: str) -> None:
        first = self.naive.newest + 1
        sents = [Sent(first + each, "UPSERT", record, "z") for each in range(count)]
        assert self.feed.send(*sents) == [self.naive.send(each) for each in sents]

    @rule(data=st.data())
    def fills_what_is_missing(self, data: st.DataObject) -> None:
        if self.naive.missing:
            sequence = data.draw(st.sampled_from(self.naive.missing))
            sent = Sent(sequence, data.draw(st.sampled_from(["UPSERT", "CANCEL"])), "A", "late")
            assert self.feed.send(sent) == [self.naive.send(sent)]

    @rule(data=st.data())
    def replays(self, data: st.DataObject) -> None:
        if self.naive.came:
            sent = self.naive.came[data.draw(st.sampled_from(sorted(self.naive.came)))]
            assert self.feed.send(sent) == ["KNOWN"] == [self.naive.send(sent)]

    @rule(ahead=st.integers(-1, 3))
    def beats(self, ahead: int) -> None:
        sent = Sent(max(0, self.naive.newest + ahead), "HEARTBEAT")
        assert self.feed.send(sent) == [self.naive.send(sent)]

    @rule()
    def patience_is_over(self) -> None:
        self.feed.wait(0.0)  # after a restart patience begins when the clock is looked at
        self.feed.wait(HOLD_S)
        self.naive.patience_over()

    @rule()
    def a_snapshot_is_due(self) -> None:
        self.feed.taker.snapshot(every=1)

    @rule(torn=st.sampled_from([b"", b"R", b"RLF1" + bytes(90), bytes(64)]))
    def restarts(self, torn: bytes) -> None:
        self.feed.restart(torn)

    @invariant()
    def what_holds_is_the_same(self) -> None:
        position = self.feed.position()
        missing = [n for first, last in position["missing"] for n in range(first, last + 1)]
        assert missing == self.naive.missing
        assert position["held"] == len(self.naive.waiting)
        records, stale = self.feed.told()
        assert records == {name: (sent.kind, sent.sequence, sent.text) for name, sent in self.naive.records().items()}
        assert (stale, position["stale"]) == (self.naive.stale, GAP if self.naive.stale else "")

    def teardown(self) -> None:
        self.feed.ledger.close()
        shutil.rmtree(self.folder)


TestFeedMachine = FeedMachine.TestCase
TestFeedMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    return Feed(tmp_path)


def test_a_cancellation_overtakes_what_waits(feed: Feed) -> None:
    assert feed.send(Sent(1, "UPSERT", "A", "x")) == ["TAKEN"]
    assert feed.send(Sent(4, "CANCEL", "A"), Sent(3, "UPSERT", "A", "y"), Sent(5, "UPSERT", "B", "z")) == [
        "TAKEN",
        "OVERTAKEN",
        "HELD",
    ]
    assert feed.told()[0] == {"A": ("CANCEL", 4, "")}
    assert feed.send(Sent(2, "UPSERT", "A", "late")) == ["OVERTAKEN"]
    assert feed.told()[0] == {"A": ("CANCEL", 4, ""), "B": ("UPSERT", 5, "z")}
    assert feed.position()["through"] == 5


def test_an_id_that_was_taken_with_its_blanks_is_known(feed: Feed) -> None:
    """Since then ids are read as cells are: what an earlier release took comes again with other blanks."""
    assert feed.send(Sent(1, "UPSERT", "A  B ", "x"), Sent(2, "CANCEL", "A  B ")) == ["TAKEN", "TAKEN"]
    assert feed.send(Sent(1, "UPSERT", "A B", "x"), Sent(2, "CANCEL", "A B")) == ["KNOWN", "KNOWN"]
    assert feed.send(Sent(2, "CANCEL", "AB")) == ["REFUSED:FEED_SEQUENCE_REUSED"]


def test_a_gap_is_stale_and_names_what_is_missing_until_it_comes(feed: Feed) -> None:
    feed.send(Sent(1, "UPSERT", "A", "x"), Sent(4, "UPSERT", "B", "y"))
    assert feed.told()[1] is False
    feed.wait(HOLD_S)
    assert feed.told() == ({"A": ("UPSERT", 1, "x"), "B": ("UPSERT", 4, "y")}, True)
    assert feed.position()["missing"] == ((2, 3),)
    feed.send(Sent(2, "UPSERT", "C", "z"))
    assert feed.told()[1] is True
    feed.send(Sent(3, "UPSERT", "B", "older"))
    assert feed.told() == ({"A": ("UPSERT", 1, "x"), "B": ("UPSERT", 4, "y"), "C": ("UPSERT", 2, "z")}, False)


def test_a_heartbeat_tells_of_a_tail_that_was_lost(feed: Feed) -> None:
    feed.send(Sent(1, "UPSERT", "A", "x"), Sent(3, "HEARTBEAT"))
    feed.wait(HOLD_S)
    assert (feed.position()["missing"], feed.position()["stale"]) == (((2, 3),), GAP)


def test_silence_is_stale_until_the_next_sign(tmp_path: Path) -> None:
    source = FeedSource(institution="oj", registers=("oj",), silent_s=30)
    ledger = LedgerWriter(tmp_path)
    taker = Taker(ledger, {"oj-central": source}, hold_s=HOLD_S, future_s=60)

    def state(now: Now) -> str:
        taker.look(now)
        return str(taker.positions(["oj-central"])[0]["stale"])

    beat = [Message("oj-central", [change_of(Sent(0, "HEARTBEAT"))])]
    assert state(Now(WALL_MS, 100.0)) == ""  # never fed: nothing was promised
    taker.take(beat, Now(WALL_MS, 100.0))
    assert state(Now(WALL_MS, 129.0)) == ""
    assert state(Now(WALL_MS - 3_600_000, 131.0)) == SILENT  # a wall clock that is set back hides nothing
    taker.take(beat, Now(WALL_MS, 140.0))
    assert state(Now(WALL_MS, 141.0)) == ""
    assert state(Now(WALL_MS + 3_600_000, 142.0)) == SILENT  # one that jumps ahead is believed
    ledger.close()


def test_starts_of_the_server_do_not_begin_the_wait_anew(tmp_path: Path) -> None:
    """For a source that never sent: a ledger's writer that is killed again and again must not keep it FRESH."""
    sources = {
        name: FeedSource(institution="oj", registers=("oj",), silent_s=30) for name in ("oj-central", "oj-other")
    }
    ledger = LedgerWriter(tmp_path)
    taker = Taker(ledger, sources, hold_s=HOLD_S, future_s=60)
    taker.take([Message("oj-other", [change_of(Sent(0, "HEARTBEAT"))])], Now(WALL_MS, 1.0))
    told = []
    for seconds in range(9, 60, 9):
        taker = Taker(ledger, sources, hold_s=HOLD_S, future_s=60)
        taker.look(Now(WALL_MS + seconds * 1000, 1.0))
        told.append(str(taker.positions(["oj-central"])[0]["stale"]))
    assert told == ["", "", "", SILENT, SILENT, SILENT]
    ledger.close()


def test_silence_does_not_end_with_what_happened_long_ago(tmp_path: Path) -> None:
    """A source that comes back first sends the changes that waited: an officer must not be shown "none" before them."""
    source = FeedSource(institution="oj", registers=("oj",), silent_s=30)
    ledger = LedgerWriter(tmp_path)
    taker = Taker(ledger, {"oj-central": source}, hold_s=HOLD_S, future_s=60)

    def state(seconds: float) -> str:
        taker.look(Now(WALL_MS + int(seconds * 1000), 100.0 + seconds))
        return str(taker.positions(["oj-central"])[0]["stale"])

    def send(seconds: float, *sent: Sent, happened_s: float = 0.0) -> None:
        changes = [replace(change_of(each), event_ms=WALL_MS + int(happened_s * 1000)) for each in sent]
        taker.take([Message("oj-central", changes)], Now(WALL_MS + int(seconds * 1000), 100.0 + seconds))

    send(0, Sent(0, "HEARTBEAT"))
    assert (state(29), state(31)) == ("", SILENT)
    send(60, Sent(1, "UPSERT", "A", "x"), happened_s=20)
    assert state(60.5) == SILENT, "forty seconds are still to come"
    send(61, Sent(2, "UPSERT", "B", "x"), happened_s=40)
    assert state(61.5) == "", "within silent_s of now"
    assert state(92) == SILENT
    send(120, Sent(3, "UPSERT", "C", "x"), happened_s=70)
    send(121, Sent(3, "HEARTBEAT"), happened_s=121)
    assert state(121.5) == ""
    ledger.close()


def test_silence_that_ends_in_a_gap_is_fresh_at_no_moment(tmp_path: Path) -> None:
    """A heartbeat tells of changes that the server does not have: what lasted for minutes is not waited for again."""
    source = FeedSource(institution="oj", registers=("oj",), silent_s=30)
    ledger = LedgerWriter(tmp_path)
    taker = Taker(ledger, {"oj-central": source}, hold_s=HOLD_S, future_s=60)
    told = []

    def beat(sequence: int, now: Now) -> None:
        change = replace(change_of(Sent(sequence, "HEARTBEAT")), event_ms=now.wall_ms)
        taker.take([Message("oj-central", [change])], now)
        told.append(str(taker.positions(["oj-central"])[0]["stale"]))

    beat(0, Now(WALL_MS, 100.0))
    late = Now(WALL_MS + 40_000, 140.0)
    taker.look(late)
    beat(2, late)
    taker.look(late)
    for number in (1, 2):
        taker.take([Message("oj-central", [change_of(Sent(number, "UPSERT", "A", "x"))])], late)
        told.append(str(taker.positions(["oj-central"])[0]["stale"]))
    with LedgerReader(tmp_path) as reader:
        states = [(each.kind.name, each.reason) for each in reader.changes() if each.kind in (Kind.STALE, Kind.FRESH)]
    assert told == ["", GAP, GAP, ""]
    assert states == [("STALE", SILENT), ("STALE", GAP), ("FRESH", "")]
    ledger.close()


def test_what_a_source_sends_while_something_is_unsettled_is_no_sign(tmp_path: Path) -> None:
    """However often it sends, and over starts of the server; a heartbeat that is unsettled ends no silence either."""
    source = FeedSource(institution="oj", registers=("oj",), silent_s=30)
    ledger = LedgerWriter(tmp_path)
    told = []

    def send(second: int, sent: Sent, *, unsettled: bool) -> None:
        now = Now(WALL_MS + 1000 * second, 1.0)
        taker = Taker(ledger, {"oj-central": source}, hold_s=HOLD_S, future_s=60)
        change = replace(change_of(sent), event_ms=now.wall_ms, unsettled=unsettled)
        taker.take([Message("oj-central", [change])], now)
        taker.look(now)
        told.append(str(taker.positions(["oj-central"])[0]["stale"]))

    send(0, Sent(0, "HEARTBEAT"), unsettled=False)
    for number in range(1, 5):
        send(10 * number, Sent(number, "UPSERT", "A", f"{number}"), unsettled=True)
    send(45, Sent(4, "HEARTBEAT"), unsettled=True)
    send(50, Sent(5, "UPSERT", "A", "x"), unsettled=False)
    assert told == ["", "", "", SILENT, SILENT, SILENT, ""]
    ledger.close()


def _silent_after(ledger: LedgerWriter, now: Now, looks: int = 3) -> list[str]:
    """Returns what a server that starts over this ledger tells, look for look, a second apart."""
    source = FeedSource(institution="oj", registers=("oj",), silent_s=30)
    taker = Taker(ledger, {"oj-central": source}, hold_s=HOLD_S, future_s=60)
    told = []
    for second in range(looks):
        taker.look(Now(now.wall_ms + second * 1000, now.steady_s + second))
        told.append(str(taker.positions(["oj-central"])[0]["stale"]))
    return told


def test_what_the_server_tells_is_no_sign_of_the_source(tmp_path: Path) -> None:
    """A ledger with an old last sign, over starts of the server: STALE that it wrote itself was taken for a sign."""
    ledger = LedgerWriter(tmp_path)
    taker = Taker(ledger, SOURCES, hold_s=HOLD_S, future_s=60)
    held = [Message("oj-central", [change_of(Sent(number, "UPSERT", "A", "x")) for number in (1, 3)])]
    taker.take(held, Now(WALL_MS, 10.0))
    taker.look(Now(WALL_MS + 6_000, 16.0))
    assert _silent_after(ledger, Now(WALL_MS + 29_000, 1.0)) == [GAP, f"{GAP} {SILENT}", f"{GAP} {SILENT}"]
    for start in range(3):
        assert _silent_after(ledger, Now(WALL_MS + 130_000 + 5_000 * start, 1.0)) == [f"{GAP} {SILENT}"] * 3
    ledger.close()


def test_a_sign_of_a_clock_that_was_ahead_hides_no_silence(tmp_path: Path) -> None:
    ledger = LedgerWriter(tmp_path)
    taker = Taker(ledger, SOURCES, hold_s=HOLD_S, future_s=60)
    beat = [Message("oj-central", [change_of(Sent(0, "HEARTBEAT"))])]
    taker.take(beat, Now(WALL_MS + 3_600_000, 10.0))
    assert _silent_after(ledger, Now(WALL_MS, 1.0)) == [SILENT] * 3
    taker = Taker(ledger, SOURCES, hold_s=HOLD_S, future_s=60)
    taker.take(beat, Now(WALL_MS + 5_000, 10.0))
    assert _silent_after(ledger, Now(WALL_MS + 6_000, 1.0)) == [""] * 3
    ledger.close()


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"register": "mp"}, "FEED_REGISTER_FOREIGN", "register_id"),
        ({"kind": Kind.HOLD}, "FIELD_INVALID", "kind"),
        ({"source_sequence": 0}, "FIELD_INVALID", "sequence"),
        ({"record_id": ""}, "FIELD_INVALID", "record_id"),
        ({"record_id": "A\u202eB"}, "FIELD_INVALID", "record_id"),
        ({"record_id": "A" * 201}, "FIELD_INVALID", "record_id"),
        ({"event_ms": 0}, "FIELD_INVALID", "event_time"),
        ({"event_ms": WALL_MS + 61_000}, "FEED_EVENT_IN_FUTURE", "event_time"),
        ({"record": {}}, "FIELD_INVALID", "cells"),
        ({"record": {"A": "x" * 200_000}}, "FEED_CHANGE_TOO_LARGE", "cells"),
        ({"record": {f"C{n}": "x" for n in range(513)}}, "FIELD_INVALID", "cells"),
        ({"source_sequence": 100_002}, "FEED_GAP_TOO_WIDE", "sequence"),
    ],
)
def test_a_change_that_breaks_a_rule_is_refused_by_name(
    feed: Feed, change: dict[str, Any], reason: str, field: str
) -> None:
    good = change_of(Sent(1, "UPSERT", "A", "x"))
    bad = replace(good, **change)
    [[refusal, taken]] = feed.taker.take([Message("oj-central", [bad, good])], feed.now)
    assert (said(refusal), refusal.field) == (f"REFUSED:{reason}", field)
    assert said(taken) == "TAKEN"


def test_a_refused_row_leaves_its_number_missing(tmp_path: Path) -> None:
    bad = Outcome(Fate.REFUSED, error_pb2.ERROR_REASON_FEED_ROW_REFUSED, "warrant.subject", "no_subject")
    ledger = LedgerWriter(tmp_path)
    taker = Taker(
        ledger,
        SOURCES,
        hold_s=HOLD_S,
        future_s=60,
        rows=Rows(lambda changes: [bad if each.record["TEXTO"] == "bad" else None for each in changes]),
    )
    sents = [Sent(1, "UPSERT", "A", "good"), Sent(2, "UPSERT", "B", "bad"), Sent(3, "UPSERT", "C", "good")]
    [outcomes] = taker.take([Message("oj-central", [change_of(each) for each in sents])], Now(WALL_MS, 0.0))
    assert [said(each) for each in outcomes] == ["TAKEN", "REFUSED:FEED_ROW_REFUSED", "HELD"]
    taker.look(Now(WALL_MS, HOLD_S))
    assert taker.positions(["oj-central"])[0]["missing"] == ((2, 2),)
    ledger.close()


def test_what_a_source_that_is_gone_did_not_send_is_waited_for_no_more(feed: Feed) -> None:
    feed.send(Sent(1, "UPSERT", "A", "x"), Sent(3, "UPSERT", "B", "y"))
    feed.wait(HOLD_S)
    assert feed.told()[1] is True
    other = {"oj-2": FeedSource(institution="oj", registers=("oj",), silent_s=10**9)}
    taker = Taker(feed.ledger, other, hold_s=HOLD_S, future_s=60)
    assert taker.give_up_strangers(feed.now) == [("oj-central", "oj")]
    assert taker.give_up_strangers(feed.now) == []
    assert feed.told()[1] is False


def test_a_cancellation_of_another_source_or_line_overtakes_nothing(feed: Feed) -> None:
    """One number of two sources, or of two lines, is two records: what comes late of the other one counts."""

    def late(place: tuple[str, str], later: tuple[str, str]) -> str:
        first = replace(change_of(Sent(1, "UPSERT", "A", "x")), manifest_source=place[0], record={"LINEA": place[1]})
        second = replace(change_of(Sent(2, "CANCEL", "A")), manifest_source=later[0], record={"LINEA": later[1]})
        with tempfile.TemporaryDirectory(dir=feed.folder) as folder:
            ledger = LedgerWriter(Path(folder))
            rows = Rows(key_of=lambda change: (change.manifest_source or None, change.record.get("LINEA") or None))
            taker = Taker(ledger, SOURCES, hold_s=HOLD_S, future_s=60, rows=rows)
            taker.take([Message("oj-central", [second])], feed.now)
            [[outcome]] = taker.take([Message("oj-central", [first])], feed.now)
            ledger.close()
        return said(outcome)

    assert late(("ordenes", "1"), ("ordenes", "1")) == "OVERTAKEN"
    assert late(("ordenes", "1"), ("ordenes", "2")) == "TAKEN"
    assert late(("medidas", ""), ("ordenes", "")) == "TAKEN"
    assert late(("ordenes", "1"), ("", "")) == "OVERTAKEN"
