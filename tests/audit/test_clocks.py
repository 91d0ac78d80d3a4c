"""A clock that steps: nothing is lost, nothing is taken for forgery, signing goes on, and the step is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.audit import checkpointer as checkpointer_module
from server.audit import retention
from server.audit.checkpointer import Checkpointer
from server.audit.checkpoints import CheckpointFiles
from server.audit.keepers import WitnessKeeper
from server.audit.keys import current_hash_key, kept_hash_keys
from server.audit.seals import read_seals
from server.audit.segments import SegmentId, list_segments
from server.audit.witness import Witness, start_witness
from server.logs import ERROR, INFO, WARNING
from tests.audit.answers import append
from tests.audit.kit import House

DAY_MS = 86_400_000
YEAR_MS = 31_557_600_000
HOUR_MS = 3_600_000


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Event and level of each line of the log."""
    lines: list[tuple[str, int]] = []

    def log(event: str, *, level: int = INFO, **fields: object) -> None:
        lines.append((event, level))

    for module in (checkpointer_module, retention):
        monkeypatch.setattr(module, "log", log)
    return lines


def sealed_segment(house: House, checkpointer: Checkpointer, number: int = 1) -> None:
    with house.writer() as writer:
        append(writer.log, number)
    checkpointer.tick()


@pytest.mark.parametrize("years", [6, 60])
@pytest.mark.parametrize("lasts_ms", [1000, DAY_MS])
def test_a_clock_years_ahead_removes_nothing(
    house: House, years: int, lasts_ms: int, said: list[tuple[str, int]]
) -> None:
    with house.checkpointer() as checkpointer:
        for number in range(3):
            sealed_segment(house, checkpointer, number)
        house.sign_days(checkpointer, 4)
        before = set(list_segments(house.audit))
        house.step_clock(years * YEAR_MS)
        for _ in range(lasts_ms // HOUR_MS + 1):
            sealed_segment(house, checkpointer, 4)
            house.now_ms += HOUR_MS
        house.step_clock(-years * YEAR_MS)
        house.sign_days(checkpointer, 2)
        house.now_ms += HOUR_MS
        checkpointer.tick()
    assert set(list_segments(house.audit)) >= before
    assert read_seals(house.audit).dropped == {}
    assert house.problems() == ([], [])
    assert said.count(("clock_stepped", ERROR)) == 2


def test_a_clock_that_stays_ahead_fills_a_bin_day_by_day_with_an_alarm(
    house: House, said: list[tuple[str, int]]
) -> None:
    """Nothing here can tell it from years that have passed: what is dropped can be put back for days."""
    with house.checkpointer() as checkpointer:
        for number in range(3):
            sealed_segment(house, checkpointer, number)
            house.now_ms += 3 * DAY_MS
        house.sign_days(checkpointer, 4)
        said.clear()
        house.step_clock(10 * YEAR_MS)
        house.sign_days(checkpointer, 2)
        assert read_seals(house.audit).dropped == {}
        while not read_seals(house.audit).dropped:
            house.now_ms += 61_000
            checkpointer.tick()
        assert ("audit_segments_dropped", WARNING) in said
        assert read_seals(house.audit).dropped.keys() == {SegmentId("worker-0", 1)}
        binned = house.audit / "bin" / "worker-0" / "00000001.seg"
        assert binned.exists()
        house.now_ms += HOUR_MS
        checkpointer.tick()
        assert read_seals(house.audit).dropped.keys() == {SegmentId("worker-0", 1), SegmentId("worker-0", 2)}
        assert checkpointer.report().binned == 2
        house.step_clock(-10 * YEAR_MS)
        for _ in range(29 * 24):
            house.now_ms += HOUR_MS
            checkpointer.tick()
        assert binned.exists(), "the days of grace are counted while the process runs"
        for _ in range(48):
            house.now_ms += HOUR_MS
            checkpointer.tick()
        assert not binned.exists()
        assert checkpointer.report().dropped == 2
    assert house.problems() == ([], [])


def test_what_was_sealed_by_a_clock_far_behind_stays(house: House) -> None:
    with house.checkpointer() as checkpointer:
        sealed_segment(house, checkpointer)
        house.step_clock(-56 * YEAR_MS)
        sealed_segment(house, checkpointer, 2)
        house.step_clock(56 * YEAR_MS)
        sealed_segment(house, checkpointer, 3)
        house.sign_days(checkpointer, 40)
        assert read_seals(house.audit).dropped == {}
        assert house.problems() == ([], []), "no number is missing though files of checkpoints were removed"
        assert len(CheckpointFiles(house.audit / "checkpoints").days()) < 40
    assert house.problems() == ([], [])


@pytest.mark.parametrize("step_ms", [-HOUR_MS, -DAY_MS, -10 * YEAR_MS, HOUR_MS, DAY_MS, 10 * YEAR_MS])
@pytest.mark.parametrize("stays", [False, True])
def test_a_step_over_midnight_is_named_and_signing_goes_on(
    house: House, step_ms: int, stays: bool, said: list[tuple[str, int]]
) -> None:
    public = house.signing.public_key()
    witness, port = start_witness("127.0.0.1:0", Witness(house.keeper, public))
    try:

        def started() -> Checkpointer:
            keepers = [WitnessKeeper(f"127.0.0.1:{port}")]
            return Checkpointer(house.audit, house.signing, keepers, 5, house.clock, monotonic=house.monotonic)

        house.now_ms += DAY_MS - house.now_ms % DAY_MS + 1000  # a second after midnight
        number = 0

        def ask_and_sign(checkpointer: Checkpointer) -> None:
            nonlocal number
            number += 1
            append(writer.log, number)
            house.now_ms += 1000
            assert checkpointer.tick() is not None
            assert checkpointer.report().keepers_behind == [0]

        with house.writer(segment_bytes=1 << 20) as writer:
            checkpointer = started()
            ask_and_sign(checkpointer)
            house.step_clock(step_ms)
            ask_and_sign(checkpointer)
            if not stays:
                house.step_clock(-step_ms)
            ask_and_sign(checkpointer)
            checkpointer.close()
            restarted = started()
            ask_and_sign(restarted)
            restarted.close()
        ours, theirs = house.problems()
        assert (ours, theirs) == ([], [])
        backwards = step_ms < 0 or not stays
        assert bool(house.verdict().clock_steps) == backwards
        assert ("clock_stepped", ERROR) in said
        assert "audit_inconsistent" not in {event for event, _ in said}
    finally:
        witness.stop(0).wait()


def test_a_sign_of_life_each_minute_after_a_step_back(house: House) -> None:
    with house.checkpointer() as checkpointer:
        sealed_segment(house, checkpointer)
        house.step_clock(-10 * YEAR_MS)
        house.now_ms += 61_000
        assert checkpointer.tick() is not None


def test_hash_keys_outlive_a_clock_far_ahead(house: House) -> None:
    house.audit.mkdir(mode=0o700)
    kept_ms = 7 * DAY_MS
    first = current_hash_key(house.audit, 0, kept_ms)
    second = current_hash_key(house.audit, 31 * DAY_MS, kept_ms)
    current_hash_key(house.audit, 10 * YEAR_MS, kept_ms)
    now = 31 * DAY_MS + 1000
    back = current_hash_key(house.audit, now, kept_ms)
    assert {key.id for key in kept_hash_keys(house.audit, now)} >= {first.id, second.id, back.id}
    assert current_hash_key(house.audit, now + 20 * DAY_MS, kept_ms).id == back.id, "it is changed again in its time"
    assert current_hash_key(house.audit, now + 31 * DAY_MS, kept_ms).id != back.id
    assert first.id not in {key.id for key in kept_hash_keys(house.audit, now + 31 * DAY_MS)}
