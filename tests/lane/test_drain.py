"""A drain loses no call: whatever the last GOAWAY names is answered, and the loop returns."""

from __future__ import annotations

import signal
import threading

from tests.lane.stub_process import Stub
from tests.lane.wire import WATCH, Wire, call_headers

BEFORE_THE_LAST = (2**31 - 1, 0)


def ask_until_told(wire: Wire, ready: threading.Event) -> None:
    """Ten calls at a time, to the last GOAWAY."""
    while len(wire.goaways) < 2 and not wire.closed:
        for stream in [wire.ask(b"who") for _ in range(10) if not wire.goaways]:
            wire.reply(stream)
        ready.set()
        if wire.goaways:
            wire.read()


def test_calls_under_a_drain_are_answered() -> None:
    with Stub(patience_ms=10_000) as stub:
        wires = [Wire(stub.address) for _ in range(8)]
        ready = [threading.Event() for _ in wires]
        threads = [threading.Thread(target=ask_until_told, args=pair) for pair in zip(wires, ready, strict=True)]
        for thread in threads:
            thread.start()
        for event in ready:
            event.wait()
        stub.send(signal.SIGTERM)
        for thread in threads:
            thread.join()
        for wire in wires:
            wire.end()
            assert wire.goaways[0] == BEFORE_THE_LAST
            last = wire.goaways[-1][0]
            for stream, reply in wire.replies.items():  # above it none was looked at: it may be asked elsewhere
                assert (reply.status, reply.ended) == ((0, True) if stream <= last else (-1, False))
        counters = stub.stop()
        assert counters["drain_cut"] == 0
        assert counters["ended_drained"] == 8


def test_a_call_between_the_two_goaways_is_answered() -> None:
    with Stub() as stub, Wire(stub.address) as wire:
        assert wire.call(b"who").status == 0
        stub.send(signal.SIGTERM)
        wire.until(lambda: len(wire.goaways) == 1)
        late = wire.ask(b"park")
        wire.end()
        assert wire.goaways == [BEFORE_THE_LAST, (late, 0)]
        assert wire.replies[late].messages == [b"parked"]


def test_watches_do_not_hold_up_a_drain() -> None:
    with Stub() as stub, Wire(stub.address) as wire:
        watch = wire.ask(b"", call_headers(WATCH))
        wire.until(lambda: len(wire.replies[watch].messages) == 1)
        stub.send(signal.SIGTERM)
        wire.end()
        assert wire.replies[watch].status == 0
        assert stub.stop()["drain_cut"] == 0


def test_patience_ends() -> None:
    with Stub(patience_ms=300, default_deadline_ms=60_000) as stub, Wire(stub.address) as wire:
        wire.ask(b"lost")
        assert wire.call(b"who").status == 0
        stub.send(signal.SIGTERM)
        wire.end()
        counters = stub.stop()
        assert counters["drain_cut"] == 1
        assert counters["cancelled"] == 1


def test_connections_that_wait_in_the_queue_are_taken_in() -> None:
    """The stub is stopped while they come: they stand in the listener's queue when the drain begins."""
    with Stub(patience_ms=10_000) as stub:
        stub.send(signal.SIGSTOP)
        wires = [Wire(stub.address) for _ in range(20)]
        streams = [wire.ask(b"who") for wire in wires]
        stub.send(signal.SIGTERM)
        stub.send(signal.SIGCONT)
        for wire, stream in zip(wires, streams, strict=True):
            assert wire.reply(stream).status == 0
            wire.end()
        assert stub.stop()["accepted"] == 20
