"""Changed records with the birth date of their number's bearer, and another's name.

docs/answers.md section 5, "Numbers in doubt": the date came with the number, so any bearer of the name may be meant,
with any birth date.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from core.calendar import compare_birth_dates
from indexer.live.kept import CROSSED
from indexer.live.near_numbers import may_mean_others
from indexer.live.standing import values
from ronda.v1.level_pb2 import AGREEMENT_DISAGREES as DISAGREES

_BIRTH = ("birth_year", "birth_month", "birth_mday")
_NUMBERS = ("cui", *CROSSED)
Birth = tuple[int, int, int]
Said = tuple[str, Birth]
"""A name key and a whole birth date."""


def dated_by_number(changed: pa.Table, around: pa.Table) -> np.ndarray[Any, Any]:
    """Marks those of the changed records. around: the linked records of who bears the stated numbers."""
    marked = np.zeros(changed.num_rows, dtype=bool)
    rows = np.flatnonzero(may_mean_others(changed) & changed.column("name_key").is_valid().to_numpy())
    asked = [(row, numbers, said) for row, (numbers, said) in zip(rows, _said(changed.take(rows)), strict=True) if said]
    if not any(numbers for _, numbers, _ in asked):
        return marked
    claims = _claims(changed, around)
    for row, numbers, said in asked:
        if said is not None:
            of_bearer = {claim for number in numbers for claim in claims.get(number, ())}
            is_own = any(compare_birth_dates(said[1], birth) != DISAGREES for _, birth in of_bearer)
            marked[row] = is_own and said not in of_bearer
    return marked


def _claims(changed: pa.Table, around: pa.Table) -> dict[tuple[str, str], set[Said]]:
    """Returns the facts about the bearer of each number, except alerts."""
    found: dict[tuple[str, str], set[Said]] = {}
    of_subject: dict[bytes, set[Said]] = {}
    for table in (changed, around):
        plain = table.filter(pa.array(table.column("alert_kind").to_numpy() == 0))
        whose = values(plain, "subject_id") if table is around else [None] * plain.num_rows
        for subject_id, (numbers, said) in zip(whose, _said(plain), strict=True):
            if said is not None:
                for number in numbers:
                    found.setdefault(number, set()).add(said)
                if subject_id is not None:
                    of_subject.setdefault(subject_id, set()).add(said)
    for subject_id, (numbers, _) in zip(values(around, "subject_id"), _said(around), strict=True):
        for number in numbers:
            found.setdefault(number, set()).update(of_subject.get(subject_id, ()))
    return found


def _said(rows: pa.Table) -> Iterator[tuple[list[tuple[str, str]], Said | None]]:
    """Yields each record's numbers, and its name ("" = none) and birth date if that is whole."""
    for row in rows.select(["name_key", *_BIRTH, *_NUMBERS]).to_pylist():
        year, month, day = (row[name] or 0 for name in _BIRTH)
        birth = year, month, day
        numbers = [(name, row[name]) for name in _NUMBERS if row[name]]
        yield numbers, (row["name_key"] or "", birth) if all(birth) else None
