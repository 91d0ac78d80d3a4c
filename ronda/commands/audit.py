"""`ronda audit ...`: the audit log, read by whoever holds the auditor's key; each look is itself in the log."""

from __future__ import annotations

import datetime
import json
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ronda.commands.audit_output import GUATEMALA, ZONE, show_records, when
from ronda.commands.audit_words import RULES, finding_text
from ronda.commands.exit_status import ExitStatus
from ronda.commands.office import Stop, explained
from ronda.commands.office_words import WITHOUT_IDENTITY, no_log_yet
from ronda.commands.output import EXIT_OURS, print_json, print_renderables

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from server.audit.reading import AuditReader
    from server.settings import Settings

audit = typer.Typer(help="La auditoría: verificarla, y ver quién preguntó por quién.", no_args_is_help=True)

AuditOption = Annotated[
    Path | None, typer.Option("--audit", help="Directorio de la auditoría; si no, el de los ajustes.")
]
KeyOption = Annotated[
    Path | None, typer.Option("--key", envvar="RONDA_AUDITOR_KEY", help="Llave privada del auditor (PEM).")
]
TokenOption = Annotated[
    Path | None,
    typer.Option("--token", envvar="RONDA_TOKEN", help="Archivo con su token; debe tener el rol de auditoría."),
]
PublicOption = Annotated[
    Path | None,
    typer.Option("--public-key", help="Llave pública de los puntos de control (PEM); si no, la de los ajustes."),
]
SinceOption = Annotated[
    str, typer.Option("--since", help="Desde esta hora de Guatemala, por ejemplo 2026-11-24 o 2026-11-24T20:00.")
]
UntilOption = Annotated[
    str, typer.Option("--until", help="Hasta esta hora de Guatemala; un día solo, hasta que termina.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Como JSON.")]
CaseOption = Annotated[str, typer.Option("--case", help="Número de caso de su revisión.")]

_HOW = {
    "ASKED": "consultado",
    "OWNER": "propietario",
    "CANDIDATE": "candidato",
    "CLEARANCE": "constancia",
    "LISTED": "listado",
    "AUDIT": "auditoría",
}


def _settings(directory: Path | None) -> Settings:
    from server.settings import load_settings

    return load_settings(audit=directory)


def read_moment(text: str, *, to_its_end: bool = False) -> int | None:
    """ms UTC of a day or an hour, of Guatemala where it names no zone; `to_its_end`: of a day alone its last."""
    if not text:
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise Stop(f"no es una fecha: {text}; escriba por ejemplo 2026-11-24 o 2026-11-24T20:00") from None
    if to_its_end and len(text.strip()) <= len("2026-11-24"):
        moment += datetime.timedelta(days=1, milliseconds=-1)
    return int(moment.replace(tzinfo=moment.tzinfo or GUATEMALA).timestamp() * 1000)


def _public_key(settings: Settings, path: Path | None) -> Ed25519PublicKey:
    from server.audit.keys import load_signing_private, load_signing_public
    from server.audit.set_up import signing_key

    if path is not None:
        return load_signing_public(path)
    ours = signing_key(settings)
    if not ours.exists():
        raise Stop(
            "falta --public-key: la llave pública de los puntos de control, signing.pub; de donde Ronda la busca si "
            f"nadie la indica, {ours.parent}, no se halló"
        )
    return load_signing_private(ours).public_key()


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
            if not key.exists():
                raise Stop(no_log_yet(str(key)))
        if key is None:
            raise Stop("falta --key: la llave privada del auditor")
        self.key: X25519PrivateKey = load_auditor_private(key)

    def looks(self, tool: str, arguments: dict[str, Any], case_number: str, **about: Any) -> AuditReader:
        """Records the look, then opens the log."""
        from server.audit.looking import Tool, record_look
        from server.audit.reading import AuditReader

        if not self.directory.is_dir():
            raise Stop(f"no hay registro de auditoría en {self.directory}")
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
        raise Stop("falta --token: un token con el rol de auditoría")
    from server.trust.operator import authorise

    return authorise(settings, token.read_text(encoding="ascii", errors="replace").strip(), "ReadAudit")


