"""`ronda backup` and `ronda restore`: a copy of what must be kept, and putting it back, proven before it serves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clients.spanish.system_errors import system_error_text
from ronda.commands.directory import settings_of
from ronda.commands.options import DataOption, SummaryJsonOption
from ronda.commands.output import EXIT_CALLER, EXIT_OURS, EXIT_STOPPED, fail, print_json, print_renderables, say

if TYPE_CHECKING:
    from ronda.copies.proving import Proof
    from ronda.copies.reading import CopySource

_SECRETS = "contiene llaves y datos personales: guárdela cifrada, aparte de este equipo (docs/backup.md)"
_NOT_IN_THE_COPY = (
    "lo que las fuentes enviaron después de la copia falta: sus registros quedan STALE hasta que cada una diga cuál "
    "fue su último número, y lo reenvíe (docs/feed.md)",
    "las revocaciones de después de la copia faltan: quien fue revocado desde entonces entra; póngalas de nuevo en "
    "revoked.toml antes de atender (docs/trust.md)",
    "si hay un segundo custodio de la auditoría, tiene puntos de control posteriores y lo dirá (audit_not_signed): "
    "avísele (docs/backup.md)",
    "los cupos empiezan agotados (limits_made_anew) y vuelven con el tiempo",
)


_NOT_IN_AN_ISSUERS = (
    "la pimienta (pepper/keys.json) va aparte: póngala en su lugar",
    "bloqueos y revocaciones posteriores a la copia se perdieron: ronda keys issuer accept, y revoque de nuevo",
)
_KINDS = {"server": "servidor", "issuer": "emisor"}

IssuerOption = Annotated[
    Path | None, typer.Option("--issuer", help="Directorio de un emisor (ronda keys issuer), en lugar de un servidor.")
]


def backup(
    to: Annotated[
        Path,
        typer.Argument(metavar="DESTINO", help="Directorio nuevo, o archivo que termina en .tar; no debe existir."),
    ],
    data: DataOption = None,
    with_generation: Annotated[
        bool,
        typer.Option(
            "--generation", help="Copia también la generación publicada y sus extractos, que se pueden rehacer."
        ),
    ] = False,
    issuer: IssuerOption = None,
    as_json: SummaryJsonOption = False,
) -> None:
    """Copia todo lo que no se puede rehacer, mientras se atiende; el destino aparece cuando está completo.

    \b
    Ejemplo:
      ronda backup /mnt/copias/2026-11-30.tar
    """
    from core.errors import LedgerDamaged
    from ronda.copies.issuer_copy import take_issuer
    from ronda.copies.manifest import CopyRefused, PlaceRefused
    from ronda.copies.taking import left_out, take
    from server.audit.seals import SealsDamaged
    from server.settings import SettingsError

    settings = settings_of(data=data) if issuer is None else None
    try:
        with _progress("copiando", as_json) as told:
            if settings is not None:
                taken = take(settings, to, with_generation=with_generation, told=told)
            else:
                assert issuer is not None
                taken = take_issuer(issuer, to, told)
    except (PlaceRefused, SettingsError) as error:
        fail(str(error), EXIT_CALLER, as_json)
    except (CopyRefused, SealsDamaged, LedgerDamaged) as error:
        fail(str(error), EXIT_OURS, as_json)
    except OSError as error:
        fail(f"{error.filename or to}: {system_error_text(error)}", EXIT_OURS, as_json)
    if settings is not None:
        _note(settings.data)
    if as_json:
        print_json(taken.to_json())
        return
    ledger, checkpoint = taken.ledger, taken.checkpoint
    of_ledger = f"{ledger.id}, entrada {ledger.sequence}, {ledger.sha256}" if ledger else "nada recibido"
    print_renderables(
        f"{to}: {taken.files} archivos, {taken.bytes / 1e6:,.1f} MB; {_SECRETS}",
        f"auditoría: punto de control {checkpoint.number}" if checkpoint else "auditoría: sin puntos de control",
    )
    if settings is None:
        print_renderables("la pimienta no va: cópiela aparte, quien tiene ambas puede probar PIN (docs/backup.md)")
        return
    print_renderables(
        f"libro de cambios: {of_ledger}",
        f"generación: {taken.generation or 'no va en la copia; ronda index la rehace'}",
        f"no van, se rehacen: {', '.join(left_out(settings, with_generation=with_generation))}",
        *([f"va sin que la tabla lo conozca: {', '.join(taken.unknown)}"] if taken.unknown else []),
    )


def _note(data: Path) -> None:
    """Notes the copy for the alarm; where that can't be written the copy is whole all the same."""
    from server.processes.last_copy import note_copy

    try:
        note_copy(data)
    except OSError as error:
        say(
            f"Aviso: la copia está completa y no se pudo anotar en {data} ({system_error_text(error)}): "
            "la alarma RondaBackupMissing no sabrá de ella",
            err=True,
        )


