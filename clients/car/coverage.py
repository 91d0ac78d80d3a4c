"""Tells whether a server answers, and keeps the substitutes for one that does not: the hot list, and the log of
look-ups.

"On line" means that the last call was answered. Between questions the server's health is asked for, which needs no
token and leaves no record. A port that takes a connection and carries nothing is not on line.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from clients.car.nothing_offline import NothingOffline
from clients.car.session import TokenMissing, boot_seconds

if TYPE_CHECKING:
    from clients.car.application import Application
    from clients.car.offline.desk import Listed, OfflineDesk

PROBE_SECONDS = 5.0
HEALTH_SECONDS = 30.0
SYNC_SECONDS = 900.0
AGAIN_SECONDS = 60.0  # where list or log did not get through
_LONG_STREAM_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 5.0
_IN_USE = "Otro Ronda está abierto en este equipo con su nombre: este no responde fuera de línea. Cierre el otro."
_NO_DISK = "Este equipo no puede guardar la lista: fuera de línea no se responde. Consulte por radio."


class Coverage:
    """Coverage of one officer's session. `state`: the directory for list and log; "" = neither is kept."""

    def __init__(self, car: Application, state: str) -> None:
        self._car = car
        self._state = state
        self._connected = False
        self._no_desk = ""  # why there is none, for the officer
        self.desk: OfflineDesk | None = None
        self.next_probe = boot_seconds() + PROBE_SECONDS
        self._next_sync = float("inf")  # open_desk makes the first
        self._last_sync = float("-inf")
        self._next_health = boot_seconds() + HEALTH_SECONDS
        self._synced = asyncio.Event()  # since the stream of steps began: it may begin again at once

    @property
    def connected(self) -> bool:
        """Returns whether the last call was answered."""
        return self._connected

    @connected.setter
    def connected(self, connected: bool) -> None:
        self._connected = connected
        if connected:
            self._next_health = boot_seconds() + HEALTH_SECONDS
        self._car.paint_status()

    @property
    def notice(self) -> str:
        """Text about list and log for the line at the top; "" for nothing."""
        if self._no_desk:
            return "SIN LISTA"
        if self.desk is None:
            return ""
        if self.desk.gaps:
            return f"¡FALTAN {self.desk.gaps} CONSULTAS EN EL REGISTRO!"
        return f"{self.desk.waiting} por enviar" if self.desk.waiting else ""

    def tick(self) -> None:
        """Begins due work, once a second while the session is open."""
        now = boot_seconds()
        if self.desk is not None and self.desk.ended():  # at once, but not every second: a wrong clock ends each key
            self._next_sync = max(now, self._last_sync + AGAIN_SECONDS)
        if not self._connected:
            if now >= self.next_probe:
                self.next_probe = now + PROBE_SECONDS
                self._car.run_in_session(self.probe())
        elif now >= self._next_health:
            self._next_health = now + HEALTH_SECONDS
            self._car.run_in_session(self._look())
        elif self.desk is not None and now >= self._next_sync:
            self._next_sync = float("inf")
            self._car.run_in_session(self.sync())

    def drop(self) -> None:
        """Forgets the list's key, and lets go of the log."""
        if self.desk is not None:
            self.desk.drop()
        self.desk = None
        self._no_desk = ""

    # -- list and log

    async def open_desk(self, token: str) -> None:
        """A new key and the newest list; what cannot be had leaves the car without off-line answers."""
        from clients.car.officer import officer_mark
        from clients.car.offline.desk import OfflineDesk
        from clients.car.offline.look_up_log import LogInUse

        purpose, case = self._car.settings.purpose, self._car.settings.case_number
        directory = Path(self._state) / officer_mark(token)
        self.drop()
        try:
            opened = await asyncio.to_thread(OfflineDesk, directory, purpose, case)
        except LogInUse:
            self._no_desk = _IN_USE
        except (OSError, ValueError, KeyError):  # the disk, or a head that somebody wrote over
            self._no_desk = _NO_DISK
        else:
            if not self._car.session.open:  # locked while it was opened
                opened.drop()
                return
            self.desk = opened
            await self.sync()
        self._car.paint_status()

    async def sync(self) -> None:
        """The newest list, and the log to the server."""
        from clients.car.link import NoAnswer

        desk, car = self.desk, self._car
        if desk is None:
            return
        self._next_sync = float("inf")
        self._last_sync = boot_seconds()  # a key that ends meanwhile, by a wrong clock, begins no second one
        again = AGAIN_SECONDS
        with contextlib.suppress(NoAnswer, TokenMissing, OSError):
            metadata = car.session.metadata()
            await car.link.work(lambda connection: desk.sync(connection, metadata, car.frame))
            car.clock = desk.clock or car.clock
            self._synced.set()
            await car.link.work(lambda connection: desk.report(connection, metadata, car.frame))
            again = SYNC_SECONDS if desk.clock is not None else AGAIN_SECONDS
        self._last_sync = boot_seconds()
        self._next_sync = self._last_sync + again

    async def follow(self) -> None:
        """Each change of the list, until the lock; over outages too. Each beginning is spent of the officer's
        allowance, as a question is: a link that breaks again and again may not use it up.
        """
        from clients.car.link import NoAnswer
        from clients.car.offline.desk import NO_STEPS

        car, pause = self._car, _FIRST_PAUSE_SECONDS
        while car.session.open:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._synced.wait()
            self._synced.clear()
            began, desk = boot_seconds(), self.desk
            if desk is None:
                continue
            try:
                await car.link.work(partial(desk.follow, metadata=car.session.metadata(), frame=car.frame))
            except TokenMissing:
                return
            except NoAnswer as no:
                if no.failure is not None and no.failure.reason in NO_STEPS:
                    return
            except OSError:  # the disk: the list stays as it is
                pass
            long = boot_seconds() - began > _LONG_STREAM_SECONDS
            pause = _FIRST_PAUSE_SECONDS if long else min(2 * pause, AGAIN_SECONDS)

    def look_up(self, words: str, found: int) -> Listed | None:
        """Returns what the list says; None where none is kept. found: ronda.v1.SubjectFound. Raises NothingOffline."""
        if self._no_desk:
            raise NothingOffline(self._no_desk)
        return self.desk.answer(words, found) if self.desk is not None else None

    # -- the network

    async def probe(self) -> None:
        """Finds out whether the network is back."""
        if not await self._car.link.reachable():
            return
        self._car.link.close()
        if await self._car.link.alive():
            self.connected = True
            await self._car.renew_token()
            await self.sync()

    async def _look(self) -> None:
        """Returns whether the server is still there; one lost packet is no outage."""
        if not (await self._car.link.alive() or await self._car.link.alive()):
            self.connected = False
