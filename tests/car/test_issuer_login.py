"""An officer signs in by NIP and password at the institution's issuer, from the screen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from clients.car.door import Way
from clients.car.login import LoginScreen
from server.issuer.forms import Kind
from tests.car.car_kit import Car, Device, drive
from tests.issuer.issuer_kit import RunningIssuer, at_work
from tests.trust.conftest import TrustedServer

NIP, GIVEN, OWN = "30111", "una clave prestada", "otra clave mas larga"


@pytest.fixture(scope="module")
def issuer(trusted: TrustedServer) -> Iterator[RunningIssuer]:
    """Yields the police's issuer; the clerk gave the officer a password, which must be changed."""
    directory = trusted.kit.directory
    running = RunningIssuer(directory / "issuer", directory / "institutions" / "pnc")
    with at_work(running.directory) as clerk:
        clerk.enrol(NIP, "zona-1", ["patrol"], reinstate=False)
        clerk.reset(NIP, Kind.PASSWORD, GIVEN)
    yield running
    running.stop()


@pytest.fixture
def prefix(device: Device, issuer: RunningIssuer) -> Path:
    """A device without a token's file, that knows the issuer's authority."""
    Path(f"{device.prefix}.token").unlink()
    shutil.copy(issuer.directory / "server-ca.pem", device.prefix.with_name("issuer-ca.pem"))
    return device.prefix


async def _type(car: Car, **boxes: str) -> str:
    for name, text in boxes.items():
        car.app.screen.query_one(f"#{name}", Input).value = text
    last = car.app.screen.query_one(f"#{list(boxes)[-1]}", Input)
    last.focus()
    return await car.press("enter")


def _at_login(car: Car) -> bool:
    return isinstance(car.app.screen, LoginScreen) and not car.app.session.open


def test_a_given_password_is_changed_and_opens(
    trusted: TrustedServer, issuer: RunningIssuer, prefix: Path, cases: dict[str, Any]
) -> None:
    async def scenario(car: Car) -> None:
        await car.sees("Su NIP y su contraseña")
        assert "Escriba su NIP" in await _type(car, token=GIVEN)
        await _type(car, nip=NIP, token="no es esta")
        assert "revise NIP y contraseña" in await car.sees("No se pudo iniciar sesión")
        await _type(car, nip=NIP, token=GIVEN)
        await car.sees("elija otra")
        await _type(car, token=OWN, again="otra cosa")
        await car.sees("No son iguales")
        await _type(car, token=GIVEN, again=GIVEN)
        await car.sees("es la misma de antes")
        await _type(car, token=OWN, again=OWN)
        await car.sees("EN LÍNEA")
        assert "HAY ALERTA" in await car.ask(cases["wanted"]["cui"])
        assert trusted.newest()[0].identity["nip"] == NIP

        await car.press("f10")
        assert _at_login(car)
        await _type(car, nip=NIP, token=OWN)
        await car.sees("EN LÍNEA")
        assert len(car.app.history) == 1, "the same officer goes on where she was"

        officer = car.app.officer
        assert officer is not None
        before = car.app.session.metadata()
        officer._renew_at = 0.0
        await car.until(lambda: car.app.session.metadata() != before)
        assert "SIN ALERTAS" in await car.ask(cases["clean"]["cui"])

    drive(scenario, trusted.address, prefix, issuer=issuer.address)


def test_a_session_that_is_over_locks(trusted: TrustedServer, issuer: RunningIssuer, prefix: Path) -> None:
    with at_work(issuer.directory) as clerk:
        clerk.enrol("30112", "zona-1", ["patrol"], reinstate=False)
        clerk.reset("30112", Kind.PASSWORD, GIVEN)

    async def scenario(car: Car) -> None:
        await _type(car, nip="30112", token=GIVEN)
        await car.sees("elija otra")
        await _type(car, token=OWN, again=OWN)
        await car.sees("EN LÍNEA")
        with at_work(issuer.directory) as clerk:
            clerk.reset("30112", Kind.PASSWORD, GIVEN)
        officer = car.app.officer
        assert officer is not None
        officer._renew_at = 0.0
        await car.sees("Su sesión terminó: entre de nuevo")
        assert _at_login(car)

    drive(scenario, trusted.address, prefix, issuer=issuer.address)


def test_a_token_still_opens_and_is_never_left_to_be_read(
    trusted: TrustedServer, issuer: RunningIssuer, device: Device, prefix: Path
) -> None:
    async def scenario(car: Car) -> None:
        await car.press("f2")
        await car.sees("Pegue su token", "F2 con NIP")
        await car.press("f2")
        await car.sees("Su NIP y su contraseña")
        token = device.token()
        car.app.screen.query_one("#nip", Input).value = token
        await car.sees("Pegue su token")
        assert token[:16] not in car.text()
        await car.press("enter")
        await car.sees("EN LÍNEA")
        await car.press("f10")
        assert car.app.screen._way is Way.PASSWORD  # type: ignore[attr-defined]

    drive(scenario, trusted.address, prefix, issuer=issuer.address)


def test_no_issuer_and_another_authority_are_told_apart(
    trusted: TrustedServer, issuer: RunningIssuer, prefix: Path
) -> None:
    async def nobody(car: Car) -> None:
        await _type(car, nip=NIP, token=OWN)
        await car.sees("Sin conexión con el emisor")
        assert _at_login(car)

    async def other_authority(car: Car) -> None:
        await _type(car, nip=NIP, token=OWN)
        await car.sees("El emisor de su institución no es", "no siga")

    async def no_file(car: Car) -> None:
        await _type(car, nip=NIP, token=OWN)
        await car.sees("No se puede leer")

    drive(nobody, trusted.address, prefix, issuer="localhost:1")
    authority = prefix.with_name("issuer-ca.pem")
    authority.write_bytes(trusted.kit.police.ca.certificate)
    drive(other_authority, trusted.address, prefix, issuer=issuer.address)
    authority.unlink()
    drive(no_file, trusted.address, prefix, issuer=issuer.address)
