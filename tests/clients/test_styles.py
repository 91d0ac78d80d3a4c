"""Texts for officers are legible on a dark terminal as on a light one, with many colours or with sixteen."""

from __future__ import annotations

import pytest
from rich.color import ColorSystem
from rich.style import Style

from clients.officer_view.styles import BADGES, WARNING
from tests.clients.contrast import LEAST_CONTRAST, THEMES, contrast


@pytest.mark.parametrize("system", [ColorSystem.STANDARD, ColorSystem.EIGHT_BIT, ColorSystem.TRUECOLOR])
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("said", [*BADGES.values(), WARNING])
def test_every_style_is_legible(said: str, theme: str, system: ColorSystem) -> None:
    style = Style.parse(said)
    assert style.bold
    assert not style.dim
    assert contrast(style, THEMES[theme], system) >= LEAST_CONTRAST[system]
