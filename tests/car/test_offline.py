"""Without a network: the list answers, nothing is green, each look-up is on disk first and sent on return."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.car.nothing_offline import NothingOffline
from clients.car.offline.desk import OfflineDesk
from clients.car.offline.look_up_log import LookUpLog
from clients.client.connection import Connection, Identity, request_context
from ronda.v1 import context_pb2, level_pb2
from server.audit.own_methods import OwnMethod
from tests.car.car_kit import Car, drive
from tests.car.lossy_link import LossyLink
from tests.kit.field_world import WANTED_PLATE, Asker, FieldServer, field_server

NAME = "JUAN JOSE PEREZ LOPEZ"


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FieldServer]:
    with field_server(Path(tmp_path_factory.mktemp("offline"))) as running:
        yield running


def _files(field: FieldServer, directory: Path) -> tuple[Path, Asker]:
    """A patrol's device with its token in a file."""
    patrol = field.patrol()
    directory.mkdir(exist_ok=True)
    patrol.pair.write(directory / "own.pem", directory / "own.key")
    (directory / "server-ca.pem").write_bytes(field.kit.server_ca)
    (directory / "own.token").write_text(patrol.token, encoding="ascii")
    return directory / "own", patrol


def _frame() -> Any:
    return request_context(context_pb2.PURPOSE_TRAFFIC_STOP)


def test_the_list_answers_until_the_network_is_back(field: FieldServer, tmp_path: Path) -> None:
    state = tmp_path / "state"
    prefix, patrol = _files(field, tmp_path / "device")

    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.until(lambda: car.app._desk is not None and car.app._desk._list is not None)
        link.cut = True
        first = await car.ask(field.field.wanted)
        for said in ("FUERA DE LÍNEA, datos al", "POSIBLE: confirme por radio", NAME, "Solo si se confirma"):
            assert said in first
        assert "HAY ALERTA" not in first
        car.app._next_probe = float("inf")
        began = time.monotonic()
        free = await car.ask(field.field.clean)
        assert time.monotonic() - began < 2.0, "it does not wait for the network again"
        assert "no es verde" in free
        assert "SIN ALERTAS" not in free
        assert "confirme por radio" in await car.ask(WANTED_PLATE)
        assert "confirme por radio" in await car.ask("111BBB")
        assert "confirme por radio" in await car.ask(field.field.stolen_vin)
        assert "solo se busca por DPI" in await car.ask("Juan Perez")
        await car.sees("6 por enviar")
        link.cut = False
        car.app._next_probe = 0.0
        await car.sees("EN LÍNEA")
        await car.until(lambda: car.app._desk is not None and not car.app._desk.waiting)
        assert "HAY ALERTA" in await car.ask(field.field.wanted)

    with LossyLink(field.address) as link:
        drive(scenario, link.address, prefix, deadline=3.0, state=str(state))
    mine = [record for record in field.records(60) if record.identity.get("nip") == patrol.nip]
    assert sum(record.method == OwnMethod.OFFLINE_LOOK_UP for record in mine) == 6
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
        assert LookUpLog(tmp_path / "state").waiting == 1, "its number was given out"
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
