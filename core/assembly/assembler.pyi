"""Turns linked standard records into the five files of a generation, in one pass and bounded memory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, type_check_only

from typing_extensions import disjoint_base

from core.machine.arrow_export import ExportsArrow

@dataclass(frozen=True)
class Assembly:
    """The counts of the written files."""

    persons: int
    """Dossiers of persons, organisations and unidentified."""
    vehicles: int
    """Dossiers of vehicles and plates."""
    entities: int
    records: int
    alerts: int
    possible_links: int
    """Records joined to a subject only perhaps."""
    keys: int
    """(identifier, entity) pairs in keys.mdb."""
    tokens: int
    plates: int
    dossier_bytes: int
    """Bytes of all dossiers: those of dossiers.bin."""
    files: dict[str, dict[str, int | str]]
    """The files by name: {"bytes": size, "sha256": hexadecimal}."""

@type_check_only
class _RecordBatch(ExportsArrow, Protocol):
    """An Arrow record batch, as pyarrow has it."""

    @property
    def num_rows(self) -> int: ...
    def column(self, name: str, /) -> Any: ...

@dataclass(frozen=True)
class Ordered:
    """Records of several batches in an order of their own, so that none is copied for it."""

    batches: tuple[_RecordBatch, ...]
    places: Any
    """Buffer of int64: batch << 32 | row."""

    @property
    def num_rows(self) -> int: ...
    def last_entity(self) -> int: ...

@disjoint_base
class Assembler:
    """Writes keys.mdb, entities.bin, dossiers.bin, names.bin and plates.bin into an existing directory.

    Call `entities` with batches of ENTITY_FIELDS in order of `entity`, from 0 on without gaps, always before the
    records of those entities. Call `records` with batches of LINKED_FIELDS (both core/assembly/record.pyi) by entity,
    section, sort day (newest first, unknown last), register, record id, version, row; then `finish`. An entity may be
    split between batches, or have no records. `registers` are the entries of MANIFEST.json, by ordinal. Memory: the
    records of one entity, some pieces of output of about 20 MB, 8 MiB each for keys and names, 32 bytes a plate; while
    finishing, the largest 256th of the keys twice. durable: finished files are on disk.

    Raises AssemblyError for another order, schema or number; OSError when the disk fails. After either, only `abandon`.
    """

    def __init__(
        self,
        directory: str | Path,
        registers: Sequence[Mapping[str, Any]],
        *,
        temporary_directory: str | Path | None = None,
        durable: bool = True,
    ) -> None: ...
    def entities(self, batch: ExportsArrow) -> None: ...
    def records(self, linked: ExportsArrow | Ordered) -> int:
        """Takes the next records; returns how many. The GIL is released while they are worked on."""
    def finish(self) -> Assembly: ...
    def abandon(self) -> None:
        """Stops and closes; the files that it wrote stay, unfinished, for the caller to remove."""

def assemble(
    directory: str | Path,
    entities: Iterable[ExportsArrow],
    linked: Iterable[_RecordBatch | Ordered],
    registers: Sequence[Mapping[str, Any]],
    *,
    temp_directory: str | Path | None = None,
    on_progress: Callable[[int], None] | None = None,
    durable: bool = True,
) -> Assembly:
    """Runs an Assembler over two streams of batches. `on_progress` gets the records done so far."""
