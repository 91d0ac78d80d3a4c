"""Help and usage errors in Spanish: Typer has its words in English, in its code (the Click that it carries too).

tests/command/test_help.py walks every subcommand's help and every kind of usage error, and fails on an English word.
"""

from __future__ import annotations

import re
import shutil
import textwrap
from typing import TYPE_CHECKING, Any

from typer._click.core import Context
from typer._click.exceptions import (
    BadParameter,
    ClickException,
    MissingParameter,
    NoArgsIsHelpError,
    NoSuchOption,
    UsageError,
)
from typer._click.formatting import HelpFormatter

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEADINGS = {"Options": "Opciones", "Arguments": "Argumentos", "Commands": "Órdenes"}
_USAGE = (("[OPTIONS]", "[OPCIONES]"), ("COMMAND [ARGS]...", "ORDEN [ARGUMENTOS]..."))
_TYPES = (
    (r"<list\[str\]>", "<texto>"),
    (r"<list\[[pP]ath\]>", "<ruta>"),
    (r"<%Y-%m-%d>", "<aaaa-mm-dd>"),
    (r"<str>", "<texto>"),
    (r"<int(?: range)?>", "<entero>"),
    (r"<float(?: range)?>", "<número>"),
    (r"<path>", "<ruta>"),
    (r"<directory>", "<directorio>"),
    (r"<file>", "<archivo>"),
    (r"<datetime(\[[^]]*\])?>", "<fecha>"),
)
_ROWS = (
    (r"\[env var: ", "[variable: "),
    (r"\[default: ", "[por omisión: "),
    (r"; default: ", "; por omisión: "),
    (r"(?<=[\[ ])required\]", "obligatorio]"),
    (r"Show this message and exit\.", "Muestra esta ayuda."),
    (r"Install completion for the current shell\.", "Instala el autocompletado en esta terminal."),
    (
        r"Show completion for the current shell, to copy it or customize the installation\.",
        "Muestra el autocompletado, para copiarlo o adaptarlo.",
    ),
)
_ERRORS = (
    (r"Value error, ", ""),
    (r"Input should be a valid integer, unable to parse string as an integer", "escriba un número entero"),
    (r"Input should be a valid number, unable to parse string as a number", "escriba un número"),
    (r"Input should be greater than or equal to (\S+)", r"escriba \1 o más"),
    (r"Input should be less than or equal to (\S+)", r"escriba \1 o menos"),
    (r"(.+) is not one of (.+?)\.?", r"\1 no es ninguno de \2"),
    (r"(.+) does not match the formats? (.+?)\.?", r"\1 no tiene la forma \2"),
    (r"(?:path|file|directory) (.+) does not exist\.?", r"\1 no existe"),
    (r"(?:path|file|directory) (.+) is a directory\.?", r"\1 es un directorio"),
    (r"(?:path|file|directory) (.+) is a file\.?", r"\1 es un archivo"),
    (r"(?:path|file|directory) (.+) is not readable\.?", r"no se puede leer \1"),
    (r"Option (.+) requires an argument\.?", r"la opción \1 lleva un valor"),
    (r"Option (.+) does not take a value\.?", r"la opción \1 no lleva valor"),
    (r"No such command (.+?)\. Did you mean (.+)\?", r"no existe la orden \1: ¿quiso decir \2?"),
    (r"No such command (.+?)\.", r"no existe la orden \1"),
    (r"Missing command\.", "falta la orden"),
    (r"Got unexpected extra arguments? \((.+)\)", r"sobra: \1"),
    (r"Got unexpected extra argument\(s\) \((.+)\)", r"sobra: \1"),
)


_WIDEST, _NARROWEST, _MARGIN = 80, 30, 2  # columns
_ROOMY, _NARROW_TERMS = 60, 14  # where it is narrower, columns beside which a term's text may stand


