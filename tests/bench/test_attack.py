"""Checks what bench-attack takes for an honest call's end, and that its attacks and its server are real."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from bench.attack import bench, phases
from bench.attack.disks import may_mount
from bench.attack.honest import FAILED, OK, WRONG, Calls
from bench.attack.server import Sample
from server.processes.settings import ServerSettings
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


def test_the_memory_bar_is_of_the_largest_worker_while_it_is_attacked() -> None:
    spans = [bench.Span(name, n, n + 1, "", 0) for n, name in enumerate(("before", "A3 memory", "A4 places", "after"))]
    held = {0.5: 900, 1.5: 40, 2.5: 70, 2.9: 30, 3.5: 800}  # MiB; before and after are other bars'
    samples = [Sample(at, mib << 20, mib << 20, 9, 9) for at, mib in held.items()]
    ground = cast(
        phases.Ground,
        SimpleNamespace(server=SimpleNamespace(samples=samples), bytes_of_halves=0, manifests=0, refused=0),
    )
    row = bench.bars(1)["memory"].measured(bench.values_of(bench.Soak(spans), ground)["memory"])
    assert (row["value"], row["unit"], row["met"]) == (70, "MiB", True)
    assert bench.bars(1)["memory"].goal == ServerSettings.model_fields["max_worker_mib"].default


@pytest.mark.long
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
