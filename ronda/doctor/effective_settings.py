"""The settings in force, each with the place that it comes from.

None of them is a secret: they name files of secrets, and a DSN with a password is refused.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from core.documents import toml_of
from core.files.regular_file import read_file
from ronda.settings import CONFIG_VARIABLE, SETTINGS, Settings


class Effective(NamedTuple):
    """One setting. origin: `option`, the variable's name, the file, or `default`."""

    name: str
    value: Any
    origin: str


def effective_settings(settings: Settings, options: Mapping[str, object]) -> list[Effective]:
    """Returns all of them in the order of the table. options: what the command line gave, None = not given."""
    config = os.environ.get(CONFIG_VARIABLE, "")
    in_file = toml_of(read_file(Path(config))) if config else {}
    variables = {name.upper() for name, value in os.environ.items() if value}
    found = []
    for setting in SETTINGS:
        if options.get(setting.name) is not None:
            origin = "option"
        elif setting.variable in variables:
            origin = setting.variable
        else:
            origin = config if setting.name in in_file else "default"
        found.append(Effective(setting.name, shown(getattr(settings, setting.name)), origin))
    return found


def shown(value: Any) -> Any:
    """A value as plain JSON."""
    if isinstance(value, dict):
        return {key: shown(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [shown(each) for each in value]
    if hasattr(value, "model_dump"):
        return shown(value.model_dump(mode="json"))
    return str(value) if isinstance(value, Path) else value