def restore(
    source: Annotated[Path, typer.Argument(metavar="COPIA", help="Lo que hizo ronda backup.")],
    data: Annotated[
        Path | None, typer.Option("--data", help="Directorio de datos de un servidor: no existe o está vacío.")
    ] = None,
    audit: Annotated[
        Path | None,
        typer.Option("--audit", help="Directorio de la auditoría; si no, dentro del de datos, si ahí estaba."),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option("--settings", help="Directorio para ajustes, confianza y llaves; si no, se quedan en la copia."),
    ] = None,
    issuer: IssuerOption = None,
    as_json: SummaryJsonOption = False,
) -> None:
    """Restaura una copia: revisa cada archivo antes de escribir, y prueba lo escrito antes de que se atienda con ello.

    \b
    Ejemplo:
      ronda restore /mnt/copias/2026-11-30.tar --data /var/lib/ronda --audit /var/lib/ronda-audit
    """
    from ronda.copies.manifest import CopyRefused
    from ronda.copies.reading import opened_copy

    try:
        with opened_copy(source) as copy:
            main = _main_place(copy, data, issuer)
            proofs = _restored(copy, main, audit, settings, as_json)
    except CopyRefused as error:
        fail(str(error), EXIT_CALLER, as_json)
    except OSError as error:
        fail(f"{error.filename or source}: {system_error_text(error)}", EXIT_OURS, as_json)
    problems = [proof for proof in proofs if proof.problem]
    lacks = _NOT_IN_THE_COPY if issuer is None else _NOT_IN_AN_ISSUERS
    if as_json:
        print_json({"proofs": [proof.__dict__ for proof in proofs], "restored": not problems, "lacks": lacks})
    else:
        print_renderables(*(f"{proof.what}: {proof.problem or proof.said}" for proof in proofs))
    if problems:
        fail(
            f"no se restaura: {main}/.restoring no se atiende; guárdelo, o vacíe el directorio",
            EXIT_STOPPED,
            as_json=False,
        )
    if not as_json:
        print_renderables(f"restaurado en {main}", *(f"ojo: {each}" for each in lacks))


def _main_place(copy: CopySource, data: Path | None, issuer: Path | None) -> Path:
    """The directory that the copy is for. Raises CopyRefused where another one was named."""
    from ronda.copies.manifest import CopyRefused

    wanted, named = ("--issuer", issuer) if copy.manifest.kind == "issuer" else ("--data", data)
    if named is None or (data is not None and issuer is not None):
        raise CopyRefused(f"es la copia de un {_KINDS[copy.manifest.kind]}: nombre {wanted}, y nada más")
    return named


def _restored(copy: CopySource, main: Path, audit: Path | None, settings: Path | None, as_json: bool) -> list[Proof]:
    """Checks, writes, proves and, where all holds, moves. Raises CopyRefused, OSError."""
    from core.ledger.reader import FOLDER as LEDGER
    from ronda.copies.doubting import doubt_sources
    from ronda.copies.manifest import CopyRefused
    from ronda.copies.proving import Restored, prove
    from ronda.copies.restoring import Restoring

    manifest = copy.manifest
    root = "issuer" if manifest.kind == "issuer" else "data"
    if audit is None:
        inside = Path(manifest.roots["audit"])
        if not inside.is_relative_to(manifest.roots[root]):
            raise CopyRefused("la copia tenía la auditoría aparte: nombre su directorio con --audit")
        audit = main / inside.relative_to(manifest.roots[root])
    places: dict[str, Path | None] = {root: main, "audit": audit}
    if root == "data":
        places |= {"audit-keys": audit.with_name(f"{audit.name}-keys"), "settings": settings}
    restoring = Restoring(copy, places)
    with _progress("revisando", as_json) as told:
        copy.check(lambda count: told("", count))
    with _progress("escribiendo", as_json) as told:
        restoring.write(lambda count: told("", count))

    def key(setting: str, made: str) -> Path | None:
        arc = manifest.named.get(setting, f"audit-keys/{made}")
        path = restoring.path_of(arc) if arc.split("/")[0] in restoring.roots else None
        return path if path is not None and path.exists() else None

    restored = Restored(
        restoring.roots[root].stage,
        restoring.roots["audit"].stage,
        key("audit_auditor_key", "auditor.pub"),
        key("audit_signing_key", "signing.key"),
        manifest,
    )
    proofs = list(prove(restored, time.time_ns() // 1_000_000))
    if not any(proof.problem for proof in proofs):
        if root == "data":
            doubt_sources(restored.data / LEDGER, time.time_ns() // 1_000_000)
        restoring.move()
    return proofs


@contextmanager
def _progress(doing: str, as_json: bool) -> Iterator[Callable[[str, int], None]]:
    """A line on a terminal's standard error with the bytes so far and the file; nothing in a pipe."""
    import sys

    if as_json or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.progress import (
        DownloadColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TransferSpeedColumn,
    )

    from clients.terminal.told_console import ToldConsole

    columns: list[Any] = [SpinnerColumn(), TextColumn("{task.description}", markup=False)]
    columns += [DownloadColumn(), TransferSpeedColumn(), TimeElapsedColumn()]
    with Progress(*columns, console=ToldConsole(stderr=True), transient=True) as progress:
        task = progress.add_task(doing, total=None)

        def told(name: str, count: int) -> None:
            progress.update(task, advance=count, description=f"{doing} {name}".strip())

        yield told
