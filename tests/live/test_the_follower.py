"""`ronda live` takes each entry of the ledger once, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.generation.store import Generation
from core.ledger.reader import FOLDER
from core.ledger.writer import LedgerWriter
from indexer.live.following import Follower, LiveWriterBusy
from ronda.v1 import check_service_pb2 as checks
from server.calls.live_levels import LiveLevels
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.live.fed_world import AS_OF_S, FedWorld, built, said
from tests.live.test_a_view_answers_as_a_rebuild import LUIS, MARTA, small_world, warrant


@pytest.fixture
def fed(tmp_path: Path) -> Iterator[FedWorld]:
    base: SmallRegisters = built(tmp_path / "first", small_world())
    yield FedWorld(tmp_path / "fed", small_world(), base)


def test_a_step_that_failed_is_taken_again_whole(fed: FedWorld) -> None:
    """The disk is full, say, when the second change's delta is written."""
    ledger = LedgerWriter(fed.data / FOLDER)
    with Follower(fed.data, fed.manifests) as follower:
        ledger.append([warrant(fed, "W9", MARTA)], AS_OF_S * 1000)
        follower.step()
        with pytest.raises(LiveWriterBusy):
            Follower(fed.data, fed.manifests)
        ledger.append([warrant(fed, "W10", LUIS)], AS_OF_S * 1000)
        home = fed.data / "live" / fed.base_id
        aside = home.rename(home.with_name("aside"))
        home.write_text("in the way of a directory")
        with pytest.raises(OSError):
            follower.step()
        home.unlink()
        aside.rename(home)
        result = follower.step()
        assert result is not None and result.changes == 2 and follower.sequence == 2
    view = LiveLevels(Generation.open(fed.writer.base.directory), fed.data).look()
    assert view is not None
    for number in (MARTA, LUIS):
        assert "LEVEL_HIT" in said(fed.engine_of(view), checks.CheckPersonRequest(cui=cui_of(number)))
    ledger.close()
