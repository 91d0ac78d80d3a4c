"""A printout of an answer: its sheets, its records and their limit, and the same text from the browser and as PDF."""

from __future__ import annotations

import html
import io
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from clients.console.desk.asked import Asked, Why
from clients.console.desk.marked import Grid, Line, Span
from clients.console.desk.paper import pdf_of
from clients.console.desk.printout import MOST_RECORDS, Records, printout_of
from clients.console.desk.shown import Shown
from tests.console.console_kit import Browser, RunningConsole
from tests.console.test_desk import WHY, asked, forms, text_of
from tests.kit.nation_kit import BuiltNation


@pytest.fixture
def browser(console: RunningConsole) -> Browser:
    """Returns a browser that is signed in, in development mode."""
    found = Browser(console.address)
    found.enter()
    return found


def prepared(browser: Browser, cui: str, **more: str) -> Any:
    """Returns the printout's page of a question about a person."""
    [sent] = forms_of(asked(browser, caja=cui), "/consulta/expediente")
    return browser.post("/consulta/expediente", {**sent, **more})


def forms_of(page: Any, action: str) -> list[dict[str, str]]:
    """Returns the hidden fields of each form with this action, whatever its class."""
    return forms(type("", (), {"text": page.text.replace('<form class="acciones"', "<form")}), action)


def pdf(browser: Browser, page: Any) -> tuple[PdfReader, Any]:
    """Returns the PDF that a printout's page leads to, and its response."""
    [sent] = forms_of(page, "/consulta/expediente.pdf")
    data = urllib.parse.urlencode(sent).encode()
    answer = browser._open(urllib.request.Request(f"{browser.address}/consulta/expediente.pdf", data), timeout=60)
    return PdfReader(io.BytesIO(answer.read())), answer


def test_each_sheet_says_who_asked_when_why_and_of_which_data(browser: Browser, small_nation: BuiltNation) -> None:
    page = prepared(browser, str(small_nation.cast["persons"]["wanted"]), asientos="si")
    assert page.status == 200
    document, answer = pdf(browser, page)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/pdf"
    assert document.pages
    for sheet in document.pages:
        words = " ".join(sheet.extract_text().split())
        for said in ("Consultó", "motivo: Investigación", "caso MP001/2026-77", "Respuesta", "generación", "datos al"):
            assert said in words
        assert "RENAP" in words
        assert "DEMO" in words
        assert len(sheet.images) == 1  # the QR code
    whole = " ".join(sheet.extract_text() for sheet in document.pages)
    assert "ROJO" in whole
    assert re.search(r"órdenes[^:]*: \d+ de \d+", " ".join(whole.split()), re.IGNORECASE)


def test_a_print_is_of_an_answer_of_this_session_alone(browser: Browser, console: RunningConsole) -> None:
    [sent] = forms_of(asked(browser, caja="P-123BCD"), "/consulta/expediente")
    other = Browser(console.address)
    other.enter()
    theirs = {**sent, "csrf": other.word("/consulta")}
    assert other.post("/consulta/expediente", theirs).status == 410
    assert browser.post("/consulta/expediente", {**sent, "csrf": "x"}).status == 403
    assert browser.post("/consulta/expediente.pdf", sent).status == 410  # its page was not asked for
    assert browser.post("/consulta/expediente", sent).status == 200
    for _ in range(4):
        asked(browser, caja="P-123BCD")
    gone: Any = browser.post("/consulta/expediente", sent)
    assert gone.status == 410
    assert "consulte de nuevo" in text_of(gone)
    browser.post("/salir", {"csrf": sent["csrf"]})
    assert browser.post("/consulta/expediente.pdf", sent).status == 401


def test_markup_in_a_case_is_shown_and_not_obeyed(browser: Browser) -> None:
    """Characters that turn the direction of text are refused before anything is asked."""
    assert asked(browser, caja="P-123BCD", caso="1/2\u202e").status == 422
    [sent] = forms_of(asked(browser, caja="P-123BCD", caso="<b>1/2</b>"), "/consulta/expediente")
    page: Any = browser.post("/consulta/expediente", sent)
    assert "<b>1" not in page.text
    assert "<b>1/2</b>" in pdf(browser, page)[0].pages[0].extract_text()


