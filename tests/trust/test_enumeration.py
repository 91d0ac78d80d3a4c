"""A walk through a list is stopped within a hundred look-ups, in whatever way; honest days never are."""

from __future__ import annotations

import random
import re
import statistics
from pathlib import Path

import pytest

from core.access.caller import EVERY_METHOD, Caller
from core.access.grant import Grant
from core.access.limits import Limits
from core.errors import LimitExceeded
from server.trust.allowances import Allowance, read_allowances
from tests.trust.honest_days import Look, days
from tests.trust.walks import WALKS, Asked, asked, real

ROOT = Path(__file__).parents[2]
NOW = 1_790_000_000_000  # 2026-09-21, UTC milliseconds
MIDNIGHT = 1_789_970_400_000  # of that day in Guatemala
ENUMERATION = 64
SEEDS = 20
WITHIN = 100
EXAMPLE = read_allowances(ROOT / "server" / "trust" / "example" / "limits.toml")
WATCHED = ("neighbours", "misses", "subjects")


def _caller(
    limits: Limits, nip: str, car: str, allowance: Allowance, unit: str = "pnc/zona-1", **changes: object
) -> Caller:
    """With an example's bounds of enumeration; that so many look-ups a minute are refused too shall hide nothing."""
    caller = Caller(b"{}", device=car.encode(), officer=nip.encode(), unit=unit.encode(), limits=limits)
    rules = {name: allowance.limit(name) for name in WATCHED} | changes
    refused = {f"{name}_refused": name in allowance.refuse for name in WATCHED}
    caller.give(1, Grant.everything(), methods=EVERY_METHOD, **rules, **refused)  # type: ignore[arg-type]
    return caller


def _refused(limits: Limits, caller: Caller, question: Asked, clock_ms: int) -> str:
    """The bound that refuses; "marked" where it is marked; "" = ordinary."""
    try:
        flags = caller.take(1, 2, b"", b"", clock_ms, question.key, question.found)
    except LimitExceeded as error:
        assert error.retry_after_ms > 0
        return error.limit
    return "marked" if flags & ENUMERATION else ""


def _look_ups_until_refused(limits: Limits, walk: str, seed: int, allowance: str, pause_ms: int) -> int:
    caller = _caller(limits, f"{walk} {seed}", f"{walk} {seed}", EXAMPLE[allowance])
    steps = WALKS[walk](random.Random(seed))
    for number in range(1, 1001):
        if _refused(limits, caller, next(steps), NOW + number * pause_ms) not in ("", "marked"):
            return number
    raise AssertionError(f"{walk}: a thousand look-ups")


@pytest.mark.parametrize("walk", WALKS)
@pytest.mark.parametrize("allowance", ["patrol", "desk", "gateway"])
def test_each_walk_ends_within_a_hundred_look_ups(tmp_path: Path, walk: str, allowance: str) -> None:
    """At a look-up each twenty seconds, or each two minutes."""
    limits = Limits(tmp_path / "limits")
    quick = [_look_ups_until_refused(limits, walk, seed, allowance, 20_000) for seed in range(SEEDS)]
    slow = [_look_ups_until_refused(limits, walk, 100 + seed, allowance, 120_000) for seed in range(SEEDS)]
    assert max(quick) <= WITHIN
    assert max(slow) <= 2 * WITHIN if walk == "half_real" else WITHIN


def test_the_page_says_after_how_many(tmp_path: Path) -> None:
    """SECURITY.md's table is what is measured here."""
    limits = Limits(tmp_path / "limits")
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    said = {m[1]: (int(m[2]), int(m[3])) for m in re.finditer(r"^\| `(\w+)` \|.*\| (\d+) \| (\d+) \|$", page, re.M)}
    measured = {}
    for walk in WALKS:
        found = [_look_ups_until_refused(limits, walk, seed, "patrol", 20_000) for seed in range(SEEDS)]
        measured[walk] = (round(statistics.median(found)), max(found))
    assert said == measured


def test_a_walk_with_twenty_tokens_on_one_device_ends(tmp_path: Path) -> None:
    """None of the officers has asked for more than five."""
    limits = Limits(tmp_path / "limits")
    callers = [_caller(limits, f"pnc/{number}", "stolen car", EXAMPLE["patrol"]) for number in range(20)]
    steps = WALKS["every_21st"](random.Random(1))
    refused = [_refused(limits, callers[i % 20], next(steps), NOW + i * 20_000) for i in range(WITHIN)]
    assert "neighbours" in refused
    gateway = [
        Caller(b"{}", device=b"sms", officer=b"pnc/%d" % number, flags=128, limits=limits) for number in range(20)
    ]
    for caller in gateway:
        rules = {name: EXAMPLE["gateway"].limit(name) for name in WATCHED}
        caller.give(1, Grant.everything(), methods=EVERY_METHOD, **rules)  # type: ignore[arg-type]
    for i in range(WITHIN):  # each of a gateway's officers is somebody else, far away
        assert _refused(limits, gateway[i % 20], next(steps), NOW + i * 20_000) == ""


