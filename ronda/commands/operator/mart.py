"""`ronda mart build`: from what institutions publish to the mart that figures are asked of."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from ronda.commands.audit_output import tell_altered
from ronda.commands.directory import settings_of
from ronda.commands.options import DataOption, SummaryJsonOption
from ronda.commands.output import EXIT_CALLER, EXIT_NOT_FRESH, EXIT_OURS, fail, print_json, print_renderables, say

if TYPE_CHECKING:
    from rich.console import RenderableType

    from indexer.mart.building import MartSummary

mart = typer.Typer(
    help="Almacén de cifras: hechos y víctimas de lo que publican las instituciones.", no_args_is_help=True
)


@mart.callback()
def _group() -> None:
    """Almacén de cifras: hechos y víctimas de lo que publican las instituciones."""


@mart.command("build")
def build(
    data: DataOption = None,
    sources: Annotated[
        Path | None, typer.Option(help="Directorio de los archivos publicados; si no, RONDA_MART_SOURCES.")
    ] = None,
    manifests: Annotated[
        Path | None, typer.Option(help="Directorio de manifiestos de fuentes; si no, los de Ronda.")
    ] = None,
    accept_shrink: Annotated[
        list[str] | None,
        typer.Option(metavar="FUENTE/AÑO", help="Usa la entrega de ese año aunque traiga mucho menos que la anterior."),
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Hilos; 0 = uno por núcleo.", min=0)] = None,
    as_json: SummaryJsonOption = False,
) -> None:
    """Lee las entregas nuevas, cuenta las consultas de la bitácora, hace el almacén y lo publica; nombra cada archivo y
    fila que no se usó.

    \b
    Ejemplo:
      ronda mart build --data data --sources nation/incidents
    """
    from clients.terminal.told_text import told
    from core.mart.layout import FOLDER, OWN
    from indexer.build.errors import BuildError, BuildRefused
    from indexer.manifest.loading import ManifestError
    from indexer.mart.building import MartOptions, build_mart
    from server.audit.check_counts import deliver_checks
    from server.audit.seals import SealsDamaged
    from server.audit.set_up import audit_directory

    settings = settings_of(data=data, mart_sources=sources, mart_manifests=manifests, mart_threads=threads)
    own = settings.data / FOLDER / OWN
    options = MartOptions(
        data=settings.data,
        sources=settings.mart_sources,
        manifests=settings.mart_manifests,
        own=own,
        accept_shrink=accept_shrink or [],
        memory_mib=settings.indexer_memory_mib,
        threads=settings.mart_threads,
        tell=lambda what: None if as_json else say(f"  {told(what)}", err=True),
    )
    try:
        own.mkdir(parents=True, exist_ok=True)
        altered = deliver_checks(audit_directory(settings), own, datetime.now(ZoneInfo("America/Guatemala")).date())
        summary = build_mart(options)
    except (BuildRefused, ManifestError) as error:
        fail(str(error), EXIT_CALLER, as_json)
    except (BuildError, SealsDamaged, OSError) as error:
        fail(str(error), EXIT_OURS, as_json)
    if as_json:
        print_json({**summary.mart.model_dump(mode="json", exclude={"files"}), "unclaimed": summary.unclaimed})
    else:
        print_renderables(*_parts(summary))
    tell_altered(altered)
    if summary.refused:
        raise typer.Exit(EXIT_NOT_FRESH)


def _parts(summary: MartSummary) -> list[RenderableType]:
    """A table and lines for people."""
    from clients.terminal.whole_table import WholeTable

    numbers = ("units", "deliveries", "late", "corrected", "withdrawn", "unmapped", "refused rows")
    table = WholeTable(f"mart {summary.mart.id}", "source", "from", "to", *numbers, right=numbers)
    for source in summary.mart.sources:
        refused = sum(each.refused for each in source.delivered)
        table.add(
            source.id,
            str(source.first_day or ""),
            str(source.last_day or ""),
            f"{source.rows:,}",
            f"{len(source.delivered)}",
            f"{source.late:,}",
            f"{source.corrected:,}",
            f"{source.withdrawn:,}",
            f"{source.unmapped_rows:,}",
            f"{refused:,}",
        )
    lines = [f"NOT USED {each.file}: {each.rule} {each.detail}".rstrip() for _, each in summary.refused]
    lines += [f"no manifest claims {name}" for name in summary.unclaimed]
    lines += [f"DEMO: {text}" for text in summary.mart.demo]
    return [table, *lines]
