"""A caller with one device's certificate that says nothing on many calls stops nobody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import grpc

from tests.issuer.issuer_kit import RunningIssuer
from tests.server.running_server import Failure

PATH = "/ronda.v1.TokenService/Login"


def channel_of(issuer: RunningIssuer) -> grpc.Channel:
    credentials = grpc.ssl_channel_credentials(
        (issuer.directory / "server-ca.pem").read_bytes(), issuer.device.key, issuer.device.certificate
    )
    return grpc.secure_channel(issuer.address, credentials, [("grpc.use_local_subchannel_pool", 1)])


def test_calls_without_a_message_are_few_of_each_and_end(issuer: RunningIssuer) -> None:
    """On eight connections as many calls as each takes: all but a few are refused at once, the few after seconds."""
    over = threading.Event()

    def nothing() -> Iterator[bytes]:
        over.wait(60)
        yield from ()

    channels = [channel_of(issuer) for _ in range(8)]
    held: list[Any] = []
    for channel in channels:
        ask = channel.stream_unary(PATH, None, None)
        held += [ask.future(nothing(), timeout=60) for _ in range(32)]
    assert issuer.exchange().officer_token
    reasons = [Failure(each.exception(60)).reason for each in held]
    over.set()
    assert reasons.count("OVERLOADED") >= len(held) - 2 * 8
    assert reasons.count("DEADLINE_EXCEEDED") >= 8
    assert set(reasons) == {"OVERLOADED", "DEADLINE_EXCEEDED"}
    for channel in channels:
        channel.close()


def test_bytes_that_are_no_message_are_told(issuer: RunningIssuer) -> None:
    channel = channel_of(issuer)
    try:
        channel.unary_unary(PATH, None, None)(b"\xff\xff", timeout=20)
    except grpc.RpcError as error:
        assert Failure(error).reason == "MESSAGE_MALFORMED"
    else:
        raise AssertionError("an answer")
    finally:
        channel.close()
