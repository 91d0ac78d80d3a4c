"""Emphasis of text, on a dark terminal as on a light one.

Text is in the terminal's own foreground, bold for emphasis. Colour only comes as a badge with its own background
(tests/clients/test_styles.py measures the contrast). The word always says what the colour does.
"""

from __future__ import annotations

from rich.text import Text

from clients.spanish import words as spanish

BADGES = {
    "ROJO": "bold rgb(255,255,255) on rgb(170,0,0)",
    "AMARILLO": "bold rgb(0,0,0) on rgb(255,200,0)",
    "GRIS": "bold rgb(0,0,0) on rgb(190,190,190)",
    "NEGRO": "bold rgb(255,255,255) on rgb(0,0,0)",
    "SIN NIVEL": "bold rgb(255,255,255) on rgb(0,0,0)",
    "VERDE": "bold rgb(0,0,0) on rgb(0,190,0)",
}
WARNING = "bold"


def level_badge(level: int) -> Text:
    """The level's colour word on its colour."""
    colour, _ = spanish.level_words(level)
    return Text(colour, style=BADGES[colour])


def level_headline(level: int) -> Text:
    """The level's colour word and what it means, on its colour."""
    colour, meaning = spanish.level_words(level)
    return Text(f"{colour}: {meaning}", style=BADGES[colour])
