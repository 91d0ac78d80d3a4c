"""What bench-attack takes for an honest call's end, and that its attacks and its server are real."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.attack import bench
from bench.attack.disks import may_mount
from bench.attack.honest import FAILED, OK, WRONG, Calls
from tests.kit.nation_kit import BuiltNation


def test_a_call_is_counted_once_by_how_it_ended() -> None:
    calls = Calls(
        due=[1.0, 2.0, 3.0, 4.0, 5.0],
        latency_us=[10.0, 20.0, 30.0, 40.0, 50.0],
        attempts=[1, 2, 4, 1, 1],
        outcomes=[OK, OK, FAILED, WRONG, OK],
    )
    found = bench.counted(calls, 1.0, 5.0)
    assert (found.calls, found.again, found.failed, found.wrong) == (4, 1, 1, 1)
    assert found.worst_ms == 0.04
    assert bench.counted(calls).calls == 5


def test_a_short_soak_of_honest_calls_under_attack(small_nation: BuiltNation, tmp_path: Path) -> None:
    if not may_mount():
        pytest.skip("the server's disks lie in a mount namespace, which nobody but root may make here (as in a chroot)")
    attacks = ["A2 full disks", "A4 places", "A5 manifests", "A7 rapid reset"]
    found, ground = bench.soak(20, 1, small_nation.data, small_nation.directory, tmp_path, attacks)
    assert [span.name for span in found.spans] == ["before", *attacks, "after"]
    assert found.steady.answer_ids and found.newcomers.answer_ids
    values = bench.values_of(found, ground)
    assert [values[name] for name in ("wrong", "deaths", "manifests", "unrecorded", "damaged")] == [0] * 5
    assert ground.manifests
    assert "broken manifests refused by name" in found.spans[3].note
