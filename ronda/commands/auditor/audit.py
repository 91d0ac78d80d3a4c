"""`ronda audit ...`: reads the audit log with the auditor's key; each look is itself in the log."""

from __future__ import annotations

import contextlib
import datetime
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.files.regular_file import read_file
from ronda.commands.audit_output import show_records, tell_lost
from ronda.commands.audit_words import RULES, finding_text
from ronda.commands.auditor.audit_restoring import (
    restoration_json,
    restored,
    tell_losses,
    tell_restorations,
    witness_accept,
)
from ronda.commands.exit_status import ExitStatus
from ronda.commands.moments import GUATEMALA, ZONE, when
from ronda.commands.office import Stop, explained
from ronda.commands.office_words import WITHOUT_IDENTITY
from ronda.commands.options import (
    AuditOption,
    KeyOption,
    PlainJsonOption,
    PublicOption,
    ReviewCaseOption,
    SinceOption,
    TokenOption,
    UntilOption,
)
from ronda.commands.output import EXIT_OURS, fail, print_json, print_renderables, say

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.registry import Collector

    from server.audit.auditor import Auditor
    from server.audit.verifying import Verdict
    from server.settings import Address

audit = typer.Typer(help="La auditoría: verificarla, y ver quién preguntó por quién.", no_args_is_help=True)
audit.command("restored")(restored)
audit.command("witness-accept")(witness_accept)

_PATIENCE_S = 15.0  # a server's process looks once a second
_NOT_TAKEN_UP = (
    "El servidor en marcha aún no toma la llave nueva: audit_key_not_changed en su bitácora dice por qué, o es de una "
    "versión anterior. Las dos están en el archivo de audit_signing_key y nada se perdió; repita esta orden."
)
_HOW = {
    "ASKED": "consultado",
    "OWNER": "propietario",
    "CANDIDATE": "candidato",
    "CLEARANCE": "constancia",
    "LISTED": "listado",
    "AUDIT": "auditoría",
}


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


def _auditor(directory: Path | None, key: Path | None, token: Path | None) -> Auditor:
    from ronda.settings import load_settings
    from server.audit.auditor import Auditor
    from server.audit.lacking import What
    from server.trust.operator import officer_of

    settings = load_settings(audit=directory)
    return Auditor(settings, key, officer_of(settings, token, "ReadAudit", What.AUDIT_TOKEN))


@audit.command("keys")
def keys(
    out: Annotated[Path, typer.Option("--out", help="Directorio para las llaves.")],
    signing_only: Annotated[
        bool, typer.Option("--signing-only", help="Solo el par que firma, para `ronda audit change-key`.")
    ] = False,
) -> None:
    """Hace el par de llaves del auditor y el que firma los puntos de control; auditor.key es solo del auditor.

    \b
    Ejemplo:
      ronda audit keys --out llaves
    """
    from server.audit.keys import make_auditor_keys, make_signing_keys

    with explained(False):
        for path in (*(() if signing_only else make_auditor_keys(out)), *make_signing_keys(out)):
            say(path)


@audit.command("change-key")
def change_key(
    new: Annotated[Path, typer.Option("--new", help="La llave privada que va a firmar (PEM).")],
    directory: AuditOption = None,
) -> None:
    """Cambia la llave que firma los puntos de control: la de antes firma a la nueva, y el registro sigue.

    Con el servidor en marcha o sin él; si se interrumpe, repítalo. Al final el archivo de audit_signing_key tiene solo
    la nueva.

    \b
    Ejemplo:
      ronda audit keys --signing-only --out llaves-2
      ronda audit change-key --new llaves-2/signing.key
    """
    from ronda.settings import load_settings
    from server.audit.changing import NotTakenUp, change_signing_key
    from server.audit.keeping import Inconsistent
    from server.audit.keys import key_id

    with explained(False):
        try:
            change = change_signing_key(load_settings(audit=directory), new, _PATIENCE_S)
        except NotTakenUp:
            fail(_NOT_TAKEN_UP, ExitStatus.STOPPED, False)
        except Inconsistent as error:
            said = f"La auditoría no continúa lo firmado ({finding_text(error)})"
            fail(f"{said}: la llave no cambió. Ejecute `ronda audit verify`.", EXIT_OURS, False)
    before, now = key_id(change.key), key_id(change.following)
    say(f"Desde el punto de control {change.number} firma la llave {now}; hasta ahí, la {before}.", bold=True)
    say("Con cualquiera de las dos llaves públicas se verifica la auditoría entera; una prueba suelta, con la nueva.")
    say("Destruya la privada de antes: ya no firma nada.")


