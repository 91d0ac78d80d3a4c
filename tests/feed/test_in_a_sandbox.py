"""A sandbox that lets no process step aside (systemd's @resources refused): everything that would step aside works."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.feed.feed_kit import Stream, cancel, feed_server, warrant
from tests.feed.test_own_address import at_feed
from tests.kit.field_world import FieldServer
from tests.server.running_server import ROOT, RunningServer, until

_RESOURCES = "sched_setaffinity,sched_setattr,sched_setparam,sched_setscheduler,setpriority"


def test_what_may_not_step_aside_works_and_says_so_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = (sys.executable, "-m", "tests.kit.refused_calls", "EPERM", _RESOURCES)
    monkeypatch.setattr(RunningServer, "inside", inside)
    with feed_server(tmp_path, feed_listen="127.0.0.1:0") as field:
        stream = Stream(at_feed(field))
        assert stream.fates(warrant(1, "F-1"), cancel(2, "F-1")) == ["TAKEN", "TAKEN"]
        stream.close()
        assert hot_list(field), "the process that makes hot lists yields to all else, and may not say so"
        told = [line["process"] for line in field.server.events("cannot_step_aside")]
        assert sorted(told) == ["feed", "hotlist", "worker"]
        assert not field.server.events("worker_died") + field.server.events("process_ended")


def test_the_servers_unit_lets_them_step_aside() -> None:
    lines = (ROOT / "deploy" / "ronda.service").read_text(encoding="utf-8").splitlines()
    filters = [line.partition("=")[2].split() for line in lines if line.startswith("SystemCallFilter=")]
    allowed: dict[str, bool] = {}
    for names in filters:  # the first line allows a list; each later one adds to it, or takes from it
        allowed |= {name.removeprefix("~"): not names[0].startswith("~") for name in names}
    assert allowed["@resources"] is False
    assert allowed["sched_setscheduler"] and allowed["sched_setaffinity"] and allowed["setpriority"]
    assert filters.index(["~@privileged", "@resources"]) < len(filters) - 1, "a line takes what stands before it"


def hot_list(field: FieldServer) -> list[bytes]:
    """The blocks of one, once it is made."""
    patrol = field.patrol()

    def given() -> list[bytes]:
        _signed, blocks, _header = patrol.snapshot()
        return blocks

    return list(until(given))
