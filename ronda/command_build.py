"""`ronda nation`, `ronda index`, `ronda generations`: what writes to the data directory or reads it directly."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ronda.command_output import (
    EXIT_CALLER,
    EXIT_NOT_FRESH,
    EXIT_OURS,
    EXIT_STOPPED,
    fail,
    print_json,
    print_renderables,
)

if TYPE_CHECKING:
    from server.settings import Settings

JsonOption = Annotated[bool, typer.Option("--json", help="El resumen como JSON, en la salida estándar.")]
DataOption = Annotated[Path | None, typer.Option(help="Directorio de datos; si no, RONDA_DATA, o data.")]

generations = typer.Typer(help="Generaciones en disco: listar, verificar, volver atrás.", no_args_is_help=True)

GIB = 1024**3
NO_LIMIT = 2**62  # bytes; keep_gib = 0 means that only the number of generations counts


def _settings(**given: object) -> Settings:
    from server.settings import SettingsError, load_settings

    try:
        return load_settings(**given)
    except SettingsError as error:
        fail(str(error), EXIT_CALLER, as_json=False)


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
    as_json: JsonOption = False,
) -> None:
    """Hace una nación sintética: doce registros en sus formatos, y la verdad aparte.

    \b
    Ejemplo:
      ronda nation --persons 5000 --out nation
    """
    import psycopg
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    try:
        from bench.nation.making import make_nation
        from bench.nation.summary import summary_parts
    except ModuleNotFoundError:
        fail("La nación sintética es de un checkout (./run build), no de una instalación.", EXIT_CALLER, as_json)

    day = as_of.date() if as_of else None
    bars = Progress(
        TextColumn("{task.description:<20}"),
        BarColumn(),
        TextColumn("{task.completed:>15,.0f}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
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
    except ValueError as error:
        fail(str(error), EXIT_CALLER, as_json)
    except psycopg.OperationalError as error:
        fail(f"--postgres: {str(error).strip()}", EXIT_CALLER, as_json)
    except OSError as error:
        fail(f"--out: {error.filename or out}: {error.strerror}", EXIT_OURS, as_json)
    if as_json:
        print_json(summary.to_json())
    else:
        print_renderables(*summary_parts(summary))


def index(
    data: DataOption = None,
    sources: Annotated[
        Path | None, typer.Option(help="Directorio de los archivos de los registros; si no, RONDA_SOURCES.")
    ] = None,
    manifests: Annotated[Path | None, typer.Option(help="Directorio de manifiestos; si no, los doce de Ronda.")] = None,
    postgres: Annotated[
        list[str] | None, typer.Option(help="REGISTRO=DSN de un registro que se lee de una base de datos.")
    ] = None,
    withdraw: Annotated[list[str] | None, typer.Option(help="Deja fuera este registro a propósito: AUSENTE.")] = None,
    accept_shrink: Annotated[
        list[str] | None,
        typer.Option(
            help="Publica aunque esto se haya encogido: REGISTRO, REGISTRO/FUENTE o REGISTRO/CLASE de alerta."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Lee los registros, enlaza, escribe una generación, la revisa y la publica.

    \b
    Ejemplo:
      ronda index --data data --sources nation/registers --withdraw mp
    """
    from indexer.build_errors import BuildError, BuildRefused, PublishingStopped
    from indexer.build_options import BuildOptions
    from indexer.manifest_loading import ManifestError
    from indexer.pipeline import build
    from ronda.command_index_output import summary_parts

    settings = _settings(data=data, sources=sources, manifests=manifests)
    dsns = {register: dsn.get_secret_value() for register, dsn in settings.postgres.items()}
    for pair in postgres or []:
        register, equals, dsn = pair.partition("=")
        if not equals:
            fail("--postgres: write REGISTER=DSN", EXIT_CALLER, as_json)
        dsns[register] = dsn
    options = BuildOptions(
        data=settings.data,
        sources=settings.sources,
        manifests=settings.manifests,
        dsns=dsns,
        withdraw=withdraw or [],
        accept_shrink=accept_shrink or [],
        keep_generations=settings.keep_generations,
        keep_bytes=settings.keep_gib * GIB or NO_LIMIT,
        memory_mib=settings.indexer_memory_mib,
        quiet=as_json,
    )
    try:
        summary = build(options)
    except PublishingStopped as error:
        fail(str(error), EXIT_STOPPED, as_json)
    except (BuildRefused, ManifestError) as error:
        fail(str(error), EXIT_CALLER, as_json)
    except BuildError as error:
        fail(str(error), EXIT_OURS, as_json)
    if as_json:
        print_json(summary.to_json())
    else:
        print_renderables(*summary_parts(summary))
    if summary.failed:
        raise typer.Exit(EXIT_NOT_FRESH)


@generations.command("list")
def list_generations(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Muestra las generaciones en disco, la más nueva primero.

    \b
    Ejemplo:
      ronda generations list
    """
    from clients.whole_table import WholeTable
    from indexer.generations import list_generations as read_generations

    directory = _settings(data=data).data
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
    as_json: JsonOption = False,
) -> None:
    """Revisa los archivos de una generación contra su manifiesto; nombra cada archivo que no es como se publicó.

    \b
    Ejemplo:
      ronda generations verify --deep
    """
    from indexer.build_errors import BuildError
    from indexer.generations import verify_generation as verify

    try:
        result = verify(_settings(data=data).data, generation_id or None, deep=deep)
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
    as_json: JsonOption = False,
) -> None:
    """Vuelve a una generación anterior, tras mostrar sus fechas y las alertas que revivirían.

    \b
    Ejemplo:
      ronda generations rollback           # muestra; con --yes cambia
    """
    from clients.whole_table import WholeTable
    from indexer.build_errors import BuildError
    from indexer.rollback import rollback as switch_back
    from indexer.rollback import rollback_preview

    directory = _settings(data=data).data
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
