"""`ronda subject ...`: habeas data. One person prepares an export, another looks it through and releases it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ronda.commands.audit_output import tell_altered, tell_lost
from ronda.commands.office import Stop, explained
from ronda.commands.options import AuditOption, KeyOption, NipOption, ReviewCaseOption, TokenOption
from ronda.commands.output import say

if TYPE_CHECKING:
    from server.habeas_data.office import Office

subject = typer.Typer(help="Habeas data: qué se tiene de una persona, y quién lo vio.", no_args_is_help=True)

CuiOption = Annotated[str, typer.Option("--cui", help="CUI de la persona.")]


def _office(directory: Path | None, key: Path | None, token: Path | None, nip: str, action: str) -> Office:
    from ronda.settings import load_settings
    from server.habeas_data.office import Office

    return Office(load_settings(audit=directory), key, token, nip, action)


@contextmanager
def _a_cui() -> Iterator[None]:
    """Reports an invalid CUI as a fault of --cui."""
    from core.identifiers.types import IdentifierError

    try:
        yield
    except IdentifierError as error:
        from clients.spanish import words as spanish

        raise Stop(f"--cui: {spanish.RULES.get(error.rule, error.rule)}") from None


@subject.command("export")
def export(
    cui: CuiOption,
    out: Annotated[Path, typer.Option("--out", help="Archivo para la solicitud, solo para quien revisa.")],
    closed_case: Annotated[
        list[str] | None, typer.Option("--closed-case", help="Número de caso ya cerrado; se repite para varios.")
    ] = None,
    directory: AuditOption = None,
    key: KeyOption = None,
    token: TokenOption = None,
    nip: NipOption = "",
    case: ReviewCaseOption = "",
) -> None:
    """Prepara una exportación: qué se tiene de una persona, de qué registro, y quién lo vio. Aún no se entrega nada.

    \b
    Ejemplo:
      ronda subject export --cui 2357111360101 --out solicitud.json
    """
    with explained(False), _a_cui():
        office = _office(directory, key, token, nip, "ExportSubject")
        office.prepare(cui, out, closed_case or [], case)
        lost = office.lost()
    say(f"{out}: para revisión. Otra persona la entrega: ronda subject release {out} --out DIRECTORIO")
    tell_lost(lost)


@subject.command("release")
def release(
    request: Annotated[Path, typer.Argument(metavar="SOLICITUD", help="La solicitud que otra persona preparó.")],
    out: Annotated[Path, typer.Option("--out", help="Directorio para el JSON y el PDF que la persona recibe.")],
    directory: AuditOption = None,
    key: KeyOption = None,
    token: TokenOption = None,
    nip: NipOption = "",
    case: ReviewCaseOption = "",
) -> None:
    """Entrega una exportación que otra persona preparó: como JSON y PDF, sin lo que es para quien revisa.

    \b
    Ejemplo:
      ronda subject release solicitud.json --out entrega
    """
    with explained(False), _a_cui():
        office = _office(directory, key, token, nip, "ReleaseExport")
        for path in office.release(request, out, case):
            say(path)
        altered = office.altered()
    tell_altered(altered)