@audit.command("verify")
def verify(
    directory: AuditOption = None,
    public_key: PublicOption = None,
    keeper: Annotated[list[Path] | None, typer.Option("--keeper", help="Directorio de un segundo custodio.")] = None,
    as_json: PlainJsonOption = False,
) -> None:
    """Revisa cada registro, sello y punto de control; estado 1 si algo fue alterado, 3 si faltó qué comparar, 2 si la
    llave indicada no firmó nada de lo que hay.

    \b
    Ejemplo:
      ronda audit verify --keeper /media/custodio
    """
    from ronda.settings import load_settings
    from server.audit.lacking import Lacking, What
    from server.audit.set_up import audit_directory, public_signing_key, second_keepers
    from server.audit.verifying import refuse_other_key
    from server.audit.verifying import verify as check

    with explained(as_json):
        settings = load_settings(audit=directory)
        where = audit_directory(settings)
        if not where.is_dir():
            raise Lacking(What.LOG, where)
        keepers = second_keepers(settings, keeper or [])
        key = public_signing_key(settings, public_key)
        if public_key is not None:
            refuse_other_key(where, key, keepers)
        verdict = check(where, key, keepers)
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
                "signing_keys": _signers(verdict),
                "problems": problems,
                "unchecked": verdict.unchecked,
                "clock_steps": verdict.clock_steps,
                "restorations": [restoration_json(each) for each in verdict.restorations],
            }
        )
    else:
        say(
            f"{verdict.records} registros en {verdict.segments} segmentos ({verdict.dropped} quitados cumplidos sus "
            f"años), {verdict.checkpoints} puntos de control; segundo custodio: {'sí' if keepers else 'NO'}"
        )
        if len(signers := _signers(verdict)) > 1:
            say("llaves: " + ", ".join(f"{each['key']} desde el {each['from_checkpoint']}" for each in signers))
        for problem in problems:
            say(finding_text(problem), bold=True)
        for step in verdict.clock_steps:
            say(f"RELOJ (no es alteración): {finding_text(step)}")
        for left in verdict.unchecked:
            say(f"NO SE COMPROBÓ: {finding_text(left)}")
        tell_restorations(verdict.restorations)
        if problems:
            say("ALTERADA O DAÑADA", bold=True)
        else:
            say("Lo que está aquí concuerda, y nada más" if verdict.unchecked else "Íntegra", bold=True)
    raise typer.Exit(EXIT_OURS if problems else ExitStatus.STOPPED if verdict.unchecked else ExitStatus.DONE)


def _signers(verdict: Verdict) -> list[dict[str, Any]]:
    """Each key that signs the log, and the first checkpoint of its time."""
    keys = verdict.keys
    begins = [1, *(change.number for change in keys.changes)] if keys is not None else []
    ids = keys.ids if keys is not None else ()
    return [{"key": key, "from_checkpoint": number} for key, number in zip(ids, begins, strict=True)]