def test_who_is_nobody_is_not_told_by_the_refusal(tmp_path: Path) -> None:
    """Once so many were nobody, whoever is asked for is refused, on file or not, and asked again too."""
    limits = Limits(tmp_path / "limits")
    caller = _caller(limits, "o", "d", EXAMPLE["patrol"], neighbours=None)
    steps = WALKS["guesses"](random.Random(3))
    outcomes = [_refused(limits, caller, next(steps), NOW) for _ in range(60)]
    assert outcomes[-1] == "misses"
    rng = random.Random(4)
    for somebody in (real(rng) for _ in range(5)):
        assert [_refused(limits, caller, somebody, NOW) for _ in range(2)] == ["misses"] * 2
    later = NOW + 3 * 3_600_000  # the bound has some room again, and ordinary work makes more
    assert {_refused(limits, caller, real(rng), later) for _ in range(50)} == {""}


def test_what_no_register_need_know_is_no_miss(tmp_path: Path) -> None:
    """Foreign documents and plates, names, and everything while the register that would know it is not there."""
    limits = Limits(tmp_path / "limits")
    caller = _caller(limits, "o", "d", EXAMPLE["patrol"], neighbours=None)
    rng = random.Random(5)
    for i in range(300):
        assert _refused(limits, caller, Asked(real(rng).key, None), NOW + i * 20_000) == ""
    assert caller.used(1, NOW)[1] == 0.0


def test_names_are_not_near(tmp_path: Path) -> None:
    """A name is tried in several spellings, and brothers bear all of it but one."""
    limits = Limits(tmp_path / "limits")
    caller = _caller(limits, "o", "d", EXAMPLE["desk"])
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        assert _refused(limits, caller, asked(64, f"GARCIA LOPEZ JUAN {letter}", False), NOW) == ""
    assert caller.used(1, NOW)[:2] == (0.0, 0.0)


def test_the_same_again_neither_costs_nor_pays(tmp_path: Path) -> None:
    """Asking for one's own car between the steps of a walk gains nothing."""
    limits = Limits(tmp_path / "limits")
    caller = _caller(limits, "o", "d", EXAMPLE["patrol"])
    steps, own = WALKS["every_21st"](random.Random(6)), asked(8, "GTM:123BCD", True)
    refused = []
    for i in range(40):
        refused.append(_refused(limits, caller, next(steps), NOW + i * 20_000))
        assert _refused(limits, caller, own, NOW + i * 20_000) == ""
    assert refused.index("neighbours") <= 30


def test_subjects_of_an_hour_against_the_units_habit(tmp_path: Path) -> None:
    """Two hundred people in an hour are too many where ten an hour are usual, and not where a hundred are."""
    limits = Limits(tmp_path / "limits")
    rng = random.Random(7)

    def work(officer: str, unit: str, hour: int, count: int) -> list[str]:
        caller = _caller(limits, officer, officer, EXAMPLE["desk"], unit, neighbours=None)
        start = NOW - NOW % 3_600_000 + hour * 3_600_000
        return [_refused(limits, caller, real(rng), start + i * 3_600_000 // count) for i in range(count)]

    for hour in range(40):
        assert set(work("quiet", "mp/quiet", hour, 10)) == {""}
        assert set(work(f"busy {hour}", "mp/busy", hour, 80)) == {""}
        work(f"busy {hour}", "mp/busy", hour + 1, 1)  # her next hour tells of this one
    assert work("new", "mp/quiet", 50, 200).count("subjects") > 50
    assert set(work("another", "mp/busy", 50, 200)) == {""}
    assert work("third", "mp/busy", 50, 600).count("subjects") > 100  # three times the allowance, whatever is usual


@pytest.mark.parametrize("seed", range(3))
def test_thirty_honest_days(tmp_path: Path, seed: int) -> None:
    """Nobody is refused or marked, and no bound comes nearer than SECURITY.md says."""
    limits = Limits(tmp_path / "limits")
    callers: dict[tuple[str, str], Caller] = {}
    highest = [0.0, 0.0, 0.0]
    plates_in_an_hour: dict[tuple[str, int], int] = {}
    count = 0
    for look in days(seed, MIDNIGHT):
        who = look.officer, look.car
        caller = callers[who] = callers.get(who) or _honest(limits, look)
        assert _refused(limits, caller, look.asked, look.clock_ms) == "", look.allowance
        highest = [max(pair) for pair in zip(highest, caller.used(1, look.clock_ms), strict=True)]
        if look.asked.key[0] == 8:
            hour = look.officer, look.clock_ms // 3_600_000
            plates_in_an_hour[hour] = plates_in_an_hour.get(hour, 0) + 1
        count += 1
    assert count > 40_000
    assert max(plates_in_an_hour.values()) >= 40
    said = re.search(r"at most (\d+) % of `neighbours`, (\d+) % of `misses`", (ROOT / "SECURITY.md").read_text("utf-8"))
    assert said is not None
    assert highest[0] * 100 <= int(said[1])
    assert highest[1] * 100 <= int(said[2])


def _honest(limits: Limits, look: Look) -> Caller:
    """With every limit of the example but the hours: how many a minute, a day, of one subject, of enumeration."""
    allowance = EXAMPLE[look.allowance]
    names = ("officer", "officer_day", "device", "repeats", *WATCHED)
    rules = {name: allowance.limit(name) for name in names}
    return _caller(limits, look.officer, look.car, allowance, look.unit, **rules)
