"""Which records changes mean where one id has several (docs/feed.md, "The key of a record").

An UPSERT that does not say which of several rows it replaces is refused. A CANCEL that does not say which it closes
closes none for certain: each alert that it may mean becomes POSSIBLE, "cancelada según ...: confirme". Whether a change
says it is told by its words and the manifest, not by what a base happens to list; a key that once had several records
has them for ever (shared_keys.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from core.ledger.change import Change, Kind
from indexer.live.fed_closed import Closing, lists_pending, mark
from indexer.live.record_key import Place, RecordKey, are_meant, places_of, said_of_each
from indexer.live.shared_keys import SharedKeys
from ronda.v1.alert_pb2 import ALERT_STATE_CANCELLED

AMBIGUOUS = "ambiguous_record"
"""The rule of an UPSERT that is refused so."""
# By which of them a row names its subject first: rows that differ in it name two.
_NAMING = (
    *("cui", "document_number", "nit", "licence", "cedula", "vin", "chassis", "plate", "engine"),
    *("name_key", "name"),
)
_Head = tuple[int, int | None, str, str | None]
"""Register, source, id, line."""


@dataclass(frozen=True)
class Meaning:
    """What changes mean, given what stands."""

    certain: dict[RecordKey, Change] = field(default_factory=dict)
    doubted: dict[RecordKey, Change] = field(default_factory=dict)  # CANCEL of one of several
    ambiguous: dict[RecordKey, Change] = field(default_factory=dict)  # UPSERT of one of several


def meaning_of(
    named: Mapping[RecordKey, Change], standing: pa.Table, shared: SharedKeys, has_line: Callable[[RecordKey], bool]
) -> Meaning:
    """named: by the keys that they name. standing: linked records, those of these keys among them.

    shared: learns of keys that have several records. has_line: whether the manifest's source of a key names a line.
    Raises OSError.
    """
    found = Meaning()
    rows = standing.take(np.flatnonzero(are_meant(standing, named)))
    for key, change in named.items():
        is_whole = key.source is not None and (key.line is not None or not has_line(key))
        held = rows.take(np.flatnonzero(are_meant(rows, [key])))
        apart = records_apart(held)
        if is_whole and len(apart) > 1:
            shared.add(key)
        if change.kind is Kind.CANCEL:
            (found.certain if is_whole and key not in shared else found.doubted)[key] = change
        elif key in shared or (not is_whole and {line for _, _, _, line, _ in apart} - {None, ""}):
            found.ambiguous[key] = change
        elif is_whole:
            found.certain[key] = change
        else:  # the column of the line is not in the row: as a null one is read
            found.certain[replace(key, line="")] = change
    return found


def records_apart(rows: pa.Table) -> list[Place]:
    """One place of each record of the register among rows of one id; `part` counts rows that name different subjects.

    Rows of one source and line are one record, unless two of one version name different subjects.
    """
    naming = zip(*(rows.column(name).to_pylist() for name in _NAMING), strict=True)
    versions: list[int] = rows.column("version").to_numpy().tolist()
    subjects: dict[tuple[_Head, int | None, int], set[tuple[str, str]]] = {}
    for place, version, texts in zip(places_of(rows), versions, naming, strict=True):
        first = next(((name, text) for name, text in zip(_NAMING, texts, strict=True) if text), ("", ""))
        subjects.setdefault((place[:4], place[4], version), set()).add(first)
    most: dict[_Head, int] = {}
    for (head, _, _), firsts in subjects.items():
        most[head] = max(most.get(head, 0), len(firsts))
    return [(*head, number) for head, count in most.items() for number in range(count)]


def shared_among(ids: Collection[tuple[int, str]], standing: pa.Table) -> set[tuple[int, str]]:
    """Of these (register, id) those that several records have."""
    rows: dict[tuple[int, str], list[int]] = {}
    for number, (register, _, record_id, *_) in enumerate(places_of(standing)):
        if (register, record_id) in ids:
            rows.setdefault((register, record_id), []).append(number)
    return {head for head, numbers in rows.items() if len(records_apart(standing.take(pa.array(numbers)))) > 1}


def doubted_subjects(rows: pa.Table, doubted: Iterable[RecordKey]) -> set[bytes]:
    """The subjects of alerts in force that one of these cancellations may mean."""
    meant = are_meant(rows, doubted) & lists_pending(rows)
    return {bytes(each) for each in rows.column("subject_id").filter(pa.array(meant)).to_pylist() if each is not None}


def with_doubts(rows: pa.Table, doubted: Mapping[RecordKey, Change], names: list[str]) -> pa.Table:
    """The records, each alert in force that one of these cancellations may mean marked. names: of registers."""
    closings = [
        Closing(ALERT_STATE_CANCELLED, change.event_ms) if change is not None and lists else None
        for change, lists in zip(said_of_each(rows, doubted), lists_pending(rows), strict=True)
    ]
    return mark(rows, closings, names)
