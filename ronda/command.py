"""The `ronda` command: the composition root. Each subcommand imports its part of the house when it runs.

Exit status: 0 done or answered (whatever the level), 1 our fault or not available, 2 the caller's fault,
3 publishing stopped on purpose (shrink limit, damaged generation).
"""

from __future__ import annotations

import os

import typer

from ronda import (
    command_ask,
    command_audit,
    command_build,
    command_keys,
    command_notifications,
    command_serve,
    command_subject,
    command_why,
)

app = typer.Typer(
    name="ronda",
    help="Background checks: build a generation from the registers, serve it, ask it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
generations = typer.Typer(help="Generations on disk: list, verify, roll back.", no_args_is_help=True)

app.command("nation")(command_build.nation)
app.command("index")(command_build.index)
app.command("serve")(command_serve.serve)
app.command("check")(command_ask.check)
app.command("search")(command_ask.search)
app.command("why")(command_why.why)
app.command("registers")(command_ask.registers)
app.command("notifications")(command_notifications.notifications)
generations.command("list")(command_build.list_generations)
generations.command("verify")(command_build.verify_generation)
generations.command("rollback")(command_build.rollback)
app.add_typer(generations, name="generations")
app.add_typer(command_subject.subject, name="subject")
app.add_typer(command_audit.audit, name="audit")
app.add_typer(command_keys.keys, name="keys")
app.add_typer(command_keys.policy, name="policy")


def main() -> None:
    """Entry point of the installed command. What it writes, only its own user can read."""
    os.umask(0o077)
    app()


if __name__ == "__main__":
    main()
