"""`ronda console`: the pages in a browser; the situation room is the first."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from clients.spanish.system_errors import system_error_text
from ronda.commands.exit_status import ExitStatus
from ronda.commands.options import HERE, MAX_PORT, IdentityOption, ServerOption, read_issuer
from ronda.commands.output import fail, say

# Before gRPC is imported, which reads it then.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")


def _read_listen(target: str) -> str:
    found = re.fullmatch(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):(\d{1,5})", target)
    if found is None or int(found[1]) > MAX_PORT:
        raise typer.BadParameter("escriba anfitrión:puerto, por ejemplo 127.0.0.1:8080")
    return target


def _read_metrics(target: str) -> str:
    return target if target == "off" else _read_listen(target)


def console(
    listen: Annotated[
        str, typer.Option("--listen", callback=_read_listen, help="Dirección de la consola, anfitrión:puerto.")
    ] = "127.0.0.1:8080",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    issuer: Annotated[
        str,
        typer.Option(
            "--issuer",
            envvar="RONDA_ISSUER",
            callback=read_issuer,
            help="Emisor de su institución, anfitrión:puerto: cada oficial entra con NIP y contraseña.",
        ),
    ] = "",
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", help="Certificado de la consola, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="Su llave, PEM.")] = None,
    host: Annotated[
        list[str] | None, typer.Option("--host", help="Nombre con que la llaman los navegadores; varias veces.")
    ] = None,
    idle: Annotated[
        float, typer.Option("--idle", help="Minutos sin pedir nada hasta que la sesión termina.", min=0.02, max=480)
    ] = 15.0,
    shift: Annotated[
        float, typer.Option("--shift", help="Horas que dura una sesión, también en la pared.", min=0.01, max=24)
    ] = 8.0,
    metrics: Annotated[
        str,
        typer.Option(
            "--metrics",
            callback=_read_metrics,
            help="Dirección de las métricas (Prometheus) y de /ready, anfitrión:puerto; off = ninguna.",
        ),
    ] = "off",
) -> None:
    """Consola en un navegador: la sala de situación, con cifras que dicen qué son y qué les falta.

    \b
    Ejemplo:
      ronda console --listen 127.0.0.1:8080
    """
    from clients.console.running import serve
    from clients.console.settings import ConsoleRefused, ConsoleSettings

    settings = ConsoleSettings(
        listen=listen,
        server=server,
        identity=Path(identity) if identity else None,
        issuer=issuer,
        tls_cert=tls_cert,
        tls_key=tls_key,
        hosts=tuple(host or ()),
        idle_s=idle * 60,
        shift_s=shift * 3600,
        metrics=_address(metrics),
    )
    try:
        serve(settings, _say_where)
    except ConsoleRefused as error:
        fail(str(error), ExitStatus.CALLER, False)
    except OSError as error:
        fail(f"{error.filename or listen}: {system_error_text(error)}", ExitStatus.OURS, False)


def _address(target: str) -> tuple[str, int] | None:
    host, _, port = target.rpartition(":")
    return None if target == "off" else (host.strip("[]"), int(port))


def _say_where(address: str, scraped: str) -> None:
    say(f"Consola en {address}/sala   Terminar: Ctrl-C")
    if scraped:
        say(f"Métricas en http://{scraped}/metrics")
