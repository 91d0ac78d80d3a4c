"""The gateway asks over the server's express lane while there is one, and else, or again, at its own address."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest

from clients.client.failures import CallFailure, QuestionRefused
from clients.client.lane import TOLD_BY
from clients.sms.asking import Asker
from clients.sms.grammar import Kind, Message
from clients.sms.questions import question_of
from tests.client.conftest import ServeAnswers, serve_answers
from tests.client.test_trouble import ANSWER, Refusing, busy, refuse, unavailable
from tests.server.requests import CUI

__all__ = ["serve_answers"]

SECONDS = 20.0


class Own:
    """The server's own address: tells the lane's port with each answer, keeps what it was asked."""

    def __init__(self, lane: str) -> None:
        self.port = lane.rpartition(":")[2]
        self.asked: list[bytes] = []

    def __call__(self, path: str, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.asked.append(request)
        context.set_trailing_metadata(((TOLD_BY, self.port),))
        return ANSWER.SerializeToString()


def asking(target: str, scenario: Callable[[Callable[[], Awaitable[Any]]], Awaitable[None]]) -> None:
    """Runs a scenario, which is given what asks about one person."""

    async def run() -> None:
        asker, numbers = Asker(target, None), iter(range(10**6))

        async def ask() -> Any:
            return await asker.ask(question_of(Message(Kind.CUI, CUI), f"id-{next(numbers)}", 1.5e9), "", SECONDS)

        try:
            async with asyncio.timeout(60):
                await scenario(ask)
        finally:
            await asker.close()

    asyncio.run(run())


def test_the_lane_is_asked_and_what_it_loses_is_asked_again_with_the_same_bytes(serve_answers: ServeAnswers) -> None:
    losing = Refusing()
    own = Own(serve_answers(losing))

    async def scenario(ask: Callable[[], Awaitable[Any]]) -> None:
        while not losing.asked:
            assert (await ask()).answer.answer_id == "one"
            await asyncio.sleep(0.01)
        before = len(own.asked)
        for _ in range(20):
            assert (await ask()).answer.answer_id == "one"
        assert len(own.asked) == before
        losing._refusals[:] = [busy, unavailable]
        for _ in range(2):
            assert (await ask()).answer.answer_id == "one"
        assert own.asked[before:] == losing.asked[-2:]

    asking(serve_answers(own), scenario)


def test_what_ronda_refuses_over_the_lane_is_refused(serve_answers: ServeAnswers) -> None:
    def broken(context: grpc.ServicerContext) -> None:
        refuse(context, "FIELD_INVALID", grpc.StatusCode.INVALID_ARGUMENT)

    refusing = Refusing(*[broken] * 100)
    own = Own(serve_answers(refusing))

    async def scenario(ask: Callable[[], Awaitable[Any]]) -> None:
        failed: CallFailure | None = None
        while failed is None:
            try:
                await ask()
            except CallFailure as failure:
                failed = failure
            await asyncio.sleep(0.01)
        before = len(own.asked)
        assert isinstance(failed, QuestionRefused)
        with pytest.raises(QuestionRefused):
            await ask()
        assert len(own.asked) == before

    asking(serve_answers(own), scenario)
