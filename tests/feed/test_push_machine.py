"""Push against the naive twin, through a real server; its writer is killed at any moment."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import grpc
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from core.ledger.change import Kind
from core.ledger.reader import FOLDER, LedgerReader
from ronda.v1 import feed_service_pb2 as contract
from tests.feed.feed_kit import Stream, cancel, court, feed_server, heartbeat, status, warrant, writer_of
from tests.feed.naive_feed import NaiveFeed, Sent
from tests.kit.field_world import Asker, FieldServer
from tests.server.running_server import Failure, until

SOURCES = {f"oj-{number}": {"institution": "oj", "registers": ["oj"]} for number in range(60)}
KILLS = 3  # each costs the seconds that a process takes to begin


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FieldServer]:
    """Patience that no example outlasts: what waits waits until what is missing comes."""
    with feed_server(tmp_path_factory.mktemp("feed"), SOURCES, workers=2, feed_hold_ms=60_000) as running:
        yield running


def message(sent: Sent) -> contract.FeedChange:
    if sent.kind == "HEARTBEAT":
        return heartbeat(sent.sequence)
    if sent.kind == "CANCEL":
        return cancel(sent.sequence, sent.record)
    change = warrant(sent.sequence, sent.record)
    change.cells["DELITO"] = sent.text
    return change


def machine_of(field: FieldServer, asker: Asker) -> type[RuleBasedStateMachine]:
    """Returns a machine that takes a new source for each example."""
    names, kills = iter(SOURCES), itertools.count(1)

    class PushMachine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.source, self.naive = next(names), NaiveFeed()
            self.stream: Stream | None = None

        def send(self, *sents: Sent) -> None:
            expected = [self.naive.send(each).removeprefix("REFUSED:") for each in sents]
            if self.stream is None:
                self.stream = Stream(asker, self.source)
            assert self.stream.fates(*map(message, sents)) == expected

        @rule(
            ahead=st.integers(-4, 3),
            kind=st.sampled_from(["UPSERT", "UPSERT", "CANCEL"]),
            record=st.sampled_from(["A", "B"]),
            text=st.sampled_from(["ROBO", "HURTO"]),
        )
        def sends(self, ahead: int, kind: str, record: str, text: str) -> None:
            text = text if kind == "UPSERT" else ""
            self.send(Sent(max(1, self.naive.newest + ahead), kind, record, text))

        @rule(count=st.integers(1, 30))
        def goes_on(self, count: int) -> None:
            first = self.naive.newest + 1
            self.send(*(Sent(first + each, "UPSERT", "C", "ROBO") for each in range(count)))

        @rule()
        def fills_all_that_is_missing(self) -> None:
            if missing := self.naive.missing:
                self.send(*(Sent(each, "UPSERT", "A", "HURTO") for each in missing[:100]))

        @rule()
        def sends_everything_again(self) -> None:
            if self.naive.came:
                self.send(*(self.naive.came[each] for each in sorted(self.naive.came)[-100:]))

        @rule(ahead=st.integers(-1, 2))
        def beats(self, ahead: int) -> None:
            self.send(Sent(max(0, self.naive.newest + ahead), "HEARTBEAT"))

        @rule()
        def connects_again(self) -> None:
            if self.stream is not None:
                self.stream.close()
            self.stream = None

        @rule()
        def kills_the_writer(self) -> None:
            if next(kills) > KILLS:
                return
            writer = writer_of(field)
            writer.kill()
            writer.wait(20)
            self.stream = None
            until(lambda: _answers(asker), 90.0)

        def teardown(self) -> None:
            if self.stream is not None:
                self.stream.close()
            records = {}
            with LedgerReader(field.data / FOLDER) as reader:
                for change in reader.changes():
                    if change.source == self.source and change.kind in (Kind.UPSERT, Kind.CANCEL):
                        text = change.record.get("DELITO", "")
                        records[change.record_id] = Sent(
                            change.source_sequence, change.kind.name, change.record_id, text
                        )
            assert records == self.naive.records()
            [position] = [each for each in status(asker).positions if each.source == self.source]
            missing = [n for run in position.missing for n in range(run.first, run.last + 1)]
            assert (missing, position.held) == (self.naive.missing, len(self.naive.waiting))

    return PushMachine


def _answers(asker: Asker) -> bool:
    try:
        status(asker)
    except grpc.RpcError as error:
        assert Failure(error).reason == "PART_UNAVAILABLE"
        return False
    return True


@pytest.mark.slow
def test_push_is_its_naive_twin_whatever_is_killed(field: FieldServer) -> None:
    machine = machine_of(field, court(field))
    checked = settings(
        max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(machine, settings=checked)
