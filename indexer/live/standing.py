"""The present state: the linked records of each subject, of the base and of all changes fed since.

A record is linked to subjects by id here, because numbers differ from level to level. An owner in the base is named by
their number there (with BASE_OWNER set), which never changes while the base serves; another by their id.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import GenerationDamaged
from core.generation.reader import DossierReader, EntityKind
from core.generation.store import Generation
from core.identifiers.kinds import SUBJECT_KEY, IdentifierKind
from indexer.linking.database import STANDARDS
from indexer.linking.names_kept import ASKED, AskedIndex
from indexer.linking.vehicles import TAIL_MAX, TAIL_MIN
from indexer.live.ever_given import EverGiven
from indexer.live.kept import (
    BY_CAUSA,
    BY_LOOSE,
    BY_OWNED,
    BY_OWNER,
    CROSSED,
    KeptRecords,
    awaiting_causa,
    loose_keys,
    number_of_owner,
)
from indexer.live.record_key import PLACE_COLUMNS, RecordKey
from indexer.live.touched_rows import TouchedRows
from indexer.standard import (
    ALERT_BIRTH_DOUBTED,
    ALERT_BIRTH_TURNED,
    ALERT_PROTECTED,
    LINKED_SCHEMA,
    STANDARD_SCHEMA,
)
from ronda.v1.section_pb2 import SECTION_OWNER

BASE_OWNER = 1 << 31  # core/generation/levels.pxd
MOST_HOLDERS = 400  # subjects by one identifier that are looked at: what more share is no identifier
_AT_ONCE = 20_000  # subjects of which a column is read together
_MOST_READ = 20_000  # subjects of the base that are remembered
_BORNE = ("cui", "document_number", "nit", "licence", "cedula", "plate", "vin", "chassis", "engine")
_WHOLE_NUMBERS, _TAIL, _CAUSA, _LOOSE = ("vin", "chassis"), "tail", "causa", "loose_number"
ID = pa.binary(16)  # a subject's
_UNDATED = ("birth_year", "birth_month", "birth_mday", "sex")
_FIELDS: list[pa.Field[Any]] = [pa.field("subject_id", ID, nullable=False), pa.field("owner_id", ID)]
STANDING_SCHEMA = pa.schema([*LINKED_SCHEMA, *_FIELDS])


def values(table: pa.Table, name: str) -> list[Any]:
    """A column as Python has it."""
    return table.column(name).to_pylist()


@dataclass(frozen=True, slots=True)
class Subject:
    """Facts of a dossier's header that its records do not have."""

    subject_id: bytes
    kind: int  # EntityKind
    homonyms: int | None
    name_only_alerts: int | None
    name_only_flags: int
    identity_fed: int | None = None  # day on which the feed changed who it is

    @property
    def is_person(self) -> bool:
        return self.kind < EntityKind.VEHICLE


