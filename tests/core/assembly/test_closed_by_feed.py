"""An alert that was closed by feed and is listed all the same, as the live writer marks it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from indexer.standard import ALERT_FED_CLOSED
from ronda.v1.alert_pb2 import Hit
from tests.core.assembly.test_assembly import CANCELLED, HIT, PENDING, PNC, POSSIBLE, identity, person, warrant


def test_what_was_closed_by_feed_and_is_listed_again_is_possible(tmp_path: Path) -> None:
    """Several records of one warrant: the one that stands for it counts (docs/answers.md section 15)."""
    note = Hit()
    note.notes.add(code="CLOSED_BY_FEED", text="cancelada según OJ 27/11 10:42: confirme")
    closed: dict[str, Any] = {"alert_flags": ALERT_FED_CLOSED, "hit_payload": note.SerializeToString()}
    causa = {"merge_key": "C1"}
    cases: list[tuple[str, list[dict[str, Any]], int, str, int]] = [
        ("alone", [warrant("w1", **closed)], POSSIBLE, "w1", 1),
        (
            "a copy that is certain",
            [warrant("w1", **closed, **causa), warrant("p1", register=PNC, **causa)],
            POSSIBLE,
            "w1",
            1,
        ),
        (
            "a copy that is not",
            [warrant("w1", **causa), warrant("p1", register=PNC, **closed, **causa)],
            HIT,
            "w1",
            0,
        ),
        (
            "another of the authority's",
            [warrant("w1", **closed, **causa), warrant("w2", **causa)],
            HIT,
            "w2",
            0,
        ),
        (
            "it had closed the other",
            [warrant("w1", alert_state=CANCELLED, **causa), warrant("w2", **closed, **causa)],
            POSSIBLE,
            "w2",
            1,
        ),
    ]
    for case, records, level, stands, notes in cases:
        dossier = person(tmp_path / case, identity(), *records)
        (alert,), (hit,) = dossier.alerts, dossier.hits()
        found = (alert.state, alert.link_level, hit.record.record_id, len(hit.notes))
        assert found == (PENDING, level, stands, notes), case
