"""The desk over HTTP: a question, its answer, candidates, records and refusals; no address holds what was asked."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests.console.conftest import Country
from tests.console.console_kit import Browser, RunningConsole, csrf_of
from tests.kit.nation_kit import BuiltNation

WHY = {"motivo": "INVESTIGATION", "caso": "MP001/2026-77", "razon": ""}


@pytest.fixture
def browser(console: RunningConsole) -> Browser:
    """Returns a browser that is signed in, in development mode."""
    found = Browser(console.address)
    found.enter()
    return found


def asked(browser: Browser, /, **fields: str) -> Any:
    """Returns the page of a question under WHY, unless it states another reason."""
    return browser.post("/consulta", {"csrf": browser.word("/consulta"), **WHY, **fields})


def text_of(page: Any) -> str:
    """Returns what a reader sees, without the marks."""
    return html.unescape(re.sub(r"<[^>]+>", " ", page.text))


def forms(page: Any, action: str) -> list[dict[str, str]]:
    """Returns the hidden fields of each form with this action."""
    found = re.findall(rf'<form method="post" action="{action}">(.*?)</form>', page.text, flags=re.DOTALL)
    return [
        {name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)}
        for form in found
    ]


def test_a_wanted_person_by_the_one_box(browser: Browser, small_nation: BuiltNation) -> None:
    cui = str(small_nation.cast["persons"]["wanted"])
    page = asked(browser, caja=cui)
    assert page.status == 200
    text = text_of(page)
    assert "ROJO" in text
    assert "Acción:" in text
    assert "Investigación" in text
    assert "MP001/2026-77" in text
    assert re.search(r"Respuesta [0-9a-f-]{8,}", text)
    assert "RENAP" in text
    assert page.headers["cache-control"] == "no-store"
    assert cui not in page.url
    assert 'class="insignia rojo"' in page.text


def test_a_vehicle_by_fields_and_its_records(browser: Browser, small_nation: BuiltNation) -> None:
    plate = small_nation.cast["vehicles"]["clean_vehicle"]["plate"]
    page = asked(browser, plate=plate)
    assert "Placa" in text_of(page)
    sent = forms(page, "/consulta/asientos")
    assert sent
    assert all(re.fullmatch("[0-9a-f]{32}", each["sujeto"]) for each in sent)
    opened = browser.post("/consulta/asientos", sent[0])
    assert opened.status == 200
    assert '<table class="datos">' in opened.text  # type: ignore[attr-defined]
    assert "MP001/2026-77" in text_of(opened)


def test_one_of_several_is_opened_as_chosen(browser: Browser, small_nation: BuiltNation) -> None:
    """A chosen person is neither red nor green (docs/statute.md, rule 33)."""
    [of] = [case for case in small_nation.cast["cases"] if case["name"] == "homonyms_asked_by_name_and_birth_date"]
    born = of["request"]["birth_date"]
    date = f"{born['day']:02}/{born['month']:02}/{born['year']}"
    page = asked(browser, name=of["request"]["name"]["full"], birth_date=date)
    choices = forms(page, "/consulta/elegido")
    assert choices
    opened = browser.post("/consulta/elegido", choices[0])
    assert opened.status == 200
    assert "sin comparar su documento" in text_of(opened)
    assert not re.search('class="insignia (rojo|verde)" tabindex', opened.text)  # type: ignore[attr-defined]


def test_a_search_page_by_page(browser: Browser, small_nation: BuiltNation) -> None:
    word = browser.word("/buscar")
    page: Any = browser.post("/buscar", {"csrf": word, **WHY, "names": "LOPEZ"})
    assert page.status == 200
    assert 10 < len(forms(page, "/consulta/elegido")) <= 20  # but for those without a number
    [sent] = [
        {name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)}
        for form in re.findall(
            '<form class="acciones" method="post" action="/buscar">(.*?)</form>', page.text, re.DOTALL
        )
    ]
    second = browser.post("/buscar", sent)
    first_names, next_names = (set(re.findall("LOPEZ[A-Z ]*", text_of(each).upper())) for each in (page, second))
    assert second.status == 200
    assert first_names != next_names


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Escriba qué buscar"),
        ({"names": "LOPEZ", "make": "TOYOTA"}, "no ambos a la vez"),
        ({"names": "LOPEZ", "birth_year_from": "abcd"}, "cuatro cifras"),
        ({"names": "LOPEZ", "birth_date": "ayer"}, "Nacimiento:"),
        ({"names": "LOPEZ", "sex": "X"}, "elija de la lista"),
        ({"names": "LOPEZ", "motivo": ""}, "Elija el motivo"),
        ({"plate_pattern": "%"}, "placa"),
    ],
)
def test_what_is_no_search_is_named(browser: Browser, fields: dict[str, str], said: str) -> None:
    page = browser.post("/buscar", {"csrf": browser.word("/buscar"), **WHY, **fields})
    assert page.status == 422
    assert said in text_of(page)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"motivo": "", "caja": "P-123BCD"}, "Elija el motivo"),
        ({"motivo": "STATISTICS", "caja": "P-123BCD"}, "Elija el motivo"),
        ({}, "Escriba qué consultar"),
        ({"caja": "P-123BCD", "name": "ANA"}, "no en ambos"),
        ({"plate": "P-123BCD", "name": "ANA LOPEZ"}, "una persona o un vehículo"),
        ({"name": "ANA LOPEZ", "birth_date": "ayer"}, "Nacimiento:"),
        ({"caja": "A" * 201}, "200 letras"),
        ({"cui": "12"}, "CUI"),
    ],
)
def test_what_is_no_question_is_named(browser: Browser, fields: dict[str, str], said: str) -> None:
    page = asked(browser, **fields)
    assert page.status == 422
    assert said in text_of(page)


def test_nothing_is_asked_of_nobody_nor_from_elsewhere(browser: Browser, console: RunningConsole) -> None:
    question = {**WHY, "caja": "P-123BCD"}
    assert browser.post("/consulta", question).status == 403  # without the page's token
    other = Browser(console.address)
    other.enter()
    stolen = {**question, "csrf": other.word("/consulta")}
    assert browser.post("/consulta", stolen).status == 403
    mine = {**question, "csrf": browser.word("/consulta")}
    assert browser.post("/consulta", mine, Origin="https://example.org").status == 403
    assert browser.post("/consulta", {**mine, "caja": "A" * 10_000}).status == 413
    assert browser.post("/consulta", mine).status == 200
    browser.post("/salir", {"csrf": mine["csrf"]})
    assert browser.post("/consulta", mine).status == 401
    assert "Entrar" in browser.get("/consulta").text  # type: ignore[attr-defined]


def test_the_purpose_is_that_of_the_page(browser: Browser) -> None:
    """Two tabs with two purposes: each asks under the one that it shows."""
    first = {"csrf": browser.word("/consulta"), **WHY, "caja": "P-123BCD"}
    second = {**first, "motivo": "VICTIM_PROTECTION", "caso": "B-2"}
    assert "Protección de una víctima" in text_of(browser.post("/consulta", second))
    text = text_of(browser.post("/consulta", first))
    assert "motivo: Investigación · caso MP001/2026-77" in " ".join(text.split())


def test_markup_and_turned_text_are_shown_and_not_obeyed(browser: Browser) -> None:
    page = asked(browser, name='<script>alert(1)</script> "\u202e&', caso="<b>1</b>", cui="12")
    assert "<script>alert" not in page.text
    assert "<b>1</b>" not in page.text
    assert "\u202e" not in page.text


def test_a_server_that_is_away_is_named(browser: Browser, country: Country) -> None:
    word = browser.word("/consulta")
    country.server.stop()
    page: Any = browser.post("/consulta", {"csrf": word, **WHY, "caja": "P-123BCD"})
    assert page.status == 503
    assert 'role="alert"' in page.text
    assert csrf_of(page)
