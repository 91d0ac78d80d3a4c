"""Output of the command: renderables for people, JSON for machines, failures with a remedy."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from clients.terminal.told_text import told, told_json
from ronda.commands.exit_status import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.protobuf.message import Message
    from rich.console import RenderableType

UNBOUNDED = 1_000_000  # columns of a pipe
_PROMPT_LINES = 1  # of the shell, below what is printed

EXIT_OURS = ExitStatus.OURS
EXIT_CALLER = ExitStatus.CALLER
EXIT_STOPPED = ExitStatus.STOPPED
EXIT_NOT_FRESH = ExitStatus.NOT_FRESH


def print_renderables(*parts: RenderableType, last: Sequence[RenderableType] = ()) -> None:
    """Prints for people: nothing is ever cut; colours and frames only on a terminal, a pipe gets each line whole.

    last: by its weight, what is said again at the end on a terminal that does not hold the parts; as much as it holds.
    """
    from rich.cells import cell_len
    from rich.text import Text

    from clients.terminal.told_console import ToldConsole
    from clients.terminal.whole_table import whole

    console = ToldConsole(highlight=False, markup=False, width=None if sys.stdout.isatty() else UNBOUNDED)

    def show(part: RenderableType) -> None:
        line = Text(part) if isinstance(part, str) else part
        # The console joins texts into a new one, which knows nothing of the line's own overflow.
        overflow = whole(line, console.width).overflow if isinstance(line, Text) else None
        console.print(line, crop=False, overflow=overflow)

    def height(*shown: RenderableType) -> int:
        """Lines of the screen: one that is too long for it goes on in the next."""
        with console.capture() as capture:
            for part in shown:
                show(part)
        lines = Text.from_ansi(capture.get()).plain.splitlines()
        return sum(max(1, -(-cell_len(line) // console.width)) for line in lines)

    for part in parts:
        show(part)
    if not last or not console.is_terminal:
        return
    room = console.height - _PROMPT_LINES
    if height(*parts) <= room:
        return
    for part in last:
        room -= height(part)
        if room < 0:
            break
        show(part)


def say(text: object = "", *, err: bool = False, nl: bool = True, bold: bool | None = None) -> None:
    """A line for people on standard output, or error: what steers a terminal in it is shown, not obeyed."""
    typer.secho(told(str(text)), err=err, nl=nl, bold=bold)


def ring() -> None:
    """The terminal's bell."""
    typer.echo("\a", nl=False)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(told_json(json.dumps(value, ensure_ascii=False, indent=2, default=str)))


def message_json(message: Message) -> None:
    """A contract message as JSON with the contract's field names."""
    from google.protobuf.json_format import MessageToDict

    print_json(MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=False))


def fail(text: str, exit_status: int, as_json: bool, **details: Any) -> NoReturn:
    """Says what went wrong and what to do, on standard error, and ends with the status."""
    if as_json:
        print_json({"error": {"text": text, "exit": int(exit_status), **details}})
    say(text, err=True, bold=True)
    raise typer.Exit(int(exit_status))
