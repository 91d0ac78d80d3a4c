"""MANIFEST.json of a generation: the one schema for all readers, and its checksum.

`checksum` is the SHA-256 of the document's canonical bytes without it (keys sorted, no white space, ASCII). It finds
damage and mistakes; a writer of the data directory can make a new one (generations are not signed). A manifest of
`manifest_version` 2 has one. Earlier releases wrote neither key: their generations are read by the schema alone, so
that an upgrade refuses nothing that it served.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.documents import json_of
from core.errors import GenerationDamaged

MANIFEST = "MANIFEST.json"
MANIFEST_VERSION = 2
FILES_FORMAT = 2  # FORMAT_VERSION of core/files/layout.pxd
MAX_REGISTERS = 64  # of core/generation/store.pxd
_MOST_BYTES = 16 * 1024 * 1024  # of the document; real ones have some ten thousand

_Count = Annotated[int, Field(ge=0, lt=1 << 53)]
_Milliseconds = Annotated[int, Field(ge=0, lt=253_402_300_800_000)]  # up to the year 9999
_Digest = Annotated[str, Field(pattern=r"\A[0-9a-f]{64}\z")]
_FileName = Annotated[str, Field(pattern=r"\A[a-z_]{1,40}\.[a-z]{1,10}\z")]  # leads nowhere else
GenerationId = Annotated[str, Field(pattern=r"\A\d{8}T\d{6}Z-[0-9a-f]{8}\z")]
Sequence = Annotated[int, Field(ge=0, lt=1 << 63)]
RegisterId = Annotated[str, Field(pattern=r"\A[a-z0-9-]{1,64}\z")]
_Role = Literal["alert", "identity", "context"]
_Identifier = Literal[
    "cui", "nit", "cedula", "document", "licence", "telephone", "plate", "vin", "engine", "foreign_document"
]


class Stated(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class StatedFile(Stated):
    """A file of the generation."""

    bytes: _Count
    sha256: _Digest


class Roles(Stated):
    """A register's roles for persons and vehicles."""

    person: list[_Role] = []
    vehicle: list[_Role] = []


class NeededSections(Stated):
    """Sections that a grant must show for the register not to be WITHHELD."""

    person: list[Annotated[int, Field(ge=0, lt=64)]] = []
    vehicle: list[Annotated[int, Field(ge=0, lt=64)]] = []


class StatedHold(Stated):
    """The fed changes that the extract of one source of a register holds (docs/answers.md section 15)."""

    feeds: dict[Annotated[str, Field(pattern=r"\A[a-z][a-z0-9-]{0,31}\z")], Sequence] = {}  # of that feed: sequence
    snapshot_ms: _Milliseconds | None = None  # its instant; None = its as-of decides nothing
    read_ms: _Milliseconds | None = (
        None  # when its file was written, or it was read: it holds nothing later; None = not noted
    )


_Holds = dict[Annotated[str, Field(pattern=r"\A[a-z0-9_]{1,32}\z")], StatedHold]  # by source


class StatedRegister(Stated):
    """A register in the generation."""

    ordinal: Annotated[int, Field(ge=0, lt=MAX_REGISTERS)]
    id: RegisterId
    name: Annotated[str, Field(min_length=1)]
    owner: str = ""
    contact: str = ""
    roles: Roles
    identifies: list[_Identifier]
    sections: list[Annotated[int, Field(ge=0, lt=64)]]
    needed_sections: NeededSections
    authoritative_for: list[Annotated[int, Field(ge=0, lt=32)]]
    standards: list[Literal["police", "criminal", "renas"]] = []
    stale_after_s: Annotated[int, Field(ge=0, lt=1 << 31)]
    state: Literal["loaded", "missing"]
    as_of_ms: _Milliseconds
    carried_forward: bool = False
    carried_reason: str = ""
    rows_read: _Count = 0
    rows_refused: _Count = 0
    refused: dict[str, _Count] = {}
    closings_kept: bool = False
    left_out: dict[str, _Count] = {}
    control_characters: dict[str, _Count] = {}
    holds: _Holds = {}
    checksum: str = ""


