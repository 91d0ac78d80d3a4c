"""Touched subjects become a delta generation: the same files by the same assembly, a few hundred kilobytes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.assembly.assembler import assemble
from core.generation.manifest import FILES_FORMAT, MANIFEST, sealed
from core.names.tables_digest import tables_digest
from indexer.generations.publishing import new_generation_id
from indexer.linking.order import dossier_order
from indexer.live.standing import Standing, Subject, values
from indexer.standard import ENTITY_SCHEMA, LINKED_SCHEMA

MAKING = ".making-"
_AT_ONCE = 1_000  # subjects held in memory together with their records, several times over: some 4 MB each


def make_delta(
    standing: Standing,
    subjects: Mapping[bytes, Subject | None],
    rows_of: Callable[[Collection[bytes]], pa.Table],
    sequence: int,
    home: Path,
) -> str:
    """Publishes a delta of these subjects under `home` by rename; returns its id.

    rows_of: the records of some of them, STANDING_SCHEMA; owners missing in the base are among the subjects. sequence:
    of the ledger, up to which it holds changes.
    """
    delta_id = new_generation_id()
    making = home / f"{MAKING}{delta_id}"
    making.mkdir(mode=0o700)
    try:
        held, number = _numbered(subjects)
        registers = standing.base.manifest["registers"]
        assembly = assemble(
            making, _entities(held), _linked(held, rows_of, number), registers, temp_directory=making, durable=False
        )
        document = {
            "format_version": FILES_FORMAT,
            "generation_id": delta_id,
            "built_at_ms": int(datetime.now(UTC).timestamp() * 1000),
            "persons": assembly.persons,
            "vehicles": assembly.vehicles,
            "name_tables": tables_digest(),
            "files": {name: dict(told) for name, told in assembly.files.items()},
            "registers": registers,
            "delta": {
                "base": standing.base.generation_id,
                "sequence": sequence,
                "gone": sorted(subject_id.hex() for subject_id, subject in subjects.items() if subject is None),
            },
        }
        (making / MANIFEST).write_text(json.dumps(sealed(document)), encoding="ascii")
        making.rename(home / delta_id)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return delta_id


def _numbered(subjects: Mapping[bytes, Subject | None]) -> tuple[list[Subject], dict[bytes, int]]:
    """The delta's subjects in their order; number by id."""
    held = [subject for subject in subjects.values() if subject is not None]
    ordered = sorted(held, key=lambda subject: (not subject.is_person, subject.subject_id))
    return ordered, {subject.subject_id: place for place, subject in enumerate(ordered)}


def _entities(held: Sequence[Subject]) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(held), _AT_ONCE):
        rows = [
            {
                "entity": place,
                "kind": subject.kind,
                "subject_id": subject.subject_id,
                "homonyms": subject.homonyms,
                "name_only_alerts": subject.name_only_alerts,
                "name_only_flags": subject.name_only_flags,
                "identity_fed": subject.identity_fed,
            }
            for place, subject in enumerate(held[start : start + _AT_ONCE], start)
        ]
        yield from pa.Table.from_pylist(rows, schema=ENTITY_SCHEMA).to_batches()


def _linked(
    held: Sequence[Subject], rows_of: Callable[[Collection[bytes]], pa.Table], number: Mapping[bytes, int]
) -> Iterator[pa.RecordBatch]:
    """The records by the delta's own numbers, in the order of dossiers: of some subjects at once, in their order."""
    for start in range(0, len(held), _AT_ONCE):
        rows = rows_of([subject.subject_id for subject in held[start : start + _AT_ONCE]])
        yield from _numbered_rows(rows, number).to_batches()


def _numbered_rows(rows: pa.Table, number: Mapping[bytes, int]) -> pa.Table:
    entities = pa.array([number[subject_id] for subject_id in values(rows, "subject_id")], pa.uint32())
    owners = [
        of_base if owner_id is None else number.get(owner_id)
        for of_base, owner_id in zip(values(rows, "owner_entity"), values(rows, "owner_id"), strict=True)
    ]
    columns: dict[str, Any] = {name: rows.column(name) for name in LINKED_SCHEMA.names}
    columns["entity"] = entities
    columns["owner_entity"] = pa.array(owners, pa.uint32())
    table = pa.table([columns[name] for name in LINKED_SCHEMA.names], schema=LINKED_SCHEMA)
    return table.take(dossier_order(table)).combine_chunks() if table.num_rows else table
