"""The parts of the login and their places: drawn once by hand while Textual is loaded (first_screen), then by
Textual."""

from __future__ import annotations

from enum import Enum

NAME = "RONDA"
_LOW_ROWS = 18  # as clients.car.themes.LOW_ROWS, which is not loaded yet
BEGIN = "Inicie sesión"


class Way(Enum):
    """The ways to sign in. The value: the boxes on the screen, by their titles."""

    DEVELOPMENT = ("",)
    TOKEN = ("Token",)
    PASSWORD = ("NIP", "Contraseña")
    NEW_PASSWORD = ("Contraseña nueva", "De nuevo")


HINTS = {
    Way.DEVELOPMENT: "Modo de desarrollo, sin token: Enter",
    Way.TOKEN: "Pegue su token y Enter; vacío: el del archivo",
    Way.PASSWORD: "Su NIP y su contraseña",
    Way.NEW_PASSWORD: "La contraseña es provisional o venció: elija otra",
}
_KEYS = "Enter entrar · Esc borrar · Ctrl+Q salir"
KEYS = {
    Way.DEVELOPMENT: _KEYS,
    Way.TOKEN: _KEYS,
    Way.PASSWORD: "Enter entrar · Esc borrar · F2 con token · Ctrl+Q salir",
    Way.NEW_PASSWORD: "Enter cambiarla y entrar · Esc volver · Ctrl+Q salir",
}
KEYS_BACK = "Enter entrar · Esc borrar · F2 con NIP · Ctrl+Q salir"
"""Instead of KEYS[Way.TOKEN] where there is an issuer."""


def first_way(identity: bool, issuer: bool) -> Way:
    """Returns the login's first way. identity: whether the device has one; issuer: whether there is one to sign in
    at."""
    if not identity:
        return Way.DEVELOPMENT
    return Way.PASSWORD if issuer else Way.TOKEN


def login_lines(way: Way, width: int, height: int) -> list[str]:
    """The whole screen, `height` lines of `width` characters, as Textual lays it out with empty boxes."""
    gap = [] if height < _LOW_ROWS else [""]
    rows = [NAME.center(width), *gap, BEGIN.center(width), HINTS[way].center(width)]
    for title in way.value:
        above = f"╭─ {title} " if title else "╭"
        rows += [
            above + "─" * (width - len(above) - 1) + "╮",
            "│" + " " * (width - 2) + "│",
            "╰" + "─" * (width - 2) + "╯",
        ]
    rows += [*gap, "", *gap, KEYS[way].center(width)]
    top = max(0, (height - len(rows)) // 2)
    whole = [""] * top + rows + [""] * height
    return [row[:width].ljust(width) for row in whole[:height]]
