"""`ronda certificate review`, `list`, `revoke`, `serve`: what becomes of certificates after the counter."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ronda.commands.exit_status import ExitStatus
from ronda.commands.institution.certificate_words import certificates_explained
from ronda.commands.office import Stop, explained
from ronda.commands.options import AuditOption, NipOption, PlainJsonOption
from ronda.commands.output import fail, print_json, say

if TYPE_CHECKING:
    from server.certificates.directory import OfficeDirectory
    from server.certificates.office import CertificateOffice

OfficeOption = Annotated[
    Path,
    typer.Option(
        "--office", envvar="RONDA_CERTIFICATE_OFFICE", help="Directorio de la oficina (`ronda keys document-signer`)."
    ),
]
TokenOption = Annotated[
    Path | None,
    typer.Option("--token", envvar="RONDA_TOKEN", help="Archivo con su token de oficina, que dice quién es usted."),
]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Por qué, para la auditoría: queda sellado, y no en la base de la oficina.")
]
NumberArgument = Annotated[str, typer.Argument(metavar="NÚMERO", help="Número de la constancia.")]
_LONGEST_REASON = 500  # characters


def _digits(cui: str) -> str:
    """Thirteen digits. Raises Stop."""
    from clients.certificate.asking import read_cui
    from clients.client.connection import CallFailure
    from clients.spanish import words as spanish

    try:
        return read_cui(cui)
    except CallFailure as failure:
        raise Stop(f"--cui: {spanish.RULES[failure.violations[0].rule]}") from None


def _said_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > _LONGEST_REASON:
        raise Stop(f"--reason: diga por qué, en {_LONGEST_REASON} caracteres a lo sumo")
    return reason


@contextmanager
def open_desk(
    office: Path, audit: Path | None, token: Path | None, nip: str, action: str
) -> Iterator[tuple[OfficeDirectory, CertificateOffice]]:
    """Opens the office and its desk for one person, if policy permits this action."""
    from ronda.settings import load_settings
    from server.certificates.directory import OfficeDirectory
    from server.certificates.office import CertificateOffice

    directory = OfficeDirectory.read(office)
    desk = CertificateOffice(load_settings(audit=audit), directory, token, nip, action)
    try:
        yield directory, desk
    finally:
        desk.close()


def review(
    case: Annotated[str, typer.Argument(metavar="CASO", help="Número del caso, R-XXXXX-XXXXX.")],
    cui: Annotated[str, typer.Option("--cui", help="CUI de la persona, del documento que trae.")],
    reason: ReasonOption,
    approve: Annotated[
        bool | None, typer.Option("--approve/--refuse", help="Que se emita la constancia, o que no.")
    ] = None,
    office: OfficeOption = Path("oficina"),
    audit: AuditOption = None,
    token: TokenOption = None,
    nip: NipOption = "",
    as_json: PlainJsonOption = False,
) -> None:
    """Decide un caso: otra persona que la que lo abrió, con los documentos a la vista. Queda en la auditoría.

    \b
    Ejemplo:
      ronda certificate review R-7K2M9-QXR4T --cui 2357111360101 --approve --reason "Homónimo: otro padre y otra fecha"
    """
    if approve is None:
        fail("Indique --approve o --refuse.", ExitStatus.CALLER, as_json)
    with explained(as_json), certificates_explained(as_json):
        from server.certificates.numbers import as_stored

        said, digits = _said_reason(reason), _digits(cui)
        number = as_stored(case)
        with open_desk(office, audit, token, nip, "ReviewCertificate") as (_, desk):
            desk.decide(number, approve, said, digits)
    if as_json:
        print_json({"review": number, "approved": approve})
        return
    text = (
        f"que se emita: ronda certificate --cui ... --standard ... --review {number}" if approve else "que no se emita"
    )
    say(f"Caso {number} decidido, {text}")


def revoke(
    number: NumberArgument,
    reason: ReasonOption,
    office: OfficeOption = Path("oficina"),
    audit: AuditOption = None,
    token: TokenOption = None,
    nip: NipOption = "",
    as_json: PlainJsonOption = False,
) -> None:
    """Revoca una constancia: desde entonces, quien la comprueba en línea lo sabe. No se deshace.

    \b
    Ejemplo:
      ronda certificate revoke 7K2M9-QXR4T-6W0AB-CDE3F --reason "Sentencia posterior, causa 01042-2026"
    """
    with explained(as_json), certificates_explained(as_json):
        from server.certificates.numbers import as_stored

        said = _said_reason(reason)
        stored = as_stored(number)
        with open_desk(office, audit, token, nip, "RevokeCertificate") as (_, desk):
            desk.revoke(stored, said)
    if as_json:
        print_json({"number": stored, "revoked": True})
        return
    say(f"Constancia {stored} revocada.")


def list_issued(
    cui: Annotated[str, typer.Option("--cui", help="CUI de la persona.")],
    office: OfficeOption = Path("oficina"),
    audit: AuditOption = None,
    token: TokenOption = None,
    nip: NipOption = "",
    as_json: PlainJsonOption = False,
) -> None:
    """Lista las constancias de una persona, para revocar la que ya no es cierta. Queda en la auditoría.

    \b
    Ejemplo:
      ronda certificate list --cui 2357111360101
    """
    with explained(as_json), certificates_explained(as_json):
        digits = _digits(cui)
        with open_desk(office, audit, token, nip, "RevokeCertificate") as (_, desk):
            found = desk.of_person(digits)
    rows = [
        {
            "number": each.number,
            "standard": each.standard,
            "issued_at": datetime.fromtimestamp(each.issued_s, UTC).isoformat(),
            "expires_at": datetime.fromtimestamp(each.expires_s, UTC).isoformat(),
            "status": standing.name,
        }
        for each, standing in found
    ]
    if as_json:
        print_json({"certificates": rows})
        return
    states = {"VALID": "vigente", "EXPIRED": "vencida", "REVOKED": "revocada", "SAMPLE": "muestra"}
    for row in rows:
        say(f"{row['number']}  {row['standard']}  {row['issued_at'][:10]}  {states[row['status']]}")
    if not rows:
        say("Ninguna.")


def serve(
    listen: Annotated[str, typer.Option("--listen", help="Dirección, anfitrión:puerto.")] = "127.0.0.1:50071",
    office: OfficeOption = Path("oficina"),
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", help="Cadena de certificados, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="Su llave privada, PEM.")] = None,
) -> None:
    """Dice en línea si una constancia está vigente, vencida, revocada o es desconocida, y nada más; hasta SIGTERM.

    \b
    Ejemplo:
      ronda certificate serve --listen 0.0.0.0:50071 --tls-cert server.pem --tls-key server.key
    """
    import asyncio

    from server.certificates.directory import OfficeDirectory
    from server.certificates.online import CertificateVerifier, Rates, online_credentials, serve_online
    from server.certificates.store import CertificateStore

    async def until_told() -> None:
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await serve_online(listen, verifier, credentials, _say_ready, ended)

    with explained(False), certificates_explained(False):
        credentials = online_credentials(listen, tls_cert, tls_key)
        store = OfficeDirectory.read(office).store
        CertificateStore(store).close()  # an office that issued none yet has none
        verifier = CertificateVerifier(store, Rates())
        try:
            asyncio.run(until_told())
        except RuntimeError:
            raise Stop(f"--listen: {listen} no se puede usar") from None


def _say_ready(port: int) -> None:
    say(f"ronda: certificates ready on port {port}, pid {os.getpid()}")
    sys.stdout.flush()
