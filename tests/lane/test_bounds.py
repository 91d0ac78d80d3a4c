"""A client that misbehaves is ended or refused, with its cause counted, and everybody else is served meanwhile."""

from __future__ import annotations

import resource
import select
import signal
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

import h2.settings
import hpack
import pytest

from tests.lane.stub_process import FAST, Stub
from tests.lane.wire import CHECK_PERSON, Wire, call_headers, frame, message

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 8, 9
ENHANCE_YOUR_CALM = 11


def serves(stub: Stub) -> None:
    with Wire(stub.address) as wire:
        assert wire.call(b"who").status == 0


def opened(wire: Wire) -> int:
    """Yields a stream with a request that has not ended."""
    stream = wire.ask(None, end=False)
    wire.flush()
    return stream


def headers_block(fields: list[tuple[str, str]]) -> bytes:
    return hpack.Encoder().encode(fields)


def bomb(_wire: Wire) -> bytes:
    """One field of 3,900 bytes into the table, then a byte for each time it is meant again."""
    encoder = hpack.Encoder()
    first = encoder.encode(call_headers())
    name, value = b"x-bomb", b"b" * 3900
    entry = b"\x40" + bytes([len(name)]) + name + b"\x7f" + _rest(len(value) - 127) + value
    return frame(HEADERS, 4, 1, first + entry + b"\xbe" * 1000)


def _rest(number: int) -> bytes:
    """Returns what of an HPACK number does not fit its prefix."""
    made = b""
    while number >= 128:
        made += bytes([number % 128 + 128])
        number //= 128
    return made + bytes([number])


def continuations(_wire: Wire) -> bytes:
    piece = frame(CONTINUATION, 0, 1, b"")
    return frame(HEADERS, 0, 1, headers_block(call_headers())) + piece * 5000


def many_fields(_wire: Wire) -> bytes:
    return frame(HEADERS, 4, 1, headers_block(call_headers()) + b"\x90" * 5000)


def rapid_reset(_wire: Wire) -> bytes:
    block = headers_block(call_headers())
    return b"".join(
        frame(HEADERS, 4, stream, block) + frame(RST_STREAM, 0, stream, b"\0\0\0\x08") for stream in range(1, 4001, 2)
    )


def malformed(wire: Wire) -> bytes:
    """One after the other, each reset."""
    for _ in range(200):
        if not wire.closed:
            wire.call(b"who", call_headers()[1:])
    return b""


def empty_data(wire: Wire) -> bytes:
    return frame(DATA, 0, opened(wire), b"") * 5000


def unknown_frames(_wire: Wire) -> bytes:
    return frame(200, 0, 0, b"u" * 16_000) * 400


