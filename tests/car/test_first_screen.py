"""The login that stands before Textual does: in the same place, and nothing typed meanwhile is lost or shown."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from clients.car.door import Way, login_lines
from tests.car.car_kit import Car, drive
from tests.car.tmux import Terminal


@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 50), (132, 43)])
@pytest.mark.parametrize("way", [Way.DEVELOPMENT, Way.TOKEN, Way.PASSWORD])
def test_it_is_what_textual_paints(way: Way, width: int, height: int, tmp_path: Path) -> None:
    async def scenario(car: Car) -> None:
        await car.sees("Ctrl+Q salir")
        assert car.text().split("\n") == [line.rstrip() for line in login_lines(way, width, height)]

    identity = "" if way is Way.DEVELOPMENT else tmp_path / "own"
    issuer = "localhost:1" if way is Way.PASSWORD else ""
    drive(scenario, "localhost:1", identity, size=(width, height), issuer=issuer)


def test_a_small_terminal_gets_what_fits() -> None:
    for width, height in ((20, 6), (1, 1), (40, 12)):
        lines = login_lines(Way.PASSWORD, width, height)
        assert (len(lines), {len(line) for line in lines}) == (height, {width})


def test_keys_of_the_first_moment_are_kept_and_not_shown(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "s", sys.executable, "-m", "ronda.command", "car", "--server", "127.0.0.1:1")
    try:
        terminal.sees("Inicie sesión")
        terminal.keys("abc")
        terminal.sees("•••")
        terminal.keys("C-q")
        terminal.sees("ended 0")
        assert "abc" not in terminal.seen("-S", "-")
    finally:
        terminal.end()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--deadline", "x"), "Uso:"), (("--help",), "Pantalla del oficial"), (("--issuer", "localhost:1"), "--identity")],
)
def test_what_the_command_says_instead_is_read_on_the_terminal(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    terminal = Terminal(tmp_path / "s", sys.executable, "-m", "ronda.command", "car", *arguments)
    try:
        terminal.sees("ended")
        left = terminal.seen("-S", "-")
        assert said in left
        assert "Inicie sesión" not in left
    finally:
        terminal.end()
