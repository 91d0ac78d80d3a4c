"""Servers that are none, answer half or go away under a question: what is no answer is never painted as one."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import grpc
import pytest
from textual.widgets import Input

from clients.car.login import LoginScreen
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from ronda.v1.register_service_pb2 import ListRegistersResponse
from tests.car.car_kit import Car, Device, drive
from tests.car.lossy_link import LossyLink
from tests.client.conftest import ServeAnswers, serve_answers
from tests.client.late_road import LateRoad
from tests.kit.strangers import Stranger, listening, web_tls
from tests.trust.conftest import TrustedServer

__all__ = ["serve_answers"]  # the fixture

NO_ANSWER = "SIN RESPUESTA: no es verde, repita"


async def _refused(car: Car, *said: str) -> None:
    await car.until(lambda: isinstance(car.app.screen, LoginScreen))
    await car.press("enter")
    await car.sees(*said)
    assert not car.app.session.open


@pytest.mark.parametrize("kind", [Stranger.ECHO, Stranger.WEB, Stranger.HANGS_UP])
def test_another_program_opens_nothing(device: Device, kind: Stranger) -> None:
    async def with_certificate(car: Car) -> None:
        await _refused(car, "no habla TLS; no siga")

    async def without(car: Car) -> None:
        await _refused(car, "no es Ronda, o se reinicia")

    with listening(kind) as address:
        drive(with_certificate, address, device.prefix)
        drive(without, address)


def test_a_web_server_of_the_own_authority_opens_nothing(device: Device, tmp_path: Path) -> None:
    async def with_certificate(car: Car) -> None:
        await _refused(car, "no es Ronda, o se reinicia")

    async def without(car: Car) -> None:
        await _refused(car, "exige el certificado de este equipo")

    with listening(Stranger.WEB, web_tls(tmp_path)) as address:
        drive(with_certificate, address, device.prefix)
        drive(without, address)


def _clear() -> bytes:
    answer = checks.Answer(level=level_pb2.LEVEL_CLEAR, generation_id="g", answer_id="a")
    return checks.CheckResponse(answer=answer, person={"name": "OSCAR ORTIZ"}).SerializeToString()


def _headless() -> bytes:
    return checks.CheckResponse(answer=checks.Answer(level=level_pb2.LEVEL_CLEAR)).SerializeToString()


def test_half_an_answer_is_none(serve_answers: ServeAnswers) -> None:
    spoilt = [b"", b"\xff\xff", _headless(), _clear()[:-3], _clear()]
    left = iter(spoilt)

    def answers(path: str, request: bytes, context: grpc.ServicerContext) -> bytes:
        if path.endswith("/Check"):
            return next(left)
        return ListRegistersResponse(generation_id="g").SerializeToString()

    async def scenario(car: Car) -> None:
        await car.log_in()
        for _ in spoilt[:-1]:
            said = await car.ask("2357111360101")
            assert NO_ANSWER in said
            assert "La respuesta no llegó completa" in said
            assert "VERDE" not in said and "SIN ALERTAS" not in said
        assert "SIN ALERTAS" in await car.ask("2357111360101"), "the same, whole"

    drive(scenario, serve_answers(answers))


def test_a_login_that_is_answered_with_nothing_opens_nothing(serve_answers: ServeAnswers) -> None:
    async def scenario(car: Car) -> None:
        await _refused(car, "La respuesta no llegó completa")

    drive(scenario, serve_answers(lambda *_: b""))


def test_an_answer_that_is_cut_off_on_its_way(trusted: TrustedServer, device: Device, cases: dict[str, Any]) -> None:
    """The stream ends in the middle of a message: it is asked again, or there is none."""

    async def scenario(car: Car) -> None:
        await car.log_in()
        link.halves = 1
        assert "HAY ALERTA" in await car.ask(cases["wanted"]["cui"])
        assert not link.halves
        asked = [record.request_id for record in itertools.islice(trusted.newest(9), 2)]
        assert asked[0] == asked[1], "the same question, which counts once"
        link.halves = 1_000_000
        cut = await car.ask(cases["wanted"]["cui"])
        assert NO_ANSWER in cut
        assert "ZACHRISSON" not in cut and "HAY ALERTA" not in cut
        link.halves = 0
        assert "HAY ALERTA" in await car.ask(cases["wanted"]["cui"])

    with LossyLink(trusted.address) as link:
        drive(scenario, link.address, device.prefix, deadline=3.0)


def test_a_server_that_restarts_under_a_question(trusted: TrustedServer, device: Device, cases: dict[str, Any]) -> None:
    """It took the question, and its connections end before the answer: asked again where it is back in time."""

    async def scenario(car: Car) -> None:
        await car.log_in()
        road.hold()
        car.app.main.query_one("#box", Input).value = cases["wanted"]["cui"]
        await car.press("enter")
        await car.sees("Esc cancela")
        road.cut()
        road.let_go()
        assert "HAY ALERTA" in await car.settled()

    with LateRoad(trusted.address, frozenset(range(1000))) as road:
        drive(scenario, road.address, device.prefix)
