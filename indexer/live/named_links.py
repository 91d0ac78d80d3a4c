"""Records linked by name to a person with a changed identity: they are linked again with it.

The bearer that a record means depends on all bearers of the name. After one gets another name, birth date or sex the
record may mean the next; after the old name is back it means the first one alone. So a record that may mean a person by
name is linked again at each change of that person's identity, with or without a link to the person. A name of more than
MOST_MEANT bearers tells nobody apart; its records follow at the next rebuild.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from indexer.linking.names_kept import CLAIM_SCHEMA, AskedIndex
from indexer.live.going_past import subjects_by_entity
from indexer.live.own_dates import dated_by_number
from indexer.live.record_key import RecordKey, key_of_place, keys_of, places_of
from indexer.live.standing import Standing, values
from indexer.subject_ids import ids_of_persons
from ronda.v1.level_pb2 import CRITERION_NAMES
from ronda.v1.section_pb2 import SECTION_IDENTITY

MOST_MEANT = 200  # of one record; more would cost memory for nothing


class NamedLinks:
    """The records over one base that may mean each person by name. Not thread-safe."""

    def __init__(self, standing: Standing, key: bytes) -> None:
        """key: of subject ids."""
        self._standing, self._key = standing, key
        self._may_mean: dict[bytes, set[RecordKey]] = {}  # by subject id: of records that were fed, or replaced

    def note(self, changed: pa.Table, asked: AskedIndex, replaced: pa.Table) -> None:
        """Learns of changed records, as they were asked, and of those that they replaced, which the base linked."""
        persons = subjects_by_entity(asked, self._key)
        rows, count = np.unique(asked.rows, return_counts=True)
        few = np.isin(asked.rows, rows[count <= MOST_MEANT])
        keys = [*map(key_of_place, places_of(changed))] if few.any() else []
        for row, entity in zip(asked.rows[few].tolist(), asked.entities[few].tolist(), strict=True):
            self._may_mean.setdefault(persons[entity], set()).add(keys[row])
        named = replaced.filter(_by_name(replaced))
        for subject_id, place in zip(values(named, "subject_id"), places_of(named), strict=True):
            self._may_mean.setdefault(subject_id, set()).add(key_of_place(place))

    def asked(self, changed: pa.Table, nearby: Collection[bytes], around: pa.Table) -> AskedIndex:
        """Returns the persons that changed records may mean by name.

        around: the linked records of the stated numbers' bearers. Some of these changed since the base, or change now
        (nearby). The base's claims of them stand in `of_base`, so that linking leaves out persons with outdated ones.
        """
        found = self._standing.meant(changed, dated_by_number(changed, around))
        ids = ids_of_persons(self._key, found.persons.select(["cui", "text"]).to_pylist())
        numbers = {
            entity: number
            for subject_id, number in zip(ids, found.persons.column("entity").to_pylist(), strict=True)
            if (subject_id in nearby or subject_id in self._standing.touched)
            and (entity := self._standing.entity_of(subject_id)) is not None
        }
        if not numbers:
            return found
        rows = self._standing.kept.rows_of(numbers)
        claims = rows.filter(_is_claim(rows))
        whose = pa.array([numbers[entity] for entity in values(claims, "entity")], pa.uint32())
        births = pa.array(_births(claims), pa.int32())
        who = [whose, claims.column("name_text"), births, claims.column("sex")]
        return replace(found, of_base=pa.table(who, schema=CLAIM_SCHEMA))

    def deciding(self, changed: pa.Table, replaced: pa.Table, others: pa.Table) -> set[RecordKey]:
        """Returns the keys of the records that the identities among changed and replaced ones may link otherwise.

        others: the records of everybody who bears a number of these.
        """
        claims = changed.filter(_is_claim(changed))
        persons = {*values(replaced.filter(_is_claim(replaced)), "subject_id"), *self._standing.bearers(claims)}
        if not persons:
            return set()
        held = others.filter(pc.and_(_by_name(others), _are_of(others, persons)))
        return keys_of(held).union(*(self._may_mean.get(each, ()) for each in persons))


def _births(claims: pa.Table) -> list[int | None]:
    columns = (values(claims, name) for name in ("birth_year", "birth_month", "birth_mday"))
    return [y * 10_000 + (m or 0) * 100 + (d or 0) if y else None for y, m, d in zip(*columns, strict=True)]


def _is_claim(rows: pa.Table) -> Any:
    return pc.equal(rows.column("section"), pa.scalar(SECTION_IDENTITY, pa.uint8()))


def _by_name(rows: pa.Table) -> Any:
    return pc.equal(rows.column("link_criterion"), pa.scalar(CRITERION_NAMES, pa.uint8()))


def _are_of(rows: pa.Table, subject_ids: Collection[bytes]) -> Any:
    return pc.is_in(rows.column("subject_id"), value_set=pa.array(list(subject_ids), pa.binary(16)))
