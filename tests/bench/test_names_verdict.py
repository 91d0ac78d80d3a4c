"""Success of ./run bench-names: no step failed, every bar that was asked for is met, bad input is answered.

And its false alarms by length of name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from bench.names import bars, headline, hostile
from bench.names.searching import Server, Timing
from bench.names.steps import Steps


def _rows(**values: float | None) -> list[dict[str, Any]]:
    """Every bar met, but for those given."""
    return [bar.measured(values.get(name, bar.goal)) for name, bar in bars.BARS.items()]


def test_a_step_that_fails_is_noted_and_measured_again(tmp_path: Path) -> None:
    steps = Steps(tmp_path, "made of this")

    def broken() -> None:
        raise ValueError("no [red] figures")

    assert steps.run("broken", broken) is None
    assert steps.failed == ["broken"]
    assert not (tmp_path / "broken.json").exists()
    again = Steps(tmp_path, "made of this")
    assert again.run("broken", lambda: {"figure": 1}) == {"figure": 1}
    assert again.failed == []
    assert json.loads((tmp_path / "broken.json").read_text(encoding="utf-8"))["figures"] == {"figure": 1}


def test_only_what_was_not_asked_for_may_stand_unmeasured() -> None:
    asked: dict[str, Any] = {"large": {}, "peers": {}}
    unmeasured = cast(dict[str, Any], {"cpu p99 large": None, "faster": None, "f1": None})
    assert bars.all_met(asked, _rows())
    assert bars.all_met({}, _rows(**unmeasured))
    assert not bars.all_met(asked, _rows(**unmeasured))
    assert not bars.all_met({}, _rows(hostile=None))
    assert not bars.all_met({}, _rows(hostile=50_001))
    assert not bars.all_met({}, _rows(build=None))
    assert bars.all_met({"build": {"with": [1.0], "without": None, "added": None}}, _rows(build=None))


class _Answering:
    """In a server's place: a status for some questions, OK for the others."""

    def __init__(self, statuses: dict[str, str]) -> None:
        self.statuses = statuses

    def timed(self, request: Any) -> tuple[Timing, str]:
        name = type(request).__name__
        if self.statuses.get(name) == "dead":
            raise RuntimeError("a worker ended")
        return Timing(500.0, 300.0), self.statuses.get(name, "OK")


@pytest.mark.parametrize("status", ["DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL", "dead"])
@pytest.mark.parametrize(
    "method", ["CheckRequest", "CheckPersonRequest", "SearchPersonsRequest", "SearchVehiclesRequest"]
)
def test_bad_input_that_is_not_answered_fails_the_step(method: str, status: str) -> None:
    with pytest.raises(RuntimeError, match=method.removesuffix("Request")):
        hostile.run(cast(Server, _Answering({method: status})))


def test_a_clear_error_is_an_answer() -> None:
    found = hostile.run(cast(Server, _Answering({"SearchPersonsRequest": "INVALID_ARGUMENT"})))
    assert {case["cpu_us"] for case in found.values()} == {300.0}
    assert {case["status"] for case in found.values()} == {"OK", "INVALID_ARGUMENT"}
    assert bars.values({"hostile": found})["hostile"] == 300.0


def test_false_alarms_by_length_of_name() -> None:
    alarms = [(3, True), (2, False), (3, False), (4, True), (3, False), (3, False)]
    assert headline.by_length(alarms) == {"2": [1, 0.0], "3": [4, 0.25], "4": [1, 1.0]}
    assert headline.by_length([]) == {}
