"""`ronda serve`: the server, until SIGTERM or SIGINT."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ronda.command_output import fail


def serve(
    listen: Annotated[str | None, typer.Option(help="Address, host:port.")] = None,
    data: Annotated[Path | None, typer.Option(help="Data directory with the generations.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes; 0 = one a core.")] = None,
    metrics: Annotated[str | None, typer.Option(help='Prometheus address, host:port, or "off".')] = None,
    reflection: Annotated[bool | None, typer.Option(help="Serve gRPC reflection.")] = None,
    trust: Annotated[Path | None, typer.Option(help="Trust directory; none = development mode, loopback only.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Server certificate, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key, PEM.")] = None,
) -> None:
    """Serve the current generation; settings not given come from RONDA_* and the file named by RONDA_CONFIG."""
    from server.settings import SettingsError, load_settings
    from server.supervisor import serve as run_supervisor
    from server.worker_messages import EXIT_SETTINGS

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
    raise typer.Exit(run_supervisor(settings))
