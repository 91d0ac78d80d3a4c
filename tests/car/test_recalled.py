"""A change about a person looked up stands on the officer's screen until the officer confirms having read it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from server.recall.orders import FOLDER
from server.recall.store import FILE
from tests.car.car_kit import Car, drive
from tests.indexer.small_registers import cui_of
from tests.live.test_recall import Fed, warrant

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fed]:
    running = Fed(tmp_path_factory.mktemp("recalled"))
    yield running
    running.stop()


def test_issued_cancelled_read_and_locked(live: Fed, tmp_path: Path) -> None:
    officer = live.officer("78001")
    officer.pair.write(tmp_path / "own.pem", tmp_path / "own.key")
    (tmp_path / "server-ca.pem").write_bytes(live.kit.server_ca)
    (tmp_path / "own.token").write_text(officer.token, encoding="ascii")

    async def scenario(car: Car) -> None:
        await car.log_in()
        assert "SIN ALERTAS" in await car.ask(cui_of(1))
        await asyncio.to_thread(live.push, id="W1", row=warrant(1))
        seen = await car.sees("NUEVA ALERTA: orden de captura (OJ)", "ANA LUCIA CAAL CHOC", "F12: leído")
        assert "SIN ALERTAS" not in seen, "what was clear before the alert is not clear below it"
        assert "Cambió después de esta respuesta" in seen
        assert "HAY ALERTA" in await car.ask(cui_of(1))
        assert "ROJO" in await car.press("f6")
        await asyncio.to_thread(live.push, id="W1", kind="CANCEL")
        seen = await car.sees("CANCELADA: NO ACTÚE por esta orden de captura (OJ)")
        assert "Últimas consultas" not in seen, "a list shows levels of before, and hides what changed"
        assert "NUEVA ALERTA" not in seen, "the newest word alone"
        assert "HAY ALERTA" not in seen and "Acción" not in seen, "no level stands below the cancellation"
        assert "ROJO" not in await car.press("f6"), "nor in the history"
        await car.press("escape")
        assert "SIN ALERTAS" in await car.ask(cui_of(1)), "asked anew it has a level"
        await car.press("f10")
        assert "CANCELADA" not in car.text() and "CAAL" not in car.text()
        await car.log_in(officer.token)
        await car.sees("CANCELADA: NO ACTÚE")
        assert unread(live) >= 2, "of each of her look-ups"
        assert "CANCELADA" not in await car.press("f12")
        await car.until(lambda: unread(live) == 0)

    drive(scenario, live.address, tmp_path / "own")


def unread(live: Fed) -> int:
    """Returns the recalls that wait for the officer's receipt."""
    with closing(sqlite3.connect(live.registers.data / FOLDER / FILE)) as database:
        [[count]] = database.execute("SELECT count(*) FROM recall WHERE received_ms IS NULL AND over = 0")
        return int(count)