def test_more_records_than_a_dossier_holds_are_named(small_nation: BuiltNation) -> None:
    """Among them a letter that the PDF's font lacks: it stands as its number."""
    rows = [[[Line([Span(f"multa {n} 漢")])]] for n in range(MOST_RECORDS)]
    answer = Shown(
        "rojo", "✖", "ROJO: actúe", [], [], None, [("PNC", "al día", "datos al 1/1/2026")], [], "hoy", "a", "g"
    )
    fines = Records("multas", 5000, Grid("", ["multa"], rows))
    changed = Records("visitas", 3, why_not="Estos asientos cambiaron")
    made = printout_of("NIP 1", Asked(Why("AUDIT"), "P-1", {}), answer, "2026-01-01T00:00:00Z", [fines, changed], "")
    text = " ".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf_of(made))).pages)
    text = " ".join(text.split())
    assert "multas: 200 de 5000" in text
    assert "Faltan aquí 4800 asientos: un expediente lleva 200 a lo más." in text
    assert "200. multa: multa 199 [U+6F22]" in text
    assert "visitas: 0 de 3 Estos asientos cambiaron" in text


@pytest.fixture
def page(chromium: Chromium, console: RunningConsole) -> Iterator[Page]:
    """Yields the desk of somebody who signed in; at the end the browser had said nothing."""
    context = chromium.new_context(viewport={"width": 320, "height": 800}, locale="es-GT")
    page = context.new_page()
    page.set_default_timeout(60_000)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{console.address}/consulta")
    page.get_by_role("button", name="Entrar").press("Enter")
    yield page
    context.close()
    assert said == []


@pytest.mark.slow
def test_the_browser_prints_what_the_pdf_says(page: Page, small_nation: BuiltNation) -> None:
    """By keyboard: asked, opened with `i`, saved with `p`; on a narrow screen without scrolling sideways."""
    page.get_by_label("Motivo").select_option("INVESTIGATION")
    page.get_by_label("Número de caso").fill("MP001/2026-77")
    page.locator("[name=caja]").fill(str(small_nation.cast["persons"]["wanted"]))
    page.keyboard.press("Enter")
    expect(page.locator("#nivel")).to_be_focused()
    page.get_by_label("con los asientos").press("Space")
    page.keyboard.press("i")
    expect(page.get_by_role("heading", name="Expediente de una consulta")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    printed = body(page.pdf(format="A4", print_background=False))
    with page.expect_download() as saved:
        page.keyboard.press("p")
    assert re.fullmatch(r"ronda-[0-9a-f-]{36}\.pdf", saved.value.suggested_filename)
    assert body(saved.value.path().read_bytes()) == printed
    assert "Quiénoquées" in printed


def body(document: bytes) -> str:
    """Returns the letters of a PDF without those that each sheet repeats, its number and its spaces."""
    sheets = [html.unescape(sheet.extract_text()) for sheet in PdfReader(io.BytesIO(document)).pages]
    letters = ["".join(sheet.split()) for sheet in sheets]
    return "".join(re.sub(r"Página\d+de\d+", "", re.sub(r"Consultó.*?inventada", "", each)) for each in letters)


def test_the_fields_of_a_question_stay_with_its_page(browser: Browser, small_nation: BuiltNation) -> None:
    """Two tabs: each prints its own answer, with its own case."""
    cui = str(small_nation.cast["persons"]["wanted"])
    [first] = forms_of(asked(browser, caja=cui), "/consulta/expediente")
    asked(browser, caja="P-123BCD", caso="B-2")
    text = text_of(browser.post("/consulta/expediente", first))
    assert "caso MP001/2026-77" in text
    assert "B-2" not in text
    assert WHY["caso"] in text
