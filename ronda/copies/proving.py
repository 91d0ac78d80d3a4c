"""Proofs of a restored installation before it is moved to its place. They read what was written, not `COPY.json`."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from clients.spanish.system_errors import system_error_text
from core.access.grant import Grant
from core.engine.entry import Engine, Method
from core.errors import CoreError, GenerationDamaged, LedgerDamaged
from core.generation.reader import DossierReader, EntityKind
from core.generation.store import Generation
from core.generation.subject_key import SUBJECT_KEY, check_subject_key
from core.identifiers.kinds import IdentifierKind
from core.ledger.frames import LOG
from core.ledger.reader import FOLDER as LEDGER
from core.ledger.reader import START, LedgerReader
from core.mart.layout import DISCLOSURE_KEY
from core.mart.layout import FOLDER as MART
from indexer.generations.listing import generation_directory, stated_manifest, verify_generation
from ronda.copies.manifest import CopyManifest
from ronda.v1 import check_service_pb2 as checks
from server.audit.checkpoints import CHECKPOINTS, CheckpointFiles
from server.audit.key_chain import CheckpointError
from server.audit.keys import KeyFileError, key_id, load_auditors, load_signing_keys, load_signing_private
from server.audit.segments import SegmentDamaged, list_segments, mapped, read_header
from server.audit.verifying import verify
from server.parts import PARTS
from server.recall.orders import FOLDER as RECALL

SAMPLE = 50  # persons asked about


@dataclass(frozen=True)
class Proof:
    """One thing that was looked at, in Spanish. problem: "" = it holds."""

    what: str
    said: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Restored:
    """The places of the restored parts. auditor, signing: the audit's keys; None = the copy has none."""

    data: Path
    audit: Path
    auditor: Path | None
    signing: Path | None
    manifest: CopyManifest


def prove(restored: Restored, clock_ms: int) -> Iterator[Proof]:
    """Yields a proof for each thing, in order; one that raises unforeseen is a problem too."""
    looks: dict[str, Callable[[Restored], str]] = {
        "auditoría": _audit_log,
        "llaves de la auditoría": _audit_keys,
        "libro de cambios": _ledger,
        "llaves": _keys,
        "bases de datos": _databases,
        "generación": _generation,
        "muestra de respuestas": lambda each: _answers(each, clock_ms),
    }
    for what, look in looks.items():
        try:
            yield Proof(what, look(restored))
        except _Wrong as error:
            yield Proof(what, problem=str(error))
        except (CoreError, KeyFileError, CheckpointError, SegmentDamaged, OSError) as error:
            yield Proof(what, problem=_said(error))


def _said(error: Exception) -> str:
    """Returns the error in Spanish; its own text is English, or a library's."""
    if isinstance(error, OSError):
        return (
            f"{Path(error.filename).name}: {system_error_text(error)}" if error.filename else system_error_text(error)
        )
    if isinstance(error, GenerationDamaged):
        return f"{error.file} está dañado"
    if isinstance(error, LedgerDamaged):
        return f"{LOG} está dañado desde el byte {error.offset}"
    words = {
        KeyFileError: "una llave no está, o no es la que debe ser",
        CheckpointError: "un punto de control está dañado",
        SegmentDamaged: "un segmento del registro está dañado",
    }
    return next((text for kind, text in words.items() if isinstance(error, kind)), "está dañado")


class _Wrong(Exception):
    pass


def _audit_log(restored: Restored) -> str:
    stated = restored.manifest.checkpoint
    if stated is None:
        return "la copia no tiene"
    if restored.signing is None:
        raise _Wrong("sin llave de firma: no se puede verificar")
    verdict = verify(restored.audit, load_signing_private(restored.signing).public_key())
    if verdict.problems:
        raise _Wrong(f"{len(verdict.problems)} problemas; el primero: {verdict.problems[0]}")
    texts = CheckpointFiles(restored.audit / CHECKPOINTS).texts()
    if not any(hashlib.sha256(text.encode()).hexdigest() == stated.sha256 for text in texts):
        raise _Wrong(f"falta el punto de control {stated.number}")
    assert verdict.last is not None
    return f"{verdict.records} registros, hasta el punto de control {verdict.last.number}"


def _audit_keys(restored: Restored) -> str:
    """The signing key is the log's, and the newest segment is sealed to these auditors."""
    if restored.signing is None or restored.auditor is None:
        return "no están en la copia"
    ours = [key_id(each.public_key()) for each in load_signing_keys(restored.signing)]
    theirs = CheckpointFiles(restored.audit / CHECKPOINTS).next_signer()
    if theirs not in ("", *ours):
        raise _Wrong(f"la de firma es {ours[0]}; el registro está firmado con {theirs}")
    auditors = {key_id(key) for key in load_auditors(restored.auditor)}
    segments = list_segments(restored.audit)
    if segments:
        with mapped(max(segments, key=lambda each: each.number).path(restored.audit)) as data:
            sealed_to = {str(each["key"]) for each in read_header(data)["recipients"]}
        if not sealed_to & auditors:
            raise _Wrong("el registro está sellado para otro auditor")
    return "son las del registro"


