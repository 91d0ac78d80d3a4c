"""What of a piece of the ledger counts, in rounds in which no record comes twice.

No view shows what stood between two changes of a piece, and links are made anew of what stands. So of a record that
changed several times the last row that can be read counts, and the first cancellation behind it; what cannot be read
is kept, to be refused by name, in its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

from core.ledger.change import RECORD_KINDS, Change, Kind


def rounds_of(
    due: Iterable[Change], unreadable: Callable[[Sequence[Change]], set[int]], meant: Callable[[Change], Hashable]
) -> list[list[Change]]:
    """The UPSERTs and CANCELs that count; a record's next change is in a later round than the one before it.

    Cancellations have rounds of their own, before the rows beside them: what they closed is linked again where one of
    these decides whose it is, as what was closed before is.

    unreadable: sequences of those, of some changes, that will be refused; asked of records that come more than once.
    meant: equal of two changes that replace the same, however they name the source.
    """
    of_record: dict[tuple[str, str], list[Change]] = {}
    for change in due:
        if change.kind in RECORD_KINDS:
            of_record.setdefault((change.register, change.record_id), []).append(change)
    refused = unreadable([change for changes in of_record.values() if len(changes) > 1 for change in changes])
    rounds: list[tuple[list[Change], list[Change]]] = []
    for changes in of_record.values():
        for place, change in enumerate(_counting(changes, refused, meant)):
            if place == len(rounds):
                rounds.append(([], []))
            rounds[place][change.kind is Kind.UPSERT].append(change)
    return [part for both in rounds for part in both if part]


def _counting(changes: list[Change], refused: set[int], meant: Callable[[Change], Hashable]) -> list[Change]:
    """Of one record's changes, in their order."""
    readable = [change for change in changes if change.sequence not in refused]
    # Records of several sources may share the id: an UPSERT replaces what its own source had, and no more.
    last_row = {meant(change): change.sequence for change in readable if change.kind is Kind.UPSERT}
    is_one = len({meant(change) for change in readable}) == 1
    kept: list[Change] = []
    closed: set[Hashable] = set()  # by cancellations that came after every row that is kept so far
    for change in readable:
        if change.kind is Kind.UPSERT:
            if last_row[meant(change)] == change.sequence:
                kept = [change] if is_one else [*kept, change]
                closed.clear()
        elif meant(change) not in closed:  # closed once, it is closed: of that day
            closed.add(meant(change))
            kept.append(change)
    counted = {changes[-1].sequence, *(change.sequence for change in kept)} | refused  # the last word is always told
    return [change for change in changes if change.sequence in counted]
