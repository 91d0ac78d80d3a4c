"""`ronda replay`: a past answer made again, and held against the digest in its audit record."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ronda.commands.audit_output import tell_altered
from ronda.commands.audit_words import finding_text
from ronda.commands.exit_status import ExitStatus
from ronda.commands.method_words import METHODS
from ronda.commands.moments import GUATEMALA, when
from ronda.commands.office import Stop, explained
from ronda.commands.office_words import who_text
from ronda.commands.options import (
    AuditOption,
    DataOption,
    KeyOption,
    PlainJsonOption,
    PublicOption,
    ReviewCaseOption,
    TokenOption,
)
from ronda.commands.output import EXIT_OURS, fail, print_json, say

if TYPE_CHECKING:
    from indexer.manifest.model import Manifest
    from ronda.replay.making import NotReproducible, Replayed
    from ronda.settings import Settings
    from server.audit.reading import AuditReader, AuditRecord

# By the names of ronda.replay.making.Why.
WHY = {
    "REFUSED": "la consulta fue rechazada: no hubo respuesta",
    "NO_DIGEST": "su registro no guarda huella: es de una versión anterior, o no la dio una generación",
    "SEAL": "el sello de la pregunta no corresponde: ejecute `ronda audit verify`",
    "ENGINE": "la dio otra versión de Ronda: rehágala con esa",
    "LINKING": "los cambios en vivo se enlazaron con otra versión u otros manifiestos",
    "CONFIRMED": "muestra lo que una institución dijo de una coincidencia, que ninguna generación guarda",
    "GENERATION": "su generación ya no está",
    "DAMAGED": "su generación está dañada, o no guarda lo que piden los cambios en vivo",
    "LEDGER": "los cambios en vivo que vio ya no están completos",
    "PAGE_KEY": "lleva el enlace a otra página, y la clave de páginas es otra",
}
_RESULTS = {
    ExitStatus.DONE: ("EQUAL", "IGUAL: rehecha, la respuesta es, byte por byte, la que se dio"),
    ExitStatus.NOT_EQUAL: ("NOT_EQUAL", "NO ES IGUAL: rehecha, la respuesta no es la que se dio"),
    ExitStatus.NOT_REPRODUCIBLE: ("NOT_REPRODUCIBLE", "NO SE PUEDE REHACER"),
}


def replay(
    answer: Annotated[str, typer.Argument(metavar="RESPUESTA", help="Su id, o su registro: log/segmento/lugar.")],
    data: DataOption = None,
    manifests: Annotated[Path | None, typer.Option(help="Directorio de manifiestos; si no, los doce de Ronda.")] = None,
    directory: AuditOption = None,
    public_key: PublicOption = None,
    key: KeyOption = None,
    token: TokenOption = None,
    case: ReviewCaseOption = "",
    as_json: PlainJsonOption = False,
) -> None:
    """Rehace una respuesta pasada y dice si es la que se dio; requiere la llave del auditor.

    \b
    Estado 0: es igual. 40: no lo es. 41: no se puede rehacer, y por qué. No muestra lo que se respondió.
    Ejemplo:
      ronda replay 019ac3a1-7c00-7b1d-8e2f-0123456789ab
    """
    from ronda.settings import load_settings
    from server.audit.auditor import Auditor
    from server.audit.lacking import What
    from server.audit.looking import Tool
    from server.audit.segments import SegmentDamaged
    from server.trust.operator import officer_of

    with explained(as_json):
        settings = load_settings(audit=directory, data=data, manifests=manifests)
        auditor = Auditor(settings, key, officer_of(settings, token, "ReadAudit", What.AUDIT_TOKEN))
        reader = auditor.look(Tool.REPLAY, {"answer": answer}, case)
        try:
            record = _record(reader, answer)
        except SegmentDamaged as error:
            said = f"El registro está dañado: {finding_text(error)}"
            fail(f"{said}; ejecute `ronda audit verify`.", ExitStatus.STOPPED, as_json)
        chain = _chain(settings, public_key, record, as_json)
        found = _replayed(reader, record, settings)
    _show(record, found, chain, as_json)


def _record(reader: AuditReader, answer: str) -> AuditRecord:
    """The record of the answer, each one before it held to its check. Raises Stop, SegmentDamaged, OSError."""
    from server.audit.evidence import record_place

    if "/" in answer:
        segment, place = record_place(answer)
        return reader.at(segment, place)
    try:
        answer_id = uuid.UUID(answer).bytes
    except ValueError:
        raise Stop("no es el id de una respuesta; copie «answer_id», o el registro (log/segmento/lugar)") from None
    found = reader.answered(answer_id)
    if not found:
        tell_altered(reader.altered())  # it may be one of them
        raise Stop("la auditoría no tiene una respuesta con ese id")
    return reader.at(found[0].segment, found[0].place)


def _chain(settings: Settings, public_key: Path | None, record: AuditRecord, as_json: bool) -> dict[str, Any] | str:
    """The proof that the record is in the log, or in Spanish why there is none. Ends the command where it fails."""
    from server.audit.evidence import NotProvable, holds, prove_record
    from server.audit.keys import KeyFileError
    from server.audit.lacking import Lacking
    from server.audit.set_up import audit_directory, public_signing_key
    from server.audit.verifying import refuse_other_key

    try:
        signer = public_signing_key(settings, public_key)
        if public_key is not None:
            refuse_other_key(audit_directory(settings), signer)
        proof = prove_record(audit_directory(settings), signer, record.segment, record.place)
    except Lacking:
        return "sin la llave pública de los puntos de control: indique --public-key"
    except (NotProvable, KeyFileError) as error:
        return finding_text(error)
    if not holds(proof, signer):
        fail("El registro no es el que abarca el punto de control: ejecute `ronda audit verify`.", EXIT_OURS, as_json)
    return proof


def _replayed(reader: AuditReader, record: AuditRecord, settings: Settings) -> Replayed | NotReproducible:
    from indexer.manifest.loading import SHIPPED_MANIFESTS, ManifestError, load_manifests
    from ronda.replay.making import NotReproducible
    from ronda.replay.making import replay as made_again

    def manifests() -> Sequence[Manifest]:
        return load_manifests(settings.manifests or SHIPPED_MANIFESTS)

    try:
        return made_again(record, reader.keys_of(record.segment), settings.data, manifests)
    except NotReproducible as why:
        return why
    except ManifestError as error:
        raise Stop(str(error)) from None


def _show(record: AuditRecord, found: Replayed | NotReproducible, chain: dict[str, Any] | str, as_json: bool) -> None:
    """Prints the verdict with its proof, and ends with its status."""
    from ronda.replay.making import NotReproducible
    from server.audit.described import code_names, described
    from server.audit.misuse import who_is

    status, why, made = ExitStatus.NOT_REPRODUCIBLE, "", b""
    if isinstance(found, NotReproducible):
        why = WHY[found.why.name] + (f" ({found.detail})" if found.detail else "")
    else:
        status, made = ExitStatus.DONE if found.equal else ExitStatus.NOT_EQUAL, found.made
    result, said = _RESULTS[status]
    digest = record.made_of.digest if record.made_of is not None else b""
    if as_json:
        print_json(
            {
                "result": result,
                "why": found.why.name if isinstance(found, NotReproducible) else "",
                "detail": found.detail if isinstance(found, NotReproducible) else "",
                **described(record, GUATEMALA),
                "engine": record.made_of.engine if record.made_of is not None else "",
                "digest": digest.hex(),
                "made_again": made.hex(),
                "proof": chain if isinstance(chain, dict) else None,
                "no_proof": chain if isinstance(chain, str) else "",
            }
        )
        raise typer.Exit(status)
    say(f"{said}: {why}" if why else said, bold=True)
    method = code_names(record)["method"]
    lines = [
        f"registro: {record.segment}/{record.place}, {when(record.time_ms)}, {METHODS.get(method, method)}",
        f"preguntó: {who_text(record.identity, who_is(record.identity))}",
        f"generación: {record.generation or 'ninguna'}, cambios en vivo hasta {record.overlay_sequence}",
        f"huella registrada: {digest.hex() or 'ninguna'}; rehecha: {made.hex() or 'ninguna'}",
        f"cadena: {chain}" if isinstance(chain, str) else f"cadena: la abarca el {_checkpoint(chain)}",
    ]
    say("\n".join(lines))
    raise typer.Exit(status)


def _checkpoint(proof: dict[str, Any]) -> str:
    words = dict(line.partition(" ")[::2] for line in str(proof["checkpoint"]).splitlines())
    return f"punto de control {words.get('number', '?')}"
