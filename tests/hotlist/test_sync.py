"""HotlistService.Sync through a real server, with the client library at its other end: a warrant that is fed, and its
cancellation, reach who follows a list; a refused, expired or revoked caller gets nothing more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from clients.client import held_list
from clients.client.blocking import Ronda
from clients.client.failures import CallFailure
from clients.client.held_list import HeldList, ListOver
from clients.client.hot_list import ListPlace, ListRefused, take, unpacked
from clients.client.identity import Identity
from clients.client.list_following import ListFollowing
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import hotlist_service_pb2 as contract
from ronda.v1 import section_pb2
from server.hotlist.list_file import read_list
from server.hotlist.part import GET_DEVICE_KEY, SYNC
from server.hotlist.steps_file import read_steps, told_keys
from tests.car.car_kit import device_files
from tests.hotlist.live_lists import LUIS, MARTA, LiveLists
from tests.indexer.small_registers import cui_of
from tests.kit.field_world import INVESTIGATION
from tests.kit.midnight import past_midnight
from tests.server.running_server import Failure, until

CUI = checks.IDENTIFIER_KIND_CUI
WANTED, FREE = (CUI, cui_of(1)), (CUI, cui_of(2))


WITHOUT_WARRANTS = """
forbid (principal in Role::"pnc/patrol", action == Action::"See", resource in Section::"WARRANT");
"""


class CountedList(HeldList):
    """The number of times it came whole, and of steps."""

    def __init__(self) -> None:
        super().__init__()
        self.whole, self.steps = 0, 0

    def write(self, *what: Any) -> None:
        self.whole += 1
        super().write(*what)

    def append(self, *what: Any) -> None:
        self.steps += 1
        super().append(*what)


class Device:
    """A patrol's device that follows its list in a thread."""

    def __init__(self, live: LiveLists, directory: Path) -> None:
        self.patrol = live.patrol()
        self.prefix = device_files(live, directory, self.patrol)  # type: ignore[arg-type]  # kit is all it needs
        self.held = CountedList()
        self.told: list[Exception] = []
        self.ended: BaseException | None = None
        self._ronda = Ronda(live.address, Identity.beside(self.prefix), why="TRAFFIC_STOP")
        self._following: ListFollowing | None = None
        self._thread: threading.Thread | None = None

    def follow(self) -> Device:
        """From what is held."""
        self._following = self._ronda.hot_list(self.held)
        self._following._on_failure = self.told.append
        self.headers = 0

        def run() -> None:
            try:
                for _ in self._following or ():
                    self.headers += 1
            except (CallFailure, ListRefused) as error:
                self.ended = error

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        until(lambda: self.headers or self.ended, 40)
        return self

    def stop(self) -> None:
        assert self._following is not None and self._thread is not None
        self._following.close()
        self._thread.join(20)

    def has(self, key: tuple[int, str]) -> bool:
        return bool(self.held.entries(*key))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveLists]:
    past_midnight(within_s=150)  # a list is made anew each day
    world = LiveLists(Path(tmp_path_factory.mktemp("sync")))
    try:
        yield world
    finally:
        world.stop()


@pytest.fixture
def device(live: LiveLists, tmp_path: Path) -> Iterator[Device]:
    following = Device(live, tmp_path / "device").follow()
    yield following
    following.stop()


def test_a_warrant_and_its_cancellation_reach_who_follows(live: LiveLists, device: Device) -> None:
    assert device.has(WANTED) and not device.has(FREE)
    live.warrant("W9", 2, LUIS)
    until(lambda: device.has(FREE))
    (entry,) = device.held.entries(*FREE)
    assert (entry.name, entry.record.record_id) == (LUIS, "W9")
    live.cancel("W9")
    until(lambda: not device.has(FREE))
    assert (device.held.whole, device.told) == (1, [])
    header = device.held.header
    assert header is not None and time.time() - header.followed_at.seconds < 60


def test_it_is_gone_on_from_where_it_stood(live: LiveLists, device: Device) -> None:
    device.stop()
    live.warrant("W10", 3, MARTA)
    before = device.held.place
    device.follow()
    until(lambda: device.has((CUI, cui_of(3))))
    assert device.held.whole == 1, "by steps alone"
    assert before is not None and device.held.place is not None and device.held.place[0] == before[0]


