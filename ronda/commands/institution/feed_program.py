"""`ronda-feed`: `ronda feed` of the client's wheel, where the rest of `ronda` is not (docs/client.md)."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Entry point of the installed command. What it writes, only its own user can read."""
    os.umask(0o077)
    try:
        import typer
    except ImportError:
        sys.stderr.write("Faltan las bibliotecas de ronda-feed: pip install 'ronda-client[feed]'\n")
        sys.exit(2)
    from typer._click.exceptions import ClickException
    from typer.main import get_group_from_info
    from typer.models import TyperInfo

    from ronda.commands.exit_status import ExitStatus
    from ronda.commands.institution.feed import feed
    from ronda.commands.output import say
    from ronda.commands.spanish_usage import speak_spanish, usage_error_lines, whole_summaries

    speak_spanish()
    group = whole_summaries(
        get_group_from_info(
            TyperInfo(feed, name="ronda-feed", context_settings={"help_option_names": ["-h", "--help"]}),
            pretty_exceptions_short=True,
            suggest_commands=True,
            rich_markup_mode=None,
        )
    )
    try:
        status = group(args=sys.argv[1:], prog_name="ronda-feed", standalone_mode=False)
    except ClickException as error:
        say("\n".join(usage_error_lines(error)), err=True)
        status = error.exit_code
    except typer.Abort:
        say("Interrumpido.", err=True)
        status = ExitStatus.INTERRUPTED
    sys.exit(status if isinstance(status, int) else ExitStatus.DONE)


if __name__ == "__main__":
    main()
