"""COPY.json of a copy: its content, byte for byte, and the moment of its ledger and audit log.

    COPY.json        this document, with a checksum of itself
    data/ audit/ audit-keys/ settings/ or issuer/ audit/

It is written last: a copy without it is incomplete.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from core.documents import json_of
from core.generation.manifest import Stated, checksum_of

COPY = "COPY.json"
MOST_BYTES = 1 << 30
_Path = Annotated[str, Field(pattern=r"\A(data|audit|audit-keys|settings|issuer)(/[^/\x00]+)*\z")]
_Sha256 = Annotated[str, Field(pattern=r"\A[0-9a-f]{64}\z")]
_Count = Annotated[int, Field(ge=0, lt=2**63)]


class CopyRefused(Exception):
    """A copy that is damaged, cut or of another kind; or a place that can't be copied now, or restored to."""


class PlaceRefused(CopyRefused):
    """A place that was named for a copy and that cannot be one, or nothing to be copied: the caller's mistake."""


class CopiedEntry(Stated):
    """A file or directory of the copy. sha256: of a file, "" = a directory. user, group: names, "" = none."""

    path: _Path
    sha256: Annotated[str, Field(pattern=r"\A([0-9a-f]{64})?\z")] = ""
    bytes: _Count = 0
    mode: Annotated[int, Field(ge=0, le=0o7777)]
    user: str = ""
    group: str = ""


class CopiedLedger(Stated):
    """The moment of the ledger: its incarnation, its last entry, its digest."""

    id: Annotated[str, Field(pattern=r"\A[0-9a-f]{32}\z")]
    sequence: _Count
    sha256: _Sha256  # of changes.log


class CopiedCheckpoint(Stated):
    """The last checkpoint of the audit log."""

    number: _Count
    key: str
    sha256: _Sha256  # of its text


class CopyManifest(Stated):
    """The whole of COPY.json."""

    copy_version: Literal[1]
    kind: Literal["server", "issuer"]
    made_at_ms: _Count
    release: str
    generation: str = ""  # "" = no generation is in the copy
    roots: dict[str, str]  # where each first folder stood
    named: dict[str, _Path]  # setting -> its file or directory in the copy
    ledger: CopiedLedger | None = None
    checkpoint: CopiedCheckpoint | None = None
    unknown: list[str] = Field(
        default=[]
    )  # names in the data directory that the table does not know; they are in the copy
    entries: list[CopiedEntry]
    checksum: _Sha256


def manifest_bytes(document: dict[str, Any]) -> bytes:
    """COPY.json, with its checksum."""
    return json.dumps({**document, "checksum": checksum_of(document)}, ensure_ascii=True).encode()


def read_copy_manifest(text: bytes) -> CopyManifest:
    """Raises CopyRefused, which says in Spanish what is wrong."""
    if len(text) > MOST_BYTES:
        raise CopyRefused(f"{COPY}: es más grande que el de cualquier copia")
    try:
        document = json_of(text)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise CopyRefused(f"{COPY}: está dañado: no se puede leer") from None
    except ValueError:  # of over 4,300 digits; nested too deeply
        raise CopyRefused(f"{COPY}: está dañado: tiene un número o una forma que no puede ser") from None
    try:
        manifest = CopyManifest.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise CopyRefused(f"{COPY}: {_said(first['loc'], first['type'])}") from None
    if manifest.checksum != checksum_of(document):
        raise CopyRefused(f"{COPY}: la suma del documento no concuerda")
    told = [*(entry.path for entry in manifest.entries), *manifest.named.values(), *manifest.roots.values()]
    if any(part in (".", "..") for path in told for part in path.split("/")):
        raise CopyRefused(f"{COPY}: una ruta sale de la copia")
    return manifest


def _said(place: tuple[int | str, ...], kind: str) -> str:
    """Returns the fault at that place. kind: the library's type of error."""
    if not place:
        return "no es de una copia de Ronda"
    if place == ("copy_version",) and kind != "missing":
        return "es de otra versión de Ronda: repóngala con la que la hizo"
    named = ".".join(str(part) for part in place)
    if kind == "missing":
        return f"falta {named}"
    if kind == "extra_forbidden":
        return f"{named}: esta versión de Ronda no lo conoce"
    if kind.startswith(("int_", "greater_", "less_", "finite_")):
        return f"{named}: no es un número que pueda ser"
    return f"{named}: no es lo que debe ser"
