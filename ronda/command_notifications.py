"""`ronda notifications`: who was shown a person whom a register watches discreetly."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ronda.command_output import print_json, print_renderables

DataOption = Annotated[Path, typer.Option("--data", envvar="RONDA_DATA", help="The server's data directory.")]
RegisterOption = Annotated[str, typer.Option("--register", help="Only the alerts of this register; empty = all.")]
SinceOption = Annotated[str, typer.Option("--since", help="Only from this date or time on (ISO 8601, UTC).")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]


def notifications(
    data: DataOption, register: RegisterOption = "", since: SinceOption = "", as_json: JsonOption = False
) -> None:
    """Lists the looks at subjects of discreet alerts, oldest first, for the alert's owner."""
    from rich.table import Table

    from server.notifications import FOLDER, read_lines

    lines = read_lines(data / FOLDER, register, since)
    if as_json:
        print_json(lines)
        return
    table = Table("Cuándo (UTC)", "Registro", "Alerta", "Cómo", "Motivo", "Caso", "Quién consultó", box=None)
    for line in lines:
        asker = line["asker"]
        who = " ".join(str(asker[name]) for name in ("nip", "unit", "institution", "device") if asker.get(name))
        records = ", ".join(line["records"])
        table.add_row(
            line["at"][:19], line["register"], records, line["how"], line["purpose"], line["case_number"], who
        )
    print_renderables(table)
