"""A minute of fuzzing in all, under libFuzzer with ASan and UBSan; longer: `python -m tests.fuzz.run`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 60


@pytest.mark.long
@pytest.mark.timeout(1500)  # compiling the core again with sanitizers comes first
def test_no_reader_of_strangers_bytes_has_a_finding() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.run", "--total-seconds", str(SECONDS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    assert "engine" in done.stdout
