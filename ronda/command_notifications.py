"""`ronda notifications`: who was shown a person whom a register watches discreetly."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ronda.command_output import print_json, print_renderables

DataOption = Annotated[Path, typer.Option("--data", envvar="RONDA_DATA", help="Directorio de datos del servidor.")]
RegisterOption = Annotated[str, typer.Option("--register", help="Solo las alertas de este registro; vacío = todas.")]
SinceOption = Annotated[str, typer.Option("--since", help="Solo desde esta fecha u hora (ISO 8601, UTC).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Como JSON.")]


def notifications(
    data: DataOption, register: RegisterOption = "", since: SinceOption = "", as_json: JsonOption = False
) -> None:
    """Lista quién vio a sujetos de alertas discretas, lo más antiguo primero, para el titular de la alerta.

    \b
    Ejemplo:
      ronda notifications --data data --register sipol --since 2026-11-24
    """
    from clients.whole_table import WholeTable
    from server.notifications import FOLDER, read_lines

    lines = read_lines(data / FOLDER, register, since)
    if as_json:
        print_json(lines)
        return
    headings = ("cuándo (UTC)", "registro", "alerta", "cómo", "motivo", "caso", "quién consultó")
    table = WholeTable(f"Avisos: {len(lines)}", *headings)
    for line in lines:
        asker = line["asker"]
        who = " ".join(str(asker[name]) for name in ("nip", "unit", "institution", "device") if asker.get(name))
        records = ", ".join(line["records"])
        table.add(line["at"][:19], line["register"], records, line["how"], line["purpose"], line["case_number"], who)
    print_renderables(table)
