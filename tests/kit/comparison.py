"""The engine's answer beside the oracle's, as parsed messages; answer id and time aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf import text_format
from google.protobuf.unknown_fields import UnknownFieldSet

from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.errors import QuestionError as EngineQuestionError
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from tests.kit.questions import Question
from tests.oracle import Oracle
from tests.oracle.asked import QuestionError

PAGES_AT_MOST = 4
PAGED = ("SearchPersons", "SearchVehicles", "ListRecords")


@dataclass
class Both:
    """Both sides' output: texts of messages, or of errors."""

    engine: str
    oracle: str

    @property
    def equal(self) -> bool:
        return self.engine == self.oracle


def ask(
    engine: Engine,
    oracle: Oracle,
    question: Question,
    masks: dict[int, int],
    clock_ms: int,
    *,
    superseded: bool = False,
) -> Both:
    """Both answers. `superseded`: as pages of a generation that another has replaced."""
    grant = Grant(masks)

    def oracles() -> list[Any]:
        pages = _oracle(oracle, question, masks, clock_ms)
        return [oracle.of_an_older_generation(page) for page in pages] if superseded else pages

    return Both(_said(lambda: _engine(engine, question, grant, clock_ms, superseded)), _said(oracles))


def _said(answer: Any) -> str:
    try:
        return "\n---\n".join(text_format.MessageToString(m, as_utf8=True) for m in answer())
    except (QuestionError, EngineQuestionError) as error:
        return f"error {error.reason} {error.field}"


def _engine(engine: Engine, question: Question, grant: Grant, clock_ms: int, superseded: bool) -> list[Any]:
    if question.method == "Clear":
        request = question.request.SerializeToString()
        stream = engine.clearance(request, grant, clock_ms)
        return [parsed(clearance.ClearResponse, stream.answer(request, clock_ms))]
    kind = getattr(checks, f"{question.method}Response")
    request = type(question.request).FromString(question.request.SerializeToString())
    pages = []
    for _ in range(PAGES_AT_MOST if question.method in PAGED else 1):
        number, asked = METHODS[question.method], request.SerializeToString()
        response = parsed(kind, engine.answer(number, asked, grant, clock_ms, serving=engine if superseded else None))
        pages.append(response)
        if question.method not in PAGED or not response.next_page_token:
            break
        request.page_token = response.next_page_token
        response.next_page_token = "more"
    return pages


def parsed(kind: Any, content: bytes) -> Any:
    """Parses, checks that nothing is unknown to the contract, and drops answer id and time."""
    message = kind.FromString(content)
    unknown = unknown_fields(message)
    assert not unknown, f"unknown fields: {unknown}"
    head = message.answer if hasattr(message, "answer") else message
    assert head.answer_id, "an answer has an id"
    head.ClearField("answer_id")
    head.ClearField("answered_at")
    for error in getattr(message, "row_errors", ()):
        error.ClearField("rule")
    return message


def unknown_fields(message: Any) -> list[str]:
    found = [f"{message.DESCRIPTOR.name}.{u.field_number}" for u in UnknownFieldSet(message)]  # type: ignore[attr-defined]
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in value if hasattr(value, "__len__") and not hasattr(value, "DESCRIPTOR") else [value]:
                found += unknown_fields(inner)
    return found


def _oracle(oracle: Oracle, question: Question, masks: dict[int, int], clock_ms: int) -> list[Any]:
    if question.method == "Clear":
        return [oracle.clear(question.request.standard, question.request, masks, clock_ms)]
    name = "".join("_" + c.lower() if c.isupper() else c for c in question.method).lstrip("_")
    answer = getattr(oracle, name)
    if question.method not in PAGED:
        return [answer(question.request, masks, clock_ms)]
    pages: list[Any] = []
    offset: int | None = 0
    while offset is not None and len(pages) < PAGES_AT_MOST:
        response, offset = answer(question.request, masks, clock_ms, offset)
        response.next_page_token = "more" if offset is not None else ""
        pages.append(response)
    return pages
