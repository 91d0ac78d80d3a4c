"""Without a network: the list answers, nothing is green, each look-up is on disk first and sent on return."""

from __future__ import annotations

import re
import resource
import signal
import struct
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.widgets import Input

from clients.car import clock
from clients.car.clock import TrustedClock
from clients.car.nothing_offline import NothingOffline
from clients.car.officer import officer_mark
from clients.car.offline.desk import OfflineDesk
from clients.car.offline.held_key import HeldKey
from clients.car.offline.look_up_log import LookUpLog
from clients.client.connection import Connection, Identity, request_context
from ronda.v1 import context_pb2, level_pb2
from ronda.v1.hotlist_service_pb2 import OfflineLookUp
from server.hotlist.part import OFFLINE_LOOK_UP
from tests.car.car_kit import Car, device_files, drive
from tests.car.lossy_link import LossyLink
from tests.kit.field_world import WANTED_PLATE, Asker, FieldServer

NAME = "JUAN JOSE PEREZ LOPEZ"


def _files(field: FieldServer, directory: Path) -> tuple[Path, Asker]:
    """A patrol's device with its token in a file."""
    patrol = field.patrol()
    return device_files(field, directory, patrol), patrol


def _frame() -> Any:
    return request_context(context_pb2.PURPOSE_TRAFFIC_STOP)


def test_the_list_answers_until_the_network_is_back(field: FieldServer, tmp_path: Path) -> None:
    state = tmp_path / "state"
    prefix, patrol = _files(field, tmp_path / "device")

    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.until(lambda: car.app.coverage.desk is not None and car.app.coverage.desk._list is not None)
        link.cut = True
        first = await car.ask(field.field.wanted)
        for said in ("FUERA DE LÍNEA, datos al", "POSIBLE: confirme por radio", NAME, "Solo si se confirma"):
            assert said in first
        assert "HAY ALERTA" not in first
        car.app.coverage.next_probe = float("inf")
        began = time.monotonic()
        free = await car.ask(field.field.clean)
        assert time.monotonic() - began < 2.0, "it does not wait for the network again"
        assert "no es verde" in free
        assert "SIN ALERTAS" not in free
        assert "confirme por radio" in await car.ask(WANTED_PLATE)
        assert "confirme por radio" in await car.ask("111BBB")
        assert "confirme por radio" in await car.ask(field.field.stolen_vin)
        for typed in (f"dpi {field.field.wanted}", f"placa {WANTED_PLATE} gris", f"vin {field.field.stolen_vin}"):
            assert "confirme por radio" in await car.ask(typed), typed
        assert "solo se busca por DPI" in await car.ask("Juan Perez")
        await car.sees("9 por enviar")
        link.cut = False
        car.app.coverage.next_probe = 0.0
        await car.sees("EN LÍNEA")
        await car.until(lambda: car.app.coverage.desk is not None and not car.app.coverage.desk.waiting)
        assert "HAY ALERTA" in await car.ask(field.field.wanted)

    with LossyLink(field.address) as link:
        drive(scenario, link.address, prefix, deadline=3.0, state=str(state))
    mine = [record for record in field.records(60) if record.identity.get("nip") == patrol.nip]
    assert sum(record.method == OFFLINE_LOOK_UP.number for record in mine) == 9
    on_disk = b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file())
    for personal in (NAME, field.field.wanted, field.field.clean, WANTED_PLATE, "PEREZ"):
        assert personal.encode() not in on_disk


def _synced(field: FieldServer, tmp_path: Path) -> tuple[OfflineDesk, Connection, Any]:
    prefix, _ = _files(field, tmp_path / "device")
    connection = Connection(field.address, Identity.beside(prefix))
    metadata: list[tuple[str, str]] = []  # the identity shows the token
    desk = OfflineDesk(tmp_path / "state", "PURPOSE_TRAFFIC_STOP", "")
    desk.sync(connection, metadata, _frame)
    return desk, connection, metadata