FLOODS: dict[str, tuple[Callable[[Wire], bytes], str]] = {
    "ping": (lambda _: frame(PING, 0, 0, b"12345678") * 5000, "ended_control_flood"),
    "settings": (lambda _: frame(SETTINGS, 0, 0, b"") * 5000, "ended_control_flood"),
    "settings of many": (lambda _: frame(SETTINGS, 0, 0, struct.pack(">HI", 3, 1) * 100), "ended_protocol"),
    "priority": (lambda _: frame(PRIORITY, 0, 5, b"\0\0\0\0\x10") * 5000, "ended_control_flood"),
    "window updates": (lambda _: frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1") * 5000, "ended_control_flood"),
    "empty data": (empty_data, "ended_control_flood"),
    "malformed requests": (malformed, "ended_control_flood"),
    "rapid reset": (rapid_reset, "ended_protocol"),
    "continuations": (continuations, "ended_protocol"),
    "hpack bomb": (bomb, "ended_header_bomb"),
    "many fields": (many_fields, "ended_header_bomb"),
    "unknown frames": (unknown_frames, "ended_no_progress"),
    "no preface": (lambda _: b"", "ended_protocol"),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_ends_its_connection(name: str) -> None:
    make, cause = FLOODS[name]
    with Stub(max_streams=100, max_request=4096) as stub:
        if name == "no preface":
            with socket.create_connection(stub.address) as plain:
                plain.sendall(b"GET / HTTP/1.1\r\nHost: ronda\r\n\r\n")
                while plain.recv(4096):
                    pass
        else:
            with Wire(stub.address) as wire:
                wire.until(lambda: wire.h2.remote_settings.max_concurrent_streams == 100)
                wire.send(make(wire))
                wire.end()
                assert wire.goaways and wire.goaways[-1][1] != 0
        serves(stub)
        counters = stub.stop()
    ended = {key: number for key, number in counters.items() if key.startswith("ended_") and number}
    assert ended == {cause: 1, "ended_by_peer": 1}


def test_a_lone_client_may_ping_and_reset_for_long() -> None:
    """Clients do so in good faith: each call with a ping and a window, every other one given up."""
    with Stub() as stub, Wire(stub.address) as wire:
        for number in range(600):
            wire.h2.ping(b"12345678")
            wire.h2.increment_flow_control_window(100)
            if number % 4 == 0:
                given_up = wire.ask(b"lost")
                wire.h2.reset_stream(given_up)
            assert wire.call(b"size10;").status == 0


def stalled(stub: Stub, window: int) -> Wire:
    """A client that asks for 10 MB and reads nothing; its windows are as large as they may be, or none."""
    wire = Wire(stub.address)
    wire.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
    if window:
        wire.h2.increment_flow_control_window(2**31 - 1 - 65_535)
    for _ in range(100):
        wire.ask(b"size100000;")
    return wire


def ended(wire: Wire) -> None:
    """Waits for the server's end of the connection, without reading what it sent."""
    poll = select.poll()
    poll.register(wire.socket, select.POLLRDHUP)
    assert poll.poll(60_000)


def resident_kb(stub: Stub) -> int:
    text = Path(f"/proc/{stub.process.pid}/status").read_text(encoding="ascii")
    return int(text.split("VmHWM:")[1].split()[0])


@pytest.mark.parametrize("window", [2**31 - 1, 0], ids=["full socket", "no window"])
def test_who_does_not_read_is_not_stored(window: int) -> None:
    """Thirty such ask for 300 MB."""
    with Stub(FAST, stall_ms=1000, bytes=100) as stub:
        serves(stub)
        before = resident_kb(stub)
        wires = [stalled(stub, window) for _ in range(30)]
        serves(stub)
        for wire in wires:
            ended(wire)
            wire.close()
        assert resident_kb(stub) - before < 40_000
        serves(stub)
        assert stub.stop()["ended_stalled"] == 30


@pytest.mark.parametrize("windows", [True, False], ids=["by its windows", "by its socket"])
def test_who_reads_slowly_is_answered(windows: bool) -> None:
    """80 KB a second, as over a bad link: all of it takes longer than nobody may read, and the connection lives."""
    with Stub(FAST, stall_ms=1000) as stub:
        wire = Wire(stub.address)
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        wire.reads = False
        if not windows:
            wire.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 2**31 - 1})
            wire.h2.increment_flow_control_window(2**31 - 1 - 65_535)
        replies = [wire.replies[wire.ask(b"size40000;")] for _ in range(8)]
        began, taken = time.monotonic(), 0
        while not all(reply.ended for reply in replies) and not wire.closed:
            wire.read(4096)
            came = sum(len(reply.body) for reply in replies)
            if windows and came > taken:
                wire.h2.increment_flow_control_window(came - taken)
                wire.flush()
            taken = came
            time.sleep(0.05)
        assert [reply.status for reply in replies] == [0] * 8
        assert time.monotonic() - began > 3, "a reader that is not slow proves nothing"
        assert not wire.goaways


def test_what_a_turn_sends_goes_to_whom_it_is_for() -> None:
    """Forty connections ask while the loop stands still, and it answers them in one turn, sixteen behind one another.

    Some of them have gone by then, with or without a word, and some take nothing yet.
    """
    with Stub() as stub:
        wires = [Wire(stub.address) for _ in range(40)]
        gone, slow, others = wires[:8], wires[8:16], wires[16:]
        for wire in slow:
            wire.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 2**31 - 1})
            wire.h2.increment_flow_control_window(2**31 - 1 - 65_535)
        for wire in wires:
            assert wire.call(b"here").status == 0
        stub.send(signal.SIGSTOP)
        size = {wire: 9000 + number for number, wire in enumerate(wires)}
        asked = [(w, [w.ask(b"size%d;" % size[w]) for _ in range(30 if w in slow else 3)]) for w in wires]
        for number, wire in enumerate(gone):
            if number % 2:  # a reset
                wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            wire.close()
        stub.send(signal.SIGCONT)
        for wire, streams in asked[16:] + asked[8:16]:
            replies = [wire.reply(stream) for stream in streams]
            assert all(reply.status == 0 for reply in replies)
            assert all([len(one) for one in reply.messages] == [size[wire]] for reply in replies)
        for wire in slow + others:
            assert wire.call(b"still here").status == 0
            wire.close()
        serves(stub)
        assert stub.stop()["ended_by_peer"] == len(wires) + 1


def test_a_half_request_is_refused() -> None:
    with Stub(stall_ms=200) as stub, Wire(stub.address) as wire:
        halves = [wire.ask(None, end=False), wire.ask(raw=message(b"who")[:6], end=False)]
        for stream in halves:
            assert wire.reply(stream).status == 4
        assert wire.call(b"who").status == 0
        wire.close()
        assert stub.stop()["streams_half"] == 2


