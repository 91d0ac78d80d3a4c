"""The owners that vehicles name: persons known only as owners, and the records of vehicles linked again with their
owner.

A build makes a subject of every owner, with or without records of their own. So a person who lost their last record
stays while a vehicle names them. The certainty of ownership is judged by the owner's names and birth date
(docs/answers.md section 4), so it changes with them.
"""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from indexer.live.record_key import RecordKey, keys_of
from indexer.live.standing import Standing, values
from indexer.subject_ids import subject_ids
from ronda.v1.section_pb2 import SECTION_IDENTITY, SECTION_OWNER


def owners_among(standing: Standing, emptied: set[bytes], now: pa.Table) -> set[bytes]:
    """Returns the subjects without records that a vehicle still names as owner.

    now: the records of all subjects that a change touches, as they will stand.
    """
    named = standing.owners_of(now)
    if doubtful := emptied - named:
        around = standing.owned(doubtful) - set(values(now, "subject_id")) - emptied
        named |= standing.owners_of(standing.rows(around))
    return emptied & named


def records_of_owners(standing: Standing, key: bytes, changed: pa.Table, replaced: pa.Table) -> set[RecordKey]:
    """Returns the records that name as owners the persons with an identity that these records state, or stated."""
    states = pc.equal(changed.column("section"), pa.scalar(SECTION_IDENTITY, pa.uint8()))
    cuis = set(values(changed.filter(states), "cui")) - {None}
    stated = pc.equal(replaced.column("section"), pa.scalar(SECTION_IDENTITY, pa.uint8()))
    persons = set(values(replaced.filter(stated), "subject_id"))
    persons |= set(subject_ids(key, [f"cui:{cui}" for cui in sorted(cuis)]).to_pylist()) - {None}
    return _naming(standing, persons) if persons else set()


def _naming(standing: Standing, persons: Collection[bytes]) -> set[RecordKey]:
    rows = standing.rows(standing.owned(persons))
    rows = rows.filter(pc.equal(rows.column("section"), pa.scalar(SECTION_OWNER, pa.uint8())))
    named = [place for place, owner in enumerate(standing.owner_of_each(rows)) if owner in persons]
    return keys_of(rows.take(pa.array(named, pa.int64())))
