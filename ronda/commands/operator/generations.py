"""`ronda generations`: the generations on disk, listed, verified, rolled back."""

from __future__ import annotations

import datetime
from typing import Annotated

import typer

from ronda.commands.directory import settings_of
from ronda.commands.options import DataOption, SummaryJsonOption
from ronda.commands.output import EXIT_CALLER, EXIT_STOPPED, fail, print_json, print_renderables

generations = typer.Typer(help="Generaciones en disco: listar, verificar, volver atrás.", no_args_is_help=True)


@generations.command("list")
def list_generations(data: DataOption = None, as_json: SummaryJsonOption = False) -> None:
    """Muestra las generaciones en disco, la más nueva primero.

    \b
    Ejemplo:
      ronda generations list
    """
    from clients.terminal.whole_table import WholeTable
    from indexer.generations.listing import list_generations as read_generations

    directory = settings_of(data=data).data
    if not directory.is_dir():
        fail(f"data: {directory.absolute()} is no directory", EXIT_CALLER, as_json)
    found = read_generations(directory)
    if as_json:
        print_json([generation.to_json() for generation in found])
        return
    numbers = ("persons", "vehicles", "MiB")
    headings = ("generation", "built (UTC)", "current", *numbers, "oldest register as-of (UTC)")
    table = WholeTable("Generations", *headings, right=numbers)
    for generation in found:
        built = datetime.datetime.fromtimestamp(generation.built_at_ms / 1000, datetime.UTC)
        times = [register.as_of_ms for register in generation.registers if register.as_of_ms]
        oldest = datetime.datetime.fromtimestamp(min(times) / 1000, datetime.UTC) if times else None
        table.add(
            generation.generation_id,
            f"{built:%Y-%m-%d %H:%M:%S}",
            "yes" if generation.current else "",
            f"{generation.persons:,}",
            f"{generation.vehicles:,}",
            f"{generation.bytes / 1024**2:,.0f}",
            f"{oldest:%Y-%m-%d %H:%M}" if oldest else "",
        )
    print_renderables(table)


@generations.command("verify")
def verify_generation(
    generation_id: Annotated[str, typer.Argument(metavar="GENERACIÓN", help="Generación; si no, la actual.")] = "",
    data: DataOption = None,
    deep: Annotated[bool, typer.Option(help="Recorre además cada expediente, clave y página.")] = False,
    as_json: SummaryJsonOption = False,
) -> None:
    """Revisa los archivos de una generación contra su manifiesto; nombra cada archivo que no es como se publicó.

    \b
    Ejemplo:
      ronda generations verify --deep
    """
    from indexer.build.errors import BuildError
    from indexer.generations.listing import verify_generation as verify

    try:
        result = verify(settings_of(data=data).data, generation_id or None, deep=deep)
    except BuildError as error:
        fail(str(error), EXIT_CALLER, as_json)
    if as_json:
        print_json(result.to_json())
    elif result.ok:
        print_renderables(f"{result.generation_id}: {result.files_checked} files are as they were published")
    else:
        print_renderables(*(f"{result.generation_id}: {problem}" for problem in result.problems))
    if not result.ok:
        raise typer.Exit(EXIT_STOPPED)


@generations.command("rollback")
def rollback(
    target: Annotated[
        str, typer.Argument(metavar="GENERACIÓN", help="Generación a la que se vuelve; si no, la anterior.")
    ] = "",
    data: DataOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Cambia; sin ella solo muestra qué cambiaría.")] = False,
    as_json: SummaryJsonOption = False,
) -> None:
    """Vuelve a una generación anterior, tras mostrar sus fechas y las alertas que revivirían.

    \b
    Ejemplo:
      ronda generations rollback           # muestra; con --yes cambia
    """
    from clients.terminal.whole_table import WholeTable
    from indexer.build.errors import BuildError
    from indexer.generations.rollback import rollback as switch_back
    from indexer.generations.rollback import rollback_preview

    directory = settings_of(data=data).data
    try:
        preview = rollback_preview(directory, target or None)
        if yes:
            switch_back(directory, preview.target, confirmed=True)
    except BuildError as error:
        fail(str(error), EXIT_CALLER, as_json)
    if as_json:
        print_json(preview.to_json() | {"switched": yes})
        return
    headings = ("register", "name", "as-of now (UTC)", "as-of then (UTC)")
    table = WholeTable(f"{preview.current} -> {preview.target}", *headings)
    for register in preview.registers:
        times = [
            f"{datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC):%Y-%m-%d %H:%M}" if ms else "missing"
            for ms in (register.now_ms, register.then_ms)
        ]
        table.add(register.register_id, register.name, *times)
    said = [f"alerts that would be pending again: {preview.revived_total}"]
    said += [f"  {alert.kind} {alert.register_id} {alert.record_id}" for alert in preview.revived]
    said.append("switched" if yes else "nothing was changed; add --yes to switch")
    print_renderables(table, *said)
