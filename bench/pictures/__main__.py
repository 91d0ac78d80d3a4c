"""`./run screenshots [NAME...]`: makes the pictures of docs/, or those named, with a demonstration of their own.

A picture is a function in PICTURES: what it does with a running demonstration, and the file that it writes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from bench.pictures.shown import ShownTerminal
from ronda.demo.postgres_cluster import free_port

_ROOT = Path(__file__).parents[2]
_DOCS = _ROOT / "docs"
_WORK = _ROOT / "build" / "pictures"
_PERSONS = 20_000
_LISTED = 5_000  # rows of the agency's file
_READY_S = 600.0
_OFFICE = "Oficina de Constancias"


@dataclass(frozen=True)
class Demonstration:
    """`./run serve` on a port of its own. `work`: a directory to work in."""

    server: str
    data: Path
    work: Path

    def asked(self, case: str) -> dict[str, Any]:
        """The request of one of the nation's cases."""
        told = json.loads((self.data / "nation" / "truth" / "cases.json").read_text(encoding="utf-8"))["cases"]
        request: dict[str, Any] = next(each["request"] for each in told if each["name"] == case)
        return request

    def ronda(self, *words: str) -> None:
        """Runs a command to its end. Raises CalledProcessError with what it said."""
        settings = {"RONDA_CONFIG": str(next(self.data.glob("*.toml")))}
        subprocess.run(
            [sys.executable, "-m", "ronda.command", *words], cwd=self.work, env=os.environ | settings, check=True
        )


def answer(demonstration: Demonstration) -> str:
    """`ronda check`, of who is wanted."""
    cui = demonstration.asked("wanted")["cui"]
    with ShownTerminal(["check", cui, "--server", demonstration.server], 100, 60, demonstration.work) as terminal:
        terminal.until("generación")
        terminal.settle()
        return terminal.picture(f"ronda check {cui}")


def car(demonstration: Demonstration) -> str:
    """`ronda car`, of who is wanted."""
    with ShownTerminal(["car", "--server", demonstration.server], 80, 24, demonstration.work) as terminal:
        terminal.until("Modo de desarrollo")
        terminal.press("Enter")
        terminal.until("EN LÍNEA")
        terminal.press(demonstration.asked("wanted")["cui"], "Enter")
        terminal.until("HAY ALERTA")
        return terminal.picture("ronda car", rows=24)


def sms(demonstration: Demonstration) -> str:
    """`ronda sms --demo`, to its end."""
    with ShownTerminal(["sms", "--demo", "--server", demonstration.server], 100, 40, demonstration.work) as terminal:
        terminal.until("V P323ZZB")
        terminal.settle()
        return terminal.picture("ronda sms --demo")


def agency(demonstration: Demonstration) -> str:
    """`ronda clear` of a list of the nation, with its progress bar and summary."""
    persons = pq.read_table(demonstration.data / "nation" / "truth" / "persons.parquet", columns=["cui"])
    cuis = [str(cui).zfill(13) for cui in persons["cui"].to_pylist()[:_LISTED]]
    (demonstration.work / "lista.csv").write_text("\n".join(["DPI", *cuis, ""]), encoding="utf-8")
    words = ["clear", "lista.csv", "--standard", "wanted", "--out", "resultados.csv", "--server", demonstration.server]
    with ShownTerminal([*words, "--yes"], 100, 40, demonstration.work) as terminal:
        terminal.until("resumen")
        terminal.settle()
        return terminal.picture("ronda clear lista.csv --standard wanted --out resultados.csv")


def certificate(demonstration: Demonstration) -> bytes:
    """A page of `ronda certificate`, by pdftoppm."""
    office, page = demonstration.work / "oficina", demonstration.work / "constancia"
    demonstration.ronda("keys", "document-signer", str(office), "--id", "mingob", "--name", _OFFICE)
    cui = demonstration.asked("clean")["cui"]
    asked = ["--cui", cui, "--standard", "police", "--nip", "1001", "--server", demonstration.server]
    demonstration.ronda("certificate", *asked, "--office", str(office), "--out", f"{page}.pdf")
    subprocess.run(["pdftoppm", "-png", "-r", "72", "-singlefile", f"{page}.pdf", str(page)], check=True)
    return page.with_suffix(".png").read_bytes()


def room(demonstration: Demonstration) -> bytes:
    """`ronda console`, its situation room in a Chromium."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 # of this picture alone

    words = ["console", "--listen", "127.0.0.1:0", "--server", demonstration.server]
    console = subprocess.Popen([sys.executable, "-m", "ronda.command", *words], stdout=subprocess.PIPE, text=True)
    try:
        assert console.stdout is not None
        address = console.stdout.readline().split("en ", 1)[1].split("/sala")[0]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1440, "height": 980})
            page.goto(address)
            page.get_by_role("button", name="Entrar").click()
            page.wait_for_selector("body[data-dibujado]")
            page.get_by_text("hace").first.wait_for()
            picture = page.screenshot()
            browser.close()
    finally:
        console.terminate()
        console.wait()
    return picture


PICTURES: dict[str, Callable[[Demonstration], str | bytes]] = {
    "answer.svg": answer,
    "car.svg": car,
    "sms.svg": sms,
    "agency.svg": agency,
    "certificate.png": certificate,
    "sala.png": room,
}


def main(names: list[str]) -> None:
    """Makes the pictures of these names. Ends with status 2 for one that there is not."""
    if unknown := set(names) - set(PICTURES):
        sys.exit(f"no such picture: {', '.join(sorted(unknown))}; there are {', '.join(PICTURES)}")
    shutil.rmtree(_WORK / "work", ignore_errors=True)  # the nation beside it is used again while it is fresh
    (_WORK / "work").mkdir(parents=True)
    server = f"127.0.0.1:{free_port()}"
    data = _WORK / "data"
    command = [sys.executable, "-m", "ronda.demo", "--persons", str(_PERSONS), "--figures", "--listen", server]
    with (_WORK / "demo.log").open("wb") as log:
        demo = subprocess.Popen(
            [*command, "--metrics", "off", "--data", str(data)], cwd=_ROOT, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_served(demo)
        for name in names or PICTURES:
            made = PICTURES[name](Demonstration(server, data, _WORK / "work"))
            (_DOCS / name).write_bytes(made.encode() if isinstance(made, str) else made)
            print(f"docs/{name}", flush=True)
    finally:
        demo.terminate()
        demo.wait()


def _wait_until_served(demo: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _READY_S
    while b"Stop: Ctrl-C" not in (_WORK / "demo.log").read_bytes():
        if demo.poll() is not None or time.monotonic() > end:
            sys.exit(f"the demonstration did not begin: {(_WORK / 'demo.log').read_text(encoding='utf-8')}")
        time.sleep(0.2)


if __name__ == "__main__":
    main(sys.argv[1:])
