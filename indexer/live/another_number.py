"""Namesakes of a changed record's person, perhaps with another number.

docs/answers.md section 5, "Wanted under another number" and "Only hidden". Linking compares the claims of a number's
bearers with everybody's: a person of the same name is around too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from indexer.linking.database import LAST_FILLER_YEAR, STANDARDS
from indexer.live.going_past import subjects_by_entity
from indexer.live.kept import CROSSED
from indexer.live.near_numbers import may_mean_others
from indexer.live.standing import Standing, values
from indexer.standard import ALERT_PROTECTED
from ronda.v1.section_pb2 import SECTION_OWNER

_NUMBERS = ("cui", *CROSSED)
_WHO = ("name_text", "birth_year", "birth_month", "birth_mday")


def namesakes(standing: Standing, key: bytes, changed: pa.Table, around: pa.Table) -> tuple[set[bytes], set[bytes]]:
    """Returns the subject ids of persons with a name that changed alerts or clearance records mean by a number.

    Second set: the subject ids of both kinds with a name, as searched, that another has too.

    key: of subject ids. around: the linked records of the stated numbers' bearers. Bearers of the record's own name are
    searched with it. Only a person born on the same whole day may be wanted under another number; an order hides by
    name alone.
    """
    numbered = changed.filter(pa.array(_may_mean_by_number(changed)))
    claims = _claims_of_bearers(numbered, around)
    hides = bool((numbered.column("alert_flags").to_numpy() & ALERT_PROTECTED).any())
    seen = set(_who(numbered))
    new = []
    for who in _who(claims):
        new.append(who not in seen and (hides or _is_whole(*who[1:])))
        seen.add(who)
    claims = claims.filter(pa.array(new, pa.bool_()))
    if not claims.num_rows:
        return set(), set()
    asked = standing.named_as(claims, hides=hides)
    of, whose = subjects_by_entity(asked, key), values(claims, "subject_id")
    pairs = ((of[entity], whose[row]) for row, entity in zip(asked.rows.tolist(), asked.entities.tolist(), strict=True))
    return set(of.values()), {each for pair in pairs if pair[0] != pair[1] for each in pair}


def _claims_of_bearers(numbered: pa.Table, around: pa.Table) -> pa.Table:
    """Returns the records, except alerts and owners, of the bearers of these records' numbers."""
    bears = np.zeros(around.num_rows, dtype=bool)
    for name in _NUMBERS:
        stated = sorted({text for text in values(numbered, name) if text})
        if stated:
            bears |= pc.is_in(around.column(name), value_set=pa.array(stated)).to_numpy()
    whose = set(values(around.filter(pa.array(bears)), "subject_id"))
    claims = around.column("name_text").is_valid().to_numpy() & (around.column("alert_kind").to_numpy() == 0)
    claims &= around.column("alert_flags").to_numpy() & ALERT_PROTECTED == 0
    claims &= around.column("clearance").to_numpy() & STANDARDS == 0
    claims &= around.column("section").to_numpy() != SECTION_OWNER
    claims &= pc.is_in(around.column("subject_id"), value_set=pa.array(sorted(whose), pa.binary(16))).to_numpy()
    return around.filter(pa.array(claims))


def _may_mean_by_number(rows: pa.Table) -> np.ndarray[Any, Any]:
    stated = np.zeros(rows.num_rows, dtype=bool)
    for name in _NUMBERS:
        stated |= rows.column(name).is_valid().to_numpy()
    return np.asarray(may_mean_others(rows) & stated)


def _is_whole(year: int | None, month: int | None, day: int | None) -> bool:
    return (year or 0) > LAST_FILLER_YEAR and bool(month) and bool(day)


def _who(rows: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(values(rows, name) for name in _WHO), strict=True))
