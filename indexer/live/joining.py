"""The subjects that changed records join: the rules of linking (indexer/linking) over the records around them.

The database holds the changed records and, around them, every record of the subjects that a rule could look at. These
are the subjects with an identifier that a changed record states, and those that had it before. Only the links of the
changed records count; those of the records around stay as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from core.generation.reader import EntityKind
from indexer.linking.database import LinkedRegister
from indexer.linking.few_records import SEEN, FewRecords
from indexer.linking.links import Links
from indexer.linking.names_kept import AskedIndex
from indexer.linking.order import linked_batch
from indexer.linking.stage import join_records
from indexer.live.named_alone import Counted, packed
from indexer.live.record_key import Place, places_of
from indexer.live.standing import BASE_OWNER, STANDING_SCHEMA, Standing, Subject, as_staged, values
from indexer.standard import LINKED_SCHEMA, STANDARD_SCHEMA
from indexer.subject_ids import ids_of_persons


@dataclass(frozen=True)
class Linking:
    """The inputs of linking."""

    registers: Sequence[LinkedRegister]
    day: int  # today, in Guatemala, since 1970
    key: bytes  # of subject ids
    database: FewRecords


@dataclass(frozen=True)
class Joined:
    """The result of linking changed records."""

    linked: pa.Table  # STANDING_SCHEMA
    subjects: dict[bytes, Subject]  # subjects that they join
    counted: Counted  # persons that they count for without joining


def join(standing: Standing, changed: pa.Table, around: pa.Table, linking: Linking, asked: AskedIndex) -> Joined:
    """Links the changed records.

    changed: standard records. around: linked ones. asked: the persons that the changed records may mean by name; their
    records on file are around.
    """
    if changed.num_rows == 0:
        return Joined(pa.Table.from_batches([], schema=STANDING_SCHEMA), {}, {})
    with _over(changed, around, linking) as row_of:
        subjects, links = join_records(linking.database, linking.key, asked=asked)
        told = linking.database.sorted_table(subjects)
        counted = _counted(changed, row_of, linking)
    linked = _links_of(changed, row_of, links)
    return Joined(_by_subject(standing, linked, told), _subjects(standing, linked, told), counted)


def count(records: pa.Table, around: pa.Table, linking: Linking, asked: AskedIndex) -> Counted:
    """Returns the persons that these standard records count for by name alone; the rest as in `join`."""
    if records.num_rows == 0:
        return {}
    with _over(records, around, linking) as row_of:
        join_records(linking.database, linking.key, asked=asked)
        return _counted(records, row_of, linking)


@contextmanager
def _over(changed: pa.Table, around: pa.Table, linking: Linking) -> Iterator[np.ndarray[Any, Any]]:
    """The database with all of them; of each place the row of `changed`, -1 = around it."""
    staged, row_of = _stage(changed.select(SEEN), as_staged(around, SEEN))
    with linking.database.over(staged, linking.registers):
        yield row_of


def _counted(changed: pa.Table, row_of: np.ndarray[Any, Any], linking: Linking) -> Counted:
    places = places_of(changed)
    rows = [
        row
        for batch in linking.database.stream("SELECT place, cui, text, name_only_flags FROM name_counted")
        for row in batch.to_pylist()
        if row_of[row["place"]] >= 0
    ]
    found: dict[Place, list[tuple[bytes, int]]] = {}
    for row, subject_id in zip(rows, ids_of_persons(linking.key, rows), strict=True):
        found.setdefault(places[row_of[row["place"]]], []).append((subject_id, row["name_only_flags"]))
    return {place: packed(each) for place, each in found.items()}


def _stage(changed: pa.Table, around: pa.Table) -> tuple[pa.Table, np.ndarray[Any, Any]]:
    """All of them in order of register, as a build stages them, and of each the row of `changed`; -1 = around it."""
    both = pa.concat_tables([around, changed])
    order = np.argsort(both.column("register").to_numpy(), kind="stable")
    return both.take(order).combine_chunks(), np.maximum(order - around.num_rows, -1)


def _links_of(changed: pa.Table, row_of: np.ndarray[Any, Any], links: Links) -> pa.Table:
    """The changed records as LINKED_SCHEMA, by numbers of this database."""
    linked = links.between(0, len(row_of)).combine_chunks()
    linked = linked.take(np.flatnonzero(row_of[linked.column("place").to_numpy()] >= 0))
    [records] = changed.select(STANDARD_SCHEMA.names).combine_chunks().to_batches()
    rows = row_of[linked.column("place").to_numpy()]
    registers = records.column("register").to_numpy()[rows]
    found = []
    for register in np.unique(registers).tolist():
        of_it = np.flatnonzero(registers == register)
        found.append(linked_batch(records, rows[of_it], linked.take(of_it).combine_chunks(), register))
    return pa.Table.from_batches(found, schema=LINKED_SCHEMA)


def _by_subject(standing: Standing, linked: pa.Table, told: pa.Table) -> pa.Table:
    ids = values(told, "subject_id")
    owners: list[int | None] = []
    owner_ids: list[bytes | None] = []
    for owner in values(linked, "owner_entity"):
        of_base = None if owner is None else standing.entity_of(ids[owner])
        owners.append(None if of_base is None else of_base | BASE_OWNER)
        owner_ids.append(None if owner is None or of_base is not None else ids[owner])
    columns: dict[str, Any] = {name: linked.column(name) for name in LINKED_SCHEMA.names}
    columns["owner_entity"] = pa.array(owners, pa.uint32())
    columns["subject_id"] = pa.array([ids[e] for e in values(linked, "entity")], pa.binary(16))
    columns["owner_id"] = pa.array(owner_ids, pa.binary(16))
    return pa.table([columns[name] for name in STANDING_SCHEMA.names], schema=STANDING_SCHEMA)


def _subjects(standing: Standing, linked: pa.Table, told: pa.Table) -> dict[bytes, Subject]:
    """Returns the subjects that the changed records join, owners too. The base's counts of namesakes hold until the
    next rebuild."""
    found: dict[bytes, Subject] = {}
    entities = {*values(linked, "entity"), *values(linked, "owner_entity")} - {None}
    for row in told.take(pa.array(sorted(entities), pa.int64())).to_pylist():
        known = standing.known(row["subject_id"])
        if known is None:
            person = row["kind"] < EntityKind.VEHICLE
            known = Subject(
                row["subject_id"],
                row["kind"],
                row["homonyms"] if person else None,
                row["name_only_alerts"] if person else None,
                row["name_only_flags"],
            )
        found[known.subject_id] = known
    return found
