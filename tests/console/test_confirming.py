"""Confirmations over HTTP: an officer asks about a hit, its desk answers, and the officer sees the answer."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests.console.console_kit import Browser, RunningConsole
from tests.console.test_desk import WHY, asked, text_of
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import until


@pytest.fixture
def browser(console: RunningConsole) -> Browser:
    """Returns a browser that is signed in, in development mode."""
    found = Browser(console.address)
    found.enter()
    return found


def _hit(browser: Browser, small_nation: BuiltNation) -> dict[str, str]:
    """Returns what the form of the first hit of a wanted person sends."""
    page = asked(browser, caja=str(small_nation.cast["persons"]["wanted"]))
    [form, *_] = re.findall(
        r'<form class="linea" method="post" action="/confirmaciones/pedir">(.*?)</form>', page.text, re.DOTALL
    )
    return {n: html.unescape(v) for n, v in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)}


def _rows(page: Any) -> list[dict[str, str]]:
    found = re.findall(
        r'<form class="acciones" method="post" action="/confirmaciones/respuesta">(.*?)</form>', page.text, re.DOTALL
    )
    return [
        {n: html.unescape(v) for n, v in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)}
        for form in found
    ]


def test_a_hit_is_asked_about_and_answered(
    browser: Browser, console: RunningConsole, small_nation: BuiltNation
) -> None:
    sent = _hit(browser, small_nation)
    page: Any = browser.post("/confirmaciones/pedir", {**sent, "urgencia": "URGENT"})
    assert page.status == 200
    assert "Pedidas por usted" in text_of(page)
    assert "sin confirmar" in text_of(page)

    desk = Browser(console.address)
    desk.enter()
    queue = desk.post("/confirmaciones", {"csrf": desk.word("/confirmaciones"), **WHY})
    assert "URGENTE" in text_of(queue)
    mine = [row for row in _rows(queue) if sent["asiento"] in text_of(queue)]
    assert mine
    done: Any = desk.post("/confirmaciones/respuesta", {**mine[0], "respuesta": "CANCELLED"})
    assert done.status == 200
    assert "desmentida por" in text_of(done)
    assert mine[0]["confirmacion"] not in [row["confirmacion"] for row in _rows(done)]

    assert "desmentida por" in text_of(browser.get("/confirmaciones"))
    wanted = str(small_nation.cast["persons"]["wanted"])
    until(lambda: "desmentida" in text_of(asked(browser, caja=wanted)))  # the workers follow within a moment


@pytest.mark.parametrize(
    ("path", "fields", "said"),
    [
        ("", {"motivo": ""}, "Elija el motivo"),
        ("/respuesta", {"respuesta": "CANCELLED"}, "Responda desde la lista"),
        ("/respuesta", {"confirmacion": "0199f2aa-7b1c-7d3e-8f10-a1b2c3d4e5f6", "respuesta": "TAL"}, "desde la lista"),
        ("/respuesta", {"confirmacion": "<b>", "respuesta": "CANCELLED"}, ""),
        ("/pedir", {"urgencia": "URGENT"}, "desde su respuesta"),
        ("/pedir", {"registro": "oj", "asiento": "X", "sujeto": "0" * 32, "urgencia": "YA"}, "desde su respuesta"),
    ],
)
def test_what_is_no_question_or_answer_is_named(browser: Browser, path: str, fields: dict[str, str], said: str) -> None:
    page: Any = browser.post(f"/confirmaciones{path}", {"csrf": browser.word("/confirmaciones"), **WHY, **fields})
    assert page.status in (404, 422)
    assert said in text_of(page)
    assert 'role="alert"' in page.text
    assert "<b>" not in page.text


def test_nothing_is_answered_by_another_page(browser: Browser) -> None:
    answer = {**WHY, "confirmacion": "0199f2aa-7b1c-7d3e-8f10-a1b2c3d4e5f6", "respuesta": "CANCELLED"}
    assert browser.post("/confirmaciones/respuesta", answer).status == 403
    assert browser.post("/confirmaciones/pedir", answer).status == 403
    mine = {**answer, "csrf": browser.word("/confirmaciones")}
    assert browser.post("/confirmaciones/respuesta", mine, Origin="https://example.org").status == 403
