"""Night and day: what dazzles nobody in a dark car, and what is read in the sun; and where things stand."""

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
LOW_ROWS = 18
"""Screens of fewer rows leave out what an officer can do without: frames, large letters, the list of keys."""
STYLES = """
Screen { background: $background; color: $foreground; }
Input { border: round $primary; background: $background; height: 3; }
#status, #recalls, #keys, #tabs { height: auto; }
#asked { height: 1; }
#banner { height: 3; text-style: bold; }
#meaning { height: auto; }
#layers { height: 1fr; scrollbar-size-vertical: 1; }
#confirmation, #urgent, #who, #page { height: auto; }
#recalls, #confirmation, #urgent, #who, #tabs, #page { display: none; }
#who { margin-top: 1; }
#tabs { margin-top: 1; }
.low #box { border: none; border-bottom: solid $primary; height: 2; }
.low #banner, .low #keys { height: 1; }
.low #recalls { max-height: 4; }
.low #who, .low #tabs { margin-top: 0; }
LoginScreen { align: center middle; }
LoginScreen Static { width: 100%; text-align: center; height: auto; }
#login-name { text-style: bold; margin-bottom: 1; }
#login-said { text-style: bold; margin: 1 0; min-height: 1; }
LoginScreen.low #login-name { margin-bottom: 0; }
LoginScreen.low #login-said { margin: 0; }
PickScreen, HelpScreen { background: $background; }
#pick-title { text-style: bold; }
#pick-list { height: 1fr; }
"""
