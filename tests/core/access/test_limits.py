"""Limits: the shared file against a naive model, and several processes that count together."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access.caller import EVERY_METHOD, Caller
from core.access.grant import Grant
from core.access.limits import Limits
from core.errors import LimitExceeded, QuestionError

NOW = 1_790_000_000_000  # 2026-09-21, UTC milliseconds
RETRY, OFF_HOURS, REPEATED, ENUMERATION = 1, 8, 32, 64
CUI = b"\x01"
PLATE = b"\x08GTM:"


def _caller(limits: Limits, nip: str = "o", car: str = "d", **given_limits: object) -> Caller:
    caller = Caller(b"{}", device=car.encode(), officer=nip.encode(), limits=limits)
    caller.give(1, Grant.everything(), methods=EVERY_METHOD, **given_limits)  # type: ignore[arg-type]
    return caller


def _limit(limits: Limits, caller: Caller, clock_ms: int, **asked: bytes) -> str:
    """The limit that refuses, "" = none does."""
    request_id, request = asked.get("request_id", b""), asked.get("request", b"\x12\x01x")
    try:
        caller.take(1, 2, request_id, request, clock_ms, asked.get("asked_key", b""))
    except LimitExceeded as error:
        assert 0 < error.retry_after_ms <= 86_400_000
        return error.limit
    return ""


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 20),
    seconds=st.integers(1, 60),
    burst=st.integers(1, 8),
    pauses=st.lists(st.integers(0, 3000), max_size=60),
)
def test_a_bucket_is_the_naive_one(count: int, seconds: int, burst: int, pauses: list[int]) -> None:
    with _fresh() as limits:
        caller = _caller(limits, officer=(count, seconds, burst))
        interval = seconds * 1_000_000 // count
        tokens, clock = burst * interval, NOW * 1000  # in microseconds of allowance
        last = clock
        for pause in pauses:
            clock += pause * 1000
            tokens = min(burst * interval, tokens + clock - last)
            last = clock
            expected = "" if tokens >= interval else "officer"
            tokens -= interval if not expected else 0
            assert _limit(limits, caller, clock // 1000) == expected


class _fresh:
    """Limits in a file of its own that is gone at the end."""

    def __enter__(self) -> Limits:
        import tempfile

        self._directory = tempfile.TemporaryDirectory()
        return Limits(Path(self._directory.name) / "limits")

    def __exit__(self, *_: object) -> None:
        self._directory.cleanup()


def test_when_to_come_back_is_exact(tmp_path: Path) -> None:
    limits = Limits(tmp_path / "limits")
    caller = _caller(limits, officer=(1, 10, 2))
    assert [_limit(limits, caller, NOW) for _ in range(3)] == ["", "", "officer"]
    with pytest.raises(LimitExceeded) as caught:
        caller.take(1, 2, b"", b"", NOW)
    later = NOW + caught.value.retry_after_ms
    assert _limit(limits, caller, later - 2) == "officer"
    assert _limit(limits, caller, later) == ""


def test_officers_and_devices_have_their_own(tmp_path: Path) -> None:
    limits = Limits(tmp_path / "limits")
    rules = {"officer": (1, 60, 2), "device": (1, 60, 3)}
    first, second = (_caller(limits, officer, "car", **rules) for officer in ("a", "b"))
    elsewhere = _caller(limits, "b", "desk", **rules)
    assert [_limit(limits, first, NOW) for _ in range(3)] == ["", "", "officer"]
    assert [_limit(limits, second, NOW) for _ in range(2)] == ["", "device"]
    assert _limit(limits, elsewhere, NOW) == "officer"  # b's second look-up was counted before her car's limit


def test_a_request_id_counts_once(tmp_path: Path) -> None:
    limits = Limits(tmp_path / "limits")
    caller = _caller(limits, officer=(1, 3600, 2))
    flags = [caller.take(1, 2, b"r", b"\x0a\x01x\x12\x03abc", NOW + i) for i in range(5)]
    assert flags == [0, RETRY, RETRY, RETRY, RETRY]
    for other in (b"\x0a\x01x\x12\x03abd", b"\x12\x03abc\x18\x01", b"\x0a\x02xy\x12\x03abc"):
        with pytest.raises(QuestionError) as caught:
            caller.take(1, 2, b"r", other, NOW + 11)
        assert caught.value.field == "context.request_id"
    # another officer's ids are her own; a refused question was not counted, so its retry is no free one
    assert _caller(limits, "p").take(1, 2, b"r", b"\x12\x01z", NOW) == 0
    assert _limit(limits, caller, NOW, request_id=b"s") == ""
    assert [_limit(limits, caller, NOW, request_id=b"t") for _ in range(2)] == ["officer", "officer"]
    # a day later the same id is a new question, and no id is free for ever
    day = NOW + 86_400_000 + 120_000
    assert caller.take(1, 2, b"r", b"\x12\x01n", day) == 0
    many = _caller(limits, "m", officer=(1, 3600, 1))
    assert _limit(limits, many, NOW, request_id=b"r") == ""
    assert "officer" in [_limit(limits, many, NOW, request_id=b"r") for _ in range(64)]


def test_a_retry_is_the_same_bytes_for_the_same_purpose_from_the_same_device(tmp_path: Path) -> None:
    limits = Limits(tmp_path / "limits")
    caller, elsewhere = _caller(limits, officer=(1, 3600, 99)), _caller(limits, car="e", officer=(1, 3600, 99))
    caller.give(9, Grant.everything(), methods=EVERY_METHOD, break_glass=True, officer=(10, 3600, 10))
    traffic, glass = b"\x0a\x02\x08\x01\x12\x03abc", b"\x0a\x02\x08\x09\x12\x03abc"
    assert caller.take(1, 2, b"r", traffic, NOW) == 0
    for purpose, method, request in (
        (9, 2, glass),
        (9, 2, traffic),
        (1, 3, traffic),
        (1, 2, traffic + b"\x0a\x02\x32\x00"),
    ):
        with pytest.raises(QuestionError) as caught:
            caller.take(purpose, method, b"r", request, NOW)
        assert caught.value.field == "context.request_id"
    assert elsewhere.take(1, 2, b"r", traffic, NOW) == 0
    assert caller.take(1, 2, b"r", traffic, NOW) == RETRY
    spent = 0
    for number in range(30):
        try:
            caller.take(1, 2, b"%d" % number, traffic, NOW)
            caller.take(9, 2, b"%d" % number, glass, NOW)
            spent += 1
        except QuestionError:
            pass
    assert spent == 0


def test_a_batch_under_another_purpose_counts(tmp_path: Path) -> None:
    limits = Limits(tmp_path / "limits")
    caller = _caller(limits, rows=(100, 86_400, 100))
    caller.give(9, Grant.everything(), methods=EVERY_METHOD, rows=(60, 86_400, 60))
    assert caller.take_rows(1, 60, b"night", b"\x12\x01a", NOW) == 0
    assert caller.take_rows(9, 60, b"night", b"\x12\x01a", NOW) == 0
    with pytest.raises(LimitExceeded, match="rows"):
        caller.take_rows(9, 60, b"noon", b"\x12\x01a", NOW)


def _slot(path: Path, held: bytes) -> bytes:
    """Returns what one look-up under a request id leaves in the file, but for its time and count."""
    limits = Limits(path)
    before = path.read_bytes()[4096:]
    _caller(limits).take(1, 2, b"id", held, NOW)
    after = path.read_bytes()[4096:]
    table = 10_485_760 + 4_194_304  # of spenders and repeats
    places = [at for at in range(table, len(after), 32) if after[at : at + 32] != before[at : at + 32]]
    assert len(places) == 1
    return after[places[0] + 8 : places[0] + 24]


def test_the_fingerprint_is_keyed_and_has_128_bits(tmp_path: Path) -> None:
    """Another file's key, another fingerprint of the same request; and no half of it tells two requests apart."""
    first, second = _slot(tmp_path / "a", b"\x12\x01x"), _slot(tmp_path / "b", b"\x12\x01x")
    other = _slot(tmp_path / "c", b"\x12\x01y")
    halves = [half for whole in (first, second, other) for half in (whole[:8], whole[8:])]
    assert len(set(halves)) == 6


