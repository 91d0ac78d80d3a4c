"""The room over HTTP: what its pages say, what they keep to themselves, and what the browser receives."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.console.headers import POLICY
from clients.console.tiles import FALL, GREY, RISE
from tests.console.conftest import Country
from tests.console.console_kit import (
    DEPARTMENTS,
    RISING,
    Browser,
    RunningConsole,
    csrf_of,
    publish,
    running_console,
    texts_of_states,
)
from tests.kit.nation_kit import BuiltNation
from tests.kit.personal_data import PersonalData

PAGES = (
    "/sala",
    "/sala?tema=homicides",
    "/sala?depto=05",
    "/sala/fichas",
    "/sala/datos",
    "/sala/datos?depto=05",
    "/sala/esquema",
)


def events(browser: Browser, address: str) -> Iterator[tuple[str, str]]:
    """(event, data) of a screen, as they come."""
    cookies = "; ".join(f"{each.name}={each.value}" for each in browser.cookies)
    request = urllib.request.Request(f"{address}/sala/vivo?almacen=x", headers={"Cookie": cookies})
    with urllib.request.urlopen(request, timeout=60) as stream:
        name, data = "", []
        while line := stream.readline().decode():
            line = line.rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data.append(line[6:])
            elif not line and name:
                text = "\n".join(data)
                browser.seen.append(text)
                yield name, text
                name, data = "", []


def test_the_room_shows_each_department_with_its_limits(console: RunningConsole) -> None:
    browser = Browser(console.address)
    page = browser.enter().text  # type: ignore[attr-defined]
    states = texts_of_states(page)
    assert set(DEPARTMENTS) <= set(states)
    assert states[RISING] == RISE
    called = [code for code, state in states.items() if state in (RISE, FALL)]
    assert len(called) <= 2
    assert re.search(r"<strong>\d\d fichas probadas</strong>", page)
    assert "límites" in page
    assert "Control de divulgación" in page
    assert "CUSUM" in page
    assert "DEMO" in page


def test_drill_down_and_drawings_are_the_servers_figures(console: RunningConsole) -> None:
    browser = Browser(console.address)
    browser.enter()
    towns = texts_of_states(browser.get(f"/sala?depto={RISING}").text)  # type: ignore[attr-defined]
    assert f"{RISING}01" in towns
    assert towns[f"{RISING}01"] == RISE
    assert all(code.startswith(RISING) for code in towns)
    drawn = json.loads(browser.get("/sala/datos").text)  # type: ignore[attr-defined]
    assert drawn["why"] == []
    assert {place["name"] for place in drawn["map"]} >= set(DEPARTMENTS)
    figures = [cell[2] for cell in drawn["hours"]["cells"] if cell[2] is not None]
    figures += [value for value in drawn["trend"]["whole"] + drawn["trend"]["before"] if value is not None]
    assert len(figures) > 50
    assert all(figure % 5 == 0 and figure >= 5 for figure in figures)
    scheme = json.loads(browser.get("/sala/esquema").text)  # type: ignore[attr-defined]
    assert sorted(each["properties"]["name"] for each in scheme["features"]) == DEPARTMENTS
    towns = json.loads(browser.get("/sala/esquema?depto=05").text)  # type: ignore[attr-defined]
    assert [each["properties"]["name"] for each in towns["features"]] == [f"05{number:02}" for number in range(1, 15)]


def test_the_strip_tells_checks_and_hits_by_kind_and_what_has_no_source(console: RunningConsole) -> None:
    browser = Browser(console.address)
    browser.enter()
    for name, text in events(browser, console.address):
        if name == "vivo" and 'data-prueba="consultas"' in text:
            break
    found = re.search(r'data-prueba="consultas">Consultas de la semana, al [\d/]+: ([\d,]+);', text)
    assert found is not None, text
    assert abs(int(found[1].replace(",", "")) - 367) < 5
    assert re.search(r"orden de captura (35|40|45)\b", text)
    assert "fuga oculta" in text  # two of them
    assert "Llamadas atendidas: sin fuente" in text
    assert "Hechos: entregó" in text  # by its title, and no id


def test_what_is_not_real_says_so_on_every_screen_and_on_paper(console: RunningConsole) -> None:
    """Not only in what the screen folds away, nor only in development mode's head, which a wall does not show."""
    browser = Browser(console.address)
    page = browser.enter()
    browser.post("/sala/pared", {"pared": "si", "csrf": csrf_of(page)})
    for path in ("/sala", "/sala?depto=05", "/sala/fichas"):
        text = re.sub(r"<details.*?</details>", "", browser.get(path).text, flags=re.DOTALL)  # type: ignore[attr-defined]
        assert re.search(r'data-prueba="demo"><strong>DEMO</strong> [^<]*ICCS', text), path
    style = (Path("clients/console/static") / "consola.css").read_text(encoding="utf-8")
    assert not re.search(r"\.demo-cifras[^{]*\{[^}]*display: none", style)


def test_a_silent_source_makes_every_tile_grey_and_calls_no_fall(country: Country, console: RunningConsole) -> None:
    browser = Browser(console.address)
    browser.enter()
    current = (country.data / "mart" / "CURRENT").read_text(encoding="ascii").strip()
    publish(country.data, country.silent)
    try:
        assert next(text for name, text in events(browser, console.address) if name == "cifras") != current
        page = browser.get("/sala/fichas").text  # type: ignore[attr-defined]
        assert set(texts_of_states(page).values()) == {GREY}
        assert "PNC no entrega desde el" in page
        assert "<strong>0 fichas probadas</strong>" in page
    finally:
        fresh = country.data / "mart" / "CURRENT.new"
        fresh.write_text(current + "\n", encoding="ascii")
        fresh.rename(country.data / "mart" / "CURRENT")


