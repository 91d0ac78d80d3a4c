"""The console as an officer: signed in at the institution's issuer, asking with the officer's token, on record."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from clients.client.sign_in import OfficerSignIn
from server.issuer.forms import Kind
from server.issuer.set_up import make_development_issuer
from tests.console.conftest import Country
from tests.console.console_kit import RISING, Browser, csrf_of, running_console, texts_of_states
from tests.issuer.issuer_kit import ROOT, RunningIssuer, at_work
from tests.kit.nation_kit import BuiltNation
from tests.trust.conftest import start_trusted

ANALYST, PATROL, PASSWORD = "20077", "20078", "una clave muy larga"
_PROVISIONAL = "provisional larga"


@pytest.mark.slow
@pytest.mark.parametrize("strangers", [4, pytest.param(21, marks=pytest.mark.long)])
def test_an_analyst_sees_the_room_and_a_patrol_does_not(
    small_nation: BuiltNation, country: Country, tmp_path: Path, strangers: int
) -> None:
    server = start_trusted(small_nation, tmp_path)
    directory = server.kit.directory
    shutil.copytree(country.data / "mart", server.data / "mart", dirs_exist_ok=True)
    make_development_issuer(directory)
    issuer = RunningIssuer(directory / "issuer", directory / "institutions" / "pnc")
    try:
        for nip, role in ((ANALYST, "analyst"), (PATROL, "patrol")):
            with at_work(issuer.directory) as works:
                works.enrol(nip, "zona-1", [role], reinstate=False)
                works.reset(nip, Kind.PASSWORD, _PROVISIONAL)
        with OfficerSignIn(issuer.address, directory / "patrol") as device:
            device.change_password(PATROL, _PROVISIONAL, PASSWORD)
        words = ["--identity", str(directory / "patrol"), "--issuer", issuer.address]
        tls = ["--tls-cert", str(directory / "server.pem"), "--tls-key", str(directory / "server.key")]
        with running_console(server.address, tmp_path / "console.log", *words, *tls) as console:
            assert console.address.startswith("https://")
            trusting = ssl.create_default_context(cafile=str(directory / "server-ca.pem"))
            trusting.check_hostname = False

            def browser() -> Browser:
                return Browser(console.address, tls=urllib.request.HTTPSHandler(context=trusting))

            wrong = browser().enter(nip=ANALYST, password="no es esta clave")
            assert wrong.status == 403
            assert "NIP y contraseña" in wrong.text  # type: ignore[attr-defined]
            mistyped = browser().enter(nip=f"{ANALYST}'", password=PASSWORD)
            assert "NIP: de 1 a 32 letras, cifras, puntos o guiones" in mistyped.text  # type: ignore[attr-defined]
            a_clerks_password_is_changed(browser())
            patrol = browser()
            room: Any = patrol.enter(nip=PATROL, password=PASSWORD)
            assert "no permite" in room.text
            assert texts_of_states(room.text) == {}
            a_patrol_asks_at_the_desk(patrol, str(small_nation.cast["persons"]["wanted"]))
            assert server.newest()[0].identity["nip"] == PATROL
            stranger = browser()
            for number in range(strangers):  # of nobody: they delay their own address, and lock nobody's console
                refused = stranger.enter(nip=f"99{number:03}", password="no es esta clave")
                assert "NIP y contraseña" in refused.text  # type: ignore[attr-defined]
            analyst = browser()
            page = analyst.enter(nip=ANALYST, password=PASSWORD)
            assert RISING in texts_of_states(page.text)  # type: ignore[attr-defined]
            assert "max-age" in page.headers["strict-transport-security"]
            assert all(cookie.secure for cookie in analyst.cookies)
            newest = server.newest()[0]
            assert newest.identity["nip"] == ANALYST
            analyst.post("/salir", {"csrf": csrf_of(page)})
            assert analyst.get("/sala/datos").status == 401
            told = console.log.read_text(encoding="utf-8")
            assert PASSWORD not in told
            assert ANALYST not in told
    finally:
        issuer.stop()
        server.server.stop()


def a_patrol_asks_at_the_desk(patrol: Browser, cui: str) -> None:
    """By its own rights: a purpose that policy does not give it is refused in words."""
    why = {"csrf": patrol.word("/consulta"), "caso": "", "razon": "", "caja": cui}
    answered: Any = patrol.post("/consulta", {**why, "motivo": "TRAFFIC_STOP"})
    assert answered.status == 200
    assert "ROJO" in answered.text
    assert f"Consultó NIP {PATROL}" in answered.text
    refused: Any = patrol.post("/consulta", {**why, "motivo": "AUDIT"})
    assert refused.status == 403
    assert "no permite" in refused.text
    assert "ROJO" not in refused.text


def a_clerks_password_is_changed(analyst: Browser) -> None:
    """By the officer at the browser, who has no key of a device."""
    page: Any = analyst.enter(nip=ANALYST, password=_PROVISIONAL)
    assert page.status == 403
    assert 'action="/cambiar"' in page.text

    def changed(present: str, wanted: str, again: str) -> Any:
        fields = {"csrf": analyst.word("/cambiar"), "nip": ANALYST, "password": present}
        return analyst.post("/cambiar", {**fields, "wanted": wanted, "again": again})

    assert "no es igual" in changed(_PROVISIONAL, PASSWORD, PASSWORD + "x").text
    assert "revise NIP y contraseña" in changed("no es esta clave", PASSWORD, PASSWORD).text
    assert "nueva: es la misma de antes" in changed(_PROVISIONAL, _PROVISIONAL, _PROVISIONAL).text
    assert "Contraseña cambiada" in changed(_PROVISIONAL, PASSWORD, PASSWORD).text


def test_help_says_what_it_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ronda.command", "console", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--issuer" in done.stdout
    assert "--tls-cert" in done.stdout
