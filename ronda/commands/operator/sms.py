"""`ronda sms`: the gateway between an operator's SMSC and Ronda, and a demonstration of it."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from clients.spanish.system_errors import system_error_text
from ronda.commands.directory import settings_of
from ronda.commands.exit_status import ExitStatus
from ronda.commands.options import HERE
from ronda.commands.output import fail

# gRPC's own lines are no JSON; GRPC_VERBOSITY=error brings them back.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
# Without gRPC's event engine the thread that waits for answers reads them from the socket itself: less changes of
# thread. gRPC reads it when it is loaded; tests/sms/test_start.py asks whether it still has such an experiment.
os.environ.setdefault("GRPC_EXPERIMENTS", "-event_engine_client")


def sms(
    demo: Annotated[
        bool,
        typer.Option("--demo", help="Levanta una central de prueba (npm smpp) y envía tres mensajes a ./run serve."),
    ] = False,
    server: Annotated[
        str | None, typer.Option(help="Servidor de Ronda; si no, RONDA_SMS_SERVER; con --demo, RONDA_SERVER.")
    ] = None,
) -> None:
    """Atiende consultas por SMS: se enlaza a la central del operador (SMPP 3.4) y responde en un segmento.

    \b
    Ejemplos:
      ronda sms --demo
      RONDA_CONFIG=sms.toml ronda sms
    """
    from clients.sms.counts import log_to
    from clients.sms.kept_file import JournalError
    from clients.sms.running import SmsSettingsError, run

    if demo:
        _demonstrate(server or os.environ.get("RONDA_SERVER") or HERE)
        return
    log_to(sys.stderr)
    try:
        run(settings_of(sms_server=server))
    except SmsSettingsError as error:
        fail(str(error), ExitStatus.CALLER, as_json=False)
    except JournalError as error:
        fail(str(error), ExitStatus.OURS, as_json=False)
    except OSError as error:
        fail(f"{error.filename or 'ronda sms'}: {system_error_text(error)}", ExitStatus.OURS, as_json=False)


def _demonstrate(server: str) -> None:
    try:
        from ronda.demo.sms import DemoError, demonstrate
    except ModuleNotFoundError:
        fail("La demostración es de un checkout de Ronda, no de una instalación.", ExitStatus.CALLER, as_json=False)
    try:
        demonstrate(server)
    except DemoError as error:
        fail(str(error), ExitStatus.OURS, as_json=False)
