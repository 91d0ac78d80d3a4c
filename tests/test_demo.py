"""`./run serve` behind its set-up: the nation, the index, the server, and the very lines that it prints to be tried."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.postgres_cluster import free_port

ROOT = Path(__file__).parents[1]
READY_SECONDS = 300


def _run(line: str) -> str:
    """What a pasted line prints; the project's own commands are those of this interpreter's environment."""
    here = line.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
    done = subprocess.run(
        ["bash", "-c", here], cwd=ROOT, env=kept, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The lines to paste, in order; the server runs meanwhile."""
    directory = tmp_path_factory.mktemp("demo")
    log = directory / "log"
    with log.open("wb") as file:
        command = [sys.executable, "-m", "bench.demo", "--persons", "1000", "--data", str(directory / "data")]
        command += ["--listen", f"127.0.0.1:{free_port()}"]
        demo = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file, start_new_session=True)
    try:
        until = time.monotonic() + READY_SECONDS
        while "Rebuild the index" not in (said := log.read_text(encoding="utf-8", errors="replace")):
            assert demo.poll() is None, said
            assert time.monotonic() < until, said
            time.sleep(0.2)
        joined = said.replace("\\\n", " ")
        yield [line.strip() for line in joined.splitlines() if re.match(r" +(RONDA_CONFIG=\S+ )?\.venv/bin/", line)]
    finally:
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(timeout=90) == 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_printed_line_does_what_it_says(printed: list[str]) -> None:
    wanted, clean, unknown, stolen, search, registers, curl, rebuild = printed
    assert "ROJO" in _run(wanted)
    assert "VERDE" in _run(clean)
    assert "AMARILLO" in _run(unknown)
    assert "ROJO" in _run(stolen)
    assert "aycinena" in _run(search).lower()
    assert "renap" in _run(registers).lower()
    answer = _run(curl)
    assert '"LEVEL_HIT"' in answer
    assert '"asOf"' in answer
    _run(rebuild)
    until = time.monotonic() + 60
    while "GRIS" not in (said := _run(clean)):  # the server takes the new generation within a second
        assert time.monotonic() < until, said
        time.sleep(0.2)
    assert "ROJO" in _run(wanted)