@audit.command("keys")
def keys(out: Annotated[Path, typer.Option("--out", help="Directorio para las llaves.")]) -> None:
    """Hace el par de llaves del auditor y el que firma los puntos de control; auditor.key es solo del auditor.

    \b
    Ejemplo:
      ronda audit keys --out llaves
    """
    from server.audit.keys import make_auditor_keys, make_signing_keys

    with explained(False):
        for path in (*make_auditor_keys(out), *make_signing_keys(out)):
            typer.echo(path)


@audit.command("verify")
def verify(
    directory: AuditOption = None,
    public_key: PublicOption = None,
    keeper: Annotated[list[Path] | None, typer.Option("--keeper", help="Directorio de un segundo custodio.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Revisa cada registro, sello y punto de control; estado 1 si algo fue alterado, 3 si faltó qué comparar.

    \b
    Ejemplo:
      ronda audit verify --keeper /media/custodio
    """
    from server.audit.checkpoints import CheckpointFiles
    from server.audit.set_up import audit_directory
    from server.audit.verifying import verify as check

    with explained(as_json):
        settings = _settings(directory)
        where = audit_directory(settings)
        if not where.is_dir():
            raise Stop(f"no hay registro de auditoría en {where}")
        for each in keeper or []:
            if not each.is_dir():
                raise Stop(f"no hay un custodio en {each}")
            if each.resolve().is_relative_to(where.resolve()):
                raise Stop(f"{each} es de la misma auditoría: no es un segundo custodio")
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
                "unchecked": verdict.unchecked,
            }
        )
    else:
        typer.echo(
            f"{verdict.records} registros en {verdict.segments} segmentos ({verdict.dropped} quitados cumplidos sus "
            f"años), {verdict.checkpoints} puntos de control; segundo custodio: {'sí' if keepers else 'NO'}"
        )
        for problem in problems:
            typer.secho(finding_text(problem), bold=True)
        for left in verdict.unchecked:
            typer.echo(f"NO SE COMPROBÓ: {finding_text(left)}")
        if problems:
            typer.secho("ALTERADA O DAÑADA", bold=True)
        else:
            typer.secho("Lo que está aquí concuerda, y nada más" if verdict.unchecked else "Íntegra", bold=True)
    raise typer.Exit(EXIT_OURS if problems else ExitStatus.STOPPED if verdict.unchecked else ExitStatus.DONE)


@audit.command("tail")
def tail(
    count: Annotated[int, typer.Option("-n", min=1, max=100_000, help="Cuántas.")] = 20,
    directory: AuditOption = None,
    key: KeyOption = None,
    token: TokenOption = None,
    case: CaseOption = "",
    questions: Annotated[bool, typer.Option("--questions", help="Abre lo que se preguntó.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Muestra las consultas más nuevas.

    \b
    Ejemplo:
      ronda audit tail -n 50 --questions
    """
    with explained(as_json):
        auditor = _Auditor(directory, key, token)
        reader = auditor.looks("TAIL", {"n": count, "questions": questions}, case)
        show_records(reader, [(record, "") for record in reader.newest(count)], "Últimas consultas", as_json, questions)


@audit.command("who-asked")
def who_asked(
    cui: Annotated[str, typer.Option("--cui", help="CUI de la persona.")] = "",
    plate: Annotated[str, typer.Option("--plate", help="Placa del vehículo, con su tipo.")] = "",
    vin: Annotated[str, typer.Option("--vin", help="VIN del vehículo.")] = "",
    subject: Annotated[str, typer.Option("--subject", help="Id de sujeto de una respuesta, hexadecimal.")] = "",
    since: SinceOption = "",
    until: UntilOption = "",
    directory: AuditOption = None,
    key: KeyOption = None,
    token: TokenOption = None,
    case: CaseOption = "",
    questions: Annotated[bool, typer.Option("--questions", help="Abre lo que se preguntó.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Muestra a quién se le mostró una persona o vehículo, como sea que llegó a ella, y quién preguntó en vano.

    \b
    Ejemplo:
      ronda audit who-asked --cui 2357111360101 --since 2026-11-01
    """
    from core.audit.reader import How

    with explained(as_json):
        auditor = _Auditor(directory, key, token)
        subjects, asked = _subjects(auditor.settings, cui, plate, vin, subject)
        arguments = {"cui": cui, "plate": plate, "vin": vin, "subject": subject, "since": since, "until": until}
        first, last = read_moment(since) or 0, read_moment(until, to_its_end=True)
        reader = auditor.looks("WHO_ASKED", arguments, case, subject_ids=subjects, asked_key=asked[0] if asked else b"")
        words = {How[name].value: word for name, word in _HOW.items()}
        rows = [
            (
                look.record,
                ", ".join(sorted({words.get(entry.how, "?") for entry in look.entries})) or "sin resultado",
            )
            for look in reader.looks_at(subjects, asked, first, last)
        ]
        show_records(reader, rows, "Consultas", as_json, questions)


def _subjects(settings: Settings, cui: str, plate: str, vin: str, subject: str) -> tuple[list[bytes], list[bytes]]:
    """Subject ids, and what may have been asked to find them."""
    from core.identifiers.api import canonical
    from core.identifiers.api import plate as take_apart
    from core.identifiers.kinds import IdentifierKind
    from core.identifiers.types import IdentifierError
    from indexer.subject_key import subject_ids

    if sum(map(bool, (cui, plate, vin, subject))) != 1:
        raise Stop("indique uno: --cui, --plate, --vin o --subject")
    if subject:
        try:
            held = bytes.fromhex(subject.replace("-", ""))
        except ValueError:
            held = b""
        if len(held) != 16:
            raise Stop("--subject: 32 dígitos hexadecimales")
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
        from clients.spanish.words import RULES as FIELD_RULES

        raise Stop(f"no es un identificador válido: {FIELD_RULES.get(error.rule, error.rule)}") from None
    path = settings.data / "subject.key"
    if not path.exists():
        raise Stop(f"{path}: hace falta la llave de sujetos, o use --subject")
    computed = [each for each in subject_ids(path.read_bytes(), texts).to_pylist() if each is not None]
    return computed + _held_subjects(settings, asked, texts), asked


def _held_subjects(settings: Settings, asked: list[bytes], texts: list[str]) -> list[bytes]:
    """The subjects to which the current generation's keys lead: a plate's vehicles, a CUI's person."""
    from core.generation.reader import DossierReader
    from core.generation.store import Generation

    current = settings.data / "CURRENT"
    if not current.exists():
        return []
    # The key of a plate leaves its type out: the dossier must hold the identifier's own text.
    texts = [text.partition(":")[2] for text in texts]
    generation = Generation.open(settings.data / "generations" / current.read_text(encoding="utf-8").strip())
    try:
        found = [entity for key in asked for entity in generation.lookup(key[0], key[1:])]
        dossiers = [DossierReader(generation.dossier(entity)) for entity in found]
        return [each.subject_id for each in dossiers if any(held.text in texts for held in each.identifiers())]
    finally:
        generation.close()


@audit.command("asked-by")
def asked_by(
    nip: Annotated[str, typer.Option("--nip", help="NIP del oficial.")],
    institution: Annotated[str, typer.Option("--institution", help="Solo de esta institución.")] = "",
    since: SinceOption = "",
    until: UntilOption = "",
    directory: AuditOption = None,
    key: KeyOption = None,
    token: TokenOption = None,
    case: CaseOption = "",
    questions: Annotated[bool, typer.Option("--questions", help="Abre lo que se preguntó.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Muestra lo que preguntó un oficial.

    \b
    Ejemplo:
      ronda audit asked-by --nip 10001 --institution pnc
    """
    with explained(as_json):
        auditor = _Auditor(directory, key, token)
        first, last = read_moment(since) or 0, read_moment(until, to_its_end=True)
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
    """Muestra patrones por revisar: enumeración, uso de noche o fuera de unidad, repeticiones, uso de emergencia.

    \b
    Ejemplo:
      ronda audit report --since 2026-11-01
    """
    from dataclasses import asdict

    from clients.terminal.whole_table import WholeTable
    from server.audit.misuse import report as find

    with explained(as_json):
        auditor = _Auditor(directory, key, token)
        first, last = read_moment(since) or 0, read_moment(until, to_its_end=True)
        reader = auditor.looks("REPORT", {"since": since, "until": until}, case)
        findings = find(reader, first, last)
    if as_json:
        print_json([asdict(finding) for finding in findings])
        return
    headings = ("regla", "quién", "consultas", f"desde ({ZONE})", f"hasta ({ZONE})")
    table = WholeTable(f"Patrones por revisar: {len(findings)}", *headings, right=("consultas",))
    for finding in findings:
        times = (when(finding.first_ms), when(finding.last_ms))
        table.add(RULES[finding.rule], WITHOUT_IDENTITY.get(finding.who, finding.who), str(finding.count), *times)
    print_renderables(table)


@audit.command("proof")
def proof(
    record: Annotated[
        str, typer.Option("--record", help="log/segmento/lugar, como lo muestran las otras órdenes.")
    ] = "",
    since: Annotated[Path | None, typer.Option("--since", help="Archivo con un punto de control anterior.")] = None,
    check: Annotated[Path | None, typer.Option("--check", help="Archivo con una prueba: dice si se sostiene.")] = None,
    directory: AuditOption = None,
    public_key: PublicOption = None,
    auditor_key: KeyOption = None,
    token: TokenOption = None,
) -> None:
    """Prueba, a quien no tiene la auditoría, que un registro está en ella, o que continúa un punto de control.

    \b
    Ejemplo:
      ronda audit proof --record worker-0/2/17 > prueba.json
    """
    from server.audit.evidence import holds, prove_continuation, prove_record
    from server.audit.set_up import audit_directory

    with explained(False):
        settings = _settings(directory)
        key = _public_key(settings, public_key)
        if check is not None:
            held = holds(json.loads(check.read_text(encoding="utf-8")), key)
            typer.secho("La prueba se sostiene" if held else "LA PRUEBA NO SE SOSTIENE", bold=True)
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
        raise Stop("indique --record log/segmento/lugar (por ejemplo worker-0/2/17), --since o --check")
    return SegmentId(log_name, int(number)), int(place)


@audit.command("witness")
def witness(
    listen: Annotated[str, typer.Option("--listen", help="Dirección, anfitrión:puerto.")],
    directory: Annotated[Path, typer.Option("--directory", help="Dónde se guardan los puntos de control.")],
    public_key: Annotated[Path, typer.Option("--public-key", help="Llave pública de los puntos de control (PEM).")],
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", help="Cadena de certificados, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="Su llave privada, PEM.")] = None,
    tls_client_ca: Annotated[
        Path | None, typer.Option("--tls-client-ca", help="Autoridad de los certificados de clientes.")
    ] = None,
) -> None:
    """Guarda los puntos de control de la auditoría de otra institución, hasta SIGTERM.

    \b
    Ejemplo:
      ronda audit witness --listen 127.0.0.1:50061 --directory custodia --public-key signing.pub
    """
    import grpc

    from server.audit.keys import load_signing_public
    from server.audit.witness import start_witness
    from server.settings import parse_address

    with explained(False):
        credentials = None
        if tls_cert is not None and tls_key is not None:
            pair = (tls_key.read_bytes(), tls_cert.read_bytes())
            roots = tls_client_ca.read_bytes() if tls_client_ca is not None else None
            credentials = grpc.ssl_server_credentials([pair], roots, roots is not None)
        elif not parse_address(listen).is_loopback:
            raise Stop("sin --tls-cert y --tls-key solo se acepta una dirección de este equipo")
        server, port = start_witness(listen, directory, load_signing_public(public_key), credentials)
    typer.echo(f"ronda: witness ready on port {port}, pid {os.getpid()}")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    server.stop(5).wait()
