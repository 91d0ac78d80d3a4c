"""How the command prints: renderables for people, JSON for machines, failures that say what to do."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from rich.console import RenderableType

    from clients.connection import CallFailure

UNBOUNDED = 1_000_000  # columns of a pipe

EXIT_OURS = 1
EXIT_CALLER = 2
EXIT_STOPPED = 3


def print_renderables(*parts: RenderableType) -> None:
    """Prints for people: nothing is ever cut; colours and frames only on a terminal, a pipe gets each line whole."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else UNBOUNDED)
    for part in parts:
        console.print(part, crop=False)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def message_json(message: Message) -> None:
    """A contract message as JSON with the contract's field names."""
    from google.protobuf.json_format import MessageToDict

    print_json(MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=False))


def fail(text: str, exit_status: int, as_json: bool, **details: Any) -> NoReturn:
    """Says what went wrong and what to do, on standard error, and ends with the status."""
    if as_json:
        print_json({"error": {"text": text, **details}})
    typer.secho(text, err=True, fg="red")
    raise typer.Exit(exit_status)


def fail_call(failure: CallFailure, target: str, as_json: bool, hints: list[str]) -> NoReturn:
    """Explains a failed call in Spanish: whose fault it is and what to do."""
    details: dict[str, Any] = {
        "status": failure.status,
        "reason": failure.reason,
        "violations": [{"field": v.field, "rule": v.rule} for v in failure.violations],
        "suggestions": hints,
    }
    if failure.status == "UNAVAILABLE" and failure.reason == "NO_GENERATION":
        fail(
            "El servidor aún no tiene datos: ejecute `ronda index` y espere la publicación.",
            EXIT_OURS,
            as_json,
            **details,
        )
    if failure.status == "UNAVAILABLE":
        fail(
            f"No hay servidor en {target}: inícielo con `ronda serve` o indique otro con --server.",
            EXIT_OURS,
            as_json,
            **details,
        )
    if failure.reason == "QUERY_TOO_BROAD":
        from clients.officer_view.candidates import too_broad_line

        fail(too_broad_line(failure), EXIT_CALLER, as_json, **details)
    if failure.status == "INVALID_ARGUMENT":
        from clients.spanish import RULES

        said = "; ".join(f"{v.field}: {RULES.get(v.rule, v.rule)}" for v in failure.violations) or failure.message
        hint = f" ¿Quiso decir {', '.join(hints)}?" if hints else ""
        fail(f"Consulta no válida: {said}.{hint}", EXIT_CALLER, as_json, **details)
    if failure.status == "RESOURCE_EXHAUSTED" and failure.retry_after_seconds is not None:
        fail(f"Servidor ocupado: reintente en {failure.retry_after_seconds:.1f} s.", EXIT_OURS, as_json, **details)
    if failure.status == "DATA_LOSS":
        fail("Expediente dañado: no se muestra. Avise a operaciones.", EXIT_OURS, as_json, **details)
    fail(f"La consulta no obtuvo respuesta ({failure.status} {failure.reason}).", EXIT_OURS, as_json, **details)
