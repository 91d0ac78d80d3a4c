"""Twenty seconds of fuzzing the lane, from what real clients send; longer: `./run lane-fuzz --minutes 60`."""

from __future__ import annotations

import pytest

from tests.lane.fuzz.run import main


@pytest.mark.slow
@pytest.mark.timeout(600)  # three programs are compiled first
def test_the_lane_has_no_finding(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--minutes", "0.35"]) == 0, capfd.readouterr().out[-6000:]
