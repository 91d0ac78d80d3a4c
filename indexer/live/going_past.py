"""Changed records that no rule can move: their number's bearer supports all their other facts.

Nearly every fed record states a CUI and, beside it, the civil registry's data of its bearer, or nothing. It means that
bearer, with any records around; nothing is weighed, and no other person is meant (docs/answers.md section 4; section 5,
"Numbers in doubt"). So it can skip the rules of indexer/linking, the largest cost of a small step. Any doubt sends a
record through them; tests/live/test_going_past.py checks that both ways agree.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from indexer.linking.names_kept import AskedIndex
from indexer.linking.subjects import MINOR_SECTIONS
from indexer.live.joining import Linking
from indexer.live.near_numbers import may_mean_others
from indexer.live.standing import STANDING_SCHEMA, Standing, values
from indexer.standard import (
    ALERT_BIRTH_DOUBTED,
    ALERT_BIRTH_TURNED,
    ALERT_PROTECTED,
    LEVEL_BY_RULE,
    LINKED_SCHEMA,
    SUBJECT_PERSON,
)
from indexer.subject_ids import ids_of_persons, subject_ids
from ronda.v1.level_pb2 import CRITERION_CUI
from ronda.v1.section_pb2 import SECTION_IDENTITY, SENSITIVITY_MINOR, SENSITIVITY_OPEN

_NOT_BESIDE = ("document_number", "nit", "licence", "cedula", "loose_number", "plate", "vin", "chassis", "engine")
_FLAGS = ALERT_PROTECTED | ALERT_BIRTH_DOUBTED | ALERT_BIRTH_TURNED
_BIRTH = ("birth_year", "birth_month", "birth_mday")
_PARENTS = ("father", "mother")
_SAID = ("name_key", *_BIRTH, *_PARENTS)
_EPOCH = date(1970, 1, 1).toordinal()


def link_past(
    standing: Standing,
    linking: Linking,
    changed: pa.Table,
    others: pa.Table,
    asked: AskedIndex,
    shared: Collection[bytes],
) -> tuple[np.ndarray[Any, Any], pa.Table]:
    """Marks the changed records that mean their CUI's bearer under any rule; also returns these, linked
    (STANDING_SCHEMA).

    others: the linked records of the stated numbers' bearers. asked: the persons that the names of the changed records
    may mean. shared: ids of persons with a name and birth date that another has too, or stated otherwise than in the
    base.
    """
    marked = np.asarray(may_mean_others(changed) & changed.column("cui").is_valid().to_numpy())
    marked &= changed.column("subject").to_numpy() == SUBJECT_PERSON
    marked &= changed.column("alert_flags").to_numpy() & _FLAGS == 0
    for name in _NOT_BESIDE:
        marked &= ~changed.column(name).is_valid().to_numpy()
    cuis = values(changed, "cui")
    alone = sorted({cuis[row] for row in np.flatnonzero(marked)} - {cuis[row] for row in np.flatnonzero(~marked)})
    ids = dict(zip(alone, _ids(linking.key, alone), strict=True))
    claims = _claims(others)
    named = _named_besides(asked, linking.key, [ids.get(cui or "") for cui in cuis])
    rows = np.flatnonzero(marked)
    minors: list[bool] = []
    columns = ("section", "sensitivity", "sort_day", "issued_first", "issued_span", *_SAID)
    for row, stated in zip(rows.tolist(), changed.select(columns).take(rows).to_pylist(), strict=True):
        whose = ids.get(cuis[row])
        marked[row] = (
            whose is not None
            and whose not in shared
            and row not in named
            and standing.known(whose) is not None
            and _is_borne_out(stated, claims.get(whose, []))
        )
        if marked[row]:
            birth = _birth(claims[whose]) if whose in claims else None
            may_hide = stated["section"] in MINOR_SECTIONS and stated["sensitivity"] == SENSITIVITY_OPEN
            minors.append(may_hide and birth is not None and _is_minors(stated, birth, linking.day))
    return marked, _linked(linking.key, changed.filter(pa.array(marked)), minors)


def _linked(key: bytes, records: pa.Table, minors: list[bool]) -> pa.Table:
    """These records as linked ones, STANDING_SCHEMA: each with its CUI's bearer, by rule."""
    count = records.num_rows
    columns: dict[str, Any] = {name: records.column(name) for name in records.schema.names}
    if any(minors):
        hidden = pa.scalar(SENSITIVITY_MINOR, pa.uint8())
        columns["sensitivity"] = pc.if_else(pa.array(minors), hidden, columns["sensitivity"].combine_chunks())
    columns["entity"] = pa.array(np.zeros(count, dtype=np.uint32))
    columns["link_criterion"] = pa.array(np.full(count, CRITERION_CUI, dtype=np.uint8))
    columns["link_level"] = pa.array(np.full(count, LEVEL_BY_RULE, dtype=np.uint8))
    columns["owner_level"] = pa.array(np.zeros(count, dtype=np.uint8))
    for field in (*LINKED_SCHEMA, STANDING_SCHEMA.field("owner_id")):
        if field.name not in columns:
            columns[field.name] = pa.nulls(count, field.type)
    columns["subject_id"] = _id_column(key, values(records, "cui"))
    return pa.table([columns[name] for name in STANDING_SCHEMA.names], schema=STANDING_SCHEMA)


