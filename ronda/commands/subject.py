"""`ronda subject ...`: habeas data. One person prepares an export, another looks it through and releases it."""

from __future__ import annotations

import importlib
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ronda.commands.audit import AuditOption, CaseOption, KeyOption, TokenOption
from ronda.commands.office import Stop, explained
from ronda.commands.office_words import no_log_yet

if TYPE_CHECKING:
    from core.engine.entry import Engine
    from server.audit.reading import AuditReader
    from server.settings import Settings

subject = typer.Typer(help="Habeas data: qué se tiene de una persona, y quién lo vio.", no_args_is_help=True)

NipOption = Annotated[str, typer.Option("--nip", help="Su NIP, solo en modo de desarrollo; si no, lo dice el token.")]
CuiOption = Annotated[str, typer.Option("--cui", help="CUI de la persona.")]


class _Office:
    """Who works here: her settings, her identity, the auditor's key that opens the log."""

    def __init__(self, directory: Path | None, key: Path | None, token: Path | None, nip: str, action: str) -> None:
        from server.audit.keys import load_auditor_private
        from server.audit.set_up import development_keys
        from server.settings import load_settings

        self.settings: Settings = load_settings(audit=directory)
        self.officer = _officer(self.settings, token, nip, action)
        if key is None and self.settings.development:
            key = development_keys(self.settings) / "auditor.key"
            if not key.exists():
                raise Stop(no_log_yet(str(key)))
        if key is None:
            raise Stop("falta --key: la llave privada del auditor")
        self.key = load_auditor_private(key)

    @property
    def nip(self) -> str:
        return str(self.officer.get("nip", ""))

    def reader(self) -> AuditReader:
        from server.audit.reading import AuditReader
        from server.audit.set_up import audit_directory

        return AuditReader(audit_directory(self.settings), self.key)

    def record(self, subject_id: bytes | None, asked_key: bytes, case_number: str, **said: str) -> None:
        """What is done stands in the log before it is done."""
        from server.audit.looking import Tool, record_look

        record_look(
            self.settings,
            Tool.SUBJECT_EXPORT,
            said,
            auditor=self.key,
            officer={**self.officer, "tool": "ronda subject"},
            subject_ids=[subject_id] if subject_id else [],
            asked_key=asked_key,
            case_number=case_number,
        )


def _officer(settings: Settings, token: Path | None, nip: str, action: str) -> dict[str, Any]:
    """The identity of a token that policy lets do this; in development mode the NIP that is said."""
    if settings.trust is None:
        if not nip:
            raise Stop("falta --nip: quién lo pide (modo de desarrollo)")
        return {"nip": nip, "development": True}
    if token is None:
        raise Stop("falta --token")
    authorise = importlib.import_module("server.trust.operator").authorise  # fails closed while it is not there
    text = token.read_text(encoding="ascii", errors="replace").strip()
    identity: dict[str, Any] = authorise(settings, text, action)
    return identity


def _engine(settings: Settings) -> Engine:
    from core.engine.entry import Engine
    from core.generation.store import Generation

    current = settings.data / "CURRENT"
    if not current.exists():
        raise Stop(f"{current}: no hay datos publicados")
    return Engine(Generation.open(settings.data / "generations" / current.read_text(encoding="utf-8").strip()))


def _asked_key(cui: str) -> bytes:
    from core.identifiers.api import canonical
    from core.identifiers.kinds import IdentifierKind
    from core.identifiers.types import IdentifierError

    try:
        return bytes([IdentifierKind.CUI]) + canonical(IdentifierKind.CUI, cui).encode()
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
    case: CaseOption = "",
) -> None:
    """Prepara una exportación: qué se tiene de una persona, de qué registro, y quién lo vio. Aún no se entrega nada.

    \b
    Ejemplo:
      ronda subject export --cui 2357111360101 --out solicitud.json
    """
    from server.audit.writer import clock_ms
    from server.habeas_data.export import compose, digest
    from server.habeas_data.holdings import subject_id_of
    from server.habeas_data.two_persons import write_request

    with explained(False):
        office = _Office(directory, key, token, nip, "ExportSubject")
        asked = _asked_key(cui)
        engine, now = _engine(office.settings), clock_ms()
        held = subject_id_of(engine, asked[1:].decode(), now)
        looks = office.reader().looks_at([held] if held else [], [asked])
        document = compose(engine, asked[1:].decode(), looks, closed_case or [], now, str(uuid.uuid4()))
        office.record(held, asked, case, step="request", request=document["request"], sha256=digest(document))
        write_request(document, out)
    typer.echo(f"{out}: para revisión. Otra persona la entrega: ronda subject release {out} --out DIRECTORIO")


@subject.command("release")
def release(
    request: Annotated[Path, typer.Argument(metavar="SOLICITUD", help="La solicitud que otra persona preparó.")],
    out: Annotated[Path, typer.Option("--out", help="Directorio para el JSON y el PDF que la persona recibe.")],
    directory: AuditOption = None,
    key: KeyOption = None,
    token: TokenOption = None,
    nip: NipOption = "",
    case: CaseOption = "",
) -> None:
    """Entrega una exportación que otra persona preparó: como JSON y PDF, sin lo que es para quien revisa.

    \b
    Ejemplo:
      ronda subject release solicitud.json --out entrega
    """
    from server.audit.writer import clock_ms
    from server.habeas_data.export import digest
    from server.habeas_data.holdings import subject_id_of
    from server.habeas_data.pdf import render
    from server.habeas_data.two_persons import NotReleased, check_release, read_request, write_released

    with explained(False):
        office = _Office(directory, key, token, nip, "ReleaseExport")
        document = read_request(request)
        asked = _asked_key(document["released"]["cui"])
        held = subject_id_of(_engine(office.settings), asked[1:].decode(), clock_ms())
        reader = office.reader()
        records = [look.record for look in reader.looks_at([held] if held else [], [asked])]
        said = {"request": document["request"], "sha256": digest(document)}
        try:
            check_release(document, office.nip, records, reader)
        except NotReleased:
            office.record(held, asked, case, step="refused", **said)
            raise
        pdf = render(document["released"])
        office.record(held, asked, case, step="release", **said)
        for path in write_released(document, pdf, out):
            typer.echo(path)
