"""Checks what the scrape tells of the audit log: how far it is signed, how far it is kept elsewhere, and its disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.kit.nation_kit import BuiltNation
from tests.server.requests import QUESTION
from tests.server.running_server import RunningServer, call, until
from tests.server.test_observed import samples_of


@pytest.fixture
def keeper(tmp_path: Path) -> Path:
    return tmp_path / "keeper"


def test_records_signed_and_kept_elsewhere(small_nation: BuiltNation, tmp_path: Path, keeper: Path) -> None:
    server = RunningServer(
        small_nation.data, tmp_path / "server.log", audit=tmp_path / "audit", audit_keeper=keeper, workers=1
    )
    try:
        server.wait_ready()

        def told(name: str, *labels: str) -> float:
            return samples_of(server.metrics()).get((f"ronda_audit_{name}", *labels), -1.0)

        with server.channel() as channel:
            call(channel, "CheckService/CheckPerson", QUESTION)
            before = 5.0  # the segment's header, three texts that the question is the first to name, the question
            until(lambda: told("records_total") == before and told("records_unsigned") == 0, 10)
            for _ in range(7):
                call(channel, "CheckService/CheckPerson", QUESTION)
        until(lambda: told("records_total") == before + 7 and told("records_unsigned") == 0, 10)
        assert told("keeper_behind", "1") == 0
        assert told("segments_damaged") == 0
        assert 0 < told("disk_free_bytes") < told("disk_bytes")
        assert told("signed_age_seconds") < 10
        shutil.rmtree(keeper)
        keeper.write_text("no directory any more", encoding="utf-8")
        with server.channel() as channel:
            call(channel, "CheckService/CheckPerson", QUESTION)
        until(lambda: told("keeper_behind", "1") >= 1, 10)
        assert told("records_total") == before + 8, "what the second keeper lacks is signed here"
    finally:
        server.stop()