class Standing:
    """One base with its kept records, and the records of every subject that a change has touched since."""

    def __init__(self, base: Generation, kept: KeptRecords, directory: Path) -> None:
        """directory: for files of its own."""
        self.base = base
        self.kept = kept
        self.touched: dict[bytes, Subject | None] = {}  # None = gone
        self._rows = TouchedRows(STANDING_SCHEMA, directory)
        self._of_base: dict[int, Subject] = {}  # read of late
        self._numbers: dict[bytes, int | None] = {}
        # Who was ever given a record, (register, record id), or an identifier, (column, text), that the base does not
        # know of them.
        self._holders, self._bearers = EverGiven(), EverGiven()
        self._owned = EverGiven()  # vehicles that a change gave an owner, by owner

    # ---- who ----

    def subject_of(self, entity: int) -> Subject:
        """Returns the subject of the base. Raises DossierDamaged."""
        if (known := self._of_base.get(entity)) is not None:
            return known
        read = DossierReader(self.base.dossier(entity))
        found = Subject(read.subject_id, read.kind, read.homonyms, read.name_only_alerts, read.name_only_flags)
        if len(self._of_base) >= _MOST_READ:
            self._of_base.clear()
        self._of_base[entity] = found
        return found

    def entity_of(self, subject_id: bytes) -> int | None:
        """Number in the base; None = nobody of it."""
        if subject_id in self._numbers:
            return self._numbers[subject_id]
        found = self.base.lookup(SUBJECT_KEY, subject_id)
        if len(self._numbers) >= _MOST_READ:
            self._numbers.clear()
        self._numbers[subject_id] = number = found[0] if found else None
        return number

    def known(self, subject_id: bytes) -> Subject | None:
        """Returns the subject as it stands now; None = none, or gone."""
        if subject_id in self.touched:
            return self.touched[subject_id]
        entity = self.entity_of(subject_id)
        return None if entity is None else self.subject_of(entity)

    def holders(self, keys: Iterable[RecordKey]) -> set[bytes]:
        """Subjects that hold one of these records now, or did in the base."""
        found: set[bytes] = set()
        for key in keys:
            found |= self._holders.of((key.register, key.record_id))
            for entity in self.kept.subjects_of(key.register, key.record_id):
                found.add(self.subject_of(entity).subject_id)
        return found

    def bearers(self, rows: pa.Table) -> set[bytes]:
        """Subjects that hold an identifier that one of these records states: they decide what it is linked to."""
        found: set[bytes] = set()
        for kind, texts in _identifiers_of(rows).items():
            for text in texts:
                for entity in self.base.lookup(kind, text)[:MOST_HOLDERS]:
                    found.add(self.subject_of(entity).subject_id)
        for causa in {causa for causa in values(rows, "merge_key") if causa}:
            found |= self._bearers.of((_CAUSA, causa))
            for entity in self.kept.subjects_of(BY_CAUSA, causa)[:MOST_HOLDERS]:
                found.add(self.subject_of(entity).subject_id)
        return found | self._touched_bearers(rows)

    def bearers_of_cuis(self, cuis: Iterable[str]) -> set[bytes]:
        """Subjects that hold one of these CUIs now, or did in the base."""
        return self.bearers_of(IdentifierKind.CUI, cuis)

    def bearers_of(self, kind: IdentifierKind, numbers: Iterable[str]) -> set[bytes]:
        """Subjects that hold one of these CUIs, NITs, licences, cédulas or documents now, or did in the base."""
        found: set[bytes] = set()
        for number in numbers:
            is_document = kind is IdentifierKind.DOCUMENT
            column = "document_number" if is_document else kind.name.lower()
            found |= self._bearers.of((column, number.rpartition(":")[2] if is_document else number))
            for entity in self.base.lookup(kind, number)[:MOST_HOLDERS]:
                found.add(self.subject_of(entity).subject_id)
        return found

    def holders_of_loose(self, keys: Iterable[str]) -> set[bytes]:
        """Returns subjects of records with a number in the CUI's cell that these keys meet (kept.loose_keys)."""
        found: set[bytes] = set()
        for key in keys:
            found |= self._bearers.of((_LOOSE, key))
            for entity in self.kept.subjects_of(BY_LOOSE, key)[:MOST_HOLDERS]:
                found.add(self.subject_of(entity).subject_id)
        return found

    def owned_by(self, rows: pa.Table) -> set[bytes]:
        """Returns vehicles of the base with an owner who has no CUI but a number that one of these records states.

        These records decide the owner. Vehicles touched since are bearers of the number.
        """
        found: set[bytes] = set()
        for name in CROSSED:
            for text in {text for text in values(rows, name) if text}:
                for entity in self.kept.subjects_of(BY_OWNER, number_of_owner(name, text))[:MOST_HOLDERS]:
                    found.add(self.subject_of(entity).subject_id)
        return found

    def owned(self, subject_ids: Iterable[bytes]) -> set[bytes]:
        """Vehicles that name one of these as owner, or did."""
        found: set[bytes] = set()
        for subject_id in subject_ids:
            found |= self._owned.of(subject_id)
            if (owner := self.entity_of(subject_id)) is not None:
                for entity in self.kept.subjects_of(BY_OWNED, str(owner))[:MOST_HOLDERS]:
                    found.add(self.subject_of(entity).subject_id)
        return found

    def owner_of_each(self, rows: pa.Table) -> list[bytes | None]:
        """Returns the owner that each of these records names; None = none."""
        found: list[bytes | None] = []
        for owner_id, of_base in zip(values(rows, "owner_id"), values(rows, "owner_entity"), strict=True):
            found.append(owner_id if of_base is None else self.subject_of(of_base & ~BASE_OWNER).subject_id)
        return found

    def owners_of(self, rows: pa.Table) -> set[bytes]:
        """Returns the owners that these records name."""
        return {owner for owner in self.owner_of_each(rows) if owner is not None}

    def meant(self, rows: pa.Table, undated: np.ndarray[Any, Any]) -> AskedIndex:
        """Returns the persons that the names of changed records may mean, as a build would (indexer/linking/names.py).

        undated: marks records with a birth date that may exclude nobody.
        """
        flags = rows.column("alert_flags").to_numpy()
        is_alert = (rows.column("alert_kind").to_numpy() != 0) | (flags & ALERT_PROTECTED != 0)
        counts = is_alert | (rows.column("clearance").to_numpy() & STANDARDS != 0)
        named = rows.column("name_text").is_valid().to_numpy() & (rows.column("section").to_numpy() != SECTION_OWNER)
        numbers = np.flatnonzero(counts & named)
        asked = rows.select([*ASKED, "alert_flags", "father", "mother"]).take(numbers)
        doubted = asked.column("alert_flags").to_numpy() & (ALERT_BIRTH_DOUBTED | ALERT_BIRTH_TURNED) != 0
        doubted |= undated[numbers]
        hides = asked.column("alert_flags").to_numpy() & ALERT_PROTECTED != 0
        by_parents = asked.column("father").is_valid().to_numpy() | asked.column("mother").is_valid().to_numpy()
        by_year, hiding = np.flatnonzero(doubted), np.flatnonzero(hides | by_parents)
        year_alone = _unknown(asked.take(by_year), ("birth_month", "birth_mday"))
        name_alone, names_hiding = (_unknown(asked.take(each), _UNDATED) for each in (by_year, hiding))
        return self.kept.names.fitting(
            [(asked, numbers), (year_alone, numbers[by_year]), (name_alone, numbers[by_year])],
            [(names_hiding, numbers[hiding])],
        )

    def named_as(self, claims: pa.Table, *, hides: bool) -> AskedIndex:
        """Returns the persons that the names of these claims mean, born on their days; hides: with any birth date."""
        numbers = np.arange(claims.num_rows, dtype=np.int64)
        undated = [(_unknown(claims, _UNDATED), numbers)] if hides else []
        return self.kept.names.fitting([(claims, numbers)], undated)

    def _touched_bearers(self, rows: pa.Table) -> set[bytes]:
        found: set[bytes] = set()
        for name in _BORNE:
            for text in {text for text in values(rows, name) if text}:
                found |= self._bearers.of((name, text))
                for tail in tails(text) if name in _WHOLE_NUMBERS else ():
                    found |= self._bearers.of(("chassis", tail))
        for row in rows.select(["alert_kind", "chassis"]).to_pylist():
            if row["alert_kind"] and row["chassis"]:
                found |= self._bearers.of((_TAIL, row["chassis"]))
        return found

    # ---- what ----

    def rows(self, subject_ids: Collection[bytes]) -> pa.Table:
        """Their linked records as they stand, STANDING_SCHEMA. Raises GenerationDamaged."""
        tables = [self.rows_of_touched(subject_ids)]
        of_base: dict[int, bytes] = {}
        for subject_id in subject_ids:
            if subject_id not in self.touched and (entity := self.entity_of(subject_id)) is not None:
                of_base[entity] = subject_id
        if of_base:
            tables.append(_standing(self.kept.rows_of(of_base), of_base))
        return pa.concat_tables(tables)

    def settle(self, subjects: dict[bytes, Subject | None], as_before: pa.Table, changed: pa.Table) -> None:
        """Gives these subjects these records, and no others, from now on; None = gone.

        as_before: records that one of these subjects had already, in the base or since.
        """
        self._rows.let_go(subjects)
        self.touched.update(subjects)
        self._rows.put(pa.concat_tables([as_before, changed]))
        ids = values(changed, "subject_id")
        for register, record_id, subject_id in zip(
            values(changed, "register"), values(changed, "record_id"), ids, strict=True
        ):
            self._holders.add((register, record_id), subject_id)
        for name in _BORNE:
            for text, subject_id in zip(values(changed, name), ids, strict=True):
                if text:
                    self._bearers.add((name, text), subject_id)
                    for tail in tails(text) if name in _WHOLE_NUMBERS else ():
                        self._bearers.add((_TAIL, tail), subject_id)
        for number, subject_id in zip(values(changed, _LOOSE), ids, strict=True):
            for key in loose_keys(number) if number else ():
                self._bearers.add((_LOOSE, key), subject_id)
        for owner, subject_id in zip(self.owner_of_each(changed), ids, strict=True):
            if owner is not None:
                self._owned.add(owner, subject_id)
        for place in np.flatnonzero(awaiting_causa(changed)).tolist():
            causa = changed.column("merge_key")[place].as_py()
            self._bearers.add((_CAUSA, causa), ids[place])

    def owners_fed(self, subject_ids: Collection[bytes]) -> set[bytes]:
        """Returns other owners that their records name by id: those missing in the base."""
        owners: set[bytes] = set()
        listed = list(subject_ids)
        for start in range(0, len(listed), _AT_ONCE):
            owners.update(values(self._rows.rows_of(listed[start : start + _AT_ONCE], ["owner_id"]), "owner_id"))
        return owners - {None, *listed}

    def rows_of_touched(self, subject_ids: Collection[bytes]) -> pa.Table:
        """The records of subjects that were touched since the base."""
        return self._rows.rows_of(subject_ids)


