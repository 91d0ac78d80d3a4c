"""A console's scrape and readiness: before a server, and before none."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

from tests.console.conftest import Country
from tests.console.console_kit import Browser, RunningConsole, running_console
from tests.server.running_server import until
from tests.server.test_observed import samples_of

ON = ("--metrics", "127.0.0.1:0")


def _address(console: RunningConsole) -> str:
    assert console.process.stdout is not None
    return console.process.stdout.readline().partition("http://")[2].strip().removesuffix("/metrics")


def _told(address: str, name: str, *labels: str) -> float:
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        return samples_of(answer.read().decode())[(f"ronda_console_{name}", *labels)]


def _ready(address: str) -> tuple[int, list[str]]:
    try:
        with urllib.request.urlopen(f"http://{address}/ready", timeout=10) as answer:
            return answer.status, json.loads(answer.read())["reasons"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())["reasons"]


def test_sessions_and_requests_before_a_server(country: Country, tmp_path: Path) -> None:
    with running_console(country.server.address, tmp_path / "log", *ON) as console:
        address = _address(console)
        until(lambda: _ready(address) == (200, []))
        assert _told(address, "server_serving") == 1
        for outcome in ("OK", "NOT_ENTERED", "REFUSED", "FAILED"):
            assert _told(address, "requests_total", outcome) == 0, "before the first"
        browser = Browser(console.address)
        assert browser.get("/sala/fichas").status == 401
        assert browser.get("/no-hay").status == 404
        browser.enter()
        assert _told(address, "sessions") == 1
        assert [_told(address, "requests_total", each) for each in ("NOT_ENTERED", "REFUSED")] == [1, 1]
        assert _told(address, "requests_total", "OK") >= 2 and _told(address, "requests_total", "FAILED") == 0
        assert browser.get("/metrics").status == 404, "apart from the pages"


def test_before_no_server_it_is_not_ready(tmp_path: Path) -> None:
    with running_console("127.0.0.1:1", tmp_path / "log", *ON) as console:
        address = _address(console)
        until(lambda: _ready(address) == (503, ["SERVER_NOT_SERVING"]))
        assert _told(address, "server_serving") == 0
