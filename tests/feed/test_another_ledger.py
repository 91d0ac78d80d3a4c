"""A ledger that was put back from a copy, or is another one: who feeds finds out, and sends again what it lacks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from core.ledger.reader import FOLDER
from ronda.demo.postgres_cluster import PostgresCluster
from server.feed.seen_ledger import SEEN
from tests.feed.feed_kit import SOURCES
from tests.feed.outbox_kit import outbox_database
from tests.feed.test_command import EVENT, DevelopmentServer, feed, in_force, lines, row, upsert
from tests.feed.test_jetstream import SERVER, Broker, change
from tests.kit.field_world import built_field
from tests.kit.small_world import SmallWorld
from tests.server.running_server import RunningServer, until

pytestmark = pytest.mark.slow  # a server is started four times
INSERT = "INSERT INTO ronda_outbox (register, record_id, cells) VALUES ('oj', %s, %s)"


class Site:
    """A server with a ledger that is put away and back."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.data = directory, directory / "data"
        shutil.copytree(built_field()[0], self.data)
        self.manifests = SmallWorld().write(directory / "world").manifests
        self._starts = 0

    def start(self) -> DevelopmentServer:
        self._starts += 1
        sources = json.dumps(dict.fromkeys(("oj-central", "oj-folder"), SOURCES["oj-central"]))
        self.server = RunningServer(
            self.data, self.directory / f"log-{self._starts}", workers=1, max_loop_lag_ms=5000,
            feed_sources=sources, manifests=self.manifests,
        )  # fmt: skip
        return DevelopmentServer(self.server.wait_ready(), self.data, self.manifests)

    def keep_copy(self) -> None:
        """Copies the ledger as it is now; the server starts again."""
        self.server.stop()
        shutil.copytree(self.data / FOLDER, self.directory / "copy")

    def put_copy_back(self) -> None:
        self.server.stop()
        shutil.rmtree(self.data / FOLDER)
        shutil.copytree(self.directory / "copy", self.data / FOLDER)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "site")
    yield made
    made.server.stop()


def test_an_outbox_sends_again_what_an_older_ledger_lacks(
    site: Site, postgres: PostgresCluster, tmp_path: Path
) -> None:
    """Under the same numbers. A lost state is reported, and other changes under these numbers are no older copy."""
    state, dsn = tmp_path / "state", outbox_database(postgres, "another_ledger")
    words = ("outbox", "--dsn", dsn, "--state", state, "--source", "oj-central", "--once")

    def put(*ids: str) -> None:
        with psycopg.connect(dsn, autocommit=True) as database:
            for each in ids:
                database.execute(INSERT, (each, json.dumps(row(each))))

    field = site.start()
    put("B-1", "B-2")
    feed(field, *words)
    site.keep_copy()
    field = site.start()
    put("B-3", "B-4")
    feed(field, *words)
    whole = [("B-1", 1, "UPSERT"), ("B-2", 2, "UPSERT"), ("B-3", 3, "UPSERT"), ("B-4", 4, "UPSERT")]
    assert in_force(field, "oj-central") == whole
    site.put_copy_back()
    field = site.start()
    assert "faltan 2 cambios de oj" in feed(field, *words).stderr
    assert in_force(field, "oj-central") == whole
    site.put_copy_back()
    field = site.start()
    others = tmp_path / "others.jsonl"
    others.write_text(lines(upsert("Z-3", 3), upsert("Z-4", 4), upsert("Z-5", 5)), encoding="utf-8")
    feed(field, "push", others, "--source", "oj-central")
    assert "otros cambios bajo los números" in feed(field, *words, status=23).stderr
    renamed = feed(field, *(word if word != "oj-central" else "oj-folder" for word in words), status=2).stderr
    assert "es de otra fuente o de otro servidor; si el servidor cambió el nombre" in renamed
    state.unlink()
    assert "no hay estado en --state" in feed(field, *words, status=2).stderr.lower()


