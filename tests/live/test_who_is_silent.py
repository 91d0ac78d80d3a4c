"""Fed registers are STALE while nobody applies changes, or could take one over; a feed is as old as it is."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from core.generation.store import Generation
from core.generation.view_file import BEAT, read_view
from core.ledger.change import Change, Kind
from core.ledger.frames import BEAT as TAKING
from core.ledger.reader import FOLDER
from core.ledger.writer import LedgerWriter
from indexer.live import writer
from indexer.live.following import Follower
from indexer.live.going_past import link_past
from ronda.v1 import check_service_pb2 as checks
from server.calls.live_levels import SILENT_S, LiveLevels
from tests.indexer.small_registers import cui_of
from tests.live.fed_world import AS_OF_S, FedWorld, said
from tests.live.test_a_view_answers_as_a_rebuild import LUIS, MARTA, warrant

LUISES = checks.CheckPersonRequest(cui=cui_of(LUIS))
HOUR_MS = 3_600_000


def level(fed: FedWorld, levels: LiveLevels, before: Generation) -> tuple[str, Generation]:
    """Returns the level of a clean person, as this worker gives it now; and the view that it comes from."""
    view = levels.look() or before
    [found] = [
        line.split()[1] for line in said(fed.engine_of(view), LUISES).splitlines() if line.startswith("  level:")
    ]
    return found.removeprefix("LEVEL_"), view


def test_changes_that_nobody_applies(fed: FedWorld) -> None:
    """The court has the acknowledgement of its warrant; `ronda live` was never started."""
    view: Generation = Generation.open(fed.writer.base.directory)
    levels, not_fed = LiveLevels(view, fed.data, {"oj"}), LiveLevels(view, fed.data)
    assert level(fed, levels, view)[0] == "CLEAR", "nothing was ever fed"
    ledger = LedgerWriter(fed.data / FOLDER)
    assert level(fed, levels, view)[0] == "CLEAR"
    ledger.append([warrant(fed, "W9", MARTA)], AS_OF_S * 1000)
    said_now, view = level(fed, levels, view)
    assert said_now == "INCOMPLETE"
    assert level(fed, not_fed, view)[0] == "INCOMPLETE", "settings that lost their source undo nothing"
    assert levels.causes == not_fed.causes == {"oj": ("WAITING",)}
    (fed.data / FOLDER / TAKING).touch()
    with Follower(fed.data, fed.base_id, fed.manifests) as follower:
        follower.step()
        assert level(fed, levels, view)[0] == "CLEAR"
    ledger.close()


def test_the_first_change_of_a_register_whose_writer_died(fed: FedWorld) -> None:
    """The view does not know yet that it is fed."""
    view: Generation = Generation.open(fed.writer.base.directory)
    levels = LiveLevels(view, fed.data, {"oj"})
    ledger = LedgerWriter(fed.data / FOLDER)
    (fed.data / FOLDER / TAKING).touch()
    fed.writer.publish()
    said_now, view = level(fed, levels, view)
    ledger.append([warrant(fed, "W9", MARTA)], AS_OF_S * 1000)
    assert (said_now, level(fed, levels, view)[0]) == ("CLEAR", "CLEAR"), "the writer may be about to"
    told = (fed.writer.home / BEAT).stat().st_mtime - SILENT_S - 1
    os.utime(fed.writer.home / BEAT, (told, told))
    assert level(fed, levels, view)[0] == "INCOMPLETE"
    ledger.close()


def test_nobody_takes_changes_over(fed: FedWorld) -> None:
    """Then nobody tells either that a source is silent."""
    view: Generation = Generation.open(fed.writer.base.directory)
    levels = LiveLevels(view, fed.data, {"oj"})
    ledger = LedgerWriter(fed.data / FOLDER)
    ledger.append([warrant(fed, "W9", MARTA)], AS_OF_S * 1000)
    taking = fed.data / FOLDER / TAKING
    with Follower(fed.data, fed.base_id, fed.manifests) as follower:
        for age_s, expected in ((None, "INCOMPLETE"), (0.0, "CLEAR"), (SILENT_S + 1, "INCOMPLETE"), (0.0, "CLEAR")):
            if age_s is not None:
                taking.touch()
                told = taking.stat().st_mtime - age_s
                os.utime(taking, (told, told))
            follower.step()
            said_now, view = level(fed, levels, view)
            assert said_now == expected, age_s
            assert levels.causes == ({} if expected == "CLEAR" else {"oj": ("TAKING",)})
    ledger.close()


def beat(source: str, hours: int) -> Change:
    return Change(Kind.HEARTBEAT, "oj", source, taken_ms=AS_OF_S * 1000 + hours * HOUR_MS)


@pytest.mark.parametrize(
    ("beats", "hours"),
    [
        ([("court", -1), ("court", 5)], 5),
        ([("court", 0), ("court", 5)], 5),
        ([("court", 1), ("court", 5)], None),  # what happened in that hour nobody told
        ([("court", -1), ("court", 2), ("another", 3), ("another", 6)], 2),
    ],
)
def test_a_feed_that_began_after_the_extract_makes_it_no_fresher(
    fed: FedWorld, beats: list[tuple[str, int]], hours: int | None
) -> None:
    fed.writer.take([replace(beat(*each), sequence=number) for number, each in enumerate(beats, 1)])
    stated = read_view(fed.writer.home).registers["oj"].as_of_ms
    assert stated == (0 if hours is None else AS_OF_S * 1000 + hours * HOUR_MS)


def test_a_change_that_no_rule_foresaw_is_refused_alone(fed: FedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """One institution's row stops nobody else's; what fails for the disk's sake is taken again."""

    def linked(standing, linking, changed, *more):  # type: ignore[no-untyped-def]
        if "W9" in changed.column("record_id").to_pylist():
            raise error
        return link_past(standing, linking, changed, *more)

    monkeypatch.setattr(writer, "link_past", linked)
    error: Exception = OSError("no room")
    changes = [warrant(fed, "W9", MARTA), warrant(fed, "W10", LUIS), fed.cancel("oj", "W1")]
    with pytest.raises(OSError):
        fed.take(*changes)
    error = OverflowError("a day that is none")
    [refused] = fed.take(*changes).refused
    assert (refused.register, refused.record_id, refused.rule) == ("oj", "W9", "not_linked OverflowError")
    assert "LEVEL_HIT" in said(fed.view(), LUISES)
    assert "REGISTER_STATE_STALE" in said(fed.view(), checks.CheckPersonRequest(cui=cui_of(MARTA)))
    monkeypatch.setattr(writer, "link_past", link_past)
    assert fed.take(fed.cancel("oj", "W9")).refused == []
    assert "REGISTER_STATE_STALE" not in said(fed.view(), LUISES)
