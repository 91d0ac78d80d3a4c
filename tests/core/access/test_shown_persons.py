"""Different persons that somebody was shown: in an hour and a day, by officer and device, over workers and restarts."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from core.access.caller import EVERY_METHOD, Caller
from core.access.grant import Grant
from core.access.limits import Limits
from core.errors import TooManyPersons

MIDNIGHT = 1_789_970_400_000  # of 2026-09-21 in Guatemala
HOUR = 3_600_000
BOUNDS = (100, 200, 300)  # listed in an hour, in a day, all in a day
DELEGATED = 128


def _caller(limits: Limits, officer: str = "pnc/1", device: str = "car", flags: int = 0) -> Caller:
    caller = Caller(
        b"{}", device=device.encode(), officer=officer.encode(), unit=b"pnc/zona-1", flags=flags, limits=limits
    )
    for purpose in (1, 2):
        caller.give(purpose, Grant.everything(), methods=EVERY_METHOD, persons=BOUNDS)
    caller.give(3, Grant.everything(), methods=EVERY_METHOD)
    return caller


def _persons(first: int, count: int) -> list[bytes]:
    return [number.to_bytes(16, "big") for number in range(first, first + count)]


def _refused(caller: Caller, persons: Iterable[bytes], at_ms: int, *, listed: bool, purpose: int = 1) -> str:
    """The bound that refuses; "" = shown."""
    try:
        caller.show(purpose, persons, at_ms, listed=listed)
    except TooManyPersons as error:
        assert 0 < error.retry_after_ms <= 24 * HOUR
        return error.limit
    return ""


@pytest.fixture
def limits(tmp_path: Path) -> Limits:
    return Limits(tmp_path / "limits")


def test_lists_have_an_hour_and_a_day_and_identifiers_what_is_left(limits: Limits) -> None:
    caller = _caller(limits)
    assert _refused(caller, _persons(0, 100), MIDNIGHT, listed=True) == ""
    assert _refused(caller, _persons(100, 1), MIDNIGHT + HOUR - 1, listed=True) == "persons_listed_hour"
    assert _refused(caller, _persons(100, 100), MIDNIGHT + HOUR, listed=True) == ""
    assert _refused(caller, _persons(200, 1), MIDNIGHT + 2 * HOUR, listed=True) == "persons_listed_day"
    assert _refused(caller, _persons(200, 100), MIDNIGHT + 2 * HOUR, listed=False) == ""
    assert _refused(caller, _persons(300, 1), MIDNIGHT + 23 * HOUR, listed=False) == "persons_day"
    assert _refused(caller, _persons(0, 100), MIDNIGHT + 23 * HOUR, listed=True) == ""  # seen today
    assert _refused(caller, _persons(300, 1), MIDNIGHT + 24 * HOUR, listed=False) == ""


def test_a_hundred_identifiers_leave_their_room_to_lists_and_never_count_as_lists(limits: Limits) -> None:
    caller = _caller(limits)
    for place in range(100):
        assert _refused(caller, _persons(1000 + place, 1), MIDNIGHT, listed=False) == ""
    assert _refused(caller, _persons(0, 100), MIDNIGHT, listed=True) == ""
    assert _refused(caller, _persons(100, 100), MIDNIGHT + HOUR, listed=True) == ""
    assert _refused(caller, _persons(200, 1), MIDNIGHT + HOUR, listed=False) == "persons_day"


def test_what_is_refused_counts_nothing(limits: Limits) -> None:
    caller = _caller(limits)
    assert _refused(caller, _persons(0, 101), MIDNIGHT, listed=True) == "persons_listed_hour"
    assert _refused(caller, _persons(0, 100), MIDNIGHT, listed=True) == ""


def test_who_has_spent_a_bound_does_not_learn_who_is_on_file(limits: Limits) -> None:
    caller = _caller(limits)
    assert _refused(caller, [], MIDNIGHT, listed=True) == ""
    assert _refused(caller, _persons(0, 100), MIDNIGHT, listed=True) == ""
    assert _refused(caller, [], MIDNIGHT, listed=True) == "persons_listed_hour"
    assert _refused(caller, [], MIDNIGHT, listed=False) == ""
    assert _refused(caller, _persons(100, 192), MIDNIGHT, listed=False) == ""


def test_purposes_share_a_count_and_one_without_a_bound_counts_too(limits: Limits) -> None:
    caller = _caller(limits)
    assert _refused(caller, _persons(0, 100), MIDNIGHT, listed=True, purpose=3) == ""
    assert _refused(caller, _persons(100, 1), MIDNIGHT, listed=True, purpose=2) == "persons_listed_hour"
    assert _refused(caller, _persons(100, 1), MIDNIGHT, listed=True, purpose=3) == ""


def test_twenty_tokens_at_one_device_are_few(limits: Limits) -> None:
    shown = 0
    callers = [_caller(limits, f"pnc/{officer}", "stolen car") for officer in range(20)]
    for hour in range(5):
        for officer, caller in enumerate(callers):
            persons = _persons(1000 * officer + 100 * hour, 100)
            shown += 100 * (_refused(caller, persons, MIDNIGHT + hour * HOUR, listed=True) == "")
    assert shown == 600


def test_officers_behind_a_gateway_have_nothing_in_common(limits: Limits) -> None:
    for officer in range(20):
        caller = _caller(limits, f"pnc/{officer}", "sms", DELEGATED)
        assert _refused(caller, _persons(1000 * officer, 100), MIDNIGHT, listed=True) == ""


def test_units_are_told_by_name_for_their_hour(limits: Limits) -> None:
    _caller(limits, "pnc/1", "a").show(1, _persons(0, 60), MIDNIGHT, listed=True)
    _caller(limits, "pnc/2", "b").show(1, _persons(50, 60), MIDNIGHT, listed=True)
    _caller(limits, "pnc/3", "c").show(1, _persons(500, 60), MIDNIGHT)
    assert limits.units_now(MIDNIGHT) == {"pnc/zona-1": 110}
    assert limits.units_now(MIDNIGHT + HOUR) == {}


_CHILD = """
import os, sys
from pathlib import Path
from core.access.limits import Limits
from tests.core.access.test_shown_persons import MIDNIGHT, _caller, _persons
_caller(Limits(Path(sys.argv[1]))).show(1, _persons(0, 100), MIDNIGHT, listed=True)
os.kill(os.getpid(), 9)
"""


def test_counts_are_of_all_workers_and_outlive_them(tmp_path: Path) -> None:
    path = tmp_path / "limits"
    here = _caller(Limits(path))
    subprocess.run([sys.executable, "-c", _CHILD, str(path)], check=False)
    assert _refused(here, _persons(0, 100), MIDNIGHT, listed=True) == ""
    assert _refused(here, _persons(100, 1), MIDNIGHT, listed=True) == "persons_listed_hour"
    assert _refused(_caller(Limits(path)), _persons(100, 1), MIDNIGHT, listed=True) == "persons_listed_hour"


def test_whoever_removes_the_file_gains_no_list(tmp_path: Path) -> None:
    now = time.time_ns() // 1_000_000
    caller = _caller(Limits(tmp_path / "limits", spent=True))
    assert _refused(caller, _persons(0, 1), now, listed=True) == "persons_listed_day"
    assert _refused(caller, _persons(0, 1), now, listed=False) == ""
    assert _refused(caller, _persons(1, 1), now + 24 * HOUR, listed=True) == ""


def test_the_tables_hold_a_towns_day(limits: Limits) -> None:
    """Two thousand officers, each shown 150 different persons by two answers: nobody is forgotten."""
    callers = [_caller(limits, f"pnc/{number}", f"car-{number}") for number in range(2000)]
    for number, caller in enumerate(callers):
        caller.show(1, _persons(1000 * number, 150), MIDNIGHT)
    again = 0
    for number, caller in enumerate(callers):
        for _ in range(2):  # who is forgotten costs again, and the third time passes 300
            again += _refused(caller, _persons(1000 * number, 150), MIDNIGHT, listed=False) != ""
        again += _refused(caller, _persons(1000 * number + 500, 140), MIDNIGHT, listed=False) != ""
    assert again == 0
