"""The subject of a look: from an identifier to the subject ids that the log may show, and to possible questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.files.regular_file import read_file
from core.generation.reader import DossierReader
from core.generation.store import Generation
from core.generation.subject_key import SUBJECT_KEY, all_subject_keys
from core.identifiers.api import canonical
from core.identifiers.api import plate as take_apart
from core.identifiers.kinds import IdentifierKind
from core.identifiers.subject_ids import SUBJECT_ID_BYTES, subject_id
from server.audit.lacking import Lacking, What


@dataclass(frozen=True)
class Wanted:
    """subject_ids: 16 bytes each. asked_keys: kind and canonical text of what may have been asked to find them."""

    subject_ids: Sequence[bytes]
    asked_keys: Sequence[bytes] = ()


def asked_key(kind: IdentifierKind, text: str) -> bytes:
    """An identifier as the log hashes it (AuditFacts.asked_key). Raises core.identifiers.types.IdentifierError."""
    return bytes([kind]) + canonical(kind, text).encode()


def wanted(data: Path, *, cui: str = "", plate: str = "", vin: str = "", subject: str = "") -> Wanted:
    """Returns the subjects meant by one identifier, or by one subject id of an answer (hexadecimal).

    Uses the key of subject ids, and the data on file. Raises Lacking, core.identifiers.types.IdentifierError, OSError,
    core.errors.StoredDataError.
    """
    if sum(map(bool, (cui, plate, vin, subject))) != 1:
        raise Lacking(What.ONE_IDENTIFIER)
    if subject:
        return Wanted([_told(subject)])
    if cui:
        key = asked_key(IdentifierKind.CUI, cui)
        kinds, text = ["cui"], key[1:].decode()
    elif vin:
        key = asked_key(IdentifierKind.VIN, vin)
        kinds, text = ["vin"], key[1:].decode()
    else:
        found = take_apart(plate)
        key = bytes([IdentifierKind.PLATE]) + f"{found.country}:{found.number}".encode()
        # the plate's own subject, and that of a vehicle of which only the plate is known
        kinds, text = ["plate", "vehicle-plate"], f"{found.text}|{found.country}"
    try:
        secrets = all_subject_keys(data)
    except FileNotFoundError:
        raise Lacking(What.SUBJECT_KEY, data / SUBJECT_KEY) from None
    computed = [subject_id(secret, f"{kind}:{text}") for secret in secrets for kind in kinds]
    return Wanted(computed + _on_file(data, key, text), [key])


def _told(text: str) -> bytes:
    try:
        held = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        held = b""
    if len(held) != SUBJECT_ID_BYTES:
        raise Lacking(What.SUBJECT_ID)
    return held


def _on_file(data: Path, key: bytes, text: str) -> list[bytes]:
    """The subjects to which the current generation's keys lead: a plate's vehicles, a CUI's person."""
    current = data / "CURRENT"
    if not current.exists():
        return []
    generation = Generation.open(data / "generations" / read_file(current).decode().strip())
    try:
        dossiers = [DossierReader(generation.dossier(entity)) for entity in generation.lookup(key[0], key[1:])]
        # The key of a plate leaves its type out: the dossier must hold the identifier's own text.
        return [each.subject_id for each in dossiers if any(held.text == text for held in each.identifiers())]
    finally:
        generation.close()
