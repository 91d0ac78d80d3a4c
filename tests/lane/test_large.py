"""Messages of more bytes than are taken: refused as grpcio refuses them; their connection goes on."""

from __future__ import annotations

import threading

import grpc
import pytest

from tests.lane.came import ask, differences
from tests.lane.laned import CHECK_PERSON, Laned
from tests.lane.stub_process import Stub
from tests.lane.wire import Wire
from tests.server.running_server import until
from tests.server.test_observed import samples_of
from tests.trust.trust_kit import Client, question

MIB = 1 << 20


def ended(laned: Laned) -> dict[str, float]:
    """Connections that the lane ended, by cause, so far."""
    samples = samples_of(laned.server.metrics())
    return {name[1]: value for name, value in samples.items() if name[0] == "ronda_lane_total" and "ended_" in name[1]}


@pytest.mark.parametrize("size", [65_537, 5 * MIB])
def test_a_large_message_is_refused_as_grpcio_refuses_it(laned: Laned, size: int) -> None:
    client = laned.kit.patrol("patrol-50", "10050")
    came = []
    for address in laned.both.values():
        with laned.channel(address, client) as channel:
            came.append(ask(channel, CHECK_PERSON, b"\x12" * size, client.metadata))
            assert ask(channel, CHECK_PERSON, question(), client.metadata).code == "OK"
    assert not differences(*came)
    assert (came[0].code, came[0].reason) == ("RESOURCE_EXHAUSTED", "MESSAGE_TOO_LARGE")


def test_other_calls_of_the_connection_are_answered_meanwhile(laned: Laned) -> None:
    """The connection is a gateway's, shared by its officers: megabytes on several streams, questions between them."""
    client, before = laned.kit.patrol("patrol-51", "10051"), ended(laned)
    codes: list[str] = []
    with laned.channel(laned.lane, client) as channel:

        def insist() -> None:
            for _ in range(6):
                codes.append(ask(channel, CHECK_PERSON, b"\x12" * (4 * MIB), client.metadata).code)

        threads = [threading.Thread(target=insist) for _ in range(6)]
        for thread in threads:
            thread.start()
        answered = [ask(channel, CHECK_PERSON, question(), client.metadata).code for _ in range(200)]
        for thread in threads:
            thread.join()
    assert set(answered) == {"OK"}
    assert codes == ["RESOURCE_EXHAUSTED"] * 36
    until(lambda: ended(laned).get("ended_by_peer", 0) > before.get("ended_by_peer", 0))  # it is counted by now
    assert {name for name, count in ended(laned).items() if count > before.get(name, 0)} == {"ended_by_peer"}


def test_a_stranger_s_large_message_is_refused_for_what_he_is(laned: Laned) -> None:
    client = Client(laned.kit.patrol("patrol-52", "10052").pair, ())
    came = []
    for address in laned.both.values():
        with laned.channel(address, client) as channel:
            came.append(ask(channel, CHECK_PERSON, b"\x12" * MIB, ()))
    assert not differences(*came)
    assert came[0].reason == "TOKEN_MISSING"


def test_no_more_of_a_refused_message_is_let_in() -> None:
    """Once it is refused its window stays shut; the connection's does not."""
    with Stub(max_request=65_536) as stub:
        with Wire(stub.address) as wire:
            for _ in range(40):  # of each a whole window is sent: more in all than the connection's at once
                wire.until(lambda: wire.h2.remote_settings.initial_window_size == 65_541)
                stream = wire.ask(raw=b"\0\xff\xff\xff\xff", end=False)
                left = 65_541 - 5
                while left and not wire.replies[stream].ended:
                    if not (size := min(left, 16_384, wire.h2.local_flow_control_window(stream))):
                        wire.read()
                        continue
                    wire.h2.send_data(stream, b"x" * size)
                    wire.flush()
                    left -= size
                reply = wire.reply(stream)
                assert (reply.status, reply.reset) == (8, 0)
            assert wire.call(b"who").status == 0
        counters = stub.stop()
    assert counters["refused_message"] == 40
    assert counters["ended_by_peer"] == 1


def test_a_padded_message_is_taken_whole() -> None:
    """Padding takes of the windows as bytes do (RFC 9113, 6.9.1)."""
    with Stub(max_request=65_536) as stub, Wire(stub.address) as wire:
        wire.until(lambda: wire.h2.remote_settings.initial_window_size == 65_541)
        stream = wire.ask(raw=b"\0\0\x01\0\0who", end=False)
        for number in range(263):
            left = 65_536 - 3 - 250 * number
            while wire.h2.local_flow_control_window(stream) < 600:
                wire.read()
            wire.h2.send_data(stream, b"x" * min(250, left), end_stream=left <= 250, pad_length=255)
            wire.flush()
        assert wire.reply(stream).status == 0


def test_whose_calls_are_refused_one_after_the_other_may_go_on() -> None:
    """No refusal that the transport makes by itself (a client that compresses, say) adds up to an end."""
    with Stub(max_streams=4, max_request=4096) as stub:
        with grpc.insecure_channel(f"127.0.0.1:{stub.port}", compression=grpc.Compression.Gzip) as channel:
            send = channel.unary_unary(CHECK_PERSON, None, None)
            for _ in range(300):  # 1.2 MB; such a connection ends after 82 KB without a call that ended
                with pytest.raises(grpc.RpcError) as refused:
                    send(b"ab" * 2000, timeout=20)
                assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
        assert stub.stop()["accepted"] == 1