@pytest.mark.parametrize("magic", [b"RDNLIMS1", b"RDNLIMS9"])
def test_a_file_of_another_release_is_made_anew_and_its_users_keep_it(tmp_path: Path, magic: bytes) -> None:
    """A release that was rolled back to ended with status 78 at the newer one's file, and stayed down."""
    path = tmp_path / "limits"
    path.write_bytes(magic + bytes(100_000))
    held = path.open("rb")
    limits = Limits(path, spent=True)  # as a server that served before opens it: an upgrade is no loss
    again = Limits(path)
    caller = _caller(limits, officer=(1, 3600, 1))
    assert _limit(limits, caller, NOW) == ""
    assert _limit(again, _caller(again, officer=(1, 3600, 1)), NOW) == "officer"
    with held:
        assert held.read(8) == magic
    assert path.read_bytes()[:8] == b"RDNLIMS4"


@pytest.mark.parametrize(
    "keys",
    [
        [CUI + b"%08d40101" % serial for serial in range(2_340_000, 2_340_012)],
        [CUI + b"%08d40101" % serial for serial in range(2_340_012, 2_340_000, -1)],
        [CUI + b"%08d40101" % serial for serial in range(2_340_000, 2_340_120, 10)],
        [PLATE + b"%03dBCD" % number for number in range(120, 132)],
        [b"\x07%08d" % number for number in range(55_120_000, 55_120_012)],
    ],
    ids=["CUIs up", "CUIs down", "every tenth CUI", "plates", "telephones"],
)
def test_numbers_in_a_row_are_refused(tmp_path: Path, keys: list[bytes]) -> None:
    limits = Limits(tmp_path / "limits")
    caller = _caller(limits, neighbours=(6, 600, 6))
    refused = [_limit(limits, caller, NOW + i * 1000, asked_key=key) for i, key in enumerate(keys)]
    assert refused[:6] == [""] * 6
    assert refused[-1] == "neighbours"
    marking = _caller(limits, "marked", neighbours=(6, 600, 6), neighbours_refused=False)
    flags = [marking.take(1, 2, b"", b"", NOW + i * 1000, key) for i, key in enumerate(keys)]
    assert flags[-1] == ENUMERATION


