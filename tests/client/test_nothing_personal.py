"""No exception of the client holds what was asked: not its text, its arguments, nor the variables of our frames."""

from __future__ import annotations

import asyncio
import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

import clients.client
from clients.client.asynchronous import AsyncRonda
from clients.client.attempts import Patience
from clients.client.blocking import Ronda
from clients.client.clearance import Cleared, Row
from clients.client.failures import LEFT_OUT, CallFailure
from ronda.v1.check_service_pb2 import CheckPersonRequest
from ronda.v1.clearance_service_pb2 import (
    CLEARANCE_REASON_NOTHING_ON_FILE,
    CLEARANCE_RESULT_NO_RECORD,
    ClearRequest,
    ClearResponse,
)
from tests.client.conftest import ServeAnswers

OURS = str(Path(clients.client.__file__).parent)
NUMBER, NAME, PLATE = "1580352240101", "Ramiro Zachrisson Monterroso", "P-123BCD"
SECRETS = (NUMBER, NAME, "Zachrisson", PLATE)
QUICK = Patience(first_pause=0.001, hedge_after=None, attempts=2)


def repeats(path: str, request: bytes, context: grpc.ServicerContext) -> bytes:
    """A server that is no Ronda and writes the question into its error."""
    context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"cannot parse {NUMBER} {NAME.upper()} {PLATE}")
    raise AssertionError


def answers_nonsense(path: str, request: bytes, context: grpc.ServicerContext) -> bytes:
    return b"<html>" + request


QUESTIONS: dict[str, Callable[[Ronda], Any]] = {
    "check": lambda ronda: ronda.check(NUMBER),
    "person": lambda ronda: ronda.check_person(cui=NUMBER, name=NAME, birth_date="1990"),
    "no date": lambda ronda: ronda.check_person(name=NAME, birth_date=f"born {NUMBER}"),
    "wrong kind": lambda ronda: ronda.check_vehicle(model_year=PLATE),  # type: ignore[arg-type]
    "no such field": lambda ronda: ronda.check_person(NAME, dpi=NUMBER),  # type: ignore[call-arg]
    "too many": lambda ronda: ronda.check(NUMBER, PLATE),  # type: ignore[call-arg]
    "search": lambda ronda: ronda.search_persons(NAME),
    "vehicle": lambda ronda: ronda.check_vehicle(plate=PLATE),
    "message": lambda ronda: ronda.ask(CheckPersonRequest(cui=NUMBER)),
    "no message": lambda ronda: ronda.ask({"cui": NUMBER}),  # type: ignore[arg-type]
    "rows": lambda ronda: list(ronda.clear([Row(cui=NUMBER, name=NAME)], "WANTED")),
    "row without a date": lambda ronda: list(ronda.clear([Row(name=NAME, birth_date=f"{NUMBER}")], "WANTED")),
}


def told(error: BaseException) -> Iterator[str]:
    """All that a log or a crash report shows of it, but for the frames that are not ours."""
    yield from (str(error), repr(error), repr(error.args), repr(vars(error)))
    assert error.__cause__ is None
    assert error.__context__ is None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.startswith(OURS):
            yield from (f"{name}={value!r}" for name, value in frame.f_locals.items())


@pytest.mark.parametrize("serve", [repeats, answers_nonsense, None])
@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_of_the_question(serve_answers: ServeAnswers, serve: Any, question: str) -> None:
    target = serve_answers(serve) if serve else "127.0.0.1:9"
    with Ronda(target, why="CLEARANCE", patience=QUICK) as ronda, pytest.raises((CallFailure, TypeError)) as raised:
        QUESTIONS[question](ronda)
    lines = list(told(raised.value))
    assert [(secret, line[:80]) for line in lines for secret in SECRETS if secret.casefold() in line.casefold()] == []


def test_what_repeats_the_question_is_left_out_and_the_rest_stays(serve_answers: ServeAnswers) -> None:
    with Ronda(serve_answers(repeats), why="TRAFFIC_STOP") as ronda, pytest.raises(CallFailure) as raised:
        ronda.check(NUMBER)
    assert raised.value.message == LEFT_OUT
    assert raised.value.status == "INVALID_ARGUMENT"
    again = pickle.loads(pickle.dumps(raised.value))
    assert (type(again), str(again)) == (type(raised.value), str(raised.value))


@pytest.mark.parametrize("serve", [repeats, answers_nonsense, None])
def test_nothing_of_the_question_awaited(serve_answers: ServeAnswers, serve: Any) -> None:
    target = serve_answers(serve) if serve else "127.0.0.1:9"

    async def ask() -> None:
        async with AsyncRonda(target, why="TRAFFIC_STOP", patience=QUICK) as ronda:
            await ronda.check_person(cui=NUMBER, name=NAME)

    with pytest.raises(CallFailure) as raised:
        asyncio.run(ask())
    lines = list(told(raised.value))
    assert [(secret, line[:80]) for line in lines for secret in SECRETS if secret.casefold() in line.casefold()] == []


def clears_one_batch(path: str, request: bytes, context: grpc.ServicerContext) -> bytes:
    """A server that answers the first batch, and refuses the next with what it was sent."""
    batch = ClearRequest.FromString(request)
    if not batch.row_ids:
        return b""
    if batch.row_ids[0]:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"cannot read {batch.cuis[0]}")
    answer = ClearResponse(generation_id="g", answer_id="a", row_ids=batch.row_ids)
    answer.results.extend([CLEARANCE_RESULT_NO_RECORD] * len(batch.row_ids))
    answer.reasons.extend([CLEARANCE_REASON_NOTHING_ON_FILE] * len(batch.row_ids))
    return answer.SerializeToString()


@pytest.mark.parametrize("awaited", [False, True])
def test_nothing_of_the_rows_when_a_run_breaks_half_way(serve_answers: ServeAnswers, awaited: bool) -> None:
    target, rows, seen = serve_answers(clears_one_batch), [Row(cui=NUMBER, name=NAME)] * 2_500, []

    async def clear() -> None:
        async with AsyncRonda(target, why="CLEARANCE", patience=QUICK) as ronda:
            async for one in ronda.clear(rows, "WANTED"):
                seen.append(one)

    with pytest.raises(CallFailure) as raised:
        if awaited:
            asyncio.run(clear())
        else:
            with Ronda(target, why="CLEARANCE", patience=QUICK) as ronda:
                for one in ronda.clear(rows, "WANTED"):
                    seen.append(one)
    assert len(seen) == 1_000
    assert raised.value.message == LEFT_OUT
    lines = [*told(raised.value), repr(seen[0]), repr(rows[0])]
    assert [(secret, line[:80]) for line in lines for secret in SECRETS if secret.casefold() in line.casefold()] == []


def test_a_row_says_which_columns_it_has_and_not_with_what() -> None:
    assert repr(Row(cui=NUMBER, plate=PLATE)) == "Row(cui, plate)"
    assert NUMBER not in repr(Cleared(Row(cui=NUMBER), 1, 1, (), None, "g", "a"))  # type: ignore[arg-type]