def _ids(key: bytes, cuis: list[str]) -> list[bytes]:
    return [bytes(each) for each in _id_column(key, cuis).to_pylist() if each is not None]


def _id_column(key: bytes, cuis: list[str]) -> pa.Array[Any]:
    return subject_ids(key, (f"cui:{cui}" for cui in cuis))


def _claims(others: pa.Table) -> dict[bytes, list[tuple[Any, ...]]]:
    """Returns the identity records' facts of each subject: _SAID."""
    claims = others.filter(pa.array(others.column("section").to_numpy() == SECTION_IDENTITY))
    found: dict[bytes, list[tuple[Any, ...]]] = {}
    said = zip(*(values(claims, name) for name in _SAID), strict=True)
    for subject_id, each in zip(values(claims, "subject_id"), said, strict=True):
        found.setdefault(subject_id, []).append(each)
    return found


def _named_besides(asked: AskedIndex, key: bytes, own: list[bytes | None]) -> set[int]:
    """Returns rows with a name that may mean other persons than their own number's bearer."""
    of = subjects_by_entity(asked, key)
    return {
        row for row, entity in zip(asked.rows.tolist(), asked.entities.tolist(), strict=True) if of[entity] != own[row]
    }


def _is_borne_out(stated: dict[str, Any], claims: list[tuple[Any, ...]]) -> bool:
    """Returns whether one claim has all facts of the record, and the claims have one birth date if it is required."""
    said = tuple(stated[name] for name in _SAID)
    if not claims or (any(said) and not any(_states(claim, said) for claim in claims)):
        return False
    return stated["section"] not in MINOR_SECTIONS or _birth(claims) is not None


def _birth(claims: list[tuple[Any, ...]]) -> tuple[int, int, int] | None:
    """The one that all of them have that state a year; None = none, or several."""
    first = _SAID.index(_BIRTH[0])
    births = {claim[first : first + len(_BIRTH)] for claim in claims if claim[first]}
    if len(births) != 1:
        return None
    [(year, month, day)] = births
    return year, month or 0, day or 0


def _is_minors(stated: dict[str, Any], birth: tuple[int, int, int], day: int) -> bool:
    """Returns whether an act was certainly a minor's (section 10, "Minors"): as in indexer/linking/subjects.py."""
    latest = stated["sort_day"]
    if latest is None and stated["issued_first"] is not None:
        latest = stated["issued_first"] + (stated["issued_span"] or 0)
    latest = day if latest is None else min(latest, day)
    born, of_age = (
        date(birth[0] + years, max(birth[1], 1), 1).toordinal() - _EPOCH + max(birth[2], 1) - 1 for years in (0, 18)
    )
    return born <= latest < of_age


def _states(claim: tuple[Any, ...], said: tuple[Any, ...]) -> bool:
    """Returns whether the claim's name is the stated one, and so are its other fields if stated."""
    return bool(said[0]) and all(not mine or mine == theirs for mine, theirs in zip(said, claim, strict=True))


def subjects_by_entity(asked: AskedIndex, key: bytes) -> dict[int, bytes]:
    """Returns the subject ids of an index's persons, by its own numbers."""
    ids = ids_of_persons(key, asked.persons.select(["cui", "text"]).to_pylist())
    return dict(zip(values(asked.persons, "entity"), ids, strict=True))
