"""`ronda feed jetstream` against a real NATS server: acknowledged after the ledger, known when it comes again."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nats
import nats.errors
import pytest
from nats.js.client import JetStreamContext

from clients.feed.jetstream import JetStreamSource
from tests.feed.test_command import DevelopmentServer, feed, in_force, upsert
from tests.feed.test_command import field as field  # noqa: PLC0414 - the fixture
from tests.kit.ports import free_port
from tests.server.running_server import ROOT, until

SERVER = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
pytestmark = pytest.mark.skipif(SERVER is None, reason="no nats-server: apt-get install nats-server")


class Broker:
    """A NATS server with JetStream in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.port, self._directory = free_port(), directory
        self.url = f"nats://127.0.0.1:{self.port}"
        self._loop = asyncio.new_event_loop()
        self.start()

    def start(self) -> None:
        assert SERVER is not None
        self.process = subprocess.Popen(
            [SERVER, "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self._directory)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until(lambda: self.ask(lambda js: js.account_info()), 30.0)

    def ask(self, what: Any) -> Any:
        """Returns what JetStream answers; None while it is not there."""

        async def asked() -> Any:
            client = await nats.connect(self.url, connect_timeout=2, allow_reconnect=False)
            try:
                return await what(client.jetstream())
            finally:
                await client.close()

        try:
            return self._loop.run_until_complete(asked())
        except (nats.errors.Error, OSError, TimeoutError):
            return None

    def put(self, *messages: bytes) -> None:
        async def published(js: Any) -> None:
            for each in messages:
                await js.publish("oj.changes", each)

        self.ask(published)

    def waiting(self) -> tuple[int, int]:
        """Messages that the consumer was not handed, and those that it has not acknowledged."""
        found = self.ask(lambda js: js.consumer_info("OJ", "ronda"))
        return found.num_pending, found.num_ack_pending

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    running = Broker(tmp_path / "jetstream")
    running.ask(lambda js: js.add_stream(name="OJ", subjects=["oj.changes"]))
    yield running
    running.kill()


def change(record_id: str, sequence: int) -> bytes:
    return json.dumps(upsert(record_id, sequence)).encode()


def test_messages_are_taken_once_whatever_is_killed(field: DevelopmentServer, broker: Broker, tmp_path: Path) -> None:
    words = ["jetstream", "--servers", broker.url, "--stream", "OJ", "--subject", "oj.changes", "--source", "by-bus"]
    words += ["--state", str(tmp_path / "state")]
    broker.put(change("N-1", 1), change("N-2", 2), change("N-2", 2), b"{", change("N-3", 3))
    said = feed(field, *words, "--once").stderr
    assert "no es JSON" in said
    assert in_force(field, "by-bus") == [("N-1", 1, "UPSERT"), ("N-2", 2, "UPSERT"), ("N-3", 3, "UPSERT")]
    assert broker.waiting() == (0, 0)
    sending = subprocess.Popen(
        [sys.executable, "-m", "ronda.command", "feed", *words, "--server", field.server.address],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        broker.put(change("N-4", 4))
        until(lambda: len(in_force(field, "by-bus")) == 4, 60.0)
        broker.kill()
        assert sending.stderr is not None
        assert "NATS" in sending.stderr.readline()  # told, and tried again
        broker.start()
        broker.put(change("N-5", 5))
        until(lambda: len(in_force(field, "by-bus")) == 5, 60.0)
    finally:
        sending.kill()
        sending.wait()
    assert [sequence for _, sequence, _ in in_force(field, "by-bus")] == [1, 2, 3, 4, 5]


def test_a_stream_that_was_put_back_is_told_and_nothing_is_called_complete(
    field: DevelopmentServer, broker: Broker, tmp_path: Path
) -> None:
    """Messages published and in no stream any more cannot be read: the state knows more than the stream."""
    words = [
        "jetstream",
        "--servers",
        broker.url,
        "--stream",
        "OJ",
        "--subject",
        "oj.changes",
        "--source",
        "by-new-bus",
    ]
    words += ["--state", str(tmp_path / "state")]
    broker.put(change("B-1", 1), change("B-2", 2))
    feed(field, *words, "--once")
    broker.ask(lambda js: js.delete_stream("OJ"))
    broker.ask(lambda js: js.add_stream(name="OJ", subjects=["oj.changes"]))
    for _ in range(2):
        assert "--new-stream" in feed(field, *words, "--once", status=23).stderr
    broker.put(change("B-3", 3))
    assert "--new-stream" in feed(field, *words, "--once", status=23).stderr
    feed(field, *words, "--once", "--new-stream")
    assert [number for _, number, _ in in_force(field, "by-new-bus")] == [1, 2, 3]
    broker.put(change("B-4", 4))
    feed(field, *words, "--once")
    assert [number for _, number, _ in in_force(field, "by-new-bus")] == [1, 2, 3, 4]


def test_a_stream_that_is_not_there_is_told(field: DevelopmentServer, broker: Broker, tmp_path: Path) -> None:
    words = ["jetstream", "--servers", broker.url, "--stream", "NADA", "--subject", "nada", "--source", "by-bus"]
    words += ["--state", str(tmp_path / "state")]
    assert "NotFoundError" in feed(field, *words, "--once", status=2).stderr


def test_no_heartbeat_while_the_broker_has_anything_unanswered(broker: Broker) -> None:
    """Handed out and not acknowledged, as a program that was killed leaves it, counts as much as not handed out."""
    source = JetStreamSource(broker.url, "OJ", "oj.changes", "waiting")
    assert not source.is_waiting()
    broker.put(change("N-1", 1))
    assert source.is_waiting()
    taken = source.look(10, 5.0)
    assert source.is_waiting()
    assert [each.change.sequence for each in source.whole() if each.change] == [1]
    source.done([each.message for each in taken])
    until(lambda: not source.is_waiting(), 30.0)
    source.end()


def test_an_idle_stream_is_no_failure(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library raises a bare TimeoutError where its deadline passes between two requests, as on a slow machine."""
    source = JetStreamSource(broker.url, "OJ", "oj.changes", "idle")
    with monkeypatch.context() as late:
        late.setattr(JetStreamContext, "_time_until", lambda *_: -1.0)
        assert source.look(10, 0.1) == []
    broker.put(change("N-1", 1))
    assert [each.change.sequence for each in source.look(10, 5.0) if each.change] == [1]
    source.end()
