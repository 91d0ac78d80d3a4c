"""`ronda car`: the officer's screen in a patrol car."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ronda.commands.exit_status import ExitStatus
from ronda.commands.options import (
    HERE,
    CaseOption,
    IdentityOption,
    PurposeOption,
    PurposeWord,
    ReasonOption,
    ServerOption,
    read_issuer,
)
from ronda.commands.output import fail

# Textual's own switches write keys, messages and pictures of the screen to files.
_TELLTALES = ("TEXTUAL", "TEXTUAL_LOG", "TEXTUAL_DEBUG", "TEXTUAL_SCREENSHOT", "TEXTUAL_DRIVER", "TEXTUAL_PRESS")

_PAINTS_A_SECOND = "120"  # at most, where something changed: an answer waits half as long for its turn


def car(
    purpose: PurposeOption = PurposeWord.TRAFFIC_STOP,
    case: CaseOption = "",
    reason: ReasonOption = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    deadline: Annotated[
        float, typer.Option("--deadline", help="Segundos que se espera la respuesta.", min=0.05, max=3600)
    ] = 5.0,
    idle: Annotated[
        float, typer.Option("--idle", help="Minutos sin teclear hasta que se bloquea.", min=0.05, max=60)
    ] = 10.0,
    state: Annotated[
        Path | None,
        typer.Option(
            "--state",
            help="Directorio de la lista para trabajar sin red y de su registro, ambos cifrados.",
        ),
    ] = None,
    issuer: Annotated[
        str,
        typer.Option(
            "--issuer",
            envvar="RONDA_ISSUER",
            callback=read_issuer,
            help="Emisor de su institución, anfitrión:puerto: se entra con NIP y contraseña.",
        ),
    ] = "",
    day: Annotated[bool, typer.Option("--day", help="Empieza con el tema de día.")] = False,
) -> None:
    """Pantalla del oficial en la patrulla: un cuadro, la respuesta por niveles, teclas de función.

    \b
    Ejemplo:
      ronda car --server ronda.pnc.gob.gt:50051 --identity ~/.ronda/patrulla
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        fail("`ronda car` necesita una terminal: para programas, `ronda check --json`.", ExitStatus.CALLER, False)
    if issuer and not identity:
        raise typer.BadParameter("pide también --identity, el certificado de este equipo", param_hint="--issuer")
    for name in _TELLTALES:
        os.environ.pop(name, None)
    os.environ["TEXTUAL_FPS"] = _PAINTS_A_SECOND
    gc.disable()  # until the first screen is painted: what is made before stays
    from clients.car.app import CarApp
    from clients.car.first_screen import undraw
    from clients.car.plain_end import keep_to_itself, told_defect
    from clients.car.settings import CarSettings
    from clients.car.terminal import CarTerminal

    keep_to_itself()
    settings = CarSettings(
        server=server,
        identity=identity,
        purpose=f"PURPOSE_{purpose.name}",
        case_number=case,
        reason=reason,
        deadline=deadline,
        idle_minutes=idle,
        day=day,
        issuer=issuer,
        state=str(state if state is not None else Path.home() / ".local" / "state" / "ronda" / "car"),
    )
    try:
        app = CarApp(settings, CarTerminal)
        app.run(mouse=False)
    except Exception as error:
        undraw()
        fail(told_defect(error), ExitStatus.OURS, False)
    if app.return_code:
        raise typer.Exit(app.return_code)
