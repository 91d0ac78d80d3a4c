"""The desk in a real Chromium: the main task by keyboard, its print, a narrow screen, and no word in the console."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Error, Page, expect
from pypdf import PdfReader

from tests.console.console_kit import RunningConsole
from tests.kit.nation_kit import BuiltNation

pytestmark = pytest.mark.slow


@pytest.fixture
def page(chromium: Browser, console: RunningConsole) -> Iterator[Page]:
    """Yields the desk after a sign-in that it led to; at the end nothing was blocked, or asked of anybody else."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="es-GT")
    page = context.new_page()
    page.set_default_timeout(60_000)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{console.address}/consulta")
    page.get_by_role("button", name="Entrar").press("Enter")
    expect(page.get_by_role("heading", name="Consulta", exact=True)).to_be_visible()
    yield page
    context.close()
    assert said == []
    assert {url for url in asked if not url.startswith((console.address, "data:"))} == set()


def ask(page: Page, text: str) -> None:
    """Asks with the keyboard alone: the box has the focus, and the purpose stands before it."""
    expect(page.locator("[name=caja]")).to_be_focused()
    page.keyboard.type(text)
    page.get_by_label("Motivo").focus()
    page.keyboard.type("Inv")
    page.keyboard.press("Tab")
    page.keyboard.type("MP001/2026-77")
    page.keyboard.press("Enter")


def test_a_question_by_keyboard_and_its_print(page: Page, small_nation: BuiltNation) -> None:
    cui = str(small_nation.cast["persons"]["wanted"])
    ask(page, cui)
    level = page.locator("#nivel")
    expect(level).to_be_focused()
    expect(level).to_contain_text("ROJO")
    expect(page.get_by_label("Motivo")).to_have_value("INVESTIGATION")  # of the next question too
    assert cui not in page.url
    assert cui not in page.title()
    printed = PdfReader(io.BytesIO(page.pdf(format="A4", print_background=False)))
    assert printed.pages
    for sheet in printed.pages:
        words = " ".join(sheet.extract_text().split())
        assert "MP001/2026-77" in words
        assert "generación" in words
    whole = " ".join(sheet.extract_text() for sheet in printed.pages)
    assert "ROJO" in whole
    assert "Consultar" not in whole
    page.locator("body").press("Tab")
    page.get_by_role("button", name="Salir").press("Enter")
    with pytest.raises(Error, match="ERR_CACHE_MISS"):  # the browser kept no page of the answer
        page.go_back()
    expect(page.locator("#nivel")).to_have_count(0)


def test_a_narrow_screen_needs_no_scrolling_sideways(page: Page, small_nation: BuiltNation) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    ask(page, str(small_nation.cast["vehicles"]["clean_vehicle"]["plate"]))
    expect(page.locator("#nivel")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_search_by_keyboard_and_one_of_its_list(page: Page, small_nation: BuiltNation) -> None:
    [of] = [case for case in small_nation.cast["cases"] if case["name"] == "search_namesakes"]
    page.get_by_role("link", name="Buscar").press("Enter")
    expect(page.get_by_label("Nombres y apellidos, o parte")).to_be_focused()
    page.keyboard.type(of["request"]["names"])
    page.get_by_label("Motivo").select_option("INVESTIGATION")
    page.get_by_role("button", name="Buscar").press("Enter")
    expect(page.locator("#nivel")).to_be_focused()
    page.get_by_role("button", name="Abrir 1", exact=True).press("Enter")  # whom an order alone names
    expect(page.get_by_text("elegido de una lista, sin comparar su documento")).to_be_visible()
    expect(page.locator("#nivel")).to_contain_text("AMARILLO")
    expect(page.get_by_text("Acción:").first).to_be_visible()
    page.get_by_role("button", name="Abrir 2", exact=True).press("Enter")
    expect(page.locator("#nivel")).not_to_contain_text("ROJO")


def test_a_confirmation_by_keyboard(page: Page, small_nation: BuiltNation) -> None:
    """The queue asks again by itself, and leaves the focus where it was."""
    ask(page, str(small_nation.cast["persons"]["wanted"]))
    page.get_by_role("button", name="Urgente: está aquí, 10 minutos").press("Enter")
    expect(page.get_by_role("heading", name="Por responder: 1")).to_be_visible()
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator("h1").click()
    page.keyboard.press("v")
    expect(page.get_by_role("button", name="Vigente v")).to_be_focused()
    with page.expect_response(lambda answer: answer.url.endswith("/confirmaciones")):
        pass
    expect(page.get_by_role("button", name="Vigente v")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#guardado")).to_contain_text("confirmada por")
    expect(page.get_by_text("Nada espera respuesta de su institución.")).to_be_visible()
