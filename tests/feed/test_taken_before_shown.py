"""A server takes changes over whatever `ronda live` has to do: a view is for who asks, not for who feeds."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

from core.generation.view_file import LIVE, VIEW
from core.ledger.change import Change, Kind
from core.ledger.reader import FOLDER
from core.ledger.writer import LedgerWriter
from tests.feed.feed_kit import SOURCES
from tests.feed.feeder_kit import entries
from tests.feed.test_command import EVENT, DevelopmentServer, feed
from tests.kit.field_world import built_field
from tests.kit.small_world import SmallWorld
from tests.server.running_server import RunningServer

WAITING = 20_000


def test_changes_are_taken_while_no_view_shows_those_before(tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(built_field()[0], data)
    now = time.time_ns() // 1_000_000
    cancelled = [
        Change(Kind.CANCEL, "oj", "oj-central", record_id=f"W{number}", source_sequence=number, event_ms=now)
        for number in range(1, WAITING + 1)
    ]
    ledger = LedgerWriter(data / FOLDER)
    ledger.append(cancelled, now)
    ledger.close()
    more = {"register": "oj", "id": "W-NEW", "sequence": WAITING + 1, "event_time": EVENT, "kind": "CANCEL"}
    (tmp_path / "more.jsonl").write_text(json.dumps(more) + "\n")
    manifests = SmallWorld().write(tmp_path / "world").manifests
    named = json.dumps({"oj-central": SOURCES["oj-central"]})
    server = RunningServer(data, tmp_path / "log", workers=1, feed_sources=named, manifests=manifests)
    try:
        running = DevelopmentServer(server.wait_ready(), data, manifests)
        feed(running, "push", tmp_path / "more.jsonl", "--source", "oj-central")
        assert entries(running, "oj-central")[-1].record_id == "W-NEW"
        assert not list((data / LIVE).glob(f"*/{VIEW}")), "nobody showed a view meanwhile"
    finally:
        server.stop()