class SpanishFormatter(HelpFormatter):
    """Writes a help page with Spanish headings, types and defaults, as narrow as the terminal is."""

    def __init__(self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None) -> None:
        """Click writes no narrower than 50 columns: what the terminal then wraps is cut within words."""
        screen = max(min(shutil.get_terminal_size().columns, max_width or _WIDEST) - _MARGIN, _NARROWEST)
        super().__init__(indent_increment, width or screen, max_width)

    def write_text(self, text: str) -> None:
        """A paragraph; lines that stand as they are (statuses) are wrapped too, but commands to copy are not."""
        before = len(self.buffer)
        super().write_text(text)
        lines = "".join(self.buffer[before:]).splitlines()
        self.buffer[before:] = [f"{piece}\n" for line in lines for piece in self._wrapped(line)]

    def _wrapped(self, line: str) -> list[str]:
        if len(line) <= self.width or line.lstrip().startswith("ronda "):
            return [line]
        hanging = re.match(r"\s*(?:\d+\s+)?", line)
        return textwrap.wrap(
            line,
            self.width,
            subsequent_indent=" " * (hanging.end() if hanging else 0),
            break_long_words=False,
            break_on_hyphens=False,
        )

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Uso: ronda check [OPCIONES]..."""
        for english, spanish in _USAGE:
            args = args.replace(english, spanish)
        super().write_usage(prog, re.sub(r"\{([^}]+)\}", r"\1", args), prefix or "Uso: ")

    def write_heading(self, heading: str) -> None:
        """A section's name."""
        super().write_heading(_HEADINGS.get(heading, heading))

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Options, arguments and subcommands."""
        told = [(_replaced(left, _TYPES), _replaced(right, _ROWS)) for left, right in rows]
        super().write_dl(told, col_max if self.width >= _ROOMY else _NARROW_TERMS, col_spacing)


def _replaced(text: str, table: Sequence[tuple[str, str]]) -> str:
    for english, spanish in table:
        text = re.sub(english, spanish, text)
    return text


def speak_spanish() -> None:
    """Every help page from now on."""
    Context.formatter_class = SpanishFormatter


def whole_summaries(command: Any) -> Any:
    """Lets a list of subcommands show each one's first sentence whole: Click cuts what does not fit a line."""
    command.short_help = " ".join((command.help or "").split("\n\n")[0].split())
    for each in getattr(command, "commands", {}).values():
        whole_summaries(each)
    return command


def usage_error_lines(error: ClickException) -> list[str]:
    """The usage, where to read more, and what is wrong."""
    if isinstance(error, NoArgsIsHelpError):
        return [error.format_message()]
    lines = []
    if isinstance(error, UsageError) and error.ctx is not None:
        lines += [error.ctx.get_usage(), f"Más en `{error.ctx.command_path} --help`.", ""]
    said = _said(error)
    return [*lines, f"Error: {said}" + ("" if said.endswith("?") else ".")]


def _said(error: ClickException) -> str:
    if isinstance(error, MissingParameter):
        return f"falta {_hint(error)}"
    if isinstance(error, BadParameter):
        return f"valor no válido en {_hint(error)}: {_spanish(error.message)}"
    if isinstance(error, NoSuchOption):
        near = f" (¿quiso decir {' o '.join(sorted(error.possibilities))}?)" if error.possibilities else ""
        return f"no existe la opción {error.option_name}{near}"
    return _spanish(error.message)


def _hint(error: BadParameter) -> str:
    hint = error.param_hint
    if hint is None and error.param is not None:
        hint = error.param.get_error_hint()
    said = hint if isinstance(hint, str) else " / ".join(hint or ["lo escrito"])
    return re.sub(r"\(env var: '?(\w+)'?\)", r"(variable: \1)", said)


def _spanish(message: str) -> str:
    for english, spanish in _ERRORS:
        if found := re.fullmatch(english, message.removeprefix("Value error, ")):
            return found.expand(spanish).replace("%Y-%m-%d", "aaaa-mm-dd")
    return message.rstrip(".")
