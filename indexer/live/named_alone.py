"""Alerts that name a person without a link, as they are fed: `name_only_alerts` follows at once.

A build counts them for every person that they may mean (docs/answers.md section 5, "Counts"), and a clearance or a
check of such a person is not clear for it. So a fed record that counts for others than its version before touches all
of them. The count of the base's own version is computed once, when it is replaced. The base's flags of a person stay as
long as a record of the base counts for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from indexer.live.record_key import Place, places_of
from indexer.live.standing import Standing, Subject, values
from indexer.standard import ALERT_PROTECTED
from ronda.v1.alert_pb2 import ALERT_STATE_PENDING
from ronda.v1.level_pb2 import CRITERION_CUI
from ronda.v1.section_pb2 import SECTION_IDENTITY

Counted = dict[Place, bytes]
"""The persons that each record counts for, `packed`."""
_ID_BYTES = 16


def packed(counted: Iterable[tuple[bytes, int]]) -> bytes:
    """Subject ids and their NAME_ONLY_* bits; a common name has thousands."""
    return b"".join(subject_id + bytes([flags]) for subject_id, flags in counted)


def _unpacked(counted: bytes) -> Iterator[tuple[bytes, int]]:
    for start in range(0, len(counted), _ID_BYTES + 1):
        yield counted[start : start + _ID_BYTES], counted[start + _ID_BYTES]


@dataclass(frozen=True)
class Recount:
    """A recount after changed records: nothing is noted before `NamedAlone.settle`."""

    fed: Counted  # persons that these count for from now on
    more: dict[bytes, Counter[int]] = field(default_factory=dict)
    fewer: Counter[bytes] = field(default_factory=Counter)

    @property
    def subjects(self) -> set[bytes]:
        """Every person with a count that may change."""
        return {*self.more, *self.fewer}


class NamedAlone:
    """Over one base. Not thread-safe."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._fed: Counted = {}  # of each record that was fed and might count
        self._more: dict[bytes, Counter[int]] = {}  # subject -> NAME_ONLY_* bits of fed records
        self._fewer: Counter[bytes] = Counter()  # subject -> records of the base that count no more

    def of_base(self, replaced: pa.Table, others: pa.Table) -> pa.Table:
        """Returns the base's records that changed ones replace and that may have counted for a person.

        others: records of the subjects that hold them. A record with the full name of its own number's bearer needs no
        names.
        """
        may = _may_count(replaced)
        if not may.any():
            return replaced.slice(0, 0)
        places = places_of(replaced)
        is_claim = pc.equal(others.column("section"), pa.scalar(SECTION_IDENTITY, pa.uint8()))
        claims = set(_named(others.filter(is_claim)))
        of_number = (criterion == CRITERION_CUI for criterion in values(replaced, "link_criterion"))
        named = zip(places, of_number, _named(replaced), strict=True)
        sure = {place for place, is_own, who in named if is_own and who in claims}
        fresh = [place not in self._fed and place not in sure for place in places]
        return replaced.take(np.flatnonzero(may & np.array(fresh, dtype=bool)))

    def counts_for(self, subject_id: bytes) -> bool:
        """Returns whether any record of the base counts for the subject."""
        entity = self._standing.entity_of(subject_id)
        return entity is not None and bool(self._standing.subject_of(entity).name_only_alerts)

    def recount(self, places: Iterable[Place], changed: pa.Table, counted: Counted, before: Counted) -> Recount:
        """places: of everything that changed, as it stood before. changed: its standard records now. counted: their
        counts. before: the counts of the records of `of_base`."""
        made = Recount(dict.fromkeys(places_of(changed.take(np.flatnonzero(_may_count(changed)))), b""))
        for content in before.values():
            made.fewer.update(subject_id for subject_id, _ in _unpacked(content))
        for place in {*places, *places_of(changed)}:
            if place in self._fed or place in before:
                made.fed[place] = b""
                for subject_id, flags in _unpacked(self._fed.get(place, b"")):
                    made.more.setdefault(subject_id, Counter())[flags] -= 1
        for place, content in counted.items():
            made.fed[place] = content
            for subject_id, flags in _unpacked(content):
                made.more.setdefault(subject_id, Counter())[flags] += 1
        return made

    def told(self, subject: Subject, made: Recount) -> Subject:
        """Returns the subject with the number that is true once this is noted."""
        if subject.name_only_alerts is None:
            return subject
        subject_id = subject.subject_id
        entity = self._standing.entity_of(subject_id)
        base = self._standing.subject_of(entity) if entity is not None else None
        of_base = (base.name_only_alerts or 0) if base is not None else 0
        records = max(0, of_base - self._fewer[subject_id] - made.fewer[subject_id])
        flags = base.name_only_flags if base is not None and records else 0
        fed = Counter(self._more.get(subject_id, ()))
        fed.update(made.more.get(subject_id, ()))
        for bits, number in fed.items():
            if number > 0:
                records, flags = records + number, flags | bits
        return replace(subject, name_only_alerts=records, name_only_flags=flags)

    def settle(self, made: Recount) -> None:
        """Notes it."""
        self._fed.update(made.fed)
        self._fewer.update(made.fewer)
        for subject_id, flags in made.more.items():
            self._more.setdefault(subject_id, Counter()).update(flags)


def _may_count(rows: pa.Table) -> np.ndarray[Any, Any]:
    """Marks the records that are alerts in force with a name."""
    flags = rows.column("alert_flags").to_numpy()
    is_alert = (rows.column("alert_kind").to_numpy() != 0) | (flags & ALERT_PROTECTED != 0)
    pending = rows.column("alert_state").to_numpy() == ALERT_STATE_PENDING
    return np.asarray(is_alert & pending & rows.column("name_text").is_valid().to_numpy())


def _named(rows: pa.Table) -> Iterator[tuple[bytes, str, int, int, int]]:
    """Yields each record's subject, name and birth date."""
    names = "subject_id", "name_key", "birth_year", "birth_month", "birth_mday"
    return zip(*(values(rows, name) for name in names), strict=True)
