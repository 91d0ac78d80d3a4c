"""Persons of whom the feed states another name, birth date or sex than the base: who they are is not certain yet.

Records by name alone were linked by the base's claims, and are linked anew at the next rebuild. Until then an order
that means such a person by the new name may be missing from the dossier, so the dossier says since when, and no check
of the person is CLEAR (docs/answers.md section 15).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core.ledger.change import Change
from indexer.live.standing import Standing, Subject, values
from ronda.v1.section_pb2 import SECTION_IDENTITY

_WHO = ("name_text", "birth_year", "birth_month", "birth_mday", "sex")
_DAY_MS = 86_400_000
_GUATEMALA_BEHIND_MS = 6 * 3_600_000


class Restated:
    """Over one base. Not thread-safe."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._days: dict[bytes, int] = {}  # by subject: since 1970, in Guatemala

    @property
    def subjects(self) -> frozenset[bytes]:
        """Ids of these persons."""
        return frozenset(self._days)

    def told(
        self, settled: Mapping[bytes, Subject | None], now: pa.Table, changes: Iterable[Change]
    ) -> dict[bytes, Subject | None]:
        """These subjects, each with the day on which the feed changed who it is.

        now: their records as they will stand. changes: of which some state an identity.
        """
        day = max((_day_of(change.event_ms) for change in changes), default=0)
        stated = _stated(now)
        for subject_id in settled:
            if stated.get(subject_id, set()) <= self._of_base(subject_id, stated):
                self._days.pop(subject_id, None)
            else:
                self._days.setdefault(subject_id, day)
        return {
            each: replace(whom, identity_fed=self._days.get(each)) if whom is not None else None
            for each, whom in settled.items()
        }

    def _of_base(self, subject_id: bytes, stated: Mapping[bytes, set[tuple[object, ...]]]) -> set[tuple[object, ...]]:
        """What the base's claims say; only looked up for somebody who has claims now."""
        entity = self._standing.entity_of(subject_id) if subject_id in stated else None
        if entity is None:
            return set()
        rows = self._standing.kept.rows_of([entity])
        return {who for _, who in _claims(rows, rows.column("entity").to_pylist())}


def _stated(rows: pa.Table) -> dict[bytes, set[tuple[object, ...]]]:
    found: dict[bytes, set[tuple[object, ...]]] = {}
    for subject_id, who in _claims(rows, values(rows, "subject_id")):
        found.setdefault(subject_id, set()).add(who)
    return found


def _claims(rows: pa.Table, whose: list[Any]) -> list[tuple[Any, tuple[object, ...]]]:
    """Of each identity claim: whose it is, and who it says that they are."""
    is_claim = pc.equal(rows.column("section"), pa.scalar(SECTION_IDENTITY, pa.uint8())).to_pylist()
    who = zip(*(rows.column(name).to_pylist() for name in _WHO), strict=True)
    return [(subject_id, each) for subject_id, each, claims in zip(whose, who, is_claim, strict=True) if claims]


def _day_of(time_ms: int) -> int:
    return (time_ms - _GUATEMALA_BEHIND_MS) // _DAY_MS
