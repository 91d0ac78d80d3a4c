"""`ronda serve`: the server, until SIGTERM or SIGINT."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ronda.commands.output import fail


def serve(
    listen: Annotated[str | None, typer.Option(help="Dirección, anfitrión:puerto.")] = None,
    data: Annotated[Path | None, typer.Option(help="Directorio de datos con las generaciones.")] = None,
    workers: Annotated[int | None, typer.Option(help="Procesos de trabajo; 0 = uno por núcleo.")] = None,
    metrics: Annotated[str | None, typer.Option(help='Dirección para Prometheus, anfitrión:puerto, u "off".')] = None,
    reflection: Annotated[bool | None, typer.Option(help="Sirve la reflexión de gRPC.")] = None,
    trust: Annotated[
        Path | None, typer.Option(help="Directorio de confianza; sin él, modo de desarrollo, solo en este equipo.")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificado del servidor, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Su llave privada, PEM.")] = None,
) -> None:
    """Sirve la generación actual; lo no indicado viene de RONDA_* y del archivo que nombra RONDA_CONFIG.

    \b
    Ejemplo:
      RONDA_CONFIG=/etc/ronda/ronda.toml ronda serve
    """
    from ronda.settings import load_settings
    from server.host.supervised import Program
    from server.processes.messages import EXIT_SETTINGS
    from server.processes.serving import serve as run_server
    from server.settings import SettingsError

    given: dict[str, Any] = {
        "listen": listen,
        "data": data,
        "workers": workers,
        "metrics": metrics,
        "reflection": reflection,
        "trust": trust,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
    }
    try:
        settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    except SettingsError as error:
        fail(str(error), EXIT_SETTINGS, as_json=False)
    raise typer.Exit(run_server(settings, programs={"feed": Program("ronda.feed.writer", settings.manifests)}))