def test_it_ends_by_clocks_that_nobody_sets_back(
    field: FieldServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, connection, _ = _synced(field, tmp_path)
    real_time, real_boot = time.time, time.clock_gettime
    with connection:
        assert desk.answer(field.field.wanted).level == level_pb2.LEVEL_POSSIBLE
        monkeypatch.setattr(time, "time", lambda: real_time() - 10 * 86_400)
        assert desk.answer(field.field.wanted).entries, "set back, it is as it was"
        monkeypatch.setattr(time, "clock_gettime", lambda which: real_boot(which) + 86_400)
        with pytest.raises(NothingOffline, match="no se responde"):
            desk.answer(field.field.wanted)
        monkeypatch.undo()
        with pytest.raises(NothingOffline):
            desk.answer(field.field.wanted)  # dropped, not hidden


def test_an_expired_or_damaged_list_and_a_full_disk_answer_nothing(
    field: FieldServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, connection, _ = _synced(field, tmp_path)
    with connection:
        held = desk._list
        assert held is not None
        end = held.header.valid_until.seconds
        held.header.valid_until.seconds = 1
        with pytest.raises(NothingOffline, match="venció"):
            desk.answer(field.field.wanted)
        held.header.valid_until.seconds = end

        def full(*_: Any) -> None:
            raise OSError

        with monkeypatch.context() as patch:
            patch.setattr(desk._log, "append", full)
            with pytest.raises(NothingOffline, match="no pudo quedar registrada"):
                desk.answer(field.field.clean)
        (data,) = (tmp_path / "state").glob("*.list")
        content = bytearray(data.read_bytes())
        content[len(content) // 2] ^= 1
        data.write_bytes(content)
        answered = 0
        for words in (field.field.wanted, WANTED_PLATE, field.field.stolen_vin):
            try:
                answered += bool(desk.answer(words).entries)
            except NothingOffline:
                continue
        assert answered < 3


def test_a_log_that_was_cut_or_changed_shows_as_a_gap(field: FieldServer, tmp_path: Path) -> None:
    desk, connection, metadata = _synced(field, tmp_path)
    with connection:
        for _ in range(3):
            desk.answer(field.field.clean)
        log = tmp_path / "state" / "log"
        content = bytearray(log.read_bytes())
        content[40] ^= 1
        log.write_bytes(content)
        assert desk.waiting == 3
        desk.report(connection, metadata, _frame)
        assert (desk.gaps, desk.waiting) == (1, 0)
        desk.answer(field.field.clean)
        log.write_bytes(b"")
        desk.drop()
        cut = LookUpLog(tmp_path / "state")
        assert cut.waiting == 1, "its number was given out"
        cut.close()
        again = OfflineDesk(tmp_path / "state", "PURPOSE_TRAFFIC_STOP", "")
        again.sync(connection, metadata, _frame)
        again.answer(field.field.clean)
        again.report(connection, metadata, _frame)
        assert again.gaps == 2
        assert again._list is not None


def test_the_lock_drops_the_key(field: FieldServer, tmp_path: Path) -> None:
    desk, connection, metadata = _synced(field, tmp_path)
    with connection:
        desk.drop()
        assert desk._key is None and desk._list is None
        desk.sync(connection, metadata, _frame)
        assert desk._key is None, "a list that arrives after the lock is not taken"


def test_a_log_with_more_gaps_than_the_server_keeps_begins_anew(field: FieldServer, tmp_path: Path) -> None:
    desk, connection, metadata = _synced(field, tmp_path)
    with connection:
        for _ in range(203):
            desk.answer(field.field.clean)
        log = tmp_path / "state" / "log"
        first_log, kept = desk._log.log_id, b""
        for number, key_id, sealed in desk._log._frames():
            if number % 2:
                kept += struct.pack(">IQ8s", len(sealed), number, key_id.encode()) + sealed
        log.write_bytes(kept)
        assert desk.waiting == 203
        desk.report(connection, metadata, _frame)
        assert desk._log.log_id != first_log
        assert (desk.gaps, desk.waiting) == (101, 0), "those that are lost are told all the same"
        desk.answer(field.field.clean)
        desk.report(connection, metadata, _frame)
        assert (desk.gaps, desk.waiting) == (101, 0)


def test_a_crash_while_a_log_begins_anew_loses_nothing(tmp_path: Path) -> None:
    key = HeldKey("20260101", bytes(32), 2.0**40, TrustedClock(0.0))
    log = LookUpLog(tmp_path)
    for _ in range(3):
        log.append(OfflineLookUp(question="x"), key)
    kept, head = (tmp_path / "log").read_bytes(), (tmp_path / "head").read_bytes()
    assert not log.begin_anew([], log.last - 1, key), "a look-up came meanwhile"
    assert log.begin_anew(log.read(3, lambda _: key), log.last, key)
    fresh, fresh_head, log_id = (tmp_path / "log").read_bytes(), (tmp_path / "head").read_bytes(), log.log_id
    log.close()
    for crashed in (
        {"log": kept, "head": head, "log.next": fresh},  # before its head: the old one stands
        {"log": kept, "head": head, "log.next": fresh, "head.next": fresh_head},
        {"log": fresh, "head": head, "head.next": fresh_head},
    ):
        for path in tmp_path.iterdir():
            path.unlink()
        for name, content in crashed.items():
            (tmp_path / name).write_bytes(content)
        again = LookUpLog(tmp_path)
        assert len(again.read(9, lambda _: key)) == again.waiting == 3
        assert (again.log_id == log_id) == ("head.next" in crashed)
        again.close()


def test_a_clock_that_jumps_is_told_at_once_and_misdates_nothing(
    field: FieldServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the car is open: no answer is needed to see it, the boot clock has not jumped."""
    prefix, _ = _files(field, tmp_path / "device")
    off = SimpleNamespace(time=time.time, clock_gettime=time.clock_gettime, CLOCK_BOOTTIME=time.CLOCK_BOOTTIME)
    monkeypatch.setattr(clock, "time", off)

    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.until(lambda: car.app.coverage.desk is not None and car.app.coverage.desk._list is not None)
        assert "reloj" not in car.text()
        off.time = lambda: time.time() + 3 * 3600
        await car.sees("¡reloj 3 h adelantado!")
        link.cut = True
        assert "confirme por radio" in await car.ask(field.field.wanted)
        desk = car.app.coverage.desk
        assert desk is not None
        (kept,) = desk._log.read(9, lambda _: desk._key)
        assert abs(kept.asked_at.seconds - time.time()) < 60, "on record at the time that it was"

    with LossyLink(field.address) as link:
        drive(scenario, link.address, prefix, deadline=3.0, state=str(tmp_path / "state"))


def test_what_was_left_half_hides_nothing_that_comes_after(tmp_path: Path) -> None:
    """A power cut or a full disk in the middle of a record."""
    key = HeldKey("20260101", bytes(32), 2.0**40, TrustedClock(0.0))
    log = LookUpLog(tmp_path)
    for _ in range(2):
        log.append(OfflineLookUp(question="x"), key)
    log.close()
    whole = (tmp_path / "log").read_bytes()
    for torn in range(1, len(whole) // 2):
        (tmp_path / "log").write_bytes(whole[:-torn])
        again = LookUpLog(tmp_path)
        again.append(OfflineLookUp(question="y"), key)
        assert [each.sequence for each in again.read(9, lambda _: key)] == [1, again.last]
        again.close()


def test_a_disk_that_fills_in_the_middle_of_a_record(tmp_path: Path) -> None:
    key = HeldKey("20260101", bytes(32), 2.0**40, TrustedClock(0.0))
    log = LookUpLog(tmp_path)
    log.append(OfflineLookUp(question="x"), key)
    size = (tmp_path / "log").stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, limits[1]))  # room for a part of the next
        with pytest.raises(OSError, match="too large"):
            log.append(OfflineLookUp(question="y" * 150), key)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert (tmp_path / "log").stat().st_size == size
    log.append(OfflineLookUp(question="z"), key)
    assert [each.question for each in log.read(9, lambda _: key)] == ["x", "z"]
    log.close()


def test_two_screens_of_one_officer_do_not_share_a_log(field: FieldServer, tmp_path: Path) -> None:
    prefix, _ = _files(field, tmp_path / "device")
    folder = tmp_path / "state" / officer_mark(Path(f"{prefix}.token").read_text(encoding="ascii"))
    other = LookUpLog(folder)

    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.sees("SIN LISTA")
        assert "HAY ALERTA" in await car.ask(field.field.wanted), "on line it asks as ever"
        link.cut = True
        said = await car.ask(field.field.wanted)
        assert "Otro Ronda está abierto" in said
        assert "no es verde" in said
        await car.press("f10")
        other.close()
        link.cut = False
        await car.log_in(Path(f"{prefix}.token").read_text(encoding="ascii"))
        await car.until(lambda: car.app.coverage.desk is not None)
        assert "SIN LISTA" not in car.text()

    with LossyLink(field.address) as link:
        drive(scenario, link.address, prefix, deadline=3.0, state=str(tmp_path / "state"))
    LookUpLog(folder).close()


def test_a_silent_link_is_not_on_line_and_it_goes_on_without_a_restart(field: FieldServer, tmp_path: Path) -> None:
    """No connection ends: what is sent is taken, and never arrives."""
    prefix, _ = _files(field, tmp_path / "device")

    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.until(lambda: car.app.coverage.desk is not None and car.app.coverage.desk._list is not None)
        car.app.coverage.next_probe = float("inf")
        link.silent = True
        box = car.app.main.query_one("#box", Input)
        box.value = field.field.wanted
        await car.press("enter")
        await car.until(lambda: re.search(r"[1-9]\.\d s · Esc cancela", car.text()))
        first = await car.settled()
        assert "FUERA DE LÍNEA, datos al" in first
        assert "TARDÓ" in first, "the wait for the server counts"
        assert "SIN CONEXIÓN" in first
        await car.app.coverage.probe()
        assert "SIN CONEXIÓN" in car.text(), "a port that takes a connection is no server"
        assert "no es verde" in await car.ask(field.field.clean)
        link.silent = False
        car.app.coverage.next_probe = 0.0
        await car.sees("EN LÍNEA")
        assert "HAY ALERTA" in await car.ask(field.field.wanted)
        await car.until(lambda: car.app.coverage.desk is not None and not car.app.coverage.desk.waiting)
        link.silent = True
        car.app.coverage._next_health = 0.0
        await car.sees("SIN CONEXIÓN")

    with LossyLink(field.address) as link:
        drive(scenario, link.address, prefix, deadline=2.5, state=str(tmp_path / "state"))


@pytest.mark.parametrize("day", [86_400, -86_400], ids=["ahead", "behind"])
def test_a_device_whose_clock_is_a_day_off(
    field: FieldServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, day: int
) -> None:
    """On line nothing depends on it. Ahead, the list's key has ended; behind, it has not."""
    prefix, _ = _files(field, tmp_path / "device")
    off = SimpleNamespace(
        time=lambda: time.time() + day, clock_gettime=time.clock_gettime, CLOCK_BOOTTIME=time.CLOCK_BOOTTIME
    )
    monkeypatch.setattr(clock, "time", off)  # there alone: gRPC's own deadlines go by the clock of its core
    wrong = f"24 h {'adelantado' if day > 0 else 'atrasado'}"
    synced = []

    async def scenario(car: Car) -> None:
        sync = car.app.coverage.sync

        async def counted() -> None:
            synced.append(True)
            await sync()

        monkeypatch.setattr(car.app.coverage, "sync", counted)
        await car.log_in()
        await car.sees(f"¡reloj {wrong}!")
        await car.until(lambda: car.app.coverage.desk is not None and synced)
        assert "HAY ALERTA" in await car.ask(field.field.wanted)
        assert f"¡reloj {wrong}!" in car.text()
        for _ in range(30):
            car.app.coverage.tick()
            await car.pilot.pause(0.02)
        assert len(synced) == 1, "a wrong clock does not ask for a key every second"
        link.cut = True
        said = await car.ask(field.field.wanted)
        assert ("sin llave vigente" if day > 0 else "confirme por radio") in said
        assert (f"El reloj de este equipo está {wrong}: corríjalo" in said) == (day > 0)
        assert f"¡reloj {wrong}!" in said
        off.time = time.time
        car.app.paint_status()
        assert "¡reloj" not in car.text(), "and no more once it is set right"

    with LossyLink(field.address) as link:
        drive(scenario, link.address, prefix, deadline=3.0, state=str(tmp_path / "state"))
