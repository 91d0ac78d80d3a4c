"""The room in a real Chromium: map, drill-down, keys, wall, night, paper, and a source that falls silent live."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from clients.console.tiles import GREY, RISE
from tests.console.conftest import Country
from tests.console.console_kit import DEPARTMENTS, RISING, RISING_NAME, RunningConsole, publish

pytestmark = pytest.mark.slow
_CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
_PATIENCE_MS = 60_000.0


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, console: RunningConsole) -> Iterator[Page]:
    """Entered, drawn; at the end nothing was blocked, failed, or asked of anybody else."""
    context = chromium.new_context(viewport={"width": 1600, "height": 1000}, locale="es-GT")
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(console.address)
    page.get_by_role("button", name="Entrar").click()
    drawn(page)
    yield page
    context.close()
    assert [text for text in said if "favicon" not in text] == []
    assert {url for url in asked if not url.startswith((console.address, "data:"))} == set()


def drawn(page: Page, times: int = 1) -> None:
    """Waits until the charts were drawn so often."""
    enough = "|".join(str(number) for number in range(times, times + 50))
    expect(page.locator("body")).to_have_attribute("data-dibujado", re.compile(f"^({enough})$"), timeout=_PATIENCE_MS)


def tile(page: Page, code: str) -> str:
    return f'.ficha[data-codigo="{code}"]'


def test_map_and_drill_down(page: Page) -> None:
    expect(page.locator(tile(page, RISING))).to_have_attribute("data-estado", RISE)
    expect(page.locator(tile(page, RISING))).to_contain_text("SUBE")
    place = page.evaluate(
        "(code) => { const chart = echarts.getInstanceByDom(document.getElementById('mapa'));"
        " const box = document.getElementById('mapa').getBoundingClientRect();"
        " const at = chart.convertToPixel({ seriesIndex: 0 }, [3.5, 0.5]); return [box.x + at[0], box.y + at[1]]; }",
        RISING,
    )
    page.mouse.click(*place)
    page.wait_for_url(re.compile(f"depto={RISING}"))
    drawn(page)
    expect(page.get_by_role("heading", name=f"Municipios de {RISING_NAME}")).to_be_visible()
    expect(page.locator(tile(page, f"{RISING}01"))).to_have_attribute("data-estado", RISE)
    towns = page.locator(".ficha").evaluate_all("tiles => tiles.map(tile => tile.dataset.codigo)")
    assert sorted(on_the_map(page)) == [code for code in towns if not code.endswith("00")]
    expect(page.get_by_text("DEMO: bloques propios")).to_be_visible()
    place = page.evaluate(
        "(code) => { const chart = echarts.getInstanceByDom(document.getElementById('mapa'));"
        " const box = document.getElementById('mapa').getBoundingClientRect();"
        " const ring = echarts.getMap('esquema').geoJSON.features.find(each => each.properties.name === code)"
        ".geometry.coordinates[0];"
        " const at = chart.convertToPixel({ seriesIndex: 0 },"
        " [(ring[0][0] + ring[1][0]) / 2, (ring[1][1] + ring[2][1]) / 2]);"
        " return [box.x + at[0], box.y + at[1]]; }",
        f"{RISING}02",
    )
    page.mouse.click(*place)
    expect(page.locator(f"{tile(page, f'{RISING}02')} > *")).to_be_focused()
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"/sala\?tema=all$"))
    expect(page.locator(tile(page, "22"))).to_be_visible()


def on_the_map(page: Page) -> list[str]:
    """Codes of the places that it shows."""
    found: list[str] = page.evaluate(
        "echarts.getInstanceByDom(document.getElementById('mapa')).getOption().series[0].data.map(each => each.name)"
    )
    return found


def test_the_map_by_the_keyboard_alone(page: Page) -> None:
    page.keyboard.press("m")
    expect(page.locator("#mapa")).to_be_focused()
    for _ in range(DEPARTMENTS.index(RISING) + 1):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#mapa-dicho")).to_contain_text(f"{RISING_NAME}: SUBE")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"depto={RISING}"))
    drawn(page)
    page.keyboard.press("m")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#mapa-dicho")).to_contain_text("SUBE")
    page.keyboard.press("Enter")
    expect(page.locator(f"{tile(page, f'{RISING}01')} > *")).to_be_focused()
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"/sala\?tema=all$"))


def test_by_the_keyboard_alone(page: Page) -> None:
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"{tile(page, DEPARTMENTS[0])} a")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("depto=05"))
    drawn(page)
    page.keyboard.press("n")
    expect(page.locator("html")).to_have_attribute("data-modo", "noche")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-modo", "noche")
    page.keyboard.press("t")
    expect(page.locator("#tema")).to_be_focused()
    page.locator("#tema").select_option("robberies")
    page.wait_for_url(re.compile("tema=robberies"))


def test_wall_mode_and_back(page: Page) -> None:
    page.keyboard.press("p")
    expect(page.locator("body")).to_have_class(re.compile("pared"))
    expect(page.locator("#tema")).to_be_hidden()
    expect(page.locator("header")).to_be_visible()
    drawn(page)
    page.keyboard.press("p")
    expect(page.locator("#tema")).to_be_visible()


def test_a_source_falls_silent_before_ones_eyes(page: Page, country: Country) -> None:
    current = (country.data / "mart" / "CURRENT").read_text(encoding="ascii").strip()
    expect(page.locator("#vivo")).to_contain_text(f"almacén {current}")
    before = int(page.evaluate("Number(document.body.dataset.dibujado)"))
    publish(country.data, country.silent)
    try:
        expect(page.locator('[data-prueba="gris"]')).to_contain_text("no entrega desde el")
        states = page.locator(".ficha").evaluate_all("tiles => [...new Set(tiles.map(tile => tile.dataset.estado))]")
        assert states == [GREY]
        expect(page.locator("#vivo")).to_contain_text("GRIS, no entrega desde")
        drawn(page, before + 1)
        assert page.evaluate(
            "echarts.getInstanceByDom(document.getElementById('mapa')).getOption().series[0].data"
            ".every(place => place.told.includes('GRIS'))"
        )
    finally:
        fresh = country.data / "mart" / "CURRENT.new"
        fresh.write_text(current + "\n", encoding="ascii")
        fresh.rename(country.data / "mart" / "CURRENT")
    expect(page.locator(tile(page, RISING))).to_have_attribute("data-estado", RISE)


def test_on_paper_it_says_the_same(page: Page, tmp_path: Path) -> None:
    page.pdf(path=tmp_path / "sala.pdf", format="A4")
    text = subprocess.run(["pdftotext", tmp_path / "sala.pdf", "-"], capture_output=True, text=True, check=True).stdout
    assert "fichas probadas" in text
    assert RISING_NAME in text
    assert "SUBE" in text