@audit.command("tail")
def tail(
    count: Annotated[int, typer.Option("-n", min=1, max=100_000, help="Cuántas.")] = 20,
    directory: AuditOption = None,
    key: KeyOption = None,
    token: TokenOption = None,
    case: ReviewCaseOption = "",
    questions: Annotated[bool, typer.Option("--questions", help="Abre lo que se preguntó.")] = False,
    as_json: PlainJsonOption = False,
) -> None:
    """Muestra las consultas más nuevas.

    \b
    Ejemplo:
      ronda audit tail -n 50 --questions
    """
    from server.audit.looking import Tool

    with explained(as_json):
        reader = _auditor(directory, key, token).look(Tool.TAIL, {"n": count, "questions": questions}, case)
        show_records(reader, [(record, "") for record in reader.newest(count)], "Últimas consultas", as_json, questions)
        tell_lost(reader.lost())


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
    case: ReviewCaseOption = "",
    questions: Annotated[bool, typer.Option("--questions", help="Abre lo que se preguntó.")] = False,
    as_json: PlainJsonOption = False,
) -> None:
    """Muestra a quién se le mostró una persona o vehículo, como sea que llegó a ella, y quién preguntó en vano.

    \b
    Ejemplo:
      ronda audit who-asked --cui 2357111360101 --since 2026-11-01
    """
    from server.audit.described import ways
    from server.audit.looking import Tool
    from server.audit.subjects import wanted

    with explained(as_json):
        auditor = _auditor(directory, key, token)
        who = wanted(auditor.settings.data, cui=cui, plate=plate, vin=vin, subject=subject)
        arguments = {"cui": cui, "plate": plate, "vin": vin, "subject": subject, "since": since, "until": until}
        first, last = read_moment(since) or 0, read_moment(until, to_its_end=True)
        about = {"subject_ids": who.subject_ids, "asked_key": b"".join(who.asked_keys)}
        reader = auditor.look(Tool.WHO_ASKED, arguments, case, **about)
        rows = [
            (look.record, ", ".join(sorted({_HOW.get(way, "?") for way in ways(look.entries)})) or "sin resultado")
            for look in reader.looks_at(who.subject_ids, who.asked_keys, first, last)
        ]
        show_records(reader, rows, "Consultas", as_json, questions)
        tell_lost(reader.lost(first, last))


@audit.command("asked-by")
def asked_by(
    nip: Annotated[str, typer.Option("--nip", help="NIP del oficial.")],
    institution: Annotated[str, typer.Option("--institution", help="Solo de esta institución.")] = "",
    since: SinceOption = "",
    until: UntilOption = "",
    directory: AuditOption = None,
    key: KeyOption = None,
    token: TokenOption = None,
    case: ReviewCaseOption = "",
    questions: Annotated[bool, typer.Option("--questions", help="Abre lo que se preguntó.")] = False,
    as_json: PlainJsonOption = False,
) -> None:
    """Muestra lo que preguntó un oficial.

    \b
    Ejemplo:
      ronda audit asked-by --nip 10001 --institution pnc
    """
    from server.audit.looking import Tool

    with explained(as_json):
        auditor = _auditor(directory, key, token)
        first, last = read_moment(since) or 0, read_moment(until, to_its_end=True)
        arguments = {"nip": nip, "institution": institution, "since": since, "until": until}
        reader = auditor.look(Tool.ASKED_BY, arguments, case)
        rows = [(record, "") for record in reader.asked_by_officer(nip, institution, first, last)]
        show_records(reader, rows, f"Consultas de {nip}", as_json, questions)
        tell_lost(reader.lost(first, last))


@audit.command("report")
def report(
    since: SinceOption = "",
    until: UntilOption = "",
    directory: AuditOption = None,
    key: KeyOption = None,
    token: TokenOption = None,
    case: ReviewCaseOption = "",
    as_json: PlainJsonOption = False,
) -> None:
    """Muestra patrones por revisar: enumeración, uso de noche o fuera de unidad, repeticiones, uso de emergencia.

    \b
    Ejemplo:
      ronda audit report --since 2026-11-01
    """
    from dataclasses import asdict

    from clients.terminal.whole_table import WholeTable
    from server.audit.looking import Tool
    from server.audit.misuse import report as find

    with explained(as_json):
        auditor = _auditor(directory, key, token)
        first, last = read_moment(since) or 0, read_moment(until, to_its_end=True)
        reader = auditor.look(Tool.REPORT, {"since": since, "until": until}, case)
        findings, lost = find(reader, first, last), reader.lost(first, last)
    if as_json:
        print_json([asdict(finding) for finding in findings])
        tell_lost(lost)
        return
    headings = ("regla", "quién", "consultas", f"desde ({ZONE})", f"hasta ({ZONE})")
    table = WholeTable(f"Patrones por revisar: {len(findings)}", *headings, right=("consultas",))
    for finding in findings:
        times = (when(finding.first_ms), when(finding.last_ms))
        table.add(RULES[finding.rule], WITHOUT_IDENTITY.get(finding.who, finding.who), str(finding.count), *times)
    print_renderables(table)
    tell_lost(lost)


