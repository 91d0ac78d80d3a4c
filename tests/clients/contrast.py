"""Legibility of a style on terminals of several themes: WCAG 2.2, success criterion 1.4.3."""

from __future__ import annotations

from rich.color import Color, ColorSystem
from rich.color_triplet import ColorTriplet
from rich.style import Style
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, MONOKAI, TerminalTheme

# WCAG 2.2, 1.4.3: text; bold and large text, which is all to be had of sixteen colours that each theme mixes anew.
LEAST_CONTRAST = {ColorSystem.STANDARD: 3.0, ColorSystem.EIGHT_BIT: 4.5, ColorSystem.TRUECOLOR: 4.5}
VGA = [(0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170), (0, 170, 170), (170, 170, 170)]
BRIGHT = [(85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85), (85, 85, 255), (255, 85, 255), (85, 255, 255)]
DARK_CONSOLE = TerminalTheme((0, 0, 0), (170, 170, 170), VGA, [*BRIGHT, (255, 255, 255)])
XTERM = [(0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229)]
XTERM_BRIGHT = [(127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255)]
XTERM_LIGHT = TerminalTheme((255, 255, 255), (0, 0, 0), XTERM, [*XTERM_BRIGHT, (255, 255, 255)])
THEMES = {"light": DEFAULT_TERMINAL_THEME, "dark": MONOKAI, "console": DARK_CONSOLE, "xterm": XTERM_LIGHT}


def luminance(colour: ColorTriplet) -> float:
    """WCAG 2.2 relative luminance, 0 to 1."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(style: Style, theme: TerminalTheme, system: ColorSystem) -> float:
    """WCAG 2.2 contrast of text in this style, 1 to 21."""
    default = Color.default()
    ink = (style.color or default).downgrade(system).get_truecolor(theme, foreground=True)
    paper = (style.bgcolor or default).downgrade(system).get_truecolor(theme, foreground=False)
    light, dark = sorted((luminance(ink), luminance(paper)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
