"""The options that the commands about the audit log share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AuditOption = Annotated[
    Path | None, typer.Option("--audit", help="Directorio de la auditoría; si no, el de los ajustes.")
]
KeyOption = Annotated[
    Path | None, typer.Option("--key", envvar="RONDA_AUDITOR_KEY", help="Llave privada del auditor (PEM).")
]
TokenOption = Annotated[
    Path | None,
    typer.Option("--token", envvar="RONDA_TOKEN", help="Archivo con su token; debe tener el rol de auditoría."),
]
PublicOption = Annotated[
    Path | None,
    typer.Option("--public-key", help="Llave pública de los puntos de control (PEM); si no, la de los ajustes."),
]
SinceOption = Annotated[
    str, typer.Option("--since", help="Desde esta hora de Guatemala, por ejemplo 2026-11-24 o 2026-11-24T20:00.")
]
UntilOption = Annotated[
    str, typer.Option("--until", help="Hasta esta hora de Guatemala; un día solo, hasta que termina.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Como JSON.")]
CaseOption = Annotated[str, typer.Option("--case", help="Número de caso de su revisión.")]
