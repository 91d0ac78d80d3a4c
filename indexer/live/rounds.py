"""The changes of a piece of the ledger that count, in rounds without a record twice.

No view shows the states between two changes of a piece, and links are made anew from the final state. So of a record
that changed several times the last readable row counts, and the first cancellation behind it. An unreadable change is
kept, to be refused by name, in its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence

from core.ledger.change import RECORD_KINDS, Change, Kind

Record = tuple[str, str]
"""Register and record id."""


def rounds_of(
    due: Iterable[Change],
    unreadable: Callable[[Sequence[Change]], set[int]],
    meant: Callable[[Change], Hashable],
    shared: Callable[[Iterable[Record]], Collection[Record]] = lambda _: (),
) -> list[list[Change]]:
    """Returns the UPSERTs and CANCELs that count; a record's next change is in a later round than the one before it.

    Cancellations have rounds of their own, before the rows beside them. Records closed in them are linked again if one
    of those rows decides their subject, like records closed earlier. A cancellation that ends its record waits for the
    last of these rounds. So records that change once and records that come and go take one round of them together.

    unreadable: returns sequences, of some changes, that will be refused; called for records that come more than once.
    meant: equal for two changes that name the same records. shared: returns the ids with several records: a change
    without a line or source means what stands when it comes.
    """
    of_record: dict[Record, list[Change]] = {}
    for change in due:
        if change.kind in RECORD_KINDS:
            of_record.setdefault((change.register, change.record_id), []).append(change)
    often = {record: changes for record, changes in of_record.items() if len(changes) > 1}
    refused = unreadable([change for changes in often.values() for change in changes])
    shared_ids = shared(often)
    counting = [
        _counting(changes, refused, meant, is_shared=record in shared_ids) if record in often else changes
        for record, changes in of_record.items()
    ]
    last_closing = max((len(each) for each in counting if each[-1].kind is Kind.CANCEL), default=0)
    rounds: list[tuple[list[Change], list[Change]]] = [([], []) for _ in range(max(map(len, counting), default=0))]
    for changes in counting:
        for place, change in enumerate(changes, 1):
            is_row = change.kind is Kind.UPSERT
            waits = place == len(changes) and not is_row
            rounds[(last_closing if waits else place) - 1][is_row].append(change)
    return [part for both in rounds for part in both if part]


def _counting(
    changes: list[Change], refused: set[int], meant: Callable[[Change], Hashable], *, is_shared: bool
) -> list[Change]:
    """Returns those of one id's changes that count, in their order.

    Where one key alone is named and stands, its last row counts and the first cancellation behind it. Else the first
    row of each key counts too, for from then on a cancellation that names less may mean several.
    """
    readable = [change for change in changes if change.sequence not in refused]
    rows = [change for change in readable if change.kind is Kind.UPSERT]
    last_row = {meant(change): change.sequence for change in rows}
    first_row = {meant(change): change.sequence for change in reversed(rows)}
    is_one = len({meant(change) for change in readable}) == 1 and not is_shared
    kept: list[Change] = []
    closed: set[Hashable] = set()  # by cancellations that came after every row that is kept so far
    for change in readable:
        if change.kind is Kind.UPSERT:
            if change.sequence in (last_row[meant(change)], first_row[meant(change)]):
                kept = [change] if is_one else [*kept, change]
                closed.clear()
        elif meant(change) not in closed:  # closed once, it is closed: of that day
            closed.add(meant(change))
            kept.append(change)
    counted = {changes[-1].sequence, *(change.sequence for change in kept)} | refused  # the last word always counts
    return [change for change in changes if change.sequence in counted]