@pytest.mark.parametrize("request_id", [b"", b"id"], ids=["asked anew", "as a retry"])
def test_who_asks_twice_is_refused_twice(tmp_path: Path, request_id: bytes) -> None:
    limits = Limits(tmp_path / "limits")
    caller = _caller(limits, neighbours=(2, 600, 2))
    keys = [CUI + b"%08d40101" % serial for serial in range(2_340_000, 2_340_010)]
    ids = [request_id + b"%d" % i if request_id else b"" for i in range(10)]
    first = [_limit(limits, caller, NOW, asked_key=k, request_id=r) for k, r in zip(keys, ids, strict=True)]
    assert first == [""] * 3 + ["neighbours"] * 7
    again = [_limit(limits, caller, NOW, asked_key=k, request_id=r) for k, r in zip(keys[-6:], ids[-6:], strict=True)]
    assert again == ["neighbours"] * 6
    # what was answered may be had again, and what was refused once the allowance is whole
    assert _limit(limits, caller, NOW, asked_key=keys[2], request_id=ids[2]) == ""
    assert _limit(limits, caller, NOW + 1_200_000, asked_key=keys[-1], request_id=ids[-1]) == ""
    assert _limit(limits, caller, NOW + 1_200_000, asked_key=keys[-1], request_id=ids[-1]) == ""
    repeating = _caller(limits, "r", repeats=(3, 86_400, 3), repeats_refused=True)
    for i in range(3):
        assert _limit(limits, repeating, NOW, asked_key=keys[0], request_id=b"%d" % i) == ""
    for _ in range(2):
        assert _limit(limits, repeating, NOW, asked_key=keys[0], request_id=b"last") == "repeats"


def test_a_days_work_is_no_enumeration(tmp_path: Path) -> None:
    limits = Limits(tmp_path / "limits")
    caller = _caller(limits, neighbours=(6, 600, 6))
    for i in range(300):
        key = CUI + b"%08d4%02d01" % (i * 7919 * 131 % 99_999_999, i % 22 + 1)
        assert _limit(limits, caller, NOW + i * 1000, asked_key=key) == ""
        assert _limit(limits, caller, NOW + i * 1000, asked_key=key) == ""  # the same again is no neighbour


def test_one_subject_again_and_again_is_marked_or_refused(tmp_path: Path) -> None:
    limits = Limits(tmp_path / "limits")
    caller = _caller(limits, repeats=(3, 86_400, 3))
    key = CUI + b"2340000040101"
    assert [caller.take(1, 2, b"", b"", NOW, key) for _ in range(4)] == [0, 0, 0, REPEATED]
    assert caller.take(1, 2, b"", b"", NOW, CUI + b"2440000040101") == 0
    refusing = _caller(limits, "r", repeats=(3, 86_400, 3), repeats_refused=True)
    assert [_limit(limits, refusing, NOW, asked_key=key) for _ in range(4)] == ["", "", "", "repeats"]


