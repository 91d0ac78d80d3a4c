"""`ronda notifications`: the look-ups of persons that a register watches discreetly."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ronda.commands.audit_words import PURPOSES
from ronda.commands.moments import GUATEMALA, ZONE, when
from ronda.commands.office_words import BEFORE, WAYS, who_text
from ronda.commands.options import PlainJsonOption
from ronda.commands.output import EXIT_CALLER, fail, print_json, print_renderables

DataOption = Annotated[Path | None, typer.Option("--data", help="Directorio de datos; si no, el de los ajustes.")]
RegisterOption = Annotated[str, typer.Option("--register", help="Solo las alertas de este registro; vacío = todas.")]
SinceOption = Annotated[
    str, typer.Option("--since", help="Solo desde esta hora de Guatemala, por ejemplo 2026-11-24 o 2026-11-24T20:00.")
]


def notifications(
    data: DataOption = None, register: RegisterOption = "", since: SinceOption = "", as_json: PlainJsonOption = False
) -> None:
    """Lista quién vio a sujetos de alertas discretas, lo más antiguo primero, para el titular de la alerta.

    \b
    Ejemplo:
      ronda notifications --data data --register sipol --since 2026-11-24
    """
    from clients.terminal.whole_table import WholeTable
    from ronda.settings import load_settings
    from server.notifications import FOLDER, read_lines, registers_notified
    from server.settings import SettingsError

    try:
        where = load_settings(data=data).data
    except SettingsError as error:
        fail(str(error), EXIT_CALLER, as_json)
    directory = where / FOLDER
    for path in (where, directory) if os.path.lexists(directory) else (where,):
        if not os.access(path, os.R_OK | os.X_OK):  # an empty list would say that nobody looked
            fail(f"{path}: no es un directorio que este usuario pueda leer", EXIT_CALLER, as_json)
    if register and register not in _registers(where) | registers_notified(directory):
        fail(
            f"--register {register}: no hay registro así, ni en la generación publicada ni en los avisos",
            EXIT_CALLER,
            as_json,
        )
    try:
        from_when = _utc(since) if since else ""
    except ValueError:
        fail(
            f"--since {since}: no es una fecha; escriba por ejemplo 2026-11-24 o 2026-11-24T20:00",
            EXIT_CALLER,
            as_json,
        )
    lines = read_lines(directory, register, from_when)
    if as_json:
        print_json(lines)
        return
    headings = (f"cuándo ({ZONE})", "registro", "alerta", "cómo", "motivo", "caso", "quién consultó")
    table = WholeTable(f"Avisos: {len(lines)}", *headings)
    for line in lines:
        asker = line["asker"]
        who = " ".join(str(asker[name]) for name in ("nip", "unit", "institution", "device") if asker.get(name))
        table.add(
            _when(line.get("looked_at", line["at"])),
            line["register"],
            ", ".join(line["records"]),
            WAYS.get(line["how"], line["how"]) + (BEFORE if "looked_at" in line else ""),
            PURPOSES.get(line["purpose"], line["purpose"]),
            line["case_number"],
            who_text(asker, who),
        )
    print_renderables(table)


def _utc(text: str) -> str:
    """A time, of Guatemala where it names no zone, as the lines write theirs. Raises ValueError for what is none."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or GUATEMALA).astimezone(UTC).isoformat()[: len("2026-11-24T10:30:00")]


def _when(at: str) -> str:
    """A line's time, UTC where it names no zone, in Guatemala's."""
    moment = datetime.fromisoformat(at)
    return when(int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000))


def _registers(data: Path) -> set[str]:
    """Ids of the registers of the published generation; none where nothing readable is published."""
    from core.errors import GenerationDamaged
    from core.generation.manifest import read_manifest
    from indexer.generations.publishing import GENERATIONS, current_generation

    try:
        current = current_generation(data)
        return {each.id for each in read_manifest(data / GENERATIONS / current).registers} if current else set()
    except (OSError, UnicodeDecodeError, GenerationDamaged):
        return set()
