"""Places of a source's numbers, against a dict."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.ledger.change import Change, Kind
from server.feed.places import Places

NUMBERS = st.integers(1, 12)
WAITING = Change(Kind.UPSERT, "oj", "court")


@given(st.lists(st.tuples(NUMBERS, st.one_of(st.integers(64, 1 << 40), st.just(WAITING)))))
def test_as_a_dict(put: list[tuple[int, int | Change]]) -> None:
    """In any order, with gaps, written once more or later."""
    places, model = Places(), dict[int, int | Change]()
    for number, place in put:
        places.put(number, place)
        model[number] = place
    assert {number: places.get(number) for number in range(14) if number in places} == model
    assert all((places.get(number) is None) == (number not in model) for number in range(14))
