"""Many changes of a record: those that count leave what all of them, one by one, would have left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from core.ledger.change import Change, Kind
from indexer.live.rounds import rounds_of

# kind, record, source of the manifest, whether it can be read
DRAWN = st.tuples(
    st.sampled_from([Kind.UPSERT, Kind.UPSERT, Kind.CANCEL, Kind.STALE]),
    st.sampled_from("ab"),
    st.sampled_from(["", "", "", "other"]),
    st.sampled_from([True, True, False]),
)
Stands = dict[
    tuple[str, str], tuple[int, int]
]  # record and source -> sequence of its row, and of what closed it; 0 = none


def source_of(change: Change) -> str:
    return change.manifest_source


def left_by(changes: Iterable[Change], bad: set[int]) -> tuple[Stands, set[str], list[int]]:
    """Returns the standing records, those with a refused last change, and the refused changes."""
    stands: Stands = {}
    lacking: set[str] = set()
    refused: list[int] = []
    for change in changes:
        where = change.record_id, change.manifest_source
        lacking.discard(change.record_id)
        if change.sequence in bad:
            lacking.add(change.record_id)
            refused.append(change.sequence)
        elif change.kind is Kind.UPSERT:
            stands[where] = change.sequence, 0
        elif change.kind is Kind.CANCEL and where in stands and not stands[where][1]:
            stands[where] = stands[where][0], change.sequence
    return stands, lacking, sorted(refused)


@given(drawn=st.lists(DRAWN, max_size=14))
def test_what_counts_leaves_what_all_would(drawn: list[tuple[Kind, str, str, bool]]) -> None:
    changes = [
        Change(kind, "oj", "oj", sequence, record, manifest_source=source)
        for sequence, (kind, record, source, _) in enumerate(drawn, 1)
        if kind is not Kind.STALE
    ]
    bad = {at for at, (kind, _, _, good) in enumerate(drawn, 1) if kind is Kind.UPSERT and not good}

    def unreadable(asked: Sequence[Change]) -> set[int]:
        return {change.sequence for change in asked if change.sequence in bad}

    before = [Change(Kind.UPSERT, "oj", "oj", -at, record) for at, record in enumerate("ab", 1)]
    stale = [Change(Kind.STALE, "oj", "oj", len(drawn) + 1, reason="GAP")]
    rounds = rounds_of([*changes, *stale], unreadable, source_of)
    assert all(len({change.record_id for change in each}) == len(each) > 0 for each in rounds)
    assert left_by([*before, *(change for each in rounds for change in each)], bad) == left_by([*before, *changes], bad)


def test_one_that_goes_back_and_forth_between_its_sources_does_not_take_a_round_each() -> None:
    """A cancellation that names no source means all of them; thousands would make every other change wait."""
    flips = [
        Change((Kind.CANCEL, Kind.UPSERT)[at % 2], "oj", "oj", at + 1, "a", manifest_source=("", "other")[at % 2])
        for at in range(1000)
    ]
    found = rounds_of([*flips, Change(Kind.CANCEL, "oj", "oj", 1001, "a")], lambda _: set(), source_of)
    assert [[change.sequence for change in each] for each in found] == [[1], [2], [3], [1000], [1001]]


def test_a_record_that_goes_back_and_forth_takes_two_rounds() -> None:
    back_and_forth = [Change((Kind.CANCEL, Kind.UPSERT)[at % 2], "oj", "oj", at + 1, "a") for at in range(1000)]
    assert [[change.sequence for change in each] for each in rounds_of(back_and_forth, lambda _: set(), source_of)] == [
        [1000]
    ]
    assert [len(each) for each in rounds_of([*back_and_forth[1:], back_and_forth[0]], lambda _: set(), source_of)] == [
        1,
        1,
    ]


def test_cancellations_of_old_and_of_new_records_take_one_round() -> None:
    old, new = Change(Kind.CANCEL, "oj", "oj", 1, "a"), Change(Kind.UPSERT, "oj", "oj", 2, "b")
    ended = Change(Kind.CANCEL, "oj", "oj", 3, "b")
    assert rounds_of([old, new, ended], lambda _: set(), source_of) == [[new], [old, ended]]
    assert rounds_of([old, new], lambda _: set(), source_of) == [[old], [new]]
