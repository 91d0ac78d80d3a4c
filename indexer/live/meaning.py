"""The records that a change means if one id has several (docs/feed.md, "The key of a record").

An UPSERT that does not state which of several rows it replaces is refused. A CANCEL that does not state which record it
closes closes none for certain: each alert that it may mean becomes POSSIBLE, "cancelada según ...: confirme". The words
of the change and the manifest decide this, not the rows that a base happens to list. A key that once had several
records keeps them for ever (shared_keys.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from core.ledger.change import Change, Kind
from indexer.live.fed_closed import Closing, lists_pending, mark
from indexer.live.fed_rows import FedRecords, RefusedChange
from indexer.live.record_key import PLACE_COLUMNS, Place, RecordKey, are_meant, places_of, said_of_each, without_records
from indexer.live.shared_keys import SharedKeys
from ronda.v1.alert_pb2 import ALERT_STATE_CANCELLED

AMBIGUOUS = "ambiguous_record"
"""The rule that refuses an UPSERT of one of several records."""
# A row names its subject by the first of these that it states: two rows that differ in it name two subjects.
NAMING = (
    *("cui", "document_number", "nit", "licence", "cedula", "vin", "chassis", "plate", "engine"),
    *("name_key", "name"),
)
Id = tuple[int, str]
"""Register and record id."""


@dataclass(frozen=True)
class Meaning:
    """The records that changes mean, given what stands."""

    certain: dict[RecordKey, Change] = field(default_factory=dict)
    doubted: dict[RecordKey, Change] = field(default_factory=dict)  # CANCEL of one of several
    ambiguous: dict[RecordKey, Change] = field(default_factory=dict)  # UPSERT of one of several
    may_mean: dict[RecordKey, frozenset[Place]] = field(default_factory=dict)  # the several, of each ambiguous one


def meaning_of(
    named: Mapping[RecordKey, Change], standing: pa.Table, shared: SharedKeys, has_line: Callable[[RecordKey], bool]
) -> Meaning:
    """Decides what each change means.

    named: the changes by the keys that they name. standing: linked records, those of these keys among them.
    shared: learns of keys that have several records. has_line: whether the manifest's source of a key names a line.
    Raises OSError.
    """
    found = Meaning()
    held = _stated_by_id(standing, {(key.register, key.record_id) for key in named})
    for key, change in named.items():
        rows = [row for row in held.get((key.register, key.record_id), ()) if key.means(row.place)]
        is_whole = key.source is not None and (key.line is not None or not has_line(key))
        if is_whole and _has_several(rows):
            shared.add(key)
        if change.kind is Kind.CANCEL:
            (found.certain if is_whole and key not in shared else found.doubted)[key] = change
        elif key in shared or (not is_whole and any(row.place[3] for row in rows)):
            found.ambiguous[key] = change
            found.may_mean[key] = frozenset(row.place for row in held.get((key.register, key.record_id), ()))
        elif is_whole:
            found.certain[key] = change
        else:  # the row lacks the column of the line, which is read as an empty cell
            found.certain[key._replace(line="")] = change
    return found


def meant_records(
    fed: FedRecords, standing: pa.Table, shared: SharedKeys, has_line: Callable[[RecordKey], bool]
) -> tuple[FedRecords, Meaning]:
    """Returns fed changes by the records that they mean; an UPSERT of one of several records is refused.

    Raises OSError.
    """
    meaning = meaning_of(fed.keys, standing, shared, has_line)
    refused = [RefusedChange.of(change, AMBIGUOUS, meaning.may_mean[key]) for key, change in meaning.ambiguous.items()]
    rows = [without_records(each, meaning.ambiguous)[0] for each in fed.rows]
    return FedRecords(meaning.certain, rows, [*fed.refused, *refused]), meaning


def several_among(ids: Iterable[Id], standing: pa.Table) -> set[Id]:
    """Returns those of these ids that several records have."""
    return {head for head, rows in _stated_by_id(standing, set(ids)).items() if _has_several(rows)}


@dataclass(frozen=True)
class _Stated:
    """A record's place and version, and by what its row names the subject."""

    place: Place
    version: int
    subject: tuple[str, str]  # column, text


def _stated_by_id(standing: pa.Table, ids: set[Id]) -> dict[Id, list[_Stated]]:
    anywhere = [RecordKey(register, record_id, None, None) for register, record_id in ids]
    rows = standing.filter(pa.array(are_meant(standing, anywhere)))
    naming = zip(*(rows.column(name).to_pylist() for name in NAMING), strict=True)
    versions: list[int] = rows.column("version").to_numpy().tolist()
    found: dict[Id, list[_Stated]] = {}
    for place, version, texts in zip(places_of(rows), versions, naming, strict=True):
        subject = next(((name, text) for name, text in zip(NAMING, texts, strict=True) if text), ("", ""))
        found.setdefault((place[0], place[2]), []).append(_Stated(place, version, subject))
    return found


def _has_several(rows: Iterable[_Stated]) -> bool:
    """Returns whether rows of one id are several records.

    They are where sources or lines differ, or two of one part and version name different subjects.
    """
    heads = set()
    subjects: dict[tuple[int | None, int], set[tuple[str, str]]] = {}
    for row in rows:
        heads.add(row.place[:4])
        subjects.setdefault((row.place[4], row.version), set()).add(row.subject)
    return len(heads) > 1 or any(len(each) > 1 for each in subjects.values())


def naming_nothing(cancelled: Mapping[RecordKey, Change], standing: pa.Table) -> list[Change]:
    """Returns the cancellations without a record under their key: a misspelt id, or one that was never here."""
    if not cancelled:
        return []
    heads = {(key.register, key.record_id) for key in cancelled}
    places = [place for place in set(places_of(standing.select(list(PLACE_COLUMNS)))) if (place[0], place[2]) in heads]
    return [change for key, change in cancelled.items() if not any(key.means(place) for place in places)]


def doubted_subjects(rows: pa.Table, doubted: Iterable[RecordKey]) -> set[bytes]:
    """Returns the subjects of alerts in force that one of these cancellations may mean."""
    meant = are_meant(rows, doubted) & lists_pending(rows)
    return {bytes(each) for each in rows.column("subject_id").filter(pa.array(meant)).to_pylist() if each is not None}


def with_doubts(rows: pa.Table, doubted: Mapping[RecordKey, Change], names: list[str]) -> pa.Table:
    """Marks each alert in force that one of these cancellations may mean. names: of the registers, by ordinal."""
    if not doubted:
        return rows
    closings = [
        Closing(ALERT_STATE_CANCELLED, change.event_ms) if change is not None and lists else None
        for change, lists in zip(said_of_each(rows, doubted), lists_pending(rows), strict=True)
    ]
    return mark(rows, closings, names)
