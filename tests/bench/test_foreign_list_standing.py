"""The foreign list's rows as bars of ./run bench-names: goals, peers beside them, and who is ahead on one sample."""

from __future__ import annotations

from typing import Any

from bench.foreign_list import standing
from bench.names import bars


def _row(name: str, value: float, goal: float | None, *, at_most: bool = False) -> dict[str, Any]:
    return {"name": name, "value": value, "low": 0.0, "high": 1.0, "of": 10, "goal": goal, "at_most": at_most}


def _found(peers: dict[str, dict[str, float | None]], sample: dict[str, float]) -> dict[str, Any]:
    questions = [_row("r@1", 0.995, 0.99), _row("by kind", 0.5, None), _row("strangers", 0.02, 0.01, at_most=True)]
    return {
        "questions": {"rows": questions}, "pairs": {"rows": [_row("F1", 0.94, 0.93)]}, "peers": peers, "sample": sample
    }  # fmt: skip


def test_each_row_with_a_goal_is_a_bar_and_the_peers_stand_beside() -> None:
    found = _found({"plain": {"r@1": 0.99, "strangers": None, "by kind": 1.0}}, {"r@1": 0.99, "F1": 0.94})
    rows = {row["bar"]: row for row in standing.bars(found)}
    assert rows["foreign list: r@1"] == {
        "bar": "foreign list: r@1", "goal": ">= 0.99", "value": 0.995, "unit": "share", "met": True,
        "peers": {"plain": 0.99},
    }  # fmt: skip
    assert not rows["foreign list: strangers"]["met"]
    assert rows["foreign list: strangers"]["peers"] == {"plain": None}
    assert rows[standing.AHEAD]["value"] == 0
    assert "foreign list: by kind" not in rows


def test_a_peer_is_ahead_by_what_the_same_sample_says() -> None:
    peers: dict[str, dict[str, float | None]] = {
        "first": {"r@1": 0.996, "strangers": 0.001},
        "other": {"r@1": 0.995, "F1": 0.95},
    }
    found = _found(peers, {"r@1": 0.995, "strangers": 0.02, "F1": 0.94})
    assert standing.ahead(found) == {"first": ["r@1", "strangers"], "other": ["F1"]}
    row = standing.bars(found)[-1]
    assert (row["value"], row["met"], row["peers"]) == (3, False, {"first": 2, "other": 1})


def test_what_was_not_measured_is_not_met() -> None:
    assert [row["met"] for row in standing.bars(None)] == [False, False]
    own = [bar.measured(bar.goal) for bar in bars.BARS.values()]
    without_peers = standing.bars(_found({}, {}) | {"questions": {"rows": []}})
    assert without_peers[-1]["value"] is None
    assert bars.all_met({}, [*own, *without_peers])
    assert not bars.all_met({"peers": {}}, [*own, *without_peers])
