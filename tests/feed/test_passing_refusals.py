"""Feed programs go on for ever: a refusal that the server's side may take back is reported and waited for."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ronda.demo.postgres_cluster import PostgresCluster
from tests.feed.feed_kit import SOURCES, court, feed_server, position
from tests.feed.feeder_kit import feeder
from tests.feed.outbox_kit import outbox_database
from tests.feed.test_command import lines, upsert
from tests.feed.test_jetstream import SERVER, Broker, change
from tests.kit.field_world import FieldServer, built_field
from tests.kit.ports import free_port
from tests.kit.small_world import SmallWorld
from tests.server.running_server import RunningServer, until


@pytest.fixture
def field(tmp_path: Path) -> Iterator[FieldServer]:
    with feed_server(tmp_path / "server", {"oj-central": SOURCES["oj-central"]}) as running:
        yield running


def test_a_token_that_is_empty_or_over_for_a_moment_is_read_again(field: FieldServer, tmp_path: Path) -> None:
    issuer = field.kit.issuer("oj")
    pair = issuer.device("zona-1", "feeder")
    pair.write(tmp_path / "feeder.pem", tmp_path / "feeder.key")
    shutil.copy(field.kit.directory / "server-ca.pem", tmp_path / "server-ca.pem")
    token, now = tmp_path / "feeder.token", int(time.time())
    good = issuer.token("70001", "zona-1", ["feed"], pair.thumbprint)
    over = issuer.token("70001", "zona-1", ["feed"], pair.thumbprint, iat=now - 900, nbf=now - 900, exp=now - 600)
    folder = tmp_path / "drop"
    folder.mkdir()
    token.write_text("")
    words = ("folder", folder, "--identity", tmp_path / "feeder", "--case", "MP001-2026-1", "--poll", "0.1")
    with feeder(field.address, tmp_path / "log", *words) as running:
        running.wait_for("(UNAUTHENTICATED")  # before it knows its own source
        for number, bad in enumerate((over, "", over), 1):
            token.write_text(good)
            (folder / f"{number}.jsonl").write_text(lines(upsert(f"T-{number}", number)), encoding="utf-8")
            until(lambda number=number: position(court(field)).through == number, 60.0)
            token.write_text(bad)
            running.wait_for("(UNAUTHENTICATED", number + 1)
        assert "Su token venció" in running.said
        assert running.said.count("Aviso") <= 12, "a cause is told once, not at each try"


@pytest.mark.slow
@pytest.mark.skipif(SERVER is None, reason="no nats-server: apt-get install nats-server")
def test_a_server_that_lost_its_sources_for_one_start(tmp_path: Path, postgres: PostgresCluster) -> None:
    """And that is away before and after. Programs that are stopped then leave no traceback."""
    data, port = tmp_path / "data", free_port()
    shutil.copytree(built_field()[0], data)
    manifests = SmallWorld().write(tmp_path / "world").manifests
    named = {"feed_sources": json.dumps(dict.fromkeys(("a", "b", "c"), SOURCES["oj-central"]))}

    def start(log: str, **settings: str) -> RunningServer:
        address = f"127.0.0.1:{port}"
        started = RunningServer(
            data, tmp_path / log, listen=address, workers=1, max_loop_lag_ms=5000, manifests=manifests, **settings
        )
        return started.wait_ready()

    broker = Broker(tmp_path / "jetstream")
    broker.ask(lambda js: js.add_stream(name="OJ", subjects=["oj.changes"]))
    bus = ("jetstream", "--servers", broker.url, "--stream", "OJ", "--subject", "oj.changes", "--state", tmp_path / "s")
    outbox = ("outbox", "--dsn", outbox_database(postgres, "lost_sources"), "--state", tmp_path / "o")
    (tmp_path / "drop").mkdir()
    address = f"127.0.0.1:{port}"
    server = start("log-1", **named)
    try:
        with (
            feeder(address, tmp_path / "a", *bus, "--source", "a", "--patience", "1") as at_bus,
            feeder(address, tmp_path / "b", *outbox, "--source", "b", "--patience", "1") as at_outbox,
            feeder(
                address, tmp_path / "c", "folder", tmp_path / "drop", "--source", "c", "--patience", "1"
            ) as at_folder,
        ):
            broker.put(change("N-1", 1))
            until(lambda: (tmp_path / "s").exists() and (tmp_path / "o").exists(), 60.0)
            server.stop()
            server = start("log-2")
            broker.put(change("N-2", 2))
            for each in (at_bus, at_outbox, at_folder):
                each.wait_for("se sigue intentando")
            until(lambda: "FEED_SOURCE_UNKNOWN" in at_bus.said or "METHOD_UNKNOWN" in at_bus.said, 60.0)
            server.stop()
            server = start("log-3", **named)
            for each in (at_bus, at_outbox, at_folder):
                each.wait_for("pasó: se envía de nuevo")
            until(lambda: json.loads((tmp_path / "s").read_text())["numbers"] == {"oj": 2}, 60.0)
            until(lambda: broker.waiting() == (0, 0), 60.0)
            at_bus.stop(signal.SIGINT)
            assert "Traceback" not in at_bus.said
            assert "Task was destroyed" not in at_bus.said
    finally:
        server.stop()
        broker.kill()
