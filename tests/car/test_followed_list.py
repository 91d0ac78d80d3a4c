"""The car's off-line list follows what is fed: by proved steps on its disk, after a restart too; and says its age."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from clients.car.nothing_offline import NothingOffline
from clients.car.offline.desk import OfflineDesk
from clients.car.offline.listed_view import followed_text, listed_layers
from clients.client.connection import Connection, Identity, request_context
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import context_pb2, level_pb2
from tests.car.car_kit import Car, device_files, drive
from tests.car.lossy_link import LossyLink
from tests.hotlist.live_lists import ANA, LUIS, LiveLists
from tests.indexer.small_registers import cui_of
from tests.kit.field_world import Asker
from tests.server.running_server import until

CUI = checks.IDENTIFIER_KIND_CUI
LISTS_ALONE = """
permit (
    principal in Role::"pnc/listed",
    action in [Action::"Snapshot", Action::"GetDeviceKey", Action::"ReportLookUps", Action::"Registers"],
    resource == Purpose::"TRAFFIC_STOP"
);
permit (principal in Role::"pnc/listed", action == Action::"See", resource in Sensitivity::"OPEN")
when { context.purpose == Purpose::"TRAFFIC_STOP" };
permit (principal in Role::"pnc/listed", action == Action::"OmitCaseNumber", resource == Purpose::"TRAFFIC_STOP");
permit (principal in Role::"pnc/listed", action == Action::"Spend", resource == Allowance::"border");
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveLists]:
    world = LiveLists(Path(tmp_path_factory.mktemp("followed")), policy=LISTS_ALONE)
    try:
        yield world
    finally:
        world.stop()


class Followed:
    """A desk that follows its list in a thread, as the screen's does."""

    def __init__(self, live: LiveLists, directory: Path, patrol: Asker | None = None) -> None:
        self.patrol = patrol or live.patrol()
        self.state = directory / "state"
        prefix = device_files(live, directory, self.patrol)  # type: ignore[arg-type]  # its kit is all that is needed
        self.connection = Connection(live.address, Identity.beside(prefix))
        self.desk = self._opened()
        self.threads: list[threading.Thread] = []

    def _opened(self) -> OfflineDesk:
        desk = OfflineDesk(self.state, "PURPOSE_TRAFFIC_STOP", "")
        desk.sync(self.connection, [], frame)
        return desk

    def follow(self) -> Followed:
        desk, connection = self.desk, self.connection

        def run() -> None:
            while not desk._dropped:
                try:
                    desk.follow(connection, [], frame)
                except grpc.RpcError:
                    return

        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()
        until(lambda: desk.following, 30)
        return self

    def restart(self) -> Followed:
        """The program ends and is there again: what it knows is what lies on its disk."""
        self.desk.drop()
        self.desk = self._opened()
        return self

    def end(self) -> None:
        self.desk.drop()
        self.connection.close()
        for thread in self.threads:
            thread.join(20)

    def has(self, number: int) -> bool:
        held = self.desk._list
        return held is not None and bool(held.entries(CUI, cui_of(number)))

    @property
    def step(self) -> int:
        held = self.desk._list
        assert held is not None
        return held.place.step


def frame() -> Any:
    return request_context(context_pb2.PURPOSE_TRAFFIC_STOP)


@pytest.fixture
def car(live: LiveLists, tmp_path: Path) -> Iterator[Followed]:
    followed = Followed(live, tmp_path / "device").follow()
    yield followed
    followed.end()


def test_on_the_screen_a_warrant_and_its_cancellation_are_there_without_a_network(
    live: LiveLists, tmp_path: Path
) -> None:
    prefix = device_files(live, tmp_path / "device", live.patrol())  # type: ignore[arg-type]
    state = tmp_path / "state"

    def has(car: Car, number: int) -> bool:
        desk = car.app.coverage.desk
        held = desk._list if desk is not None else None
        return held is not None and bool(held.entries(CUI, cui_of(number)))

    async def off_line(car: Car, number: int) -> str:
        link.cut = True
        said = await car.ask(cui_of(number))
        assert "FUERA DE LÍNEA, datos al" in said
        assert "Cambios recibidos hasta el" in said
        assert "hace menos de 1 min" in said
        link.cut = False
        car.app.coverage.next_probe = 0.0
        await car.sees("EN LÍNEA")
        return said

    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.until(lambda: has(car, 1))
        live.warrant("S1", 2, LUIS)
        await car.until(lambda: has(car, 2))
        said = await off_line(car, 2)
        assert "POSIBLE: confirme por radio" in said
        assert LUIS in said
        live.cancel("S1")
        await car.until(lambda: not has(car, 2))
        said = await off_line(car, 2)
        assert "no es verde" in said
        assert "SIN ALERTAS" not in said

    with LossyLink(live.address) as link:
        drive(scenario, link.address, prefix, deadline=3.0, state=str(state))
    on_disk = b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file())
    # Five letters and more: three stand by chance in a few thousand characters of ciphertext, once in sixty runs.
    for personal in (ANA, LUIS, "LUCIA", "ALBERTO", cui_of(1), cui_of(2)):
        assert personal.encode() not in on_disk


