"""The `ronda` command: the composition root. Each subcommand imports its part of the house when it runs.

Its exit statuses are in ronda/commands/exit_status.py and docs/command.md.
"""

from __future__ import annotations

import signal
import sys

if sys.argv[:1] and sys.argv[0].rpartition("/")[2] == "ronda":  # Ctrl-C ends it quietly while it still loads
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import errno
import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer._click.exceptions import ClickException
from typer._click.utils import PacifyFlushWrapper
from typer.core import TyperGroup
from typer.main import get_command_from_info, get_group_from_info
from typer.models import CommandInfo, TyperInfo

from clients.spanish.system_errors import system_error_text
from ronda.commands.exit_status import MEANING, ExitStatus
from ronda.commands.extras import missing_extra
from ronda.commands.output import say
from ronda.commands.spanish_usage import speak_spanish, usage_error_lines, whole_summaries

# Heading -> subcommand -> module and name of its function, or of its group of subcommands. The order is that of --help.
GROUPS = {
    "Consultar": {
        "check": ("officer.ask", "check"),
        "search": ("officer.ask", "search"),
        "records": ("officer.records", "records"),
        "why": ("officer.why", "why"),
        "registers": ("officer.ask", "registers"),
        "alerts": ("officer.alerts", "alerts"),
        "login": ("officer.login", "login"),
        "car": ("officer.car", "car"),
    },
    "Instituciones": {
        "clear": ("institution.clear", "clear"),
        "certificate": ("institution.certificate", "certificate"),
        "confirm": ("institution.confirm", "confirm"),
        "feed": ("institution.feed", "feed"),
        "statistics": ("institution.statistics", "statistics"),
        "notifications": ("auditor.notifications", "notifications"),
        "subject": ("auditor.subject", "subject"),
        "audit": ("auditor.audit", "audit"),
        "replay": ("auditor.replay", "replay"),
    },
    "Operar": {
        "nation": ("operator.nation", "nation"),
        "index": ("operator.index", "index"),
        "mart": ("operator.mart", "mart"),
        "generations": ("operator.generations", "generations"),
        "serve": ("operator.serve", "serve"),
        "live": ("operator.live", "live"),
        "doctor": ("operator.doctor", "doctor"),
        "upgrade": ("operator.upgrade", "upgrade"),
        "backup": ("operator.backup", "backup"),
        "restore": ("operator.backup", "restore"),
        "keys": ("operator.keys", "keys"),
        "policy": ("operator.keys", "policy"),
        "sms": ("operator.sms", "sms"),
        "console": ("operator.console", "console"),
        "bench": ("operator.bench", "bench"),
    },
}
PLACES = {name: place for group in GROUPS.values() for name, place in group.items()}
_HELP = {"help_option_names": ["-h", "--help"]}


class _OnDemand(Mapping[str, Any]):
    """The subcommands; a module is imported when its subcommand is asked for: an officer waits for nothing else."""

    def __getitem__(self, name: str) -> Any:
        module, attribute = PLACES[name]
        found = getattr(import_module(f"ronda.commands.{module}"), attribute)
        if isinstance(found, typer.Typer):
            group = get_group_from_info(
                TyperInfo(found, name=name, context_settings=_HELP),
                pretty_exceptions_short=True,
                suggest_commands=True,
                rich_markup_mode=None,
            )
            return whole_summaries(group)
        command = get_command_from_info(
            CommandInfo(name=name, callback=found, context_settings=_HELP),
            pretty_exceptions_short=True,
            rich_markup_mode=None,
        )
        return whole_summaries(command)

    def __iter__(self) -> Iterator[str]:
        return iter(PLACES)

    def __len__(self) -> int:
        return len(PLACES)


class _Commands(TyperGroup):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _OnDemand()  # type: ignore[assignment] # nothing is added to it later

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes the commands under headings: those of officers first, those of operators last."""
        for heading, group in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(name, self.commands[name].get_short_help_str(limit=200)) for name in group])


_STATUSES = "\n".join(f"  {int(status):>3}  {meaning}" for status, meaning in MEANING.items())

app = typer.Typer(
    name="ronda",
    cls=_Commands,
    epilog=f"\b\nEstados de salida:\n{_STATUSES}",
    no_args_is_help=True,
    suggest_commands=True,
    context_settings=_HELP,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _say_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        say(f"ronda {version('ronda')}")
        raise typer.Exit


@app.callback()
def ronda(
    version: Annotated[
        bool, typer.Option("--version", help="Muestra la versión.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    """Ronda: quién es, qué vehículo es, y si hay motivo para actuar.

    \b
    Ejemplos:
      ronda check P-323ZZB
      ronda search Chepe Ernandez Kej 1985
    """


def _readable(argument: str) -> str:
    """The argument as its terminal meant it: bytes that are no UTF-8 come from one that writes Latin-1."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return os.fsencode(argument).decode("latin-1")
    return argument


def _called(arguments: list[str]) -> Any:
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:], "--help"]
    if arguments[:1] == ["car"]:
        from clients.car.first_screen import FirstScreen

        with FirstScreen(arguments[1:], os.environ):  # nobody waits for what the rest has to load
            return app(args=arguments, standalone_mode=False)
    return app(args=arguments, standalone_mode=False)


def main() -> None:
    """Entry point of the installed command. What it writes, only its own user can read."""
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.stdout is None:  # nothing may take the place of what was closed: a file that is opened next would
        os.open(os.devnull, os.O_WRONLY)
        if sys.stderr is not None:
            sys.stderr.write("La salida está cerrada: no hay dónde escribir la respuesta.\n")
        sys.exit(ExitStatus.CALLER)
    speak_spanish()
    try:
        status = _called([_readable(argument) for argument in sys.argv[1:]])
        sys.stdout.flush()
    except ClickException as error:
        say("\n".join(usage_error_lines(error)), err=True)
        asked = getattr(error, "ctx", None)
        serving = asked is not None and asked.info_name == "serve" and asked.parent.parent is None
        status = ExitStatus.SETTINGS if serving else error.exit_code  # its options are settings
    except ModuleNotFoundError as error:
        if (missing := missing_extra(error)) is None:
            raise
        say(missing, err=True)
        status = ExitStatus.SETTINGS
    except (UnicodeEncodeError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in (errno.ENOSPC, errno.EPIPE, errno.EIO):
            if error.filename is None:
                raise
            say(f"{os.fsdecode(error.filename)}: {system_error_text(error)}", err=True)
            sys.exit(ExitStatus.STOPPED)
        if isinstance(error, BrokenPipeError):
            os._exit(ExitStatus.CUT)
        sys.stderr.write(
            "No se pudo escribir la respuesta completa: revise la salida (UTF-8, espacio, quien la lee).\n"
        )
        os._exit(ExitStatus.OURS)  # what is left in the buffer cannot be written either
    except SystemExit:
        if isinstance(sys.stdout, PacifyFlushWrapper):  # Click's own end where whoever read has what he wanted
            os._exit(ExitStatus.CUT)
        raise
    except typer.Abort:
        say("Interrumpido.", err=True)
        status = ExitStatus.INTERRUPTED
    sys.exit(status if isinstance(status, int) else ExitStatus.DONE)


if __name__ == "__main__":
    main()