@audit.command("proof")
def proof(
    record: Annotated[
        str, typer.Option("--record", help="log/segmento/lugar, como lo muestran las otras órdenes.")
    ] = "",
    since: Annotated[Path | None, typer.Option("--since", help="Archivo con un punto de control anterior.")] = None,
    check: Annotated[Path | None, typer.Option("--check", help="Archivo con una prueba: dice si se sostiene.")] = None,
    keeper: Annotated[
        list[Path] | None, typer.Option("--keeper", help="Con --check: directorio de un segundo custodio.")
    ] = None,
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
    from ronda.settings import load_settings
    from server.audit.checkpoints import CHECKPOINTS, CheckpointFiles
    from server.audit.evidence import holds, lost_since, prove_continuation, prove_record, record_place
    from server.audit.looking import Tool
    from server.audit.set_up import audit_directory, public_signing_key, second_keepers
    from server.audit.verifying import refuse_other_key

    with explained(False):
        settings = load_settings(audit=directory)
        key = public_signing_key(settings, public_key)
        if check is not None:
            shown = _read_proof(check)
            held = holds(shown, key)
            say("La prueba se sostiene" if held else "LA PRUEBA NO SE SOSTIENE", bold=True)
            if held:
                own = CheckpointFiles(audit_directory(settings) / CHECKPOINTS)
                tell_losses(lost_since(shown, key, own, second_keepers(settings, keeper or [])))
            raise typer.Exit(0 if held else EXIT_OURS)
        where = audit_directory(settings)
        if public_key is not None:
            refuse_other_key(where, key)
        if since is not None:
            print_json(prove_continuation(where, key, read_file(since).decode("ascii", "replace")))
            return
        segment, place = record_place(record)
        _auditor(directory, auditor_key, token).look(Tool.PROOF, {"record": record}, "")
        print_json(prove_record(where, key, segment, place))


def _read_proof(path: Path) -> Any:
    """The JSON of a proof that somebody handed over. Raises Stop, OSError."""
    from core.documents import json_of

    try:
        return json_of(read_file(path))
    except ValueError:
        raise Stop(f"{path}: no es una prueba: no es JSON (UTF-8), o está cortada") from None


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
    metrics: Annotated[
        str, typer.Option("--metrics", help="Dirección de las métricas (Prometheus), anfitrión:puerto; off = ninguna.")
    ] = "off",
) -> None:
    """Guarda los puntos de control de la auditoría de otra institución, hasta SIGTERM.

    \b
    Ejemplo:
      ronda audit witness --listen 127.0.0.1:50061 --directory custodia --public-key signing.pub
    """
    from server.audit.keys import load_signing_public
    from server.audit.witness import Witness, start_witness, witness_credentials
    from server.metrics.serving import served

    with explained(False), contextlib.ExitStack() as stack:
        credentials = witness_credentials(listen, tls_cert, tls_key, tls_client_ca)
        keeper = Witness(directory, load_signing_public(public_key))
        scraped = stack.enter_context(served(_metrics_address(metrics), _registry_of(keeper.figures)))
        server, port = start_witness(listen, keeper, credentials)
        stack.callback(lambda: server.stop(5).wait())
        say(f"ronda: witness ready on port {port}, pid {os.getpid()}{f', metrics on {scraped}' if scraped else ''}")
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        ended.wait()


def _metrics_address(text: str) -> Address | None:
    """Returns the address; None = off. Raises Stop."""
    from server.settings import parse_address

    if text == "off":
        return None
    try:
        return parse_address(text)
    except ValueError:
        raise Stop("--metrics: escriba anfitrión:puerto, por ejemplo 127.0.0.1:9466, u off") from None


def _registry_of(figures: Collector) -> CollectorRegistry:
    from prometheus_client import CollectorRegistry

    registry = CollectorRegistry()
    registry.register(figures)
    return registry
