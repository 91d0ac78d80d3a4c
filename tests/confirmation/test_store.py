"""The table of confirmations: clocks, joining, bounds; and what checks show of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ronda.v1 import alert_pb2
from ronda.v1 import confirmation_service_pb2 as contract
from server.confirmation.shown import DAY_MS, line, shown_rows
from server.confirmation.store import Row, Store, TooMany

NOW = 1_790_000_000_000
MINUTE = 60_000
SUBJECT = "ab" * 16
WEEK = 7 * DAY_MS
URGENT, ROUTINE = contract.CONFIRMATION_URGENCY_URGENT, contract.CONFIRMATION_URGENCY_ROUTINE
CANCELLED = contract.CONFIRMATION_REASON_CANCELLED
IN_FORCE = contract.CONFIRMATION_REASON_IN_FORCE
OTHER_SUBJECT = contract.CONFIRMATION_REASON_OTHER_SUBJECT


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path)
    yield opened
    opened.close()


def _ask(store: Store, now: int = NOW, *, urgency: int = URGENT, officer: str = "pnc/1", **changes: Any) -> Row:
    hit = {
        "register_id": "oj",
        "record_id": "O-1",
        "version": 0,
        "kind": alert_pb2.ALERT_KIND_WARRANT,
        "subject_id": SUBJECT,
        "answer_id": "",
        "urgency": urgency,
        **changes,
    }
    wait = 10 * MINUTE if urgency == URGENT else 60 * MINUTE
    return store.request(hit, {"institution": "pnc", "unit": "zona-1", "officer": officer}, ["oj", "pnc"], wait, now)


def test_overdue_goes_to_the_next_desk_once_however_late(store: Store) -> None:
    row = _ask(store)
    assert store.escalate(NOW + 10 * MINUTE - 1) == 0
    late = NOW + 5 * DAY_MS
    assert store.escalate(late) == 1 and store.escalate(late) == 0
    found = store.get(row.id)
    assert found is not None and (found.desk, found.escalations, found.due_ms) == (1, 1, late + 10 * MINUTE)
    assert store.escalate(late + 10 * MINUTE) == 1 and store.escalate(late + WEEK) == 0
    found = store.get(row.id)
    assert found is not None and (found.desk, found.escalations, found.due_ms) == (1, 2, None)
    assert store.next_due_ms() is None


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    first = Store(tmp_path)
    row = _ask(first)
    first.close()
    second = Store(tmp_path)
    assert second.get(row.id) == row and second.next_due_ms() == NOW + 10 * MINUTE
    second.close()


def test_a_hit_is_joined_and_hurried(store: Store) -> None:
    routine = _ask(store, urgency=ROUTINE)
    joined = _ask(store, NOW + MINUTE, officer="pnc/2")
    assert joined.id == routine.id and joined.urgency == URGENT
    assert joined.due_ms == NOW + 11 * MINUTE
    assert _ask(store, NOW + 2 * MINUTE, urgency=ROUTINE).due_ms == NOW + 11 * MINUTE, "never slowed"
    store.answer(routine.id, "oj", IN_FORCE, NOW + 3 * MINUTE)
    assert _ask(store, NOW + 4 * MINUTE).id != routine.id


def test_a_desk_answers_what_it_was_asked_and_late_too(store: Store) -> None:
    row = _ask(store)
    assert store.answer(row.id, "pnc", IN_FORCE, NOW) is None, "not asked yet"
    store.escalate(NOW + 10 * MINUTE)
    for institution in ("oj", "pnc"):
        answered = store.answer(row.id, institution, CANCELLED, NOW + DAY_MS)
        assert answered is not None and answered.answered_by == institution and answered.due_ms is None
    assert store.answer("no such", "oj", IN_FORCE, NOW) is None


def test_one_officer_cannot_fill_the_desks(store: Store) -> None:
    for number in range(20):
        _ask(store, record_id=f"O-{number}")
    with pytest.raises(TooMany):
        _ask(store, record_id="O-20")
    _ask(store, record_id="O-20", officer="pnc/2")


def test_pending_is_urgent_first_then_oldest(store: Store) -> None:
    order = [
        _ask(store, NOW, urgency=ROUTINE, record_id="a").id,
        _ask(store, NOW + 1, record_id="b").id,
        _ask(store, NOW + 2, record_id="c").id,
    ]
    rows, total = store.pending("oj", 0)
    assert [row.id for row in rows] == [order[1], order[2], order[0]] and total == 3
    assert store.pending("pnc", 0) == ([], 0)


def _shown(store: Store, now: int) -> dict[str, str]:
    """Subject (8 digits) -> line without its times."""
    rows = shown_rows(store.since(now - WEEK), now, WEEK)
    return {key[:4].hex(): line(row) for key, row in rows.items()}


def test_a_denial_of_the_record_is_everybodys_until_it_is_in_force(store: Store) -> None:
    row = _ask(store)
    store.answer(row.id, "oj", CANCELLED, NOW + MINUTE)
    assert _shown(store, NOW + MINUTE)["00000000"].startswith("desmentida por OJ")
    again = _ask(store, NOW + 2 * MINUTE)
    assert _shown(store, NOW + 2 * MINUTE)["00000000"].startswith("desmentida por OJ"), "asked again, still denied"
    store.answer(again.id, "oj", IN_FORCE, NOW + 3 * MINUTE)
    assert list(_shown(store, NOW + 3 * MINUTE)) == ["abababab"]
    assert _shown(store, NOW + 3 * MINUTE)["abababab"].startswith("confirmada por OJ")


def test_a_denial_of_the_subject_is_of_that_subject_and_ends(store: Store) -> None:
    row = _ask(store)
    store.answer(row.id, "oj", OTHER_SUBJECT, NOW)
    _ask(store, NOW + MINUTE)
    assert _shown(store, NOW + MINUTE)["abababab"].startswith("desmentida por OJ")
    store.escalate(NOW + DAY_MS)
    store.escalate(NOW + 2 * DAY_MS)
    assert _shown(store, NOW + 6 * DAY_MS)["abababab"].startswith("desmentida por OJ")
    assert not _shown(store, NOW + 8 * DAY_MS)


def test_a_confirmation_ages_and_silence_says_so(store: Store) -> None:
    row = _ask(store)
    store.answer(row.id, "oj", IN_FORCE, NOW)
    assert _shown(store, NOW + DAY_MS - 1) and not _shown(store, NOW + DAY_MS + 1)
    silent = _ask(store, NOW + DAY_MS, record_id="O-2")
    store.escalate(NOW + DAY_MS + 10 * MINUTE)
    found = store.get(silent.id)
    assert found is not None and line(found).startswith("sin confirmar: verifique (OJ no respondió")


def test_old_rows_are_forgotten(store: Store) -> None:
    row = _ask(store)
    store.answer(row.id, "oj", IN_FORCE, NOW)
    store.forget(NOW + 89 * DAY_MS)
    assert store.get(row.id) is not None
    store.forget(NOW + 91 * DAY_MS)
    assert store.get(row.id) is None