def test_a_half_request_has_its_deadline() -> None:
    """Its client said how long it waits: it gets that status then, and is not kept for as long as others may take."""
    with Stub(stall_ms=30_000) as stub, Wire(stub.address) as wire:
        soon = call_headers(CHECK_PERSON, ("grpc-timeout", "100m"))
        halves = [wire.ask(None, soon, end=False), wire.ask(fields=soon, raw=message(b"who")[:6], end=False)]
        for stream in halves:
            assert (wire.reply(stream).status, wire.reply(stream).text) == (4, "deadline")
        assert wire.call(b"who").status == 0
        wire.close()
        counters = stub.stop()
    assert (counters["refused_deadline"], counters["streams_half"]) == (2, 0)


def test_half_a_header_block_ends_the_connection() -> None:
    with Stub(stall_ms=200) as stub:
        with Wire(stub.address) as wire:
            assert wire.call(b"who").status == 0  # the SETTINGS are acknowledged
            wire.send(frame(HEADERS, 0, 3, headers_block(call_headers())))
            wire.end()
            assert wire.goaways[-1][1] == ENHANCE_YOUR_CALM
        assert stub.stop()["ended_no_progress"] == 1


def test_silence_is_ended() -> None:
    with Stub(handshake_ms=200) as stub:
        with socket.create_connection(stub.address) as silent:
            assert silent.recv(1000)  # our SETTINGS
            while silent.recv(1000):
                pass
        assert stub.stop()["ended_handshake_slow"] == 1


def test_an_idle_connection_is_ended_with_two_goaways() -> None:
    with Stub(idle_ms=200) as stub:
        with Wire(stub.address) as wire:
            assert wire.call(b"who").status == 0
            wire.end()
            assert wire.goaways == [(2**31 - 1, 0), (1, 0)]
        assert stub.stop()["ended_idle"] == 1


def test_an_old_connection_is_ended_between_calls() -> None:
    with Stub(age_ms=200) as stub:
        with Wire(stub.address) as wire:
            while not wire.goaways:
                assert wire.call(b"who").status == 0
            wire.end()
            assert wire.goaways[0] == (2**31 - 1, 0)
            assert all(reply.status == 0 for stream, reply in wire.replies.items() if stream <= wire.goaways[-1][0])
        assert stub.stop()["ended_aged"] == 1


def test_more_connections_than_are_allowed() -> None:
    with Stub(max_connections=2) as stub:
        with Wire(stub.address) as first, Wire(stub.address) as second, Wire(stub.address) as third:
            assert first.call(b"who").status == second.call(b"who").status == 0
            third.end()
        serves(stub)
        assert stub.stop()["refused_connections"] == 1


def test_more_streams_than_are_allowed() -> None:
    with Stub(max_streams=4) as stub, Wire(stub.address) as wire:
        wire.until(lambda: wire.h2.remote_settings.max_concurrent_streams == 4)
        parked = [wire.ask(b"lost") for _ in range(4)]
        wire.send(frame(HEADERS, 5, 99, headers_block(call_headers())))
        wire.end()
        assert wire.goaways or all(not wire.replies[stream].ended for stream in parked)


def test_memory_of_a_connection_is_bounded() -> None:
    with Stub(connection_budget=100_000, max_request=30_000) as stub, Wire(stub.address) as wire:
        parked = [wire.ask(b"lost" + b"." * 20_000) for _ in range(10)]
        wire.until(lambda: sum(wire.replies[stream].ended for stream in parked) >= 6)
        assert {wire.replies[stream].status for stream in parked if wire.replies[stream].ended} == {8}
        serves(stub)


def test_memory_of_all_is_bounded() -> None:
    with Stub(total_budget=400_000, max_request=30_000) as stub:
        wires = [Wire(stub.address) for _ in range(10)]
        streams = [(wire, wire.ask(b"lost" + b"." * 20_000)) for wire in wires for _ in range(5)]
        refused = [wire.reply(stream) for wire, stream in streams[-10:]]
        assert {reply.status for reply in refused} == {8}
        for wire in wires:
            wire.close()
        counters = stub.stop()
        assert counters["refused_memory"] > 10
        assert counters["bytes_held_now"] == 0


def test_no_descriptors_left_is_no_reason_to_spin() -> None:
    with Stub() as stub:
        resource.prlimit(stub.process.pid, resource.RLIMIT_NOFILE, (24, 24))
        wires = [Wire(stub.address) for _ in range(40)]
        assert wires[0].call(b"who").status == 0
        before = time.monotonic(), cpu_s(stub)
        while time.monotonic() - before[0] < 1:
            assert wires[0].call(b"who").status == 0
            time.sleep(0.05)
        assert cpu_s(stub) - before[1] < 0.5
        for wire in wires[:30]:
            wire.close()
        assert wires[-1].call(b"who").status == 0
        for wire in wires[30:]:
            wire.close()
        assert stub.stop()["accept_paused"] > 0


def cpu_s(stub: Stub) -> float:
    fields = Path(f"/proc/{stub.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