def test_hours_are_those_of_guatemala(tmp_path: Path) -> None:
    limits = Limits(tmp_path / "limits")
    midnight = 1_789_970_400_000  # 2026-09-21 00:00 in Guatemala
    day = sum(1 << hour for hour in range(6, 20))
    marked, refused = _caller(limits, hours=day), _caller(limits, "r", hours=day, hours_refused=True)
    for hour, flags in ((0, OFF_HOURS), (5, OFF_HOURS), (6, 0), (19, 0), (20, OFF_HOURS)):
        clock = midnight + hour * 3_600_000
        assert marked.take(1, 2, b"", b"", clock) == flags
        assert _limit(limits, refused, clock) == ("hours" if flags else "")
    with pytest.raises(LimitExceeded) as caught:
        refused.take(1, 2, b"", b"", midnight + 20 * 3_600_000)
    assert abs(caught.value.retry_after_ms - 10 * 3_600_000) < 10


def test_rows_of_a_batch_count_once(tmp_path: Path) -> None:
    limits = Limits(tmp_path / "limits")
    caller = _caller(limits, rows=(100, 86_400, 100))
    assert caller.take_rows(1, 60, b"night", b"\x12\x01a", NOW) == 0
    assert caller.take_rows(1, 60, b"night", b"\x12\x01a", NOW) == RETRY
    assert caller.take_rows(1, 40, b"night", b"\x12\x01b", NOW) == 0
    with pytest.raises(LimitExceeded, match="rows"):
        caller.take_rows(1, 40, b"night", b"\x12\x01c", NOW)


_COUNT = """
import sys
from core.access.caller import EVERY_METHOD, Caller
from core.errors import LimitExceeded
from core.access.grant import Grant
from core.access.limits import Limits
limits = Limits(sys.argv[1])
caller = Caller(b"{}", officer=b"o", limits=limits)
caller.give(1, Grant.everything(), methods=EVERY_METHOD, officer=(1, 3600, 20_000))
taken = 0
for _ in range(15_000):
    try:
        caller.take(1, 2, b"", b"", int(sys.argv[2]))
        taken += 1
    except LimitExceeded:
        pass
print(taken)
"""


def test_processes_count_together(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _COUNT, str(tmp_path / "limits"), str(NOW)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    taken = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(taken) == 20_000
    assert (tmp_path / "limits").stat().st_mode & 0o777 == 0o600


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "limits").write_bytes(b"something else")
    with pytest.raises(ValueError, match="limits"):
        Limits(tmp_path / "limits")
    (tmp_path / "link").symlink_to(tmp_path / "limits")
    with pytest.raises(OSError, match="link"):
        Limits(tmp_path / "link")


def test_a_dear_allowance_does_not_use_up_a_cheap_one(tmp_path: Path) -> None:
    limits = Limits(tmp_path / "limits")
    caller = _caller(limits, officer=(60, 60, 60), device=(60, 60, 60))
    caller.give(9, Grant.everything(), methods=EVERY_METHOD, officer=(2, 3600, 2), device=(2, 3600, 2))
    for _ in range(2):
        caller.take(9, 2, b"", b"", NOW)
    with pytest.raises(LimitExceeded, match="officer"):
        caller.take(9, 2, b"", b"", NOW)
    assert [_limit(limits, caller, NOW) for _ in range(61)] == [""] * 60 + ["officer"]


def test_limits_in_the_place_of_lost_ones_begin_spent(tmp_path: Path) -> None:
    """They come back at the pace of their rules; a file that is there stays as it is."""
    path, now = tmp_path / "limits", int(time.time() * 1000)
    rules: dict[str, Any] = {"officer": (1, 60, 2), "device": (1, 60, 3)}
    lost = Limits(path, spent=True)
    caller = _caller(lost, **rules)
    assert _limit(lost, caller, now) == "officer"
    assert _limit(lost, caller, now + 61_000) == ""
    assert _limit(lost, caller, now + 62_000) == "officer"
    again = Limits(path)
    assert _limit(again, _caller(again, "another", "desk", **rules), now) == "officer"
    first = Limits(tmp_path / "first")
    assert _limit(first, _caller(first, **rules), now) == ""
