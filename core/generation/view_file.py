"""VIEW: the deltas over a base, and how fresh the fed registers are; replaced in one rename by the writer alone.

<data>/live/<base id>/VIEW       this document
<data>/live/<base id>/<id>/      a delta: the files of a generation, MANIFEST.json says what it lies over
<data>/live/<base id>/BEAT       touched by the writer while it is up to date

A checksum guards the content, as in MANIFEST.json.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from core.documents import json_of
from core.errors import GenerationDamaged
from core.files.replacement import replace_file
from core.generation.manifest import GenerationId, RegisterId, Sequence, Stated, checksum_of

LIVE, VIEW, BEAT = "live", "VIEW", "BEAT"
VIEW_VERSION = 2
MOST_DELTAS = 8  # LEVELS_MAX of core/generation/levels.pxd
_MOST_BYTES = 1 << 20


class FedRegister(Stated):
    """State of a fed register."""

    as_of_ms: Annotated[int, Field(ge=0, lt=253_402_300_800_000)]  # its last change or heartbeat; 0 = none yet
    stale: bool = False  # it may lack changes
    refused: dict[str, Annotated[int, Field(gt=0)]] = Field(default={})  # rule -> records with a refused last change
    naming_nothing: Annotated[int, Field(ge=0)] = 0  # cancellations since the base under a key of no record


class StatedView(Stated):
    """The whole of VIEW."""

    view_version: Literal[1, 2]  # VIEW_VERSION; 1 does not state `naming_nothing`
    base: GenerationId
    ledger: Annotated[str, Field(pattern=r"\A([0-9a-f]{32})?\z")] = ""  # its id; "" = nothing was ever fed
    sequence: Sequence  # of that ledger: all up to this one is in the deltas
    deltas: Annotated[list[GenerationId], Field(max_length=MOST_DELTAS)]  # oldest first
    registers: dict[RegisterId, FedRegister]
    made_with: str = ""  # program and manifests of the writer: others may make other deltas of the same changes
    checksum: Annotated[str, Field(pattern=r"\A[0-9a-f]{64}\z")]


def write_view(directory: Path, document: dict[str, Any]) -> None:
    """Replaces VIEW in the directory. Not synced: after a power cut it is made again from the ledger."""
    sealed = {**document, "view_version": VIEW_VERSION}
    text = json.dumps({**sealed, "checksum": checksum_of(sealed)}, ensure_ascii=True)
    replace_file(directory / VIEW, text.encode("ascii"), durable=False)


def read_view(directory: Path) -> StatedView:
    """VIEW of the directory. Raises FileNotFoundError where nothing was published, GenerationDamaged."""
    try:
        with os.fdopen(os.open(directory / VIEW, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            text = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise GenerationDamaged(VIEW, error.strerror or "cannot be read") from error
    try:
        document = json_of(text)
        view = StatedView.model_validate(document)
    except (ValueError, RecursionError, ValidationError) as error:
        raise GenerationDamaged(VIEW, "it is no view") from error
    if view.checksum != checksum_of(document):
        raise GenerationDamaged(VIEW, "its checksum does not hold")
    return view
