"""Persons with another name, birth date or sex in the feed than in the base: their identity is not certain yet.

The identity comes from a claim of an identity register; without one, from that of any other register that identifies a
stated number (indexer/linking/on_file.py).

Records by name alone were linked by the base's claims, and are linked anew at the next rebuild. Until then an order
that means such a person by the new name may be missing from the dossier. So the dossier states since when, and no check
of the person is CLEAR (docs/answers.md section 15). The same holds for a person that lost such a claim, and after the
old name is back: records fed meanwhile were linked by the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.ledger.change import Change
from indexer.linking.database import STANDARDS
from indexer.live.record_key import RecordKey, said_of_each
from indexer.live.standing import Standing, Subject, values
from indexer.manifest.model import Manifest
from indexer.standard import SUBJECT_PERSON
from ronda.v1.section_pb2 import SECTION_IDENTITY, SECTION_OWNER

_WHO = ("name_text", "birth_year", "birth_month", "birth_mday", "sex")
_KINDS = {  # columns of numbers of persons, and what a register says that it identifies by them
    "cui": ("cui",),
    "nit": ("nit",),
    "licence": ("licence",),
    "cedula": ("cedula",),
    "document_number": ("document", "foreign_document"),
}
_DAY_MS = 86_400_000
_GUATEMALA_BEHIND_MS = 6 * 3_600_000
_Who = tuple[object, ...]
"""Name, birth date and sex that one record states."""


class Restated:
    """Keeps the days of such changes over one base. Not thread-safe."""

    def __init__(self, standing: Standing, manifests: Sequence[Manifest]) -> None:
        """manifests: by the ordinals of their registers."""
        self._standing = standing
        self._identifying = {
            at
            for at, manifest in enumerate(manifests)
            if SECTION_IDENTITY in manifest.sections or _identified(manifest)
        }
        self._by_number = {column: _ordinals(manifests, kinds) for column, kinds in _KINDS.items()}
        self._days: dict[bytes, int] = {}  # by subject: since 1970, in Guatemala

    @property
    def subjects(self) -> frozenset[bytes]:
        """Ids of these persons."""
        return frozenset(self._days)

    def told(
        self,
        settled: Mapping[bytes, Subject | None],
        now: pa.Table,
        linked: pa.Table,
        changes: Mapping[RecordKey, Change],
    ) -> dict[bytes, Subject | None]:
        """Returns the subjects, each with the day on which the feed last changed who they are.

        now: their records as they will stand. linked: those of them that were linked in this step. changes: by the
        keys of what they replace.
        """
        claims = self._claims(linked, now)
        whose = values(claims, "subject_id")
        touched = settled.keys() if any(key.register in self._identifying for key in changes) else ()
        doubtful = {*whose, *self._days, *touched} & settled.keys()
        if not doubtful:
            return dict(settled)
        of_base = self._of_base(doubtful)
        stated = _who_by_subject(self._claims(now.filter(_are_among(now, doubtful))), "subject_id")
        days: dict[bytes, list[int]] = {}
        for subject_id, who, change in zip(whose, _who_of_each(claims), said_of_each(claims, changes), strict=True):
            if who not in of_base.get(subject_id, ()) and change is not None:
                days.setdefault(subject_id, []).append(_day_of(change.event_ms))
        latest = max((_day_of(change.event_ms) for change in changes.values()), default=0)
        for subject_id in doubtful:
            if subject_id in days:
                self._days[subject_id] = max(days[subject_id])
            elif stated.get(subject_id) != of_base.get(subject_id):  # a claim came from another subject, or went to one
                self._days.setdefault(subject_id, latest)
        return {
            each: replace(whom, identity_fed=self._days.get(each)) if whom is not None and each in doubtful else whom
            for each, whom in settled.items()
        }

    def _of_base(self, subject_ids: Collection[bytes]) -> dict[bytes, set[_Who]]:
        """Returns what the base's claims say of these subjects."""
        entities = {
            entity: subject_id
            for subject_id in subject_ids
            if (entity := self._standing.entity_of(subject_id)) is not None
        }
        found = _who_by_subject(self._claims(self._standing.kept.rows_of(entities), whose="entity"), "entity")
        return {entities[entity]: who for entity, who in found.items()}

    def _claims(self, rows: pa.Table, among: pa.Table | None = None, whose: str = "subject_id") -> pa.Table:
        """Returns these records that state an identity. among: all records of the same persons; None = these."""
        identity = rows.column("section").to_numpy() == SECTION_IDENTITY
        others = self._are_other_claims(rows)
        if others.any():
            around = rows if among is None else among
            known = around.filter(pc.equal(around.column("section"), pa.scalar(SECTION_IDENTITY, pa.uint8())))
            others &= ~pc.is_in(rows.column(whose), value_set=known.column(whose).combine_chunks()).to_numpy()
        return rows.filter(pa.array(identity | others))

    def _are_other_claims(self, rows: pa.Table) -> np.ndarray[Any, Any]:
        register = rows.column("register").to_numpy()
        found = np.zeros(rows.num_rows, dtype=bool)
        for column, registers in self._by_number.items():
            found |= rows.column(column).is_valid().to_numpy() & np.isin(register, registers)
        found &= rows.column("name_text").is_valid().to_numpy() & (rows.column("alert_kind").to_numpy() == 0)
        found &= rows.column("subject").to_numpy() == SUBJECT_PERSON
        found &= rows.column("clearance").to_numpy() & STANDARDS == 0
        sections = rows.column("section").to_numpy()
        return np.asarray(found & (sections != SECTION_IDENTITY) & (sections != SECTION_OWNER))


def _identified(manifest: Manifest) -> bool:
    return any({*kinds} & {*manifest.register_.identifies} for kinds in _KINDS.values())


def _ordinals(manifests: Sequence[Manifest], kinds: Collection[str]) -> list[int]:
    return [at for at, manifest in enumerate(manifests) if {*kinds} & {*manifest.register_.identifies}]


def _are_among(rows: pa.Table, subject_ids: Collection[bytes]) -> Any:
    return pc.is_in(rows.column("subject_id"), value_set=pa.array(list(subject_ids), pa.binary(16)))


def _who_of_each(claims: pa.Table) -> Iterator[_Who]:
    return zip(*(claims.column(name).to_pylist() for name in _WHO), strict=True)


def _who_by_subject(claims: pa.Table, column: str) -> dict[Any, set[_Who]]:
    found: dict[Any, set[_Who]] = {}
    for subject, who in zip(values(claims, column), _who_of_each(claims), strict=True):
        found.setdefault(subject, set()).add(who)
    return found


def _day_of(time_ms: int) -> int:
    return (time_ms - _GUATEMALA_BEHIND_MS) // _DAY_MS
