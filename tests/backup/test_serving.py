"""A copy taken of a world that serves, is asked and is fed, restored elsewhere, proven and served there."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from ronda.copies.databases import copied_database
from ronda.v1 import level_pb2
from tests.command.terminal import piped
from tests.drills.world import SETTINGS
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.served_world import NAME, PERSONS
from tests.server.running_server import RunningServer, until


class _Askers:
    """Threads that ask about everybody until they are stopped."""

    def __init__(self, server: RunningServer) -> None:
        self.asked, self._over = 0, threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(server,)) for _ in range(3)]
        for thread in self._threads:
            thread.start()

    def _ask(self, server: RunningServer) -> None:
        asker = Asker(server)
        while not self._over.is_set():
            for number in range(1, PERSONS + 1):
                asker.person(cui_of(number))
                self.asked += 1
        asker.channel.close()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def _push(server: RunningServer, folder: Path, sequence: int) -> None:
    change = {"register": "oj", "id": f"F{sequence}", "sequence": sequence, "event_time": "2026-11-20T10:00:00-06:00"}
    row = {"ORDEN": f"F{sequence}", "CUI": cui_of(1), "NOMBRE": NAME, "NACIMIENTO": "1980-05-17"}
    row |= {"ESTADO": "PENDIENTE", "FECHA": "2024-02-03", "DELITO": "ROBO"}
    file = folder / f"{sequence}.jsonl"
    file.write_text(json.dumps({**change, "row": row}) + "\n")
    done = piped("feed", "push", str(file), "--source", "court", "--server", server.address)
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.mark.slow
def test_a_copy_of_a_serving_world_serves_elsewhere(installation: Path, served_world: Path, tmp_path: Path) -> None:
    given = {**SETTINGS, "manifests": served_world.parent / "manifests"}
    server = RunningServer(installation, tmp_path / "log", **given).wait_ready()
    askers = _Askers(server)
    copy, restored = tmp_path / "copy.tar", tmp_path / "elsewhere"
    try:
        _push(server, tmp_path, 1)
        done = piped("backup", str(copy), "--generation", "--json", "--data", str(installation))
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        _push(server, tmp_path, 2)  # what the copy lacks
        until(lambda: askers.asked > 500)
    finally:
        askers.stop()
        server.stop()
    assert copy.stat().st_mode & 0o777 == 0o600
    assert told["ledger"]["sequence"] >= 1
    assert told["checkpoint"]["number"] >= 1

    done = piped("restore", str(copy), "--data", str(restored))
    assert done.returncode == 0, done.stderr + done.stdout
    assert "docs/feed.md" in done.stdout
    assert not (restored / ".restoring").exists()

    again = RunningServer(restored, tmp_path / "again.log", **given).wait_ready()
    try:
        answer = Asker(again).person(cui_of(1)).answer
        assert level_pb2.Level.Name(answer.level) == "LEVEL_HIT"
        assert "repuesto de una copia" in piped("feed", "status", "--server", again.address).stdout
        assert level_pb2.Level.Name(Asker(again).person(cui_of(2)).answer.level) == "LEVEL_INCOMPLETE"
        _push(again, tmp_path, 2)  # the source has the token of what it sent, and sends what is missing again
        names = {line["event"] for line in again.lines() if line["level"] == "error"}
        assert names == {"page_key_made_anew", "served_note_lost", "feed_ledger_behind"}, "and no more"
    finally:
        again.stop()
    key = restored / "audit-keys" / "signing.pub"
    verified = piped("audit", "verify", "--audit", str(restored / "audit"), "--public-key", str(key))
    assert verified.returncode == 3, "whole, but no second keeper was named"
    assert "alter" not in verified.stdout.lower()


_WRITER = """
import sqlite3, sys, time
base = sqlite3.connect(sys.argv[1], isolation_level=None)
base.execute("PRAGMA locking_mode=EXCLUSIVE")
base.execute("PRAGMA journal_mode=WAL")
base.execute("PRAGMA wal_autocheckpoint=20")
base.execute("CREATE TABLE one (n INTEGER PRIMARY KEY, filler BLOB)"); base.execute("CREATE TABLE two (n INTEGER)")
n = 0
while True:
    n += 1
    base.execute("BEGIN"); base.execute("INSERT INTO one VALUES (?, zeroblob(700))", (n,))
    base.execute("INSERT INTO two VALUES (?)", (n,)); base.execute("COMMIT")
    if n == 1: print("begun", flush=True)
    time.sleep(0.0 if n % 50 else 0.3)
"""


@pytest.mark.parametrize("journal", ["wal", "exclusive"])
def test_a_database_that_is_written_is_copied_between_two_transactions(tmp_path: Path, journal: str) -> None:
    script = _WRITER if journal == "exclusive" else _WRITER.replace("EXCLUSIVE", "NORMAL")
    source, work = tmp_path / "kept.db", tmp_path / "work"
    work.mkdir()
    writer = subprocess.Popen([sys.executable, "-c", script, str(source)], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begun\n"
        seen = []
        for _ in range(3):
            copy = copied_database(source, work)
            with closing(sqlite3.connect(copy)) as base:
                (count, last) = base.execute("SELECT count(*), max(n) FROM one").fetchone()
                assert count == last, "no gap"
                assert base.execute("SELECT count(*), max(n) FROM two").fetchone() == (count, last), "both or none"
            assert [path.name for path in work.iterdir()] == ["kept.db"]
            seen.append(count)
        assert seen == sorted(seen)
    finally:
        writer.kill()
        writer.communicate()