def test_what_is_followed_is_the_list_made_anew(live: LiveLists, device: Device, tmp_path: Path) -> None:
    """A new follower asks a maker that lost its list."""
    live.warrant("W11", 30)
    live.cancel("W1")
    until(lambda: device.has((CUI, cui_of(30))) and not device.has(WANTED))
    for path in (live.registers.data / "hotlists").glob("*.list"):
        path.unlink()
    other = Device(live, tmp_path / "other").follow()
    try:
        until(lambda: device.held.place == other.held.place)
        assert set(device.held) == set(other.held)
        for key in device.held:
            assert list(device.held.entries(*key)) == list(other.held.entries(*key))
        assert device.held.whole == 2, "another list takes the place of the one that is gone, in the same stream"
        assert device.held.place is not None
        given = [
            record.answer_id.hex()
            for record in live.records()
            if record.identity.get("nip") == device.patrol.nip and record.method == SYNC.number
        ]
        assert len(given) == len(set(given)) == 2
        assert given[0] == device.held.place.list_id, "each on record, the newest first"
    finally:
        other.stop()


def test_a_snapshot_is_the_list_with_its_steps(live: LiveLists, device: Device) -> None:
    live.warrant("W14", 52)
    until(lambda: device.has((CUI, cui_of(52))))
    _, blocks, header = device.patrol.snapshot()
    listed: dict[tuple[int, str], list[Any]] = {}
    for block in map(unpacked, blocks):
        for entry in block.entries:
            listed.setdefault((block.key_kind, entry.key), []).append(entry)
    assert listed == {key: list(device.held.entries(*key)) for key in device.held}
    assert header.entries == len(device.held)
    assert (header.step, header.chain) == (0, header.sha256)
    _, again, same = device.patrol.snapshot(held=header.list_id)
    assert same.unchanged
    assert not again


def test_a_killed_maker_loses_nothing(live: LiveLists, device: Device) -> None:
    for number in range(40, 44):
        live.warrant(f"K{number}", number)
        if number % 2:
            until(lambda number=number: device.has((CUI, cui_of(number))), 60)
        live.kill_maker()
        live.cancel(f"K{number - 1}")
    wanted = (CUI, cui_of(43))
    until(lambda: device.has(wanted) and not device.has((CUI, cui_of(42))), 60)
    assert not any(isinstance(each, ListRefused) for each in device.told)


def test_a_token_that_expires_in_the_middle(live: LiveLists, tmp_path: Path) -> None:
    following = Device(live, tmp_path / "device")
    issuer, patrol = live.kit.issuer("pnc"), following.patrol
    token = Path(f"{following.prefix}.token")
    short = issuer.token(patrol.nip, "zona-1", ["patrol"], patrol.pair.thumbprint, exp=int(time.time()) + 4)
    token.write_text(short, encoding="ascii")
    following.follow()
    try:
        place = following.held.place
        token.write_text(patrol.token, encoding="ascii")
        time.sleep(5)
        live.warrant("W12", 50)
        until(lambda: following.has((CUI, cui_of(50))), 30)
        assert following.held.whole == 1 and following.ended is None and following.told == []
        assert place is not None
    finally:
        following.stop()


def test_who_is_revoked_is_told_nothing_more(live: LiveLists, tmp_path: Path) -> None:
    revoked, other = Device(live, tmp_path / "revoked").follow(), Device(live, tmp_path / "other").follow()
    try:
        file = live.kit.trust / "revoked.toml"
        file.write_text(f'officers = ["pnc/{revoked.patrol.nip}"]\n', encoding="utf-8")
        until(lambda: revoked.ended is not None)
        live.warrant("W13", 51)
        until(lambda: other.has((CUI, cui_of(51))))
        assert not revoked.has((CUI, cui_of(51)))
        assert isinstance(revoked.ended, CallFailure) and revoked.ended.reason == "REVOKED"
    finally:
        file.unlink()
        other.stop()


