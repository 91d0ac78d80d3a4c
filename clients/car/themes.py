"""Night and day: what dazzles nobody in a dark car, and what is read in the sun."""

from __future__ import annotations

from textual.theme import Theme

NIGHT = Theme(
    name="ronda-noche",
    primary="#6f8fae",
    foreground="#c8c8c8",
    background="#000000",
    surface="#101010",
    panel="#1c1c1c",
    dark=True,
)
DAY = Theme(
    name="ronda-dia",
    primary="#003a70",
    foreground="#000000",
    background="#ffffff",
    surface="#f4f4f4",
    panel="#e0e0e0",
    dark=False,
)