def _unknown(rows: pa.Table, columns: Sequence[str]) -> pa.Table:
    """The rows without what these columns say."""
    for name in columns:
        kind = rows.schema.field(name).type
        nothing = pa.array([0] * rows.num_rows, kind) if name == "sex" else pa.nulls(rows.num_rows, kind)
        rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), nothing)
    return rows


def _standing(rows: pa.Table, ids: dict[int, bytes]) -> pa.Table:
    """Linked records of the base with subjects by id."""
    subject_ids = pa.array([ids[entity] for entity in values(rows, "entity")], ID)
    owners = rows.column("owner_entity").combine_chunks()
    marked = pc.bit_wise_or(owners, pa.scalar(BASE_OWNER, pa.uint32()))
    rows = rows.set_column(rows.schema.get_field_index("owner_entity"), "owner_entity", marked)
    rows = rows.append_column("subject_id", subject_ids).append_column("owner_id", pa.nulls(rows.num_rows, ID))
    return pa.table(rows.columns, schema=STANDING_SCHEMA)


def as_staged(rows: pa.Table, columns: Sequence[str] = STANDARD_SCHEMA.names) -> pa.Table:
    """The standard records of linked ones, each once though several subjects have it.

    Both sides of an order are two: `part` tells apart what one row gave.
    """
    names = [*PLACE_COLUMNS, "section", "version", "row"]
    keys = rows.select(names).append_column("place", pa.array(np.arange(rows.num_rows)))
    first = keys.group_by(names, use_threads=False).aggregate([("place", "min")]).column("place_min").to_numpy()
    rows = rows.select(list(columns))
    return rows if len(first) == rows.num_rows else rows.take(np.sort(first))


