"""bench-core: what is compared with a baseline, and what is said where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.core import bench


def test_slower_than_the_baseline_by_over_a_tenth_is_not_met() -> None:
    rows = bench.compared({"fast": 100.0, "slow": 100.0, "gone": 1.0}, {"fast": 109.0, "slow": 111.0, "new": 5.0})
    assert [(row["bar"], row["value"], row["met"]) for row in rows] == [
        ("core: fast, against the baseline", 1.09, True),
        ("core: slow, against the baseline", 1.11, False),
    ]


def test_a_file_of_pytest_benchmark_is_read_per_operation(tmp_path: Path) -> None:
    measured = {"name": "test_x", "stats": {"min": 0.002}, "extra_info": {"operations": 1000}}
    alone = {"name": "test_y[z]", "stats": {"min": 3e-9}, "extra_info": {}}
    path = tmp_path / "saved.json"
    path.write_text(json.dumps({"benchmarks": [measured, alone]}), encoding="utf-8")
    assert bench.read(path) == pytest.approx({"x": 2000.0, "y, z": 3.0})


def test_no_baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "STORAGE", tmp_path)
    with pytest.raises(bench.NoBaseline, match="bench-core --save nightly"):
        bench.saved("nightly")