def test_who_may_see_less_by_now_is_sent_nothing_more_of_the_list_before(live: LiveLists, device: Device) -> None:
    """The list for the caller's new rights is not there yet, and cannot be made."""
    assert device.held.place is not None
    list_id, key = device.held.place.list_id, (CUI, cui_of(70))
    [path] = [path for path in (live.registers.data / "hotlists").glob("*.list") if read_list(path).list_id == list_id]  # type: ignore[union-attr]
    name, _, mask = path.stem.rpartition("-")
    narrowed = path.with_name(f"{name}-{int(mask, 16) & ~(1 << section_pb2.SECTION_WARRANT):x}.list")
    policy = live.kit.trust / "policy.cedar"
    text, changed = policy.read_text(encoding="utf-8"), len(live.server.events("trust_changed"))
    narrowed.mkdir()
    try:
        policy.write_text(text + WITHOUT_WARRANTS, encoding="utf-8")
        until(lambda: len(live.server.events("trust_changed")) > changed)
        live.warrant("W20", 70)
        until(lambda: any(key in told_keys(step.content) for step in read_steps(path, list_id).steps))
        until(lambda: device.told or device.ended or device.has(key))
        assert not device.has(key)
    finally:
        policy.write_text(text, encoding="utf-8")
        narrowed.rmdir()
    until(lambda: device.has(key), 60)


def test_without_the_right_there_is_no_stream_and_each_is_on_record(live: LiveLists, device: Device) -> None:
    investigator = live.patrol("pnc/investigator", INVESTIGATION)
    with pytest.raises(grpc.RpcError) as caught:
        next(investigator.stream("HotlistService", contract.SyncRequest(), contract.SyncResponse))
    assert Failure(caught.value).reason == "FORBIDDEN"
    mine = [record for record in live.records() if record.identity.get("nip") == device.patrol.nip]
    assert {record.method for record in mine} == {SYNC.number, GET_DEVICE_KEY.number}
    (sync,) = (record for record in mine if record.method == SYNC.number)
    assert device.held.place is not None and sync.answer_id.hex() == device.held.place.list_id
    refused = [record for record in live.records() if record.identity.get("nip") == investigator.nip]
    assert [record.method for record in refused] == [SYNC.number] and refused[0].status


