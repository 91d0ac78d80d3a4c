"""The very lines that `./run serve` prints to be tried, and what it says of an index that lacks a register."""

from __future__ import annotations

import datetime
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.demo.running_demo import ROOT, RunningDemo
from tests.kit.pasted import page_commands, page_snippets, pasted_lines

FIRST_HOUR = ROOT / "docs" / "first-hour.md"
_STATISTICS = re.compile(r"`(ronda statistics [^`]+)`")


def _run(line: str, folder: Path = ROOT, **settings: str) -> str:
    """Returns what a pasted line prints; the project's own commands are those of this interpreter's environment."""
    here = line.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
    done = subprocess.run(
        ["bash", "-ec", here], cwd=folder, env=kept | settings, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


def _first_hour(listen: str, folder: Path) -> str:
    """Yields the output of docs/first-hour.md's snippets, in its order, with the demo's address for the default one."""
    text = FIRST_HOUR.read_text(encoding="utf-8").replace("127.0.0.1:50051", listen)
    (folder / "proto").symlink_to(ROOT / "proto")
    (folder / "examples").mkdir()
    for example in ("cancel.json", "reissue.json"):
        shutil.copyfile(ROOT / "examples" / example, folder / "examples" / example)
    said = [_run(line, folder, RONDA_SERVER=listen) for line in page_commands(text)]
    for snippet in page_snippets(text, "python"):
        said.append(_run(f".venv/bin/python - <<'SNIPPET'\n{snippet}SNIPPET\n", folder))
    for snippet in page_snippets(text, "sh"):
        if "./run " not in snippet:
            said.append(_run(snippet, folder, RONDA_SERVER=listen))
    return "\n".join(said)


def test_the_first_hour_undoes_what_it_changes() -> None:
    """Its first lines promise a wanted person, the second time too."""
    fed = re.findall(r"feed push examples/(\w+)\.json", FIRST_HOUR.read_text(encoding="utf-8"))
    assert fed.index("cancel") < fed.index("reissue")


def _until_seen(level: str, line: str) -> None:
    until = time.monotonic() + 60
    while level not in (said := _run(line)):  # the server takes a new generation within a second
        assert time.monotonic() < until, said
        time.sleep(0.2)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    RunningDemo.clear_of(tmp_path / "data")


@pytest.mark.long
@pytest.mark.timeout(900)
def test_every_line_of_the_page_and_of_the_first_hour_does_what_it_says(data: Path, tmp_path: Path) -> None:
    demo = RunningDemo(data).wait_ready()
    try:
        wanted, clean, unknown, stolen, search, registers, cancel, reissue, curl, withdraw, undo = demo.pasted()
        assert [line.level for line in (wanted, clean, unknown, stolen)] == ["ROJO", "VERDE", "AMARILLO", "ROJO"]
        for line in (wanted, clean, unknown, stolen):
            assert line.level in _run(line.command)
        assert "aycinena" in _run(search.command).lower()
        assert "renap" in _run(registers.command).lower()
        answer = _run(curl.command)
        assert '"LEVEL_HIT"' in answer
        assert '"asOf"' in answer
        said = _first_hour(demo.listen, tmp_path)
        assert "ROJO: HAY ALERTA" in said  # the shell's
        assert "Consignar el vehículo" in said  # Python's
        assert '"LEVEL_HIT"' in said  # buf's
        assert "cases hold" in said  # the policy of the new institution
        assert "unit-7.pem is" in said
        assert "cancelada por OJ" in said
        _until_seen("ROJO", wanted.command)  # the page cancelled it, and undid that
        for line, level in ((cancel, "VERDE"), (reissue, "ROJO")) * 2:  # each line does what it says, however often
            _run(line.command)
            _until_seen(level, wanted.command)
        _run(withdraw.command)
        _until_seen("GRIS", clean.command)
        _until_seen("ROJO", wanted.command)
        _run(cancel.command)
        _until_seen("GRIS", wanted.command)  # cancelled, and the register that is out might know more
    finally:
        assert demo.end() == 0
    again = RunningDemo(data).wait_ready()  # the register is still out, and the page says so
    try:
        assert "Left out since an earlier try: mp" in again.screen()
        first, *_, last = again.pasted()
        assert first.command == last.command == undo.command
        clean = next(line for line in again.pasted() if line.level == "GRIS")
        assert "GRIS" in _run(clean.command)
        _run(first.command)
        _until_seen("VERDE", clean.command)
    finally:
        assert again.end() == 0


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_newcomer_sees_figures(data: Path) -> None:
    demo = RunningDemo(data, "--figures").wait_ready()
    try:
        (line,) = (each for each in demo.pasted() if "statistics" in each.command)
        assert "Control de divulgación" in _run(line.command)
        page = " ".join(FIRST_HOUR.read_text(encoding="utf-8").split())
        told = [_run(f".venv/bin/{each}", RONDA_SERVER=demo.listen) for each in _STATISTICS.findall(page)]
        assert len(told) == 2
        assert "Guatemala" in told[0]
        assert all(name in told[1] for name in ("PNC", "INACIF", "INE"))
        checked = next(each for each in demo.pasted() if each.level == "ROJO")
        for _ in range(12):
            _run(checked.command)
        _run(f".venv/bin/ronda mart build --data {data} --sources {data}/figures/incidents")
        year = datetime.datetime.now(ZoneInfo("America/Guatemala")).year
        assert "ROJO" in _run(f".venv/bin/ronda statistics checks --by level --year {year}", RONDA_SERVER=demo.listen)
    finally:
        assert demo.end() == 0


def test_lines_are_read_from_pages_as_they_stand() -> None:
    page = (
        "A\n\n  .venv/bin/ronda check 1 \\\n      --json\n      VERDE: who\n  RONDA_CONFIG=/a .venv/bin/ronda index\n"
    )
    first, second = pasted_lines(page)
    assert (first.command, first.level) == (".venv/bin/ronda check 1 --json", "VERDE")
    assert (second.command, second.level) == ("RONDA_CONFIG=/a .venv/bin/ronda index", "")
    readme = "Try `.venv/bin/ronda check 1`, see `.venv/bin`.\n\n```sh\n./run serve\n```\n\n```python\nprint(1)\n```\n"
    assert page_commands(readme) == [".venv/bin/ronda check 1"]
    assert page_snippets(readme, "sh") == ["./run serve\n"]
    assert page_snippets(readme, "python") == ["print(1)\n"]
