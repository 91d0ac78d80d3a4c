"""Checks which answers of a session a recall contradicts: those about its subject, and the one that it names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from clients.car.confirming import askable
from clients.car.outdated import Outdated
from ronda.v1 import alert_pb2, level_pb2
from ronda.v1 import alert_service_pb2 as alerts
from ronda.v1 import check_service_pb2 as checks

RECORD = alert_pb2.Hit(level=level_pb2.LEVEL_POSSIBLE)
RECORD.record.register_id, RECORD.record.record_id = "oj", "OC-7"


def a_list(*hits: alert_pb2.Hit) -> checks.CheckResponse:
    """As a patrol gets it: its persons have no ids."""
    response = checks.CheckResponse()
    response.answer.answer_id = "a-1"
    response.answer.hits.extend(hits)
    response.candidates.add(name="ANA", cui_tail="0101", handle="h")
    return response


@pytest.mark.parametrize(
    ("kind", "hits", "answer_id", "outdated"),
    [
        (alerts.RECALL_KIND_NEW, (), "a-1", True),
        (alerts.RECALL_KIND_NEW, (RECORD,), "a-1", False),
        (alerts.RECALL_KIND_CANCELLED, (RECORD,), "a-1", True),
        (alerts.RECALL_KIND_NEW, (), "a-2", False),
        (alerts.RECALL_KIND_NEW, (), "", False),
    ],
)
def test_a_list_by_the_answer_that_a_recall_names(kind: Any, hits: Any, answer_id: str, outdated: bool) -> None:
    recall = alerts.Recall(kind=kind, subject_id="0" * 32, answer_id=answer_id, record=RECORD.record)
    shown: Any = SimpleNamespace(response=a_list(*hits))
    kept = Outdated()
    kept.take([recall], [shown])
    assert kept.holds(shown) is outdated


def test_a_hit_of_a_lists_entry_is_asked_about_once_it_is_opened() -> None:
    assert askable(a_list(RECORD)) == []
    opened = alert_pb2.Hit()
    opened.CopyFrom(RECORD)
    opened.subject.subject_id = "0" * 32
    assert len(askable(a_list(RECORD, opened))) == 2
