"""`ronda index`: a build from registers to the published generation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ronda.commands.directory import GIB, NO_LIMIT, settings_of
from ronda.commands.options import DataOption, SummaryJsonOption
from ronda.commands.output import (
    EXIT_CALLER,
    EXIT_NOT_FRESH,
    EXIT_OURS,
    EXIT_STOPPED,
    fail,
    print_json,
    print_renderables,
)


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
    accept_ledger: Annotated[
        bool,
        typer.Option(
            "--accept-ledger",
            help="Publica aunque el libro de cambios no tenga lo que tomó la generación actual: se pierde.",
        ),
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Registros y partes a la vez; si no, los núcleos disponibles.")
    ] = None,
    live: Annotated[
        bool | None,
        typer.Option("--live/--no-live", help="Guarda además lo que `ronda live` necesita para aplicar cambios."),
    ] = None,
    new_subject_key: Annotated[
        bool,
        typer.Option(
            "--new-subject-key",
            help="Cambia la llave de sujetos, a propósito: lo recibido antes ya no será de nadie.",
        ),
    ] = False,
    as_json: SummaryJsonOption = False,
) -> None:
    """Lee los registros, enlaza, escribe una generación, la revisa y la publica.

    \b
    Ejemplo:
      ronda index --data data --sources nation/registers --withdraw mp
    """
    from clients.terminal.told_console import ToldConsole
    from indexer.build.cores import cores_at_hand
    from indexer.build.errors import BuildError, BuildRefused, PublishingStopped
    from indexer.build.options import BuildOptions
    from indexer.manifest.loading import ManifestError
    from indexer.pipeline import build
    from ronda.commands.operator.index_output import summary_parts

    settings = settings_of(data=data, sources=sources, manifests=manifests, indexer_workers=workers, index_live=live)
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
        accept_ledger=accept_ledger,
        keep_generations=settings.keep_generations,
        keep_bytes=settings.keep_gib * GIB or NO_LIMIT,
        memory_mib=settings.indexer_memory_mib,
        workers=settings.indexer_workers or cores_at_hand(),
        live=settings.index_live,
        new_subject_key=new_subject_key,
        quiet=as_json,
        console=ToldConsole(stderr=True, quiet=as_json),
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