@pytest.mark.parametrize(
    ("change", "field"), [({"list_id": "x" * 65}, "list_id"), ({"step": -1}, "step"), ({"chain": b"x"}, "chain")]
)
def test_a_request_that_breaks_a_rule_is_refused_by_field(live: LiveLists, change: Any, field: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        next(live.patrol().stream("HotlistService", contract.SyncRequest(**change), contract.SyncResponse))
    assert (Failure(caught.value).reason, list(Failure(caught.value).fields)) == ("FIELD_INVALID", [field])


# ---- what a bad network or a bad server may make of a stream ----


@pytest.fixture(scope="module")
def recorded(live: LiveLists) -> tuple[list[Any], dict[str, bytes]]:
    """A whole list, three steps of their own and the header behind them, as they were sent; and the signing keys."""
    patrol = live.patrol()
    key = patrol.ask("HotlistService", contract.GetDeviceKeyRequest(), contract.GetDeviceKeyResponse)
    stream = patrol.stream("HotlistService", contract.SyncRequest(), contract.SyncResponse)
    parts: list[Any] = []
    for number in (60, 61, 62):
        live.warrant(f"R{number}", number)
        for part in stream:
            parts.append(part)
            if part.HasField("step") and any(
                entry.key == cui_of(number)
                for block in contract.HotlistStep.FromString(part.step.step).keys
                for entry in block.entries
            ):
                break
    parts.append(next(stream))
    stream.cancel()
    return parts, {each.key_id: each.public_key for each in key.signing_keys}


def _taken(parts: list[Any], keys: dict[str, bytes], held: HeldList | None = None) -> HeldList:
    held = HeldList() if held is None else held
    for _ in take(iter(parts), held, keys):
        pass
    return held


def _steps(parts: list[Any]) -> list[int]:
    return [place for place, part in enumerate(parts) if part.HasField("step")]


def test_a_stream_as_it_was_sent_is_taken(recorded: tuple[list[Any], dict[str, bytes]]) -> None:
    held = _taken(*recorded)
    assert all(held.entries(CUI, cui_of(number)) for number in (60, 61, 62))
    assert held.place is not None and held.place.step >= 3


def test_a_list_in_memory_answers_nothing_when_it_is_over_or_never_came(
    recorded: tuple[list[Any], dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is "not on it" then; and a clock that is set back, or a machine that slept, lengthens nothing."""
    key = (CUI, cui_of(60))
    with pytest.raises(ListOver):
        HeldList().entries(*key)
    held = _taken(*recorded)
    assert held.header is not None
    lasts = held.header.valid_until.seconds - held.header.made_at.seconds
    boot = held_list._boot_s
    monkeypatch.setattr(time, "time", lambda: 0.0)
    for later, over in ((lasts - 60, False), (lasts, True)):
        monkeypatch.setattr(held_list, "_boot_s", lambda later=later: boot() + later)
        assert held.over == over
        if over:
            for asked in (key, (CUI, cui_of(1234))):
                with pytest.raises(ListOver):
                    held.entries(*asked)
        else:
            assert held.entries(*key) and not held.entries(CUI, cui_of(1234))


def _lost(parts: list[Any]) -> list[Any]:
    place = _steps(parts)[-2]
    return [*parts[:place], *parts[place + 1 :]]


def _swapped(parts: list[Any]) -> list[Any]:
    first, second = _steps(parts)[-2:]
    found = list(parts)
    found[first], found[second] = found[second], found[first]
    return found


def _early_again(parts: list[Any]) -> list[Any]:
    first, last = _steps(parts)[-3], _steps(parts)[-1]
    return [*parts[: last + 1], parts[first], *parts[last + 1 :]]


def _changed(parts: list[Any]) -> list[Any]:
    found = [type(part).FromString(part.SerializeToString()) for part in parts]
    step = found[_steps(found)[-1]].step
    step.step = step.step.replace(cui_of(62).encode(), cui_of(63).encode())
    return found


def _last_lost(parts: list[Any]) -> list[Any]:
    place = _steps(parts)[-1]
    return [*parts[:place], *parts[place + 1 :]]


def _block_lost(parts: list[Any]) -> list[Any]:
    return [part for part in parts if not part.snapshot.block]


@pytest.mark.parametrize(
    "mangle", [_lost, _swapped, _early_again, _changed, _last_lost, _block_lost], ids=lambda each: each.__name__
)
def test_what_does_not_fit_is_refused_and_what_is_held_stays_true(
    recorded: tuple[list[Any], dict[str, bytes]], mangle: Callable[[list[Any]], list[Any]]
) -> None:
    parts, keys = recorded
    held = HeldList()
    with pytest.raises(ListRefused):
        _taken(mangle(parts), keys, held)
    if held.place is None:
        assert mangle is _block_lost
        return
    rest = [parts[place] for place in _steps(parts)][held.place.step :]
    whole = _taken(parts, keys)
    _taken([*rest, parts[-1]], keys, held)
    assert held.place == whole.place and set(held) == set(whole), "it is gone on from where it stood"


def test_the_last_step_again_changes_nothing(recorded: tuple[list[Any], dict[str, bytes]]) -> None:
    parts, keys = recorded
    place = _steps(parts)[-1]
    held = _taken([*parts[: place + 1], *parts[place:]], keys)
    assert held.place == _taken(parts, keys).place


def test_a_step_of_another_list_is_refused(recorded: tuple[list[Any], dict[str, bytes]]) -> None:
    parts, keys = recorded
    held = _taken(parts[: _steps(parts)[0]], keys)
    assert held.place is not None
    held.place = ListPlace("another", *held.place[1:])
    with pytest.raises(ListRefused, match="another list"):
        _taken([parts[_steps(parts)[0]]], keys, held)


def test_keys_that_are_not_the_server_s_prove_nothing(recorded: tuple[list[Any], dict[str, bytes]]) -> None:
    parts, keys = recorded
    for other in ({}, dict.fromkeys(keys, bytes(32))):
        with pytest.raises(ListRefused):
            _taken(parts, other)
