"""Bad coverage: a server that stops, a link that is slow, silent or cut. Nothing blocks, nothing is green."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from textual.widgets import Input

from clients.car.login import LoginScreen
from server.trust.issuing import issue, make_ca
from tests.car.car_kit import Car, Device, device_files, drive
from tests.car.lossy_link import LossyLink
from tests.kit.field_world import WANTED_PLATE, field_server
from tests.server.running_server import RunningServer
from tests.trust.conftest import TrustedServer


def test_a_slow_link_shows_the_time_and_a_silent_one_ends(
    trusted: TrustedServer, device: Device, cases: dict[str, Any]
) -> None:
    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.ask(cases["clean"]["cui"])
        link.silent = True
        box = car.app.main.query_one("#box")
        box.value = cases["wanted"]["cui"]  # type: ignore[attr-defined]
        await car.press("enter")
        await car.until(lambda: re.search(r"[1-9]\.\d s · Esc cancela", car.text()))
        running = car.text()
        assert "SIN ALERTAS" not in running, "the answer of before is off the screen"
        await car.press("escape")
        assert "Cancelada." in car.text()
        late = await car.ask(cases["wanted"]["cui"])
        assert "SIN RESPUESTA: no es verde, repita" in late
        assert "mala cobertura" in late

    with LossyLink(trusted.address, delay_s=0.2) as link:
        drive(scenario, link.address, device.prefix, deadline=4.0)


def test_a_server_that_stops_and_starts_again(tmp_path: Path) -> None:
    again: list[RunningServer] = []

    async def scenario(car: Car) -> None:
        await car.log_in()
        assert "Vehículo ROJO" in await car.ask(WANTED_PLATE)
        field.server.stop()
        link.cut = True
        gone = await car.ask(field.field.clean)
        assert "no es verde" in gone
        assert "ROJO" not in gone, "nor the vehicle of before, in the line at the top"
        assert "Sin conexión con el servidor" in gone
        again.append(RunningServer(field.data, tmp_path / "again.log", **{"workers": 1, **field.kit.settings}))
        link.target = again[0].wait_ready().address
        link.cut = False
        car.app.coverage.next_probe = 0.0
        await car.sees("EN LÍNEA")
        assert "HAY ALERTA" in await car.ask(field.field.wanted), "the same screen, without a new login"
        link.cut = True
        await car.press("f10")
        issuer = field.kit.police
        token = issuer.token(patrol.nip, "zona-1", ["patrol"], patrol.pair.thumbprint, seconds=899)
        car.app.screen.query_one("#token", Input).value = token
        await car.press("enter")
        await car.sees("Sin conexión con el servidor")
        assert not car.app.session.open, "a token that nobody checked opens nothing"
        link.cut = False

    with field_server(tmp_path) as field:
        patrol = field.patrol()
        try:
            with LossyLink(field.address) as link:
                drive(scenario, link.address, device_files(field, tmp_path / "device", patrol), deadline=4.0)
        finally:
            for each in again:
                each.stop()


def test_a_certificate_that_ended_and_clocks_that_are_a_day_off(trusted: TrustedServer, device: Device) -> None:
    """The server's clock decides about tokens; the device's about the server's certificate."""
    now = int(time.time())

    async def refused(car: Car, said: str) -> None:
        await car.until(lambda: isinstance(car.app.screen, LoginScreen))
        await car.press("enter")
        await car.sees(said)
        assert not car.app.session.open

    async def early_token(car: Car) -> None:
        await refused(car, "aún no es vigente: revise la hora de este equipo")

    async def old_token(car: Car) -> None:
        await refused(car, "Su token venció")

    async def own_certificate(car: Car) -> None:
        await refused(car, "El certificado de este equipo venció el")

    day = 86_400
    device.write_token(iat=now + day, nbf=now + day, exp=now + day + 900)
    drive(early_token, trusted.address, device.prefix)
    device.write_token(iat=now - day, nbf=now - day, exp=now - day + 900)
    drive(old_token, trusted.address, device.prefix)
    device.expire()
    drive(own_certificate, trusted.address, device.prefix)


@pytest.mark.parametrize("starts", [1, -91], ids=["behind", "ahead"])
def test_a_device_whose_clock_is_a_day_off_says_so_of_the_servers_certificate(
    trusted: TrustedServer, device: Device, starts: int, tmp_path: Path
) -> None:
    """A server's certificate that begins tomorrow, or ended yesterday: what a device with a wrong clock sees of all."""
    authority = make_ca("of the server")
    name = x509.DNSName("localhost")
    began = datetime.now(UTC) + timedelta(days=starts)
    pair = issue(authority, "localhost", [name], days=90, server=True, starts=began)
    pair.write(tmp_path / "server.pem", tmp_path / "server.key")
    (tmp_path / "server-ca.pem").write_bytes(authority.certificate)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")

    async def scenario(car: Car) -> None:
        await car.until(lambda: isinstance(car.app.screen, LoginScreen))
        await car.press("enter")
        await car.sees("vencido o aún no es", "revise la hora")
        assert not car.app.session.open

    with socket.create_server(("127.0.0.1", 0)) as listener:
        over = threading.Event()
        thread = threading.Thread(target=_shake_hands, args=(listener, tls, over))
        thread.start()
        try:
            drive(scenario, f"localhost:{listener.getsockname()[1]}", device.prefix)
        finally:
            over.set()
            thread.join()


def _shake_hands(listener: socket.socket, tls: ssl.SSLContext, over: threading.Event) -> None:
    listener.settimeout(0.05)
    while not over.is_set():
        with contextlib.suppress(OSError):
            plain, _ = listener.accept()
            plain.settimeout(2)
            with plain, tls.wrap_socket(plain, server_side=True):
                pass


def test_the_wrong_server_and_a_device_without_its_files(
    trusted: TrustedServer, device: Device, tmp_path: Path
) -> None:
    async def refused(car: Car, *said: str) -> None:
        await car.until(lambda: car.app.screen is not car.app.main)
        await car.press("enter")
        await car.sees(*said)
        assert not car.app.session.open

    async def other_authority(car: Car) -> None:
        await refused(car, "El servidor no es el de su", "no siga")

    async def no_files(car: Car) -> None:
        await refused(car, "pegue su token")
        car.app.screen.query_one("#token").value = "x.y.z"  # type: ignore[attr-defined]
        await refused(car, "No se puede leer")

    async def nobody(car: Car) -> None:
        await refused(car, "Sin conexión con el servidor")

    drive(no_files, trusted.address, tmp_path / "none")
    drive(nobody, "127.0.0.1:1")
    (tmp_path / "server-ca.pem").write_bytes(trusted.kit.police.ca.certificate)
    drive(other_authority, trusted.address, device.prefix)
