"""The car's screen, driven by keys; and a device's files with an officer's token."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from textual.pilot import Pilot
from textual.widgets import Input

from clients.car.app import CarApp
from clients.car.login import LoginScreen
from clients.car.settings import CarSettings
from server.trust.issuing import issue
from tests.kit.field_world import Asker, FieldServer
from tests.trust.conftest import TrustedServer

PATIENCE_S = 20.0
_NUMBERS = itertools.count(1)


class Device:
    """The files of one device in a directory of its own."""

    def __init__(self, trusted: TrustedServer, directory: Path) -> None:
        number = next(_NUMBERS)  # allowances are of one officer and one device
        self.nip = str(20_000 + number)
        self._police = trusted.kit.police
        self._pair = self._police.device("zona-1", f"car-{number}")
        self.prefix = directory / "own"
        self._pair.write(directory / "own.pem", directory / "own.key")
        shutil.copy(trusted.kit.directory / "server-ca.pem", directory / "server-ca.pem")
        self.write_token()

    def expire(self) -> None:
        """Another certificate in place of its own, which ended yesterday."""
        name = x509.UniformResourceIdentifier(self._police.spiffe("/unit/zona-1/device/expired"))
        began = datetime.now(UTC) - timedelta(days=2)
        pair = issue(self._police.ca, "expired", [name], days=1, starts=began)
        for path, content in ((".pem", pair.certificate), (".key", pair.key)):
            Path(f"{self.prefix}{path}").write_bytes(content)

    def token(self, **claims: Any) -> str:
        """A new token of an officer at this device."""
        return self._police.token(self.nip, "zona-1", ["patrol"], self._pair.thumbprint, **claims)

    def write_token(self, **claims: Any) -> str:
        """As the institution's sign-on writes it."""
        token = self.token(**claims)
        Path(f"{self.prefix}.token").write_text(token, encoding="ascii")
        return token


def device_files(field: FieldServer, directory: Path, asker: Asker) -> Path:
    """The files of somebody's device, with a token, in a directory; their path without ending."""
    directory.mkdir(exist_ok=True)
    asker.pair.write(directory / "own.pem", directory / "own.key")
    (directory / "server-ca.pem").write_bytes(field.kit.server_ca)
    (directory / "own.token").write_text(asker.token, encoding="ascii")
    return directory / "own"


class Car:
    """A running screen."""

    def __init__(self, app: CarApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    def text(self) -> str:
        """Returns what is on the screen, line by line."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    async def until(self, condition: Callable[[], Any]) -> None:
        """Waits for it; fails with the screen."""
        end = asyncio.get_running_loop().time() + PATIENCE_S
        while not condition():
            assert asyncio.get_running_loop().time() < end, self.text()
            await self.pilot.pause(0.02)
        await self.pilot.pause()

    async def sees(self, *said: str) -> str:
        """Waits until all of it is on the screen, which it returns."""
        await self.until(lambda: all(each in self.text() for each in said))
        return self.text()

    async def log_in(self, token: str = "") -> None:
        """Types or pastes the token; "" takes the file's."""
        await self.until(lambda: isinstance(self.app.screen, LoginScreen))
        self.app.screen.query_one("#token", Input).value = token
        await self.press("enter")
        await self.until(lambda: self.app.session.open and self.app.screen is self.app.main)

    async def ask(self, words: str) -> str:
        """Types a question, waits until it is over, returns the screen."""
        box = self.app.main.query_one("#box", Input)
        box.value = words
        await self.pilot.press("enter")
        return await self.settled()

    async def ask_until(self, words: str, said: str) -> str:
        """Asks until the answer says so: what a desk said shows within a second."""
        for _ in range(20):
            if said in (seen := await self.ask(words)):
                return seen
            await self.pilot.pause(0.2)
        raise AssertionError(self.text())

    async def settled(self) -> str:
        """Returns the screen once no question runs; the reason of a failed one is shown by then."""
        await self.pilot.pause()
        await self.taken()
        await self.until(
            lambda: self.app.typed.is_empty and self.app.main.idle and "Buscando la causa" not in self.text()
        )
        return self.text()

    async def press(self, *keys: str) -> str:
        """Presses keys; the screen after them."""
        for key in keys:
            await self.pilot.press(key)
            await self.taken()
        await self.pilot.pause()
        return self.text()

    async def taken(self) -> None:
        """Waits until everything that was typed has had its effect, or waits for an answer."""
        await self.until(lambda: self.app.typed.is_empty or getattr(self.app.screen, "is_busy", False))


def drive(
    scenario: Callable[[Car], Awaitable[None]],
    server: str,
    identity: Path | str = "",
    size: tuple[int, int] = (80, 24),
    **settings: Any,
) -> CarApp:
    """Runs the screen without a terminal and the scenario on it; a defect of the screen fails the test."""
    app = CarApp(CarSettings(server, str(identity), "PURPOSE_TRAFFIC_STOP", **settings))

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await scenario(Car(app, pilot))

    asyncio.run(run())
    return app
