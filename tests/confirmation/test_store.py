"""The table of confirmations: clocks, joining, bounds; and what checks show of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ronda.v1 import alert_pb2
from ronda.v1 import confirmation_service_pb2 as contract
from server.confirmation.shown import DAY_MS, line, shown_rows
from server.confirmation.store import FILE, AskedHerself, Row, Store, TooMany

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


def _ask(
    store: Store,
    now: int = NOW,
    *,
    urgency: int = URGENT,
    officer: str = "pnc/1",
    institution: str = "pnc",
    request: str = "",
    **changes: Any,
) -> Row:
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
    who = {"institution": institution, "unit": "zona-1", "officer": officer}
    return store.request(hit, who, ["oj", "pnc"], wait, now, request)


def _say(
    store: Store, confirmation_id: str, desk: str, reason: int, now: int, officer: str = "", request: str = ""
) -> Row | None:
    return store.answer(confirmation_id, desk, officer or f"{desk}/desk", reason, now, request)


def test_overdue_goes_to_the_next_desk_once_however_late(store: Store) -> None:
    row = _ask(store)
    assert not store.escalate(NOW + 10 * MINUTE - 1)
    late = NOW + 5 * DAY_MS
    assert len(store.escalate(late)) == 1 and not store.escalate(late)
    found = store.get(row.id)
    assert found is not None and (found.desk, found.escalations, found.due_ms) == (1, 1, late + 10 * MINUTE)
    assert len(store.escalate(late + 10 * MINUTE)) == 1 and not store.escalate(late + WEEK)
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
    _say(store, routine.id, "oj", IN_FORCE, NOW + 3 * MINUTE)
    assert _ask(store, NOW + 4 * MINUTE).id != routine.id


def test_the_first_desk_alone_answers_for_everybody_and_late_too(store: Store) -> None:
    row = _ask(store)
    assert _say(store, row.id, "pnc", IN_FORCE, NOW) is None, "not asked yet"
    store.escalate(NOW + 10 * MINUTE)
    for reason in (IN_FORCE, CANCELLED, OTHER_SUBJECT):
        said = _say(store, row.id, "pnc", reason, NOW + 11 * MINUTE)
        assert said is not None and said.state == alert_pb2.CONFIRMATION_STATE_UNANSWERED
        assert (said.answered_by, said.received) == ("", ["pnc"])
        assert line(said).startswith("sin confirmar: verifique (OJ no respondió; recibido por PNC; consultado ")
    assert store.pending("pnc", 0) == ([], 0) and store.pending("oj", 0)[1] == 1
    answered = _say(store, row.id, "oj", CANCELLED, NOW + DAY_MS)
    assert answered is not None and answered.answered_by == "oj" and answered.due_ms is None
    assert _say(store, "no such", "oj", IN_FORCE, NOW) is None


def test_another_institution_does_not_take_back_what_the_first_desk_denied(store: Store) -> None:
    row = _ask(store)
    _say(store, row.id, "oj", CANCELLED, NOW)
    again = _ask(store, NOW + MINUTE)
    store.escalate(NOW + 11 * MINUTE)
    _say(store, again.id, "pnc", IN_FORCE, NOW + 12 * MINUTE)
    assert _shown(store, NOW + 12 * MINUTE)["00000000"].startswith("desmentida por OJ")


def test_an_answer_sent_again_does_not_replace_a_newer_one(store: Store) -> None:
    row = _ask(store)
    _say(store, row.id, "oj", IN_FORCE, NOW, request="a")
    _say(store, row.id, "oj", CANCELLED, NOW + 1, request="b")
    replayed = _say(store, row.id, "oj", IN_FORCE, NOW + 2, request="a")
    assert replayed is not None and (replayed.reason, replayed.answered_ms) == (CANCELLED, NOW + 1)
    assert replayed == store.get(row.id)
    other = _say(store, row.id, "oj", IN_FORCE, NOW + 3, officer="oj/2", request="a")
    assert other is not None and other.reason == IN_FORCE, "an id is of one officer"


def test_a_question_sent_again_finds_what_became_of_it(store: Store) -> None:
    row = _ask(store, request="a")
    _say(store, row.id, "oj", CANCELLED, NOW)
    again = _ask(store, NOW + 1, request="a")
    assert (again.id, again.reason) == (row.id, CANCELLED)
    assert _ask(store, NOW + 2, request="b").id != row.id


def test_who_answered_is_kept(store: Store, tmp_path: Path) -> None:
    row = _ask(store)
    _say(store, row.id, "oj", CANCELLED, NOW, officer="oj/77")
    store.close()
    with closing(sqlite3.connect(tmp_path / FILE)) as base:
        kept = base.execute("SELECT institution, officer, reason, answered_ms FROM answer").fetchall()
    assert kept == [("oj", "oj/77", CANCELLED, NOW)]


def test_who_joined_asked_too(store: Store) -> None:
    row = _ask(store)
    joined = _ask(store, institution="mp", officer="mp/9")
    assert joined.id == row.id and joined.asking == {"pnc", "mp"}
    with pytest.raises(AskedHerself):
        _say(store, row.id, "oj", IN_FORCE, NOW, officer="mp/9")


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
    _say(store, row.id, "oj", CANCELLED, NOW + MINUTE)
    assert _shown(store, NOW + MINUTE)["00000000"].startswith("desmentida por OJ")
    again = _ask(store, NOW + 2 * MINUTE)
    assert _shown(store, NOW + 2 * MINUTE)["00000000"].startswith("desmentida por OJ"), "asked again, still denied"
    _say(store, again.id, "oj", IN_FORCE, NOW + 3 * MINUTE)
    assert list(_shown(store, NOW + 3 * MINUTE)) == ["abababab"]
    assert _shown(store, NOW + 3 * MINUTE)["abababab"].startswith("confirmada por OJ")


def test_a_denial_of_the_subject_is_of_that_subject_and_ends(store: Store) -> None:
    row = _ask(store)
    _say(store, row.id, "oj", OTHER_SUBJECT, NOW)
    _ask(store, NOW + MINUTE)
    assert _shown(store, NOW + MINUTE)["abababab"].startswith("desmentida por OJ")
    store.escalate(NOW + DAY_MS)
    store.escalate(NOW + 2 * DAY_MS)
    assert _shown(store, NOW + 6 * DAY_MS)["abababab"].startswith("desmentida por OJ")
    assert not _shown(store, NOW + 8 * DAY_MS)


def test_a_confirmation_ages_and_silence_says_so(store: Store) -> None:
    row = _ask(store)
    _say(store, row.id, "oj", IN_FORCE, NOW)
    assert _shown(store, NOW + DAY_MS - 1) and not _shown(store, NOW + DAY_MS + 1)
    silent = _ask(store, NOW + DAY_MS, record_id="O-2")
    store.escalate(NOW + DAY_MS + 10 * MINUTE)
    found = store.get(silent.id)
    assert found is not None and line(found).startswith("sin confirmar: verifique (OJ no respondió")


def test_old_rows_are_forgotten(store: Store) -> None:
    row = _ask(store)
    _say(store, row.id, "oj", IN_FORCE, NOW)
    store.forget(NOW + 89 * DAY_MS)
    assert store.get(row.id) is not None
    store.forget(NOW + 91 * DAY_MS)
    assert store.get(row.id) is None