def _ledger(restored: Restored) -> str:
    stated = restored.manifest.ledger
    if stated is None:
        return "nada se recibió todavía"
    with LedgerReader(restored.data / LEDGER) as reader:
        reader.archive.verify()
        away = reader.archive.away()
        position = reader.first if away else START
        while True:
            found, position = reader.read(position)
            if not found:
                break
        seen = (reader.ledger_id.hex(), reader.end, position.sequence)
    with (restored.data / LEDGER / LOG).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if (*seen, digest) != (stated.id, stated.sequence, stated.sequence, stated.sha256):
        raise _Wrong(f"no es el que se copió: {seen[2]} entradas, {stated.sequence} en la copia")
    lacking = ", ".join(f"{first} a {last}" for first, last in away)
    told = f"; archivadas en otra parte: {lacking}" if away else ""
    return f"{stated.id[:8]}, {stated.sequence} entradas, {stated.sha256[:16]}{told}"


def _keys(restored: Restored) -> str:
    """The subject key fits the generation's check value; the others are whole, and there where they are needed."""
    stated = None
    if restored.manifest.generation:
        stated = stated_manifest(generation_directory(restored.data, None)[1]).subject_key
    try:
        key = check_subject_key(restored.data, stated)
    except GenerationDamaged:
        raise _Wrong(f"{SUBJECT_KEY} no es la de estos datos, o está dañada") from None
    if key is None and (restored.manifest.generation or restored.manifest.ledger):
        raise _Wrong(f"falta {SUBJECT_KEY}")
    for secret in (part.secret for part in PARTS if part.secret is not None):
        path = restored.data / secret.file
        if path.exists() and path.stat().st_size != secret.bytes:
            raise _Wrong(f"{secret.file} está dañada")
    if (restored.data / MART).is_dir() and not (restored.data / MART / DISCLOSURE_KEY).exists():
        raise _Wrong(f"falta {MART}/{DISCLOSURE_KEY}")
    return "corresponden a los datos"


def _databases(restored: Restored) -> str:
    found = sorted([*restored.data.glob("*.db"), *restored.data.glob("*/*.db")])
    for path in found:
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as base:
                is_whole = base.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
                if is_whole and path.parent.name == RECALL:
                    _recall_is_not_ahead(base, restored)
        except sqlite3.Error:
            is_whole = False
        if not is_whole:
            raise _Wrong(f"{path.name} está dañada")
    return f"{len(found)} íntegras"


def _recall_is_not_ahead(base: sqlite3.Connection, restored: Restored) -> None:
    """Checks that recall is not ahead of the ledger: otherwise changes would not be reported when they come again."""
    row = base.execute("SELECT sequence FROM place").fetchone()
    stated = restored.manifest.ledger.sequence if restored.manifest.ledger is not None else 0
    if row is not None and row[0] > stated:
        raise _Wrong(f"los avisos van por la entrada {row[0]}, el libro por la {stated}")


def _generation(restored: Restored) -> str:
    if not restored.manifest.generation:
        return "la copia no tiene: corra ronda index antes de servir"
    result = verify_generation(restored.data)
    if result.problems:
        raise _Wrong(f"{len(result.problems)} archivos dañados; el primero: {result.problems[0].partition(':')[0]}")
    if result.generation_id != restored.manifest.generation:
        raise _Wrong(f"es {result.generation_id}, no {restored.manifest.generation}")
    return f"{result.generation_id}, {result.files_checked} archivos"


def _answers(restored: Restored, clock_ms: int) -> str:
    """Asks for persons spread over the file, each by a CUI on file: the answer must show that person."""
    if not restored.manifest.generation:
        return "sin generación no se pregunta"
    generation = Generation.open(generation_directory(restored.data, None)[1])
    engine = Engine(generation)
    asked = 0
    for entity in range(0, generation.persons, max(1, generation.persons // SAMPLE)):
        dossier = DossierReader(generation.dossier(entity))
        cuis = [each.text for each in dossier.identifiers() if each.kind == IdentifierKind.CUI]
        if dossier.kind != EntityKind.PERSON or not cuis:
            continue
        request = checks.CheckPersonRequest(cui=cuis[0]).SerializeToString()
        answer = checks.CheckPersonResponse.FromString(
            engine.answer(Method.CHECK_PERSON, request, Grant.everything(), clock_ms)
        )
        asked += 1
        if dossier.subject_id.hex() not in {answer.person.subject_id, *(each.subject_id for each in answer.candidates)}:
            raise _Wrong("una persona no aparece al preguntar por su número")
    return f"{asked} personas, cada una es quien debe ser"