@pytest.mark.parametrize("lost", [pytest.param(False, marks=pytest.mark.long), True])
def test_files_pushed_by_hand_say_nothing_of_what_a_ledger_lost(site: Site, tmp_path: Path, lost: bool) -> None:
    """The folder `ledger` was lost, or an older one copied in its place. A heartbeat says which number was the last."""

    def stale() -> str:
        told = json.loads(feed(field, "status", "--json").stdout)["positions"]
        return " ".join(str(each.get("stale_reason", "")) for each in told if each["source"] == "oj-central")

    def push(name: str, *changes: dict[str, object], status: int = 0) -> None:
        file = tmp_path / name
        if changes:
            file.write_text(lines(*changes), encoding="utf-8")
        feed(field, "push", file, "--source", "oj-central", status=status)

    field = site.start()
    push("first.jsonl", upsert("F-1"))
    site.keep_copy()
    field = site.start()
    push("second.jsonl", upsert("F-2"))
    push("third.jsonl", upsert("F-3"))
    assert stale() == ""
    until(lambda: (site.data / SEEN).exists() and '"sequence":3' in (site.data / SEEN).read_text(encoding="ascii"))
    site.put_copy_back()
    if lost:
        shutil.rmtree(site.data / FOLDER)
    field = site.start()
    until(lambda: field.server.events("feed_ledger_put_back"))
    assert "RESTORED" in stale()
    if lost:
        push("first.jsonl")
    push("second.jsonl")
    assert "RESTORED" in stale(), "what its token knows of is no word of the source"
    push("said-back.jsonl", upsert("F-9"), {"register": "oj", "kind": "HEARTBEAT", "event_time": EVENT}, status=2)
    beat = {"register": "oj", "kind": "HEARTBEAT", "sequence": 3, "event_time": EVENT}
    push("last.jsonl", beat)
    assert stale() == "GAP"
    push("third.jsonl")
    assert stale() == ""


def test_refused_rows_that_were_made_good_are_so_in_an_older_ledger(
    site: Site, postgres: PostgresCluster, tmp_path: Path
) -> None:
    """By the row that holds for the record now. A folder's number is filled by a change that states it."""
    dsn, folder = outbox_database(postgres, "made_good_again"), tmp_path / "drop"
    folder.mkdir()
    words = ("outbox", "--dsn", dsn, "--state", tmp_path / "state", "--source", "oj-central", "--once")
    drop = ("folder", folder, "--source", "oj-folder", "--once")
    field = site.start()
    site.keep_copy()
    field = site.start()
    with psycopg.connect(dsn, autocommit=True) as database:
        for record, state in (("B-1", "PENDIENTE"), ("BAD", "QUIZAS"), ("BAD", "CANCELADA"), ("BAD", "PENDIENTE")):
            database.execute(INSERT, (record, json.dumps(row(record, state))))
            feed(field, *words)
    (folder / "1.jsonl").write_text(lines(upsert("BAD", row=row("BAD", "QUIZAS"))), encoding="utf-8")
    feed(field, *drop)
    (folder / "2.jsonl").write_text(lines(upsert("BAD", 1)), encoding="utf-8")
    feed(field, *drop)
    assert missing(field) == []
    site.put_copy_back()
    field = site.start()
    feed(field, *words)
    assert [number for _, number, _ in in_force(field, "oj-central")] in ([1, 3, 4], [1, 2, 3, 4])  # 2 is overtaken
    for name in ("1.jsonl", "2.jsonl"):
        for each in (name, f"{name}.resume"):
            if (folder / "done" / each).exists():
                shutil.move(folder / "done" / each, folder / each)
    feed(field, *drop)
    assert missing(field) == []
    assert in_force(field, "oj-folder") == [("BAD", 1, "UPSERT")]


def missing(field: DevelopmentServer) -> list[str]:
    """Registers of sources that lack numbers, or never sent."""
    found = json.loads(feed(field, "status", "--json").stdout)["positions"]
    return [each["source"] for each in found if each.get("missing") or not each.get("through")]


@pytest.mark.skipif(SERVER is None, reason="no nats-server: apt-get install nats-server")
def test_a_bus_is_read_again_for_what_an_older_ledger_lacks(site: Site, tmp_path: Path) -> None:
    broker = Broker(tmp_path / "jetstream")
    broker.ask(lambda js: js.add_stream(name="OJ", subjects=["oj.changes"]))
    words = (
        *("jetstream", "--servers", broker.url, "--stream", "OJ", "--subject", "oj.changes"),
        *("--source", "oj-central", "--state", str(tmp_path / "state"), "--once"),
    )
    try:
        field = site.start()
        broker.put(change("N-1", 1), change("N-2", 2))
        feed(field, *words)
        site.keep_copy()
        field = site.start()
        refused = json.dumps(upsert("N-3", 3, row=row("N-3", "QUIZAS"))).encode()
        broker.put(refused, change("N-4", 4))
        feed(field, *words)
        broker.put(change("N-3", 3))
        feed(field, *words)
        site.put_copy_back()
        field = site.start()
        assert "faltan 2 cambios" in feed(field, *words).stderr
        assert sorted(sequence for _, sequence, _ in in_force(field, "oj-central")) == [1, 2, 3, 4]
    finally:
        broker.kill()
