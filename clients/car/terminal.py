"""Textual's terminal, which may find the login drawn already."""

from __future__ import annotations

import termios
from typing import TYPE_CHECKING, cast

from textual.drivers.linux_driver import LinuxDriver

from clients.car.first_screen import take_over

if TYPE_CHECKING:
    from clients.car.app import CarApp

_TO_ALTERNATE = "\x1b[?1049h"
_LOOK_SECONDS = 0.02


class CarTerminal(LinuxDriver):
    """Leaves the login of first_screen standing until Textual's own is painted."""

    def write(self, data: str) -> None:
        """Writes as the driver does; a second switch to the alternate screen would blank it."""
        if data == _TO_ALTERNATE and take_over():
            return
        super().write(data)

    @property
    def gone(self) -> bool:
        """Returns whether the terminal is gone, even without a signal (another session, a signal ignored)."""
        try:
            termios.tcgetattr(self.fileno)
        except termios.error:
            return True
        return False

    def run_input_thread(self) -> None:
        """Runs as the driver's does, once there is a box for the keys: Textual drops earlier ones."""
        takes_keys = cast("CarApp", self._app).takes_keys
        while not takes_keys.wait(_LOOK_SECONDS):
            if self.exit_event.is_set():
                return
        super().run_input_thread()