def test_nothing_that_is_sent_names_anybody(small_nation: BuiltNation, console: RunningConsole) -> None:
    personal = PersonalData(small_nation)
    browser = Browser(console.address)
    browser.enter()
    for path in PAGES:
        assert browser.get(path).status == 200
    assert next("renap" in text.lower() for name, text in events(browser, console.address) if "hace" in text)
    assert len(browser.seen) > len(PAGES)
    assert personal.within("\n".join(browser.seen)) == []
    assert personal.within(console.log.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", ["/entrar", "/sala", "/sala/vivo", "/sala/datos", "/static/sala.js", "/nada"])
def test_every_answer_tells_the_browser_what_may_run(console: RunningConsole, path: str) -> None:
    answer = Browser(console.address).get(path)
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "server" not in answer.headers


def test_no_page_holds_a_script_or_style_of_its_own(console: RunningConsole) -> None:
    browser = Browser(console.address)
    browser.enter()
    for path in ("/sala", "/sala?depto=05", "/entrar", "/nada"):
        text = browser.get(path).text  # type: ignore[attr-defined]
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=|javascript:|https?://", text), path
    assert all("//cdn" not in path.read_text(encoding="utf-8") for path in Path("clients/console/templates").glob("*"))


def test_without_a_session_nothing_is_shown(console: RunningConsole) -> None:
    stranger = Browser(console.address)
    assert "entrada" in stranger.get("/sala").text  # type: ignore[attr-defined]
    for path in ("/sala/fichas", "/sala/datos", "/sala/vivo", "/sala/esquema"):
        assert stranger.get(path).status == 401
    assert stranger.post("/sala/pared", {"pared": "si"}).status == 401
    assert stranger.get("/sala/fichas", **{"HX-Request": "true"}).headers["hx-redirect"] == "/entrar"


def test_forms_of_other_pages_are_refused(console: RunningConsole) -> None:
    browser = Browser(console.address)
    word = browser.word()
    assert browser.post("/entrar", {}).status == 403
    assert browser.post("/entrar", {"csrf": "x" + word}).status == 403
    assert browser.post("/entrar", {"csrf": word}, Origin="https://otro.example").status == 403
    assert browser.post("/entrar", {"csrf": word}, **{"Sec-Fetch-Site": "cross-site"}).status == 403
    assert browser.post("/entrar", {"csrf": word, "nip": "x" * 5000}).status == 413
    page = browser.enter()
    assert browser.post("/sala/pared", {"pared": "si"}).status == 403
    assert browser.post("/salir", {}).status == 403
    assert browser.post("/sala/pared", {"pared": "si", "csrf": csrf_of(page)}).status == 204
    assert 'class="sala pared"' in browser.get("/sala").text  # type: ignore[attr-defined]
    browser.post("/salir", {"csrf": csrf_of(page)})
    assert browser.get("/sala/datos").status == 401


def test_a_name_of_somebody_elses_that_leads_here_reads_nothing(console: RunningConsole) -> None:
    assert Browser(console.address).get("/entrar", Host="otro.example").status == 400


def test_a_planted_cookie_is_not_taken_over(console: RunningConsole) -> None:
    browser = Browser(console.address)
    browser.enter()
    first = {each.name: each.value for each in browser.cookies}["ronda_consola"]
    browser.enter()
    cookies = {each.name: each for each in browser.cookies}
    assert cookies["ronda_consola"].value != first
    assert cookies["ronda_consola"].has_nonstandard_attr("HttpOnly")
    assert cookies["ronda_consola"].get_nonstandard_attr("SameSite", "").lower() == "strict"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/sala?tema=otro", 404), ("/sala?depto=5", 404), ("/sala?depto=0x", 404), ("/sala?depto=77", 200)],
)
def test_bad_addresses_have_an_answer(console: RunningConsole, path: str, status: int) -> None:
    browser = Browser(console.address)
    browser.enter()
    answer = browser.get(path)
    assert answer.status == status
    assert "Traceback" not in answer.text  # type: ignore[attr-defined]
    if status == 200:  # the server knows no such department, and says so
        assert 'role="alert"' in answer.text  # type: ignore[attr-defined]


def test_a_server_that_is_not_there_is_said_on_the_page(tmp_path: Path) -> None:
    with running_console("127.0.0.1:1", tmp_path / "console.log") as console:
        page = Browser(console.address).enter().text  # type: ignore[attr-defined]
        assert 'role="alert"' in page
        assert texts_of_states(page) == {}


@pytest.mark.slow
def test_a_session_ends_by_idleness_and_a_wall_by_the_shift_alone(country: Country, tmp_path: Path) -> None:
    words = ("--idle", "0.1", "--shift", "0.1")
    with running_console(country.server.address, tmp_path / "console.log", *words) as console:
        desk, wall = Browser(console.address), Browser(console.address)
        desk.enter()
        wall.post("/sala/pared", {"pared": "si", "csrf": csrf_of(wall.enter())})
        try:
            assert "fin" in (name for name, _ in events(desk, console.address))
        except urllib.error.HTTPError as error:  # on a slow machine it was over before it was asked for
            assert error.code == 401
        assert desk.get("/sala/datos").status == 401
        assert wall.get("/sala/datos").status == 200


@pytest.mark.parametrize(
    "words",
    [
        ("--listen", "0.0.0.0:8099"),
        ("--identity", "nobody"),
        ("--issuer", "localhost:1"),
        ("--tls-cert", "x.pem"),
    ],
)
def test_a_console_that_would_be_open_does_not_start(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ronda.command", "console", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "--identity" in done.stderr or "--tls-cert" in done.stderr
