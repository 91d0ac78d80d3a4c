"""`ronda live` takes each entry of the ledger once, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.generation.store import Generation
from core.generation.view_file import BEAT
from core.ledger.reader import FOLDER
from core.ledger.writer import LedgerWriter
from indexer.live import following, pieces
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
    with Follower(fed.data, fed.base_id, fed.manifests) as follower:
        ledger.append([warrant(fed, "W9", MARTA)], AS_OF_S * 1000)
        follower.step()
        with pytest.raises(LiveWriterBusy):
            Follower(fed.data, fed.base_id, fed.manifests)
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


def test_a_writer_that_is_behind_shows_what_it_has_and_says_that_it_is_behind(
    fed: FedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So under a feed faster than it links a change is seen in its turn, in registers that are STALE until the end."""
    monkeypatch.setattr(following, "_AT_ONCE_S", 0.0)
    monkeypatch.setattr(following, "_READ", 1)
    monkeypatch.setattr(pieces, "AT_ONCE", 1)
    ledger = LedgerWriter(fed.data / FOLDER)
    with Follower(fed.data, fed.base_id, fed.manifests) as follower:
        ledger.append([warrant(fed, "W9", MARTA)], AS_OF_S * 1000)
        ledger.append([warrant(fed, "W10", LUIS)], AS_OF_S * 1000)
        follower.step()
        assert follower.sequence == 2, "of a new base all is taken before it is shown"
        beat = fed.data / "live" / fed.base_id / BEAT
        shown = LiveLevels(Generation.open(fed.writer.base.directory), fed.data)
        shown.look()
        for record in ("W9", "W10"):
            ledger.append([fed.cancel("oj", record)], AS_OF_S * 1000)
        beaten = beat.stat().st_mtime_ns
        for sequence, hits in ((3, [LUIS]), (4, [])):
            result = follower.step()
            assert result is not None and result.changes == 1 and follower.sequence == sequence
            view = shown.look()
            assert view is not None
            answers = {n: said(fed.engine_of(view), checks.CheckPersonRequest(cui=cui_of(n))) for n in (MARTA, LUIS)}
            assert [n for n, answer in answers.items() if "LEVEL_HIT" in answer] == hits
            assert (beat.stat().st_mtime_ns > beaten) is (sequence == 4), "it says so at the ledger's end alone"
    ledger.close()