class StatedExtract(Stated):
    """The staged extract that a register was made from (indexer.staging.extracts.StagedExtract)."""

    register_id: RegisterId
    directory: Annotated[str, Field(pattern=r"\A[0-9A-Za-z][0-9A-Za-z._-]{0,100}\z")]
    as_of_ms: _Milliseconds
    rows_read: _Count
    rows_refused: _Count
    records: _Count
    checksum: str
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    sources: dict[str, _Count] = {}
    alerts: dict[str, dict[str, _Count]] = {}
    refused: dict[str, _Count] = {}
    left_out: dict[str, _Count] = {}
    control_characters: dict[str, _Count] = {}
    holds: _Holds = {}
    withdrawn: bool = False


class StatedDelta(Stated):
    """The base that a delta generation lies over (docs/live.md)."""

    base: GenerationId
    sequence: Sequence  # of the ledger: it holds the changes up to this one
    gone: list[Annotated[str, Field(pattern=r"\A[0-9a-f]{32}\z")]] = []  # subject ids that are nobody's any more


class GenerationManifest(Stated):
    """The whole of MANIFEST.json."""

    format_version: Literal[2]  # FILES_FORMAT
    generation_id: GenerationId
    built_at_ms: _Milliseconds
    persons: _Count
    vehicles: _Count
    files: dict[_FileName, StatedFile]
    registers: Annotated[list[StatedRegister], Field(max_length=MAX_REGISTERS)]
    staging: dict[RegisterId, StatedExtract] | None = None
    delta: StatedDelta | None = None  # None = a generation of its own
    name_tables: _Digest | None = None  # core.names.tables_digest of whoever built names.bin
    invented: bool = False  # nobody in it exists: what is made of its answers is a sample
    subject_key: Annotated[str, Field(pattern=r"\A[0-9a-f]{16}\z")] | None = None  # check value of its subject.key
    manifest_version: Literal[2] | None = None  # MANIFEST_VERSION
    checksum: _Digest | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> GenerationManifest:
        if (self.manifest_version is None) != (self.checksum is None):
            raise ValueError("manifest_version and checksum: both or neither")
        if len({register.id for register in self.registers}) != len(self.registers):
            raise ValueError("registers: an id stands twice")
        for place, register in enumerate(self.registers):
            if register.ordinal != place:
                raise ValueError(f"registers.{place}.ordinal: is not its place in the list")
        if any(extract.register_id != name for name, extract in (self.staging or {}).items()):
            raise ValueError("staging: an extract of another register")
        return self


def checksum_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest's canonical bytes; its own checksum is left out."""
    plain = {key: value for key, value in document.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its version and checksum: what is written."""
    versioned = {**document, "manifest_version": MANIFEST_VERSION}
    return {**versioned, "checksum": checksum_of(versioned)}


def read_manifest(directory: Path) -> GenerationManifest:
    """MANIFEST.json of a generation's directory. Raises GenerationDamaged with the key and the rule, nothing else."""
    try:
        # Nobody waits for the other end of a pipe that stands in its place.
        with os.fdopen(os.open(directory / MANIFEST, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            text = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise GenerationDamaged(MANIFEST, error.strerror or "cannot be read") from error
    return parse_manifest(text)


def parse_manifest(text: bytes) -> GenerationManifest:
    """The document, whole. Raises GenerationDamaged."""
    try:
        if len(text) > _MOST_BYTES:
            raise GenerationDamaged(MANIFEST, f"more than {_MOST_BYTES} bytes")
        document = json_of(text)
        json.dumps(document, ensure_ascii=False).encode()  # half a surrogate pair is text for JSON, and for nobody else
    except (ValueError, RecursionError) as error:
        raise GenerationDamaged(MANIFEST, "it is no JSON") from error
    if not isinstance(document, dict):
        raise GenerationDamaged(MANIFEST, "it is no JSON object")
    version = document.get("format_version")
    if type(version) is int and version != FILES_FORMAT:
        raise GenerationDamaged(MANIFEST, f"format {version}; this program reads format {FILES_FORMAT}")
    try:
        manifest = GenerationManifest.model_validate(document)
    except ValidationError as error:
        raise GenerationDamaged(MANIFEST, _why(error)) from error
    if manifest.checksum is not None and manifest.checksum != checksum_of(document):
        raise GenerationDamaged(MANIFEST, "its checksum does not hold")
    return manifest


def _why(error: ValidationError) -> str:
    """The first fault: where, and the rule that it breaks, without what stands there."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(part)[:60] for part in first["loc"])
    said = first["msg"].removeprefix("Value error, ")
    return f"{where}: {said}" if where else said