def test_steps_are_there_after_a_restart_and_are_gone_on_from(live: LiveLists, car: Followed) -> None:
    assert car.has(1)
    live.warrant("A1", 10)
    live.warrant("A2", 11)
    until(lambda: car.has(10) and car.has(11))
    live.cancel("A2")
    until(lambda: not car.has(11))
    step, blocks = car.step, sorted((path.name, path.stat().st_ino) for path in car.state.glob("*.list"))
    car.restart()
    assert (car.has(10), car.has(11), car.step) == (True, False, step), "from the disk, before anything is followed"
    car.follow()
    live.cancel("A1")
    until(lambda: not car.has(10))
    assert car.step > step
    assert sorted((path.name, path.stat().st_ino) for path in car.state.glob("*.list")) == blocks, "the same list"
    listed = car.desk.answer(cui_of(10))
    assert listed.level == level_pb2.LEVEL_INCOMPLETE
    assert 0 < listed.followed_at <= time.time() and listed.age < 60


@pytest.mark.parametrize("cut", ["half a line", "a line", "all", "other bytes"])
def test_steps_that_were_cut_or_changed_never_answer_as_before(live: LiveLists, car: Followed, cut: str) -> None:
    live.warrant("B1", 20)
    until(lambda: car.has(20))
    live.cancel("B1")
    until(lambda: not car.has(20))
    live.warrant("B2", 21)
    until(lambda: car.has(21))
    held = car.desk._list
    assert held is not None
    until(lambda: held.header.step == held.place.step)
    (path,) = car.state.glob("*.steps")
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    cuts = {"half a line": content[:-9], "a line": b"".join(lines[:-1]), "all": b"", "other bytes": bytes(changed)}
    car.desk.drop()
    path.write_bytes(cuts[cut])
    again = OfflineDesk(car.state, "PURPOSE_TRAFFIC_STOP", "")
    again._fetched = lambda *what: what[-1]  # type: ignore[method-assign]  # the server's list does not come
    again.sync(car.connection, [], frame)
    with pytest.raises(NothingOffline, match="no hay"):
        again.answer(cui_of(20))
    again.drop()
    car.restart().follow()
    until(lambda: car.has(21) and not car.has(20))


def test_a_step_that_a_crash_left_half_counts_for_nothing(live: LiveLists, car: Followed) -> None:
    live.warrant("C1", 30)
    until(lambda: car.has(30))
    held = car.desk._list
    assert held is not None
    until(lambda: held.header.step == held.place.step)
    step = car.step
    car.desk.drop()
    (path,) = car.state.glob("*.steps")
    with path.open("ab") as file:
        file.write(path.read_bytes()[:40])
    car.restart()
    assert car.has(30) and car.step == step
    car.follow()
    live.warrant("C2", 31)
    until(lambda: car.has(31))
    car.restart()
    assert car.has(31)


def test_the_age_of_the_list_is_said(live: LiveLists, car: Followed) -> None:
    held = car.desk._list
    assert held is not None
    car.desk.drop()
    for ago, said in ((30, "hace menos de 1 min"), (45 * 60 + 5, "hace 45 min"), (5 * 3600, "hace 5 h")):
        again = OfflineDesk(car.state, "PURPOSE_TRAFFIC_STOP", "")
        again.sync(car.connection, [], frame)
        assert again._list is not None
        again._list.header.followed_at.FromSeconds(int(time.time()) - ago)
        listed = again.answer(cui_of(1))
        assert said in followed_text(listed)
        assert any(said in line.plain for line in listed_layers(listed).urgent)
        again.drop()


def test_registers_that_nobody_feeds_are_said_to_be_late(live: LiveLists, car: Followed) -> None:
    live.warrant("D1", 40)
    until(lambda: car.has(40))
    assert car.desk.answer(cui_of(40)).stale == ()
    live.writer.kill()
    live.writer.wait()
    try:
        until(lambda: car.desk.answer(cui_of(40)).stale, 30)
        listed = car.desk.answer(cui_of(40))
        assert any(
            "Atrasado" in line.plain and "Organismo Judicial" in line.plain for line in listed_layers(listed).urgent
        )
    finally:
        live.writer = live.start_writer()
    until(lambda: not car.desk.answer(cui_of(40)).stale, 30)


def test_who_may_have_lists_alone_has_them_as_before(live: LiveLists, tmp_path: Path) -> None:
    listed = Followed(live, tmp_path / "device", live.patrol("pnc/listed"))
    try:
        assert listed.has(1)
        with pytest.raises(grpc.RpcError):
            listed.desk.follow(listed.connection, [], frame)
        assert listed.desk.answer(cui_of(1)).level == level_pb2.LEVEL_POSSIBLE
    finally:
        listed.end()


def test_many_changes_at_once(live: LiveLists, car: Followed) -> None:
    for number in range(100, 400):
        live.warrant(f"E{number}", number)
    until(lambda: all(car.has(number) for number in range(100, 400)), 60)
    for number in range(100, 400):
        live.cancel(f"E{number}")
    until(lambda: not any(car.has(number) for number in range(100, 400)), 60)
    car.restart()
    assert not any(car.has(number) for number in range(100, 400)) and car.has(1)
