"""One drill of each way to lose changes; all of them: `./run drills`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drills.losses import LOSSES
from tests.drills.run import drawn, play, wrong_of
from tests.drills.world import DrillWorld


@pytest.mark.slow
def test_an_old_ledger_makes_nobody_green(tmp_path: Path) -> None:
    """The source knows better than the copy that was put back; changes that it sent are missing."""
    world = DrillWorld(tmp_path / "world")
    outcome = play(world, "ledger old", tmp_path / "drill")
    assert outcome.wrong == []
    assert outcome.became == "INCOMPLETE"


def test_each_loss_is_drawn_once_before_any_twice() -> None:
    assert sorted(drawn(len(LOSSES), 1)) == sorted(LOSSES)
    assert all(" + " in name for name in drawn(len(LOSSES) + 2, 1)[-2:])


def test_what_counts_as_wrong() -> None:
    said = {name: {("HIT", True)} for name in ("wanted by the extract", "wanted by an early change")}
    said |= {"wanted by a late change": {("CLEAR", True)}, "clean": {("CLEAR", True)}}
    said |= {"freed by an early change": {("HIT", False)}, "freed by a late change": {("HIT", True)}}
    assert wrong_of(said) == ["wanted by a late change: CLEAR", "freed by a late change: HIT"]
