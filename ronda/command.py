"""The `ronda` command: the composition root. Each subcommand imports its part of the house when it runs.

Exit status: 0 done or answered (whatever the level), 1 our fault or not available, 2 the caller's fault,
3 publishing stopped on purpose (shrink limit, damaged generation).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command_from_info, get_group_from_info
from typer.models import CommandInfo, TyperInfo

# Subcommand -> module and name of its function, or of its group of subcommands. The order is that of --help.
PLACES = {
    "nation": ("command_build", "nation"),
    "index": ("command_build", "index"),
    "serve": ("command_serve", "serve"),
    "check": ("command_ask", "check"),
    "search": ("command_ask", "search"),
    "why": ("command_why", "why"),
    "registers": ("command_ask", "registers"),
    "notifications": ("command_notifications", "notifications"),
    "generations": ("command_build", "generations"),
    "subject": ("command_subject", "subject"),
    "audit": ("command_audit", "audit"),
    "keys": ("command_keys", "keys"),
    "policy": ("command_keys", "policy"),
}


class _OnDemand(Mapping[str, Any]):
    """The subcommands; a module is imported when its subcommand is asked for: an officer waits for nothing else."""

    def __getitem__(self, name: str) -> Any:
        module, attribute = PLACES[name]
        found = getattr(import_module(f"ronda.{module}"), attribute)
        if isinstance(found, typer.Typer):
            return get_group_from_info(
                TyperInfo(found, name=name), pretty_exceptions_short=True, suggest_commands=True, rich_markup_mode=None
            )
        return get_command_from_info(
            CommandInfo(name=name, callback=found), pretty_exceptions_short=True, rich_markup_mode=None
        )

    def __iter__(self) -> Iterator[str]:
        return iter(PLACES)

    def __len__(self) -> int:
        return len(PLACES)


class _Commands(TyperGroup):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _OnDemand()  # type: ignore[assignment] # nothing is added to it later


app = typer.Typer(
    name="ronda",
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def ronda() -> None:
    """Background checks: build a generation from the registers, serve it, ask it."""


def main() -> None:
    """Entry point of the installed command. What it writes, only its own user can read."""
    os.umask(0o077)
    app()


if __name__ == "__main__":
    main()
