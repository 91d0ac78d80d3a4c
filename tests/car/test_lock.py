"""The lock hides everything, forgets the token, and opens to whoever shows one."""

from __future__ import annotations

import time
from typing import Any

import pytest

from clients.car import session as session_module
from clients.car.login import LoginScreen
from tests.car.car_kit import Car, Device, drive
from tests.trust.conftest import TrustedServer


def locked(car: Car) -> bool:
    """Returns whether only the login is on the screen, and no token in memory."""
    return isinstance(car.app.screen, LoginScreen) and not car.app.session.open


def test_ten_idle_minutes_hide_all_of_it(
    trusted: TrustedServer, device: Device, cases: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = 0.0
    monkeypatch.setattr(session_module, "boot_seconds", lambda: time.clock_gettime(time.CLOCK_BOOTTIME) + ahead)

    async def scenario(car: Car) -> None:
        nonlocal ahead
        await car.log_in()
        await car.ask(cases["wanted"]["cui"])
        await car.press("f1")
        ahead = 599.0
        await car.press("escape")
        assert "ZACHRISSON" in car.text(), "a key, a second before: the time begins anew"
        ahead += 599.0
        await car.press("f6")
        ahead += 601.0
        await car.until(lambda: locked(car))
        assert "inactividad" in car.text()
        assert "ZACHRISSON" not in car.text()
        assert cases["wanted"]["cui"] not in car.text()
        car.app.screen.query_one("#token").value = ""  # type: ignore[attr-defined]
        await car.press("enter")
        await car.sees("pegue su token")
        token = device.write_token()
        await car.log_in()
        assert not len(car.app.history), "another token: another session"
        await car.press("f10")
        await car.log_in(token)
        assert car.app.session.open

    drive(scenario, trusted.address, device.prefix)


def test_a_key_after_the_pause_does_nothing_but_lock(
    trusted: TrustedServer, device: Device, cases: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lid was closed all night: the clock that ticks had no turn yet."""

    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.ask(cases["clean"]["cui"])
        monkeypatch.setattr(type(car.app), "_tick", lambda _: None)
        monkeypatch.setattr(session_module, "boot_seconds", lambda: time.clock_gettime(time.CLOCK_BOOTTIME) + 3600)
        await car.press("f6")
        assert locked(car)

    drive(scenario, trusted.address, device.prefix)


def test_the_same_token_goes_on_where_it_was_and_a_wrong_one_does_not_open(
    trusted: TrustedServer, device: Device, cases: dict[str, Any]
) -> None:
    async def scenario(car: Car) -> None:
        token = device.token()
        await car.log_in(token)
        await car.ask(cases["wanted_owner"]["plate"])
        await car.press("f10")
        assert locked(car)
        login = car.app.screen.query_one("#token")
        login.value = "eyJ.wrong.token"  # type: ignore[attr-defined]
        await car.press("enter")
        await car.sees("no acepta su token")
        assert locked(car)
        await car.log_in(token)
        assert "Dueño 1:" in await car.press("f5")

    drive(scenario, trusted.address, device.prefix)


def test_a_token_that_ran_out_or_was_revoked_locks(trusted: TrustedServer, device: Device) -> None:
    async def scenario(car: Car) -> None:
        await car.log_in()
        began = int(time.time()) - 1200
        device.write_token(iat=began, nbf=began, exp=began + 900)
        box = car.app.main.query_one("#box")
        box.value = "P-101ZZB"  # type: ignore[attr-defined]
        await car.press("enter")
        await car.until(lambda: locked(car))
        assert "venció" in car.text()

    drive(scenario, trusted.address, device.prefix)
