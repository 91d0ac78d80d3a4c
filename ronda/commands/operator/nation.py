"""`ronda nation`: a synthetic nation, in a checkout."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from clients.terminal.whole_table import WholeTable
from ronda.commands.options import SummaryJsonOption
from ronda.commands.output import EXIT_CALLER, EXIT_OURS, fail, print_json, print_renderables

if TYPE_CHECKING:
    from nation.summary import NationSummary


def nation(
    persons: Annotated[int, typer.Option(help="Personas, de 1,000 a 21,700,000.", min=1_000, max=21_700_000)] = 100_000,
    seed: Annotated[int, typer.Option(help="La misma semilla da los mismos bytes.")] = 1,
    as_of: Annotated[
        datetime.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Día de los datos; si no, hoy.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Directorio que se escribe; en él se hacen registers/ y truth/.")] = Path(
        "nation"
    ),
    postgres: Annotated[
        str, typer.Option(help="DSN de un servidor PostgreSQL donde cargar los registros que son bases de datos.")
    ] = "",
    damage: Annotated[
        float, typer.Option(help="Filas de alerta dañadas por cada fila de alerta.", min=0.0, max=1.0)
    ] = 0.02,
    incidents: Annotated[
        bool,
        typer.Option("--incidents", help="También diez años de hechos delictivos, en incidents/ (docs/numbers.md)."),
    ] = False,
    incident_scale: Annotated[
        float, typer.Option(help="De las cantidades de hechos; 1 = unos 65,000 al año.", min=0.001, max=10.0)
    ] = 1.0,
    as_json: SummaryJsonOption = False,
) -> None:
    """Hace una nación sintética: doce registros en sus formatos, y la verdad aparte.

    \b
    Ejemplos:
      ronda nation --persons 5000 --out nation
      ronda nation --persons 5000 --incidents --out nation
    """
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    from clients.terminal.told_console import ToldConsole

    try:
        import psycopg

        from nation.incidents.making import FOLDER, make_incidents
        from nation.making import make_nation
    except ModuleNotFoundError:
        fail("La nación sintética es de un checkout (./run build), no de una instalación.", EXIT_CALLER, as_json)

    day = as_of.date() if as_of else None
    bars = Progress(
        TextColumn("{task.description:<20}"),
        BarColumn(),
        TextColumn("{task.completed:>15,.0f}"),
        TimeRemainingColumn(),
        console=ToldConsole(stderr=True),
        disable=as_json,
    )
    tasks: dict[str, TaskID] = {}

    def show(stage: str, done: int, total: int | None) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total)
        bars.update(tasks[stage], completed=done, total=total)

    try:
        with bars:
            summary = make_nation(
                persons=persons,
                seed=seed,
                as_of=day,
                out=out,
                postgres_dsn=postgres or None,
                on_progress=show,
                damage=damage,
            )
            if incidents:
                show("incidents", 0, None)
                summary.rows["incidents"] = make_incidents(out, summary.as_of, seed, incident_scale)
                summary.bytes["incidents"] = sum(f.stat().st_size for f in (out / FOLDER).rglob("*") if f.is_file())
    except ValueError as error:
        fail(str(error), EXIT_CALLER, as_json)
    except psycopg.OperationalError as error:
        fail(f"--postgres: {str(error).strip()}", EXIT_CALLER, as_json)
    except OSError as error:
        fail(f"--out: {error.filename or out}: {error.strerror}", EXIT_OURS, as_json)
    if as_json:
        print_json(summary.to_json())
    else:
        print_renderables(*_parts(summary))


def _parts(summary: NationSummary) -> list[RenderableType]:
    """A table and lines for people."""
    title = f"{summary.persons:,} persons, seed {summary.seed}, as of {summary.as_of.isoformat()}"
    table = WholeTable(title, "register", "rows", "MB", "CPU s", right=("rows", "MB", "CPU s"))
    for name, size in summary.bytes.items():
        spent = summary.seconds.get(name, 0.0)
        table.add(name, f"{summary.rows.get(name, 0):,}", f"{size / 1e6:,.1f}", f"{spent:,.1f}")
    spent_lines = [
        f"{name} in {summary.seconds[name]:,.1f} s" for name in ("made", "loaded") if name in summary.seconds
    ]
    return [table, *spent_lines, f"registers and truth in {summary.out}"]
