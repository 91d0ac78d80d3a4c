"""A server with figures and registers, and consoles before it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.console.console_kit import RunningConsole, make_country, running_console
from tests.kit.between_workers import made_once
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import RunningServer


@dataclass
class Country:
    """`data`: served, with the small nation's generation; `silent`: a mart with a source that fell silent."""

    data: Path
    silent: Path
    server: RunningServer


@pytest.fixture(scope="session")
def marts(run_root: Path) -> Path:
    """`now` and `silent`: data directories with a mart each, made once a run. Read-only."""

    def make(directory: Path) -> dict[str, Any]:
        make_country(directory / "now")
        make_country(directory / "silent", silent_days=100)
        return {}

    directory, _ = made_once(run_root, "console-country", make)
    return directory


@pytest.fixture(scope="module")
def country(small_nation: BuiltNation, marts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    root = tmp_path_factory.mktemp("country")
    data, silent = root / "data", marts / "silent" / "data"
    shutil.copytree(marts / "now" / "data", data)
    generation = small_nation.generation_directory
    told = json.loads((generation / "MANIFEST.json").read_text(encoding="utf-8"))["generation_id"]
    shutil.copytree(generation, data / "generations" / told)
    (data / "CURRENT").write_text(told + "\n", encoding="ascii")
    server = RunningServer(data, root / "server.log", workers=1)
    try:
        server.wait_ready()
        yield Country(data, silent, server)
    finally:
        server.stop()


@pytest.fixture
def console(country: Country, tmp_path: Path) -> Iterator[RunningConsole]:
    with running_console(country.server.address, tmp_path / "console.log") as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield browser
        browser.close()
