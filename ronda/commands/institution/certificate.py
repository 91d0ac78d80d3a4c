"""`ronda certificate ...`: a clearance certificate at the counter, and what becomes of it."""

from __future__ import annotations

import hashlib
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from clients.spanish.system_errors import system_error_text
from ronda.commands.exit_status import ExitStatus
from ronda.commands.institution.certificate_desk import (
    OfficeOption,
    TokenOption,
    list_issued,
    open_desk,
    review,
    revoke,
    serve,
)
from ronda.commands.institution.certificate_verify import verify
from ronda.commands.institution.certificate_words import certificates_explained
from ronda.commands.office import Stop, explained
from ronda.commands.options import (
    HERE,
    AuditOption,
    DeadlineOption,
    IdentityOption,
    NipOption,
    PlainJsonOption,
    ServerOption,
)
from ronda.commands.output import fail, print_json, say
from ronda.commands.question import call

if TYPE_CHECKING:
    from clients.certificate.asking import Clearance, Standard
    from clients.certificate.making import Made
    from server.certificates.directory import OfficeDirectory
    from server.certificates.office import CertificateOffice
    from server.certificates.store import Issued

certificate = typer.Typer(no_args_is_help=True)

_STANDARDS = ("wanted", "police", "criminal", "renas")


def _standard(text: str | None) -> str | None:
    if text is not None and text not in _STANDARDS:
        raise typer.BadParameter(f"escriba uno de {', '.join(_STANDARDS)}")
    return text


@certificate.callback(invoke_without_command=True)
def issue(
    context: typer.Context,
    cui: Annotated[str | None, typer.Option("--cui", help="CUI de la persona.")] = None,
    standard: Annotated[
        str | None,
        typer.Option(
            "--standard",
            metavar="<constancia>",
            callback=_standard,
            help="Qué se certifica: wanted (órdenes vigentes), police (antecedentes policiacos), criminal "
            "(antecedentes penales), renas (agresores sexuales).",
        ),
    ] = None,
    office: OfficeOption = Path("oficina"),
    out: Annotated[
        Path | None, typer.Option("--out", help="Archivo PDF nuevo; sin él, el número de la constancia, aquí.")
    ] = None,
    case: Annotated[str, typer.Option("--review", help="Caso de revisión, ya decidido, en que se apoya.")] = "",
    server: ServerOption = HERE,
    identity: IdentityOption = "",
    audit: AuditOption = None,
    token: TokenOption = None,
    nip: NipOption = "",
    deadline: DeadlineOption = 10.0,
    as_json: PlainJsonOption = False,
) -> None:
    """Constancias de carencia de antecedentes: emite una, un PDF firmado con código QR, o abre un caso de revisión.

    \b
    Ejemplos:
      ronda certificate --cui 2357111360101 --standard police --office oficina
      ronda certificate verify constancia.pdf --trust oficina/public
    """
    if context.invoked_subcommand is not None:
        return
    if cui is None or standard is None:
        fail("Indique --cui y --standard: qué se certifica, y de quién.", ExitStatus.CALLER, as_json)
    from clients.certificate.asking import Outcome, Standard

    if out is not None and out.exists():
        fail(f"{out}: ya existe, y no se sobrescribe.", ExitStatus.CALLER, as_json)
    with (
        explained(as_json),
        certificates_explained(as_json),
        open_desk(office, audit, token, nip, "IssueCertificate") as (directory, desk),
    ):
        clearance = _asked(server, identity, as_json, cui, Standard(standard), deadline)
        rests_on = _decided(desk, clearance, case) if case and clearance.outcome is Outcome.REVIEW else ""
        if clearance.outcome is not Outcome.NO_RECORD and not rests_on:
            _not_issued(desk, clearance, as_json)
        made = _made(directory, clearance, rests_on)
        desk.issue(clearance.cui, _as_stored(desk, made, clearance.answer_id))
        path = out if out is not None else Path(f"constancia-{made.certificate.number}.pdf")
        _hand_out(path, made, as_json)


for _name, _command in (
    ("verify", verify),
    ("review", review),
    ("list", list_issued),
    ("revoke", revoke),
    ("serve", serve),
):
    certificate.command(_name)(_command)


def _asked(server: str, identity: str, as_json: bool, cui: str, standard: Standard, deadline: float) -> Clearance:
    from clients.certificate.asking import ask_clearance, read_cui
    from clients.client.connection import CallFailure
    from clients.spanish import words as spanish

    try:
        digits = read_cui(cui)
        answer: Clearance = call(
            server, identity, as_json, list, lambda connection: ask_clearance(connection, digits, standard, deadline)
        )
    except CallFailure as failure:
        rule = failure.violations[0].rule if failure.violations else ""
        if not rule:
            fail("El servidor respondió de otra forma: avise a operaciones.", ExitStatus.OURS, as_json)
        raise Stop(f"--cui: {spanish.RULES.get(rule, rule)}") from None
    return answer


