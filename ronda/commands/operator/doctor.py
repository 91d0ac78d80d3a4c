"""`ronda doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ronda.commands.exit_status import ExitStatus
from ronda.commands.options import DataOption, SummaryJsonOption
from ronda.commands.output import print_json, print_renderables, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ronda.doctor.effective_settings import Effective
    from ronda.doctor.findings import Finding

LogOption = Annotated[
    list[Path] | None,
    typer.Option("--log", metavar="ARCHIVO", help="Líneas del diario, para --bundle; se puede repetir."),
]


def doctor(
    data: DataOption = None,
    settings_only: Annotated[
        bool, typer.Option("--settings", help="Solo los ajustes: si valen, cuáles rigen y de dónde vienen.")
    ] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Lee además cada archivo, cambio y registro: puede durar horas.")
    ] = False,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="ARCHIVO", help="Escribe ahí un tar sin datos personales, para pedir ayuda."),
    ] = None,
    log: LogOption = None,
    as_json: SummaryJsonOption = False,
) -> None:
    """Dice qué anda mal en esta instalación y qué hacer; estado 0 si nada, 7 si algo, 78 si los ajustes no valen.

    \b
    Ejemplo:
      ronda doctor --settings              # antes de reiniciar
      ronda doctor --bundle ayuda.tar --log diario.jsonl
    """
    from ronda.doctor.bundle import write_bundle
    from ronda.doctor.checkup import check_up
    from ronda.doctor.effective_settings import effective_settings
    from ronda.doctor.findings import finding
    from ronda.doctor.machine_checks import settings_files
    from ronda.settings import load_settings
    from server.settings import SettingsError

    try:
        settings = load_settings(data=data)
    except SettingsError as error:
        wrong = [finding("settings_invalid", line.partition(":")[0], line) for line in str(error).splitlines()]
        _show(wrong, [], as_json)
        raise typer.Exit(int(ExitStatus.SETTINGS)) from None
    effective = effective_settings(settings, {"data": data})
    if settings_only:
        found = list(settings_files(settings))
        _show(found, effective, as_json)
        raise typer.Exit(int(ExitStatus.SETTINGS if found else ExitStatus.DONE))
    found = check_up(settings, deep=deep, on_check=_tell_on_terminal)
    _show(found, [], as_json)
    if bundle is not None:
        write_bundle(bundle, effective, found, settings.data, _lines_of(log or []))
        if not as_json:
            say(f"Escrito {bundle}: sin datos personales; véalo antes de enviarlo (tar -xOf {bundle}).")
    raise typer.Exit(int(ExitStatus.UNSOUND if found else ExitStatus.DONE))


def _tell_on_terminal(check: str) -> None:
    import sys

    if sys.stderr.isatty():
        say(f"  ... {check}", err=True)


def _lines_of(files: Sequence[Path]) -> Iterator[str]:
    for path in files:
        with path.open(encoding="utf-8", errors="replace") as file:
            yield from file


def _show(found: Sequence[Finding], effective: Sequence[Effective], as_json: bool) -> None:
    if as_json:
        document: dict[str, object] = {"findings": [each.to_json() for each in found]}
        if effective:
            document["settings"] = [each._asdict() for each in effective]
        print_json(document)
        return
    from clients.terminal.whole_table import WholeTable

    if effective:
        table = WholeTable("Ajustes que rigen", "ajuste", "valor", "viene de")
        for setting in effective:
            table.add(setting.name, "" if setting.value in (None, "", {}) else str(setting.value), setting.origin)
        print_renderables(table)
    for each in found:
        print_renderables(
            f"[{each.kind.weight}] {each.where}: {each.kind.what}",
            *([f"    detalle: {each.detail}"] if each.detail else []),
            f"    haga: {each.kind.do}; {each.kind.page}",
        )
    print_renderables(f"{len(found)} hallazgos" if found else "nada anda mal")
