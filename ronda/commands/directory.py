"""The common parts of commands that write to the data directory or read it directly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ronda.commands.output import EXIT_CALLER, fail

if TYPE_CHECKING:
    from ronda.settings import Settings

GIB = 1024**3
NO_LIMIT = 2**62  # bytes; keep_gib = 0 means that only the number of generations counts


def settings_of(**given: object) -> Settings:
    """Settings with what was typed. Ends the command where they break a rule."""
    from ronda.settings import load_settings
    from server.settings import SettingsError

    try:
        return load_settings(**given)
    except SettingsError as error:
        fail(str(error), EXIT_CALLER, as_json=False)