def _records_digest(clearance: Clearance) -> str:
    """Returns a digest of the answer's records: a decision holds for these and nothing else."""
    from clients.certificate.asking import MOST_RECORDS

    behind = sorted(f"{each.register_id}|{each.record_id}|{each.version}" for each in clearance.records)
    # The server names no more than so many: then there may be others, and the decision is of this generation alone.
    of_generation = [clearance.generation] if len(behind) >= MOST_RECORDS else []
    return hashlib.sha256("\n".join([clearance.reason, *behind, *of_generation]).encode()).hexdigest()


def _decided(desk: CertificateOffice, clearance: Clearance, number: str) -> str:
    """The review's number where a person decided that this very answer lets a certificate be issued, else ""."""
    from server.certificates.numbers import as_stored

    review = desk.store.review(as_stored(number))
    if review is None:
        raise Stop("--review: no hay un caso con ese número")
    same = (review.person, review.standard) == (desk.person(clearance.cui), clearance.standard.value)
    if not same or not review.holds(int(time.time())):
        raise Stop("--review: ese caso no permite emitir esta constancia")
    if not all(register.fresh for register in clearance.registers):
        raise Stop("un registro que la constancia exige no está al día: pídala de nuevo cuando lo esté")
    return review.number if review.records == _records_digest(clearance) else ""


def _not_issued(desk: CertificateOffice, clearance: Clearance, as_json: bool) -> NoReturn:
    """Says why, and opens a case where somebody may look."""
    from clients.certificate.asking import Outcome
    from clients.certificate.wording import MINOR_TEXT, WITH_RECORD_TEXT, review_reason, what_to_bring

    number = bring = ""
    if clearance.outcome is Outcome.MINOR:
        text = MINOR_TEXT
    elif clearance.outcome is Outcome.WITH_RECORD:
        text = WITH_RECORD_TEXT
    else:
        standard, digest = clearance.standard.value, _records_digest(clearance)
        number = desk.open_review(clearance.cui, standard, clearance.reason, digest, clearance.answer_id)
        bring = what_to_bring(clearance.reason)
        text = f"No se emite todavía: {review_reason(clearance.reason)}. Caso {number}. Debe traer: {bring}."
    behind = [f"{each.register_id}/{each.record_id}" for each in clearance.records]
    if behind:
        text += f"\nSolo para la oficina, no para quien la pide: {', '.join(behind)}."
    details: dict[str, Any] = {"outcome": clearance.outcome.value, "reason": clearance.reason, "review": number}
    fail(text, ExitStatus.NOT_ISSUED, as_json, issued=False, bring=bring, records=behind, **details)


def _made(directory: OfficeDirectory, clearance: Clearance, review: str) -> Made:
    from clients.certificate.facts import Institution
    from clients.certificate.making import make_certificate
    from clients.certificate.signer import Signer
    from server.certificates.numbers import new_certificate_number

    institution = Institution(
        directory.id, directory.name, directory.online, directory.heading, directory.foot, directory.arms
    )
    signer = Signer.read(*directory.signer_files)
    now = datetime.now(UTC).replace(microsecond=0)
    return make_certificate(clearance, new_certificate_number(), institution, signer, now, review)


def _as_stored(desk: CertificateOffice, made: Made, answer_id: str) -> Issued:
    from clients.certificate.validity import end_of
    from server.certificates.store import Issued

    said = made.certificate
    return Issued(
        number=said.number,
        person=desk.person(said.cui),
        standard=said.standard.value,
        issued_s=int(said.issued.timestamp()),
        expires_s=int(end_of(said.valid_until).timestamp()),
        sha256=made.sha256,
        generation=said.generation,
        answer_id=answer_id,
        review=said.review or None,
        sample=said.sample,
    )


def _hand_out(path: Path, made: Made, as_json: bool) -> None:
    """Writes the file, once it stands in the store."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(made.pdf)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        text = (
            f"{path}: {system_error_text(error)}. La constancia {made.certificate.number} quedó registrada y no se "
            "entregó: revóquela, y pida otra."
        )
        fail(text, ExitStatus.OURS, as_json, number=made.certificate.number)
    said = made.certificate
    if as_json:
        print_json(
            {
                "issued": True,
                "number": said.number,
                "standard": said.standard.value,
                "issued_at": said.issued.isoformat(),
                "valid_until": said.valid_until.isoformat(),
                "generation": said.generation,
                "review": said.review,
                "sample": said.sample,
                "file": str(path),
                "sha256": made.sha256,
                "token": made.token,
            }
        )
        return
    if said.sample:
        say(f"{path}: MUESTRA {said.number}: el servidor dice que sus datos son inventados, o que es de desarrollo.")
        say("No certifica nada, y quien la compruebe lo verá.")
        return
    say(f"{path}: constancia {said.number}, válida hasta {said.valid_until:%d/%m/%Y}")
