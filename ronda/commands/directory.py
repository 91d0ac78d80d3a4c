"""What the commands have in common that write to the data directory or read it directly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ronda.commands.output import EXIT_CALLER, fail

if TYPE_CHECKING:
    from ronda.settings import Settings

JsonOption = Annotated[bool, typer.Option("--json", help="El resumen como JSON, en la salida estándar.")]
DataOption = Annotated[Path | None, typer.Option(help="Directorio de datos; si no, RONDA_DATA, o data.")]

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
