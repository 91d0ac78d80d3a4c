"""The login before Textual is loaded: its import takes longer than an officer should look at an empty screen.

It stands where Textual then draws the same. Keys typed meanwhile stay in the terminal, unseen, and Textual reads them:
nothing is lost, and a token that is pasted at once is not echoed.
"""

from __future__ import annotations

import contextlib
import os
import termios
from collections.abc import Mapping, Sequence
from typing import Any

from clients.car.door import NAME, first_way, login_lines

_INPUT, _OUTPUT, _DRAWN = 0, 1, 2  # descriptors; Textual draws on the last
_TO_ALTERNATE, _TO_NORMAL = "\x1b[?1049h", "\x1b[?1049l"
_HIDE_CURSOR, _SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
_PASTES, _NO_PASTES = "\x1b[?2004h", "\x1b[?2004l"  # apart from keys, as Textual asks for them
_NIGHT, _DAY = "\x1b[38;2;200;200;200;48;2;0;0;0m", "\x1b[38;2;0;0;0;48;2;255;255;255m"  # of clients/car/themes.py
_LFLAG, _IFLAG = 3, 0  # places in what termios returns
_NOT_DRAWN_FOR = ("--help",)

_standing: FirstScreen | None = None


class FirstScreen:
    """The login, drawn on entering; at the end the terminal is as it was. `arguments`: of `ronda car`."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._way = first_way(
            _given("--identity", "RONDA_IDENTITY", arguments, environment),
            _given("--issuer", "RONDA_ISSUER", arguments, environment),
        )
        self._colours = _DAY if "--day" in arguments else _NIGHT
        self._wanted = not any(each in arguments for each in _NOT_DRAWN_FOR)
        self._before: list[Any] | None = None
        self.handed_over = False

    def __enter__(self) -> FirstScreen:
        global _standing  # noqa: PLW0603 - a process has one terminal
        try:
            if self._wanted and all(os.isatty(each) for each in (_INPUT, _OUTPUT, _DRAWN)):
                self._draw()
                _standing = self
        except (OSError, termios.error, UnicodeError):
            pass  # Textual draws it, or says what is wrong with the terminal
        return self

    def __exit__(self, *_: object) -> None:
        global _standing  # noqa: PLW0603
        _standing = None
        before, self._before = self._before, None
        if before is None:
            return
        with contextlib.suppress(OSError, termios.error):  # a terminal that was closed
            if not self.handed_over:
                _write(_NO_PASTES + _TO_NORMAL + _SHOW_CURSOR)
            termios.tcsetattr(_INPUT, termios.TCSANOW, before)

    def _draw(self) -> None:
        width, height = os.get_terminal_size(_DRAWN)
        self._before = termios.tcgetattr(_INPUT)
        raw = termios.tcgetattr(_INPUT)
        raw[_LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
        raw[_IFLAG] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR | termios.IXON)
        termios.tcsetattr(_INPUT, termios.TCSANOW, raw)
        lines = login_lines(self._way, width, height)
        named = [line.replace(NAME, f"\x1b[1m{NAME}\x1b[22m", 1) if line.strip() == NAME else line for line in lines]
        _write(_TO_ALTERNATE + _HIDE_CURSOR + _PASTES + self._colours + "\x1b[H" + "\r\n".join(named) + "\x1b[0m")


def take_over() -> bool:
    """Textual draws from here on; whether this is the first time, and the alternate screen is shown already."""
    if _standing is None or _standing.handed_over:
        return False
    _standing.handed_over = True
    return True


def undraw() -> None:
    """The terminal as it was, for something that is to be read there; nothing where Textual has been."""
    if _standing is not None:
        _standing.__exit__()


def _given(option: str, variable: str, arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Returns whether an option is set, roughly, without a parser: a wrong guess is painted over."""
    named = any(each == option or each.startswith(f"{option}=") for each in arguments)
    return named or bool(environment.get(variable))


def _write(text: str) -> None:
    data = text.encode()
    while data:
        data = data[os.write(_DRAWN, data) :]
