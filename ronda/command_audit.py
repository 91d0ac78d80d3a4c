"""`ronda audit ...`: the audit log, read by whoever holds the auditor's key; each look is itself in the log."""

from __future__ import annotations

import datetime
import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ronda.command_audit_output import show_records, when
from ronda.command_output import EXIT_CALLER, EXIT_OURS, fail, print_json, print_renderables

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from server.audit.reading import AuditReader
    from server.settings import Settings

audit = typer.Typer(help="The audit log: verify it, and see who asked for whom.", no_args_is_help=True)

AuditOption = Annotated[Path | None, typer.Option("--audit", help="Directory of the audit log; else the settings'.")]
KeyOption = Annotated[
    Path | None, typer.Option("--key", envvar="RONDA_AUDITOR_KEY", help="The auditor's private key (PEM).")
]
TokenOption = Annotated[
    Path | None,
    typer.Option("--token", envvar="RONDA_TOKEN", help="File with your token; it must hold the audit role."),
]
PublicOption = Annotated[
    Path | None, typer.Option("--public-key", help="Public key of the checkpoints (PEM); else that of the settings.")
]
SinceOption = Annotated[
    str, typer.Option("--since", help="From this time on, e.g. 2026-11-24 or 2026-11-24T20:00 (UTC).")
]
UntilOption = Annotated[str, typer.Option("--until", help="Up to this time.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]
CaseOption = Annotated[str, typer.Option("--case", help="Case number of your look.")]

_SUBJECT_AT = 16  # core/dossier.pxd: subject_id in a dossier's header
_HOW = {1: "consultado", 2: "propietario", 3: "candidato", 4: "constancia", 5: "listado", 6: "auditoría"}


class _Stop(Exception):
    """What goes wrong, for the auditor: exit status 2."""


@contextmanager
def _explained(as_json: bool) -> Iterator[None]:
    """Turns what may go wrong into one line and an exit status."""
    from core.errors import AuditUnavailable
    from server.audit.checkpoints import CheckpointError
    from server.audit.evidence import NotProvable
    from server.audit.keys import KeyFileError
    from server.audit.reading import KeyMissing
    from server.audit.seals import SealsDamaged
    from server.settings import SettingsError

    try:
        yield
    except (_Stop, SettingsError, KeyFileError, NotProvable, PermissionError) as error:
        fail(str(error), EXIT_CALLER, as_json)
    except KeyMissing as error:
        fail(f"La llave no abre el registro: {error}", EXIT_CALLER, as_json)
    except AuditUnavailable:
        fail("La consulta no pudo quedar registrada: no se muestra nada.", EXIT_OURS, as_json)
    except (CheckpointError, SealsDamaged) as error:
        fail(f"El registro está dañado: {error}; ejecute `ronda audit verify`.", EXIT_OURS, as_json)
    except OSError as error:
        fail(f"{error.filename or 'archivo'}: {error.strerror}", EXIT_OURS, as_json)


def _settings(directory: Path | None) -> Settings:
    from server.settings import load_settings

    return load_settings(audit=directory)


def _milliseconds(text: str) -> int | None:
    if not text:
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise _Stop(f"no es una fecha: {text}") from None
    return int(moment.replace(tzinfo=moment.tzinfo or datetime.UTC).timestamp() * 1000)


def _public_key(settings: Settings, path: Path | None) -> Ed25519PublicKey:
    from server.audit.keys import load_signing_private, load_signing_public
    from server.audit.set_up import signing_key

    if path is not None:
        return load_signing_public(path)
    return load_signing_private(signing_key(settings)).public_key()


class _Auditor:
    """Who looks: her key, and the identity that her token proves."""

    def __init__(self, directory: Path | None, key: Path | None, token: Path | None) -> None:
        from server.audit.keys import load_auditor_private
        from server.audit.set_up import audit_directory, development_keys

        self.settings = _settings(directory)
        self.directory = audit_directory(self.settings)
        self.officer = _officer(self.settings, token)
        if key is None and self.settings.development:
            key = development_keys(self.settings) / "auditor.key"
        if key is None:
            raise _Stop("falta --key: la llave privada del auditor")
        self.key: X25519PrivateKey = load_auditor_private(key)

    def looks(self, tool: str, arguments: dict[str, Any], case_number: str, **about: Any) -> AuditReader:
        """Records the look, then opens the log."""
        from server.audit.looking import Tool, record_look
        from server.audit.reading import AuditReader

        if not self.directory.is_dir():
            raise _Stop(f"no hay registro de auditoría en {self.directory}")
        given = {name: value for name, value in arguments.items() if value}
        record_look(
            self.settings,
            Tool[tool],
            given,
            auditor=self.key,
            officer=self.officer,
            case_number=case_number,
            **about,
        )
        return AuditReader(self.directory, self.key)


def _officer(settings: Settings, token: Path | None) -> dict[str, Any] | None:
    """The identity of a token with the audit role; None in development mode, where nobody has one."""
    if settings.trust is None:
        return None
    if token is None:
        raise _Stop("falta --token: un token con el rol de auditoría")
    from server.trust.operator import authorise

    return authorise(settings, token.read_text(encoding="ascii", errors="replace").strip(), "ReadAudit")


@audit.command("keys")
def keys(out: Annotated[Path, typer.Option("--out", help="Directory for the keys.")]) -> None:
    """Make the auditor's key pair and the one that signs checkpoints; auditor.key belongs to the auditor alone."""
    from server.audit.keys import make_auditor_keys, make_signing_keys

    with _explained(False):
        for path in (*make_auditor_keys(out), *make_signing_keys(out)):
            typer.echo(path)


@audit.command("verify")
def verify(
    directory: AuditOption = None,
    public_key: PublicOption = None,
    keeper: Annotated[list[Path] | None, typer.Option("--keeper", help="Directory of a second keeper's.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Check every record, seal and checkpoint; exit status 1 when something is not as it was written."""
    from server.audit.checkpoints import CheckpointFiles
    from server.audit.set_up import audit_directory
    from server.audit.verifying import verify as check

    with _explained(as_json):
        settings = _settings(directory)
        where = audit_directory(settings)
        if not where.is_dir():
            raise _Stop(f"no hay registro de auditoría en {where}")
        keepers = [CheckpointFiles(each) for each in keeper or []]
        if not keepers and settings.audit_keeper and "://" not in settings.audit_keeper:
            keepers = [CheckpointFiles(Path(settings.audit_keeper))]
        verdict = check(where, _public_key(settings, public_key), keepers)
    problems = [str(problem) for problem in verdict.problems]
    if as_json:
        last = verdict.last.number if verdict.last is not None else None
        print_json(
            {
                "records": verdict.records,
                "segments": verdict.segments,
                "dropped": verdict.dropped,
                "checkpoints": verdict.checkpoints,
                "last_checkpoint": last,
                "problems": problems,
            }
        )
    else:
        typer.echo(
            f"{verdict.records} records in {verdict.segments} segments ({verdict.dropped} dropped after their years), "
            f"{verdict.checkpoints} checkpoints; second keeper: {'yes' if keepers else 'NO'}"
        )
        for problem in problems:
            typer.secho(problem, fg="red")
        typer.secho("TAMPERED OR DAMAGED" if problems else "whole", fg="red" if problems else "green")
    raise typer.Exit(EXIT_OURS if problems else 0)


@audit.command("tail")
def tail(
    count: Annotated[int, typer.Option("-n", min=1, max=100_000, help="How many.")] = 20,
    directory: AuditOption = None,
    key: KeyOption = None,
    token: TokenOption = None,
    case: CaseOption = "",
    questions: Annotated[bool, typer.Option("--questions", help="Open what was asked.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the newest records."""
    with _explained(as_json):
        auditor = _Auditor(directory, key, token)
        reader = auditor.looks("TAIL", {"n": count, "questions": questions}, case)
        show_records(reader, [(record, "") for record in reader.newest(count)], "Últimas consultas", as_json, questions)


@audit.command("who-asked")
def who_asked(
    cui: Annotated[str, typer.Option("--cui", help="CUI of the person.")] = "",
    plate: Annotated[str, typer.Option("--plate", help="Plate of the vehicle, with its type.")] = "",
    vin: Annotated[str, typer.Option("--vin", help="VIN of the vehicle.")] = "",
    subject: Annotated[str, typer.Option("--subject", help="Subject id of an answer, hexadecimal.")] = "",
    since: SinceOption = "",
    until: UntilOption = "",
    directory: AuditOption = None,
    key: KeyOption = None,
    token: TokenOption = None,
    case: CaseOption = "",
    questions: Annotated[bool, typer.Option("--questions", help="Open what was asked.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show who was shown a person or vehicle, however they came upon it, and who asked for it in vain."""
    with _explained(as_json):
        auditor = _Auditor(directory, key, token)
        subjects, asked = _subjects(auditor.settings, cui, plate, vin, subject)
        arguments = {"cui": cui, "plate": plate, "vin": vin, "subject": subject, "since": since, "until": until}
        first, last = _milliseconds(since) or 0, _milliseconds(until)
        reader = auditor.looks("WHO_ASKED", arguments, case, subject_ids=subjects, asked_key=asked[0] if asked else b"")
        rows = [
            (look.record, ", ".join(sorted({_HOW.get(entry.how, "?") for entry in look.entries})) or "sin resultado")
            for look in reader.looks_at(subjects, asked, first, last)
        ]
        show_records(reader, rows, "Consultas", as_json, questions)


def _subjects(settings: Settings, cui: str, plate: str, vin: str, subject: str) -> tuple[list[bytes], list[bytes]]:
    """Subject ids, and what may have been asked to find them."""
    from core.identifier_kind import IdentifierKind
    from core.identifiers import canonical
    from core.identifiers import plate as take_apart
    from core.identifiers_types import IdentifierError
    from indexer.subject_key import subject_ids

    if sum(map(bool, (cui, plate, vin, subject))) != 1:
        raise _Stop("indique uno: --cui, --plate, --vin o --subject")
    if subject:
        try:
            held = bytes.fromhex(subject.replace("-", ""))
        except ValueError:
            held = b""
        if len(held) != 16:
            raise _Stop("--subject: 32 dígitos hexadecimales")
        return [held], []
    try:
        if cui:
            text = canonical(IdentifierKind.CUI, cui)
            texts, asked = [f"cui:{text}"], [bytes([IdentifierKind.CUI]) + text.encode()]
        elif vin:
            text = canonical(IdentifierKind.VIN, vin)
            texts, asked = [f"vin:{text}"], [bytes([IdentifierKind.VIN]) + text.encode()]
        else:
            found = take_apart(plate)
            texts = [f"{kind}:{found.text}|{found.country}" for kind in ("plate", "vehicle-plate")]
            asked = [bytes([IdentifierKind.PLATE]) + f"{found.country}:{found.number}".encode()]
    except IdentifierError as error:
        raise _Stop(f"no es un identificador válido: {error.rule}") from None
    path = settings.data / "subject.key"
    if not path.exists():
        raise _Stop(f"{path}: hace falta la llave de sujetos, o use --subject")
    computed = [each for each in subject_ids(path.read_bytes(), texts).to_pylist() if each is not None]
    return computed + _held_subjects(settings, asked, texts), asked


def _held_subjects(settings: Settings, asked: list[bytes], texts: list[str]) -> list[bytes]:
    """The subjects to which the current generation's keys lead: a plate's vehicles, a CUI's person."""
    from core.generation import Generation

    current = settings.data / "CURRENT"
    if not current.exists():
        return []
    # A key is only a hash: the dossier must hold the identifier's own text.
    texts = [text.partition(":")[2] for text in texts]
    generation = Generation.open(settings.data / "generations" / current.read_text(encoding="utf-8").strip())
    try:
        dossiers = [generation.dossier(entity) for key in asked for entity in generation.lookup(key[0], key[1:])]
        return [
            each[_SUBJECT_AT : _SUBJECT_AT + 16] for each in dossiers if any(text.encode() in each for text in texts)
        ]
    finally:
        generation.close()


@audit.command("asked-by")
def asked_by(
    nip: Annotated[str, typer.Option("--nip", help="The officer's NIP.")],
    institution: Annotated[str, typer.Option("--institution", help="Only of this institution.")] = "",
    since: SinceOption = "",
    until: UntilOption = "",
    directory: AuditOption = None,
    key: KeyOption = None,
    token: TokenOption = None,
    case: CaseOption = "",
    questions: Annotated[bool, typer.Option("--questions", help="Open what was asked.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what an officer asked."""
    with _explained(as_json):
        auditor = _Auditor(directory, key, token)
        first, last = _milliseconds(since) or 0, _milliseconds(until)
        arguments = {"nip": nip, "institution": institution, "since": since, "until": until}
        reader = auditor.looks("ASKED_BY", arguments, case)

        def matches(identity: dict[str, Any]) -> bool:
            return identity.get("nip") == nip and institution in ("", identity.get("institution"))

        rows = [(record, "") for record in reader.asked_by(matches, first, last)]
        show_records(reader, rows, f"Consultas de {nip}", as_json, questions)


@audit.command("report")
def report(
    since: SinceOption = "",
    until: UntilOption = "",
    directory: AuditOption = None,
    key: KeyOption = None,
    token: TokenOption = None,
    case: CaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show patterns to ask about: enumeration, night and off-unit use, repeated look-ups, break-glass."""
    from dataclasses import asdict

    from rich.table import Table

    from server.audit.misuse import report as find

    with _explained(as_json):
        auditor = _Auditor(directory, key, token)
        first, last = _milliseconds(since) or 0, _milliseconds(until)
        reader = auditor.looks("REPORT", {"since": since, "until": until}, case)
        findings = find(reader, first, last)
    if as_json:
        print_json([asdict(finding) for finding in findings])
        return
    table = Table(title=f"Patrones por revisar: {len(findings)}", title_justify="left")
    for heading in ("regla", "quién", "consultas", "desde", "hasta"):
        table.add_column(heading)
    for finding in findings:
        times = (when(finding.first_ms), when(finding.last_ms))
        table.add_row(finding.rule, finding.who, str(finding.count), *times)
    print_renderables(table)


@audit.command("proof")
def proof(
    record: Annotated[str, typer.Option("--record", help="log/segment/place, as the other tools show it.")] = "",
    since: Annotated[Path | None, typer.Option("--since", help="File with an older checkpoint.")] = None,
    check: Annotated[Path | None, typer.Option("--check", help="File with a proof: says whether it holds.")] = None,
    directory: AuditOption = None,
    public_key: PublicOption = None,
    auditor_key: KeyOption = None,
    token: TokenOption = None,
) -> None:
    """Prove, to somebody without the log, that a record is in it, or that it continues an older checkpoint."""
    from server.audit.evidence import holds, prove_continuation, prove_record
    from server.audit.set_up import audit_directory

    with _explained(False):
        settings = _settings(directory)
        key = _public_key(settings, public_key)
        if check is not None:
            held = holds(json.loads(check.read_text(encoding="utf-8")), key)
            typer.secho("the proof holds" if held else "THE PROOF DOES NOT HOLD", fg="green" if held else "red")
            raise typer.Exit(0 if held else EXIT_OURS)
        where = audit_directory(settings)
        if since is not None:
            print_json(prove_continuation(where, key, since.read_text(encoding="ascii", errors="replace")))
            return
        segment, place = _record_place(record)
        _Auditor(directory, auditor_key, token).looks("PROOF", {"record": record}, "")
        print_json(prove_record(where, key, segment, place))


def _record_place(text: str) -> tuple[Any, int]:
    from server.audit.segments import SegmentId

    log_name, _, rest = text.partition("/")
    number, _, place = rest.partition("/")
    if not log_name or not number.isdecimal() or not place.isdecimal():
        raise _Stop("indique --record log/segmento/lugar (por ejemplo worker-0/2/17), --since o --check")
    return SegmentId(log_name, int(number)), int(place)


@audit.command("witness")
def witness(
    listen: Annotated[str, typer.Option("--listen", help="Address, host:port.")],
    directory: Annotated[Path, typer.Option("--directory", help="Where the checkpoints are kept.")],
    public_key: Annotated[Path, typer.Option("--public-key", help="Public key of the checkpoints (PEM).")],
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", help="Certificate chain, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="Its private key, PEM.")] = None,
    tls_client_ca: Annotated[Path | None, typer.Option("--tls-client-ca", help="CA of client certificates.")] = None,
) -> None:
    """Keep the checkpoints of another institution's audit log, until SIGTERM."""
    import grpc

    from server.audit.keys import load_signing_public
    from server.audit.witness import start_witness
    from server.settings import parse_address

    with _explained(False):
        credentials = None
        if tls_cert is not None and tls_key is not None:
            pair = (tls_key.read_bytes(), tls_cert.read_bytes())
            roots = tls_client_ca.read_bytes() if tls_client_ca is not None else None
            credentials = grpc.ssl_server_credentials([pair], roots, roots is not None)
        elif not parse_address(listen).is_loopback:
            raise _Stop("sin --tls-cert y --tls-key solo se acepta una dirección de este equipo")
        server, port = start_witness(listen, directory, load_signing_public(public_key), credentials)
    typer.echo(f"ronda: witness ready on port {port}, pid {os.getpid()}")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    server.stop(5).wait()