def tails(number: str | None) -> list[str]:
    """The ends of a VIN or chassis number that an alert may state for the whole."""
    return [number[-size:] for size in range(TAIL_MIN, TAIL_MAX + 1) if len(number) > size] if number else []


def _identifiers_of(rows: pa.Table) -> dict[int, set[str]]:
    """Returns the identifiers of records, as keys of a generation: kind -> canonical texts."""
    found: dict[int, set[str]] = {}

    def add(kind: int, text: str | None) -> None:
        if text:
            found.setdefault(int(kind), set()).add(text)

    names = ("cui", "nit", "licence", "cedula", "document_country", "document_number", "vin", "chassis", "engine")
    more = ("plate", "plate_country", "alert_kind")
    for row in rows.select([*names, *more]).to_pylist():
        add(IdentifierKind.CUI, row["cui"])
        add(IdentifierKind.NIT, row["nit"])
        add(IdentifierKind.LICENCE, row["licence"])
        add(IdentifierKind.CEDULA, row["cedula"])
        if row["document_number"]:
            add(IdentifierKind.DOCUMENT, f"{row['document_country'] or '   '}:{row['document_number']}")
            add(IdentifierKind.DOCUMENT_NUMBER, row["document_number"])  # one side may lack its country
        for number in (row["vin"], row["chassis"]):
            add(IdentifierKind.VIN, number)
            for tail in tails(number):  # an alert may state no more of it
                add(IdentifierKind.VIN, tail)
        if row["alert_kind"] and row["chassis"]:
            add(IdentifierKind.CHASSIS_TAIL, row["chassis"])
        add(IdentifierKind.ENGINE, row["engine"])
        if row["plate"]:
            add(IdentifierKind.PLATE, f"{row['plate_country'] or 'GTM'}:{row['plate']}")
    return found


def check_registers(base: Generation, ids: Iterable[str]) -> None:
    """Raises GenerationDamaged where the manifests are not those that the base was built with."""
    if [stated["id"] for stated in base.manifest["registers"]] != list(ids):
        raise GenerationDamaged("MANIFEST.json", "built with other manifests: changes cannot be read by these")
