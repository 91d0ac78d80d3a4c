"""The alerts of a subject as its dossier has them, and the changes between two of its dossiers.

Several registers may state one alert, and another record may come to represent it: two alerts are the same if they
share a record. A cancelled alert is reported only if no alert in force, of any sensitivity, has that record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, NamedTuple

from core.calendar import age_on
from core.generation.reader import DossierReader
from core.ledger.change import RECORD_KINDS, Change, Kind
from ronda.v1 import alert_pb2, level_pb2, section_pb2

_OF_AGE = 18  # years
# Of an act as a minor: shown to who may act, or once the person is of age (docs/answers.md section 10, "Minors").
_SHOWN_OF_MINORS = (alert_pb2.ALERT_KIND_WARRANT, alert_pb2.ALERT_KIND_ESCAPE)
RecordId = tuple[str, str]
"""Register, record."""


class What(IntEnum):
    """ronda.v1.RecallKind."""

    NEW = 1
    CANCELLED = 2
    MOVED = 3


@dataclass(frozen=True)
class StandingAlert:
    """An alert, whatever its state. records: that which stands for it first."""

    records: tuple[RecordId, ...]
    kind: int  # ronda.v1.AlertKind
    section: int
    is_open: bool  # shown to all that may see its section OPEN: no other is ever recalled
    pending: bool
    is_discreet: bool = False  # its owner hears of looks, and nobody else of anything
    # Of a dossier alone, not kept:
    certain: bool = field(default=True, compare=False)  # that it is in force, and about the subject
    doubt: str = field(default="", compare=False)  # "cancelada según ...: confirme" (docs/answers.md section 15)
    adolescents: bool = field(default=False, compare=False)  # of who is not of age: shown for a purpose to act alone

    def fields(self) -> list[Any]:
        """Returns the fields for JSON."""
        return [list(map(list, self.records)), self.kind, self.section, self.is_open, self.pending, self.is_discreet]

    @classmethod
    def of_fields(cls, fields: Sequence[Any]) -> StandingAlert:
        """Returns the alert from `fields`; those of an earlier release do not state discretion."""
        records, kind, section, is_open, pending, *discreet = fields
        named = tuple((register, record) for register, record in records)
        return cls(named, kind, section, is_open, pending, bool(discreet and discreet[0]))


class Fed(NamedTuple):
    """The live changes of one record since the last look."""

    reissued: bool  # a cancellation, and an UPSERT after it
    withdrawn: bool  # an UPSERT, and a cancellation after it


def alerts_of(reader: DossierReader, today: int) -> list[StandingAlert]:
    """Returns the alerts of one dossier, closed ones too. today: in Guatemala, since 1970; decides who is of age."""
    year, month, day = reader.birth
    age = age_on((year, month or 1, day or 1), today) if year else None
    grown = age is not None and age >= _OF_AGE
    found = []
    for alert in reader.alerts():
        hit = alert_pb2.Hit.FromString(alert.hit)
        of_a_minor = alert.sensitivity == section_pb2.SENSITIVITY_MINOR and alert.kind in _SHOWN_OF_MINORS
        named = [hit.record, *(source.record for source in hit.sources)]
        records = dict.fromkeys((each.register_id, each.record_id) for each in named)
        found.append(
            StandingAlert(
                tuple(records),
                alert.kind,
                alert.section,
                alert.sensitivity <= section_pb2.SENSITIVITY_OPEN or of_a_minor,
                alert.state == alert_pb2.ALERT_STATE_PENDING,
                alert.sensitivity == section_pb2.SENSITIVITY_DISCREET,
                alert.link_level == level_pb2.LEVEL_HIT,
                "; ".join(note.text for note in hit.notes),
                of_a_minor and not grown,
            )
        )
    return found


def fed_since(changes: Iterable[Change]) -> dict[RecordId, Fed]:
    """Returns records with several kinds of changes: between two looks they may have had a state that neither shows.

    A change of another source of the manifest, with the same id, is of another record (docs/feed.md, "The key of a
    record"); a cancellation that names no source may be of any.
    """
    before: dict[RecordId, set[tuple[Kind, str]]] = {}
    found: dict[RecordId, Fed] = {}
    for change in changes:
        if change.kind not in RECORD_KINDS:
            continue
        record, source = (change.register, change.record_id), change.manifest_source
        fed, known = before.setdefault(record, set()), found.get(record, Fed(reissued=False, withdrawn=False))
        others = {kind for kind, of in fed if of == source or "" in (of, source)}
        if change.kind is Kind.UPSERT and Kind.CANCEL in others:
            found[record] = known._replace(reissued=True)
        elif change.kind is Kind.CANCEL and Kind.UPSERT in others:
            found[record] = known._replace(withdrawn=True)
        fed.add((change.kind, source))
    return found


def changes_between(
    before: Iterable[StandingAlert],
    after: Iterable[StandingAlert],
    fed: Mapping[RecordId, Fed],
    elsewhere: Collection[RecordId] = (),
) -> list[tuple[What, StandingAlert]]:
    """Returns the changes of one subject that officers may have to know. None of an alert that is, or was, not OPEN.

    elsewhere: records of alerts in force on any subject touched with it. A record that was linked to another subject is
    not cancelled.
    """
    was, now = [each for each in before if each.pending], list(after)
    was_records = {record for each in was if each.is_open for record in each.records}  # nobody heard of the others
    pending_records = {record for each in now if each.pending for record in each.records}
    found = []
    for each in now:
        known = was_records.intersection(each.records)
        if each.pending and each.is_open and (not known or _any(fed, each, "reissued")):
            found.append((What.NEW, each))
        elif (
            not each.pending
            and each.is_open
            and not known
            and _any(fed, each, "withdrawn")
            and not pending_records.intersection(each.records)
        ):
            found.append((What.CANCELLED, each))
    for each in was:
        if each.is_open and not pending_records.intersection(each.records):
            moved = any(record in elsewhere for record in each.records)
            found.append((What.MOVED if moved else What.CANCELLED, each))
    return found


def discreet_between(before: Iterable[StandingAlert], after: Iterable[StandingAlert]) -> list[StandingAlert]:
    """Discreet alerts that are in force since: one for each register that states it, with its own records.

    What is stored by an earlier release says nothing of discretion: such an alert was in force before.
    """
    known = {record for each in before if each.pending and not each.is_open for record in each.records}
    found = []
    for each in after:
        if not (each.pending and each.is_discreet) or known.intersection(each.records):
            continue
        for register in dict.fromkeys(register for register, _ in each.records):
            own = tuple(record for record in each.records if record[0] == register)
            found.append(replace(each, records=own))
    return found


def _any(fed: Mapping[RecordId, Fed], alert: StandingAlert, what: str) -> bool:
    return any(getattr(fed[record], what) for record in alert.records if record in fed)
