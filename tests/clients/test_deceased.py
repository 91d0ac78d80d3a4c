"""Persons held for dead: no document is named that nobody gave, and no action contradicts it."""

from __future__ import annotations

import pytest

from clients.officer_view.answer import answer_head
from clients.officer_view.deceased import DOCUMENTS
from ronda.v1 import alert_pb2, check_service_pb2, level_pb2
from ronda.v1.value_pb2 import CodedText
from tests.clients.test_officer_view import printed


def dead_and_wanted(asked: level_pb2.Criterion, code: str = "ARREST") -> check_service_pb2.Answer:
    answer = check_service_pb2.Answer(
        level=level_pb2.LEVEL_HIT, identity_status=level_pb2.IDENTITY_STATUS_DECEASED, hits_total=1
    )
    answer.comparisons.add(criterion=asked, agreement=level_pb2.AGREEMENT_AGREES)
    answer.notes.add(code="DECEASED", text="documento de persona fallecida")
    hit = answer.hits.add(level=level_pb2.LEVEL_HIT, action=CodedText(code=code, text="Detener: confirme la orden"))
    hit.subject.kind = alert_pb2.HIT_SUBJECT_KIND_PERSON
    return answer


@pytest.mark.parametrize("document", DOCUMENTS)
def test_who_bears_a_dead_persons_document_is_identified_first(document: level_pb2.Criterion) -> None:
    text = printed(answer_head(dead_and_wanted(document)))
    assert "Nota: documento de persona fallecida" in text
    assert (
        "Acción: el documento es de persona fallecida: identifique a quien lo porta. "
        "Solo si es la persona buscada: detener: confirme la orden"
    ) in text


def test_by_a_name_alone_no_document_is_spoken_of() -> None:
    text = printed(answer_head(dead_and_wanted(level_pb2.CRITERION_NAMES)))
    assert "Nota: consta como fallecida" in text
    assert "documento" not in text
    assert "identifique a quien tiene delante. Solo si es la persona buscada: detener" in text


def test_an_action_that_touches_nobody_and_an_owners_speak_of_no_document() -> None:
    assert "Acción: Detener: confirme" in printed(answer_head(dead_and_wanted(level_pb2.CRITERION_CUI, "OBSERVE")))
    of_owner = dead_and_wanted(level_pb2.CRITERION_CUI)
    of_owner.hits[0].subject.kind = alert_pb2.HIT_SUBJECT_KIND_OWNER
    assert "Acción: Detener al propietario si es quien conduce: confirme" in printed(answer_head(of_owner))
    of_owner.hits[0].action.code, of_owner.hits[0].action.text = "PROTECT", "Proteger: avise a PGN"
    assert "Acción: si el propietario es quien conduce: proteger: avise a PGN" in printed(answer_head(of_owner))
