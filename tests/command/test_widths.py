"""Every command's output at every width: no word that the command has to say is lost or broken, and all is legible."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from rich.cells import cell_len, chop_cells
from rich.color import ColorSystem
from rich.text import Text

from tests.clients.contrast import LEAST_CONTRAST, THEMES, contrast
from tests.command.terminal import on_terminal, piped
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import RunningServer

WIDTHS = (40, 80, 120)
CAST = ("wanted", "clean", "unknown_cui", "armed")
FRAME = re.compile(r"[─-╿]")  # box drawing
OWN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}")  # id of one answer, another one each time
TOKEN = re.compile(r"--page-token\s+(\S+)")  # likewise sealed anew for each answer
COUNT = re.compile(r"^(Últimas consultas|Consultas[^:]*): \d+$", re.MULTILINE)  # a look is in the log itself

COMMANDS = {
    "wanted person": ["check", "{wanted}"],
    "clean person": ["check", "{clean}"],
    "unknown person": ["check", "{unknown_cui}"],
    "vehicle and owner": ["check", "--plate", "{wanted_owner}"],
    "persons by name": ["search", "Ulogio Zamperio Cojulun", "--born", "1970"],
    "vehicles seen": ["search", "--vehicle", "toyota pickup"],
    "registers": ["registers"],
    "why": ["why", "", "--data", "{data}"],
    "generations": ["generations", "list", "--data", "{data}"],
    "notifications": ["notifications", "--data", "{data}"],
    "audit tail": ["audit", "tail", "-n", "12"],
    "audit questions": ["audit", "tail", "-n", "12", "--questions"],
    "who asked": ["audit", "who-asked", "--cui", "{wanted}"],
    "asked by": ["audit", "asked-by", "--nip", "{nip}"],
    "patterns": ["audit", "report"],
}


@pytest.fixture(scope="module")
def asked(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Words of the commands, while a server runs that has been asked for them."""
    own = tmp_path_factory.mktemp("server")
    # An audit log and notifications of its own: the servers of other tests ask and write beside this one.
    data = shutil.copytree(small_nation.data, own / "data", ignore=shutil.ignore_patterns("notifications"))
    server = RunningServer(data, own / "server.log", workers=1, audit=own / "audit").wait_ready()
    cases = json.loads((small_nation.directory / "truth" / "cases.json").read_text(encoding="utf-8"))["cases"]
    found = {case["name"]: case["request"] for case in cases}
    words = {name: found[name].get("cui") or found[name].get("plate") for name in CAST}
    words |= {"wanted_owner": found["wanted_owner"]["plate"], "data": str(data), "nip": "1"}
    environment = {"RONDA_SERVER": server.address, "RONDA_DATA": words["data"], "RONDA_AUDIT": str(own / "audit")}
    for _ in range(3):
        piped("check", words["wanted"], **environment)
    yield words | {"environment": environment}
    server.stop()


def words_of(text: str) -> Counter[str]:
    """The words, without frames and without what is another one each time."""
    return Counter(OWN.sub("", TOKEN.sub("", FRAME.sub(" ", COUNT.sub("", text)))).split())


@pytest.mark.parametrize("name", COMMANDS)
def test_no_word_is_lost_at_any_width(name: str, asked: dict[str, Any]) -> None:
    arguments = [word.format(**asked) for word in COMMANDS[name]]
    whole = piped(*arguments, **asked["environment"])
    assert whole.returncode == 0, whole.stderr
    assert whole.stdout.strip()
    assert "\x1b" not in whole.stdout
    headings = next((words_of(line) for line in whole.stdout.splitlines() if line.startswith("┃")), Counter())
    # Each look at the audit log adds one to it: the newest twelve are then among the newest twenty.
    again = ["20" if word == "12" else word for word in arguments]
    for width in WIDTHS:
        status, seen = on_terminal(width, *again, **asked["environment"])
        assert status == 0, seen
        text = Text.from_ansi(seen).plain
        assert not words_of(whole.stdout) - words_of(text) - headings, width
        assert all(heading in text for heading in headings), width
        assert [len(token) for token in TOKEN.findall(text)] == [len(token) for token in TOKEN.findall(whole.stdout)]
        too_long = [line for line in text.splitlines() if cell_len(line) > width]
        assert all(any(cell_len(word) > width for word in line.split()) for line in too_long), too_long
        assert "…" not in text


def screen_of(seen: str, width: int, height: int) -> list[str]:
    """The lines that a terminal shows at the end, its last one the prompt's."""
    lines: list[str] = []
    for line in Text.from_ansi(seen).plain.splitlines():
        cells = list(chop_cells(line, width)) or [""]
        lines += cells
    return lines[-(height - 1) :]


@pytest.mark.parametrize(
    ("name", "width", "height", "term"),
    [
        ("wanted", 80, 24, "xterm-256color"),
        ("wanted", 40, 12, "xterm-256color"),
        ("wanted", 40, 12, "dumb"),
        ("wanted_owner", 40, 12, "xterm-256color"),
        ("armed", 40, 12, "dumb"),
        ("armed", 80, 24, "xterm-256color"),
        ("clean", 80, 24, "dumb"),
    ],
)
def test_what_an_officer_acts_on_is_on_the_screen_at_the_end(
    name: str, width: int, height: int, term: str, asked: dict[str, Any]
) -> None:
    arguments = ["check", *(["--plate"] if "owner" in name else []), asked[name]]
    _, seen = on_terminal(width, *arguments, height=height, TERM=term, **asked["environment"])
    shown = " ".join(screen_of(seen, width, height)).split()
    text = " ".join(word for word in shown if not FRAME.match(word))
    alert = name.startswith("wanted")
    assert ("ROJO: HAY ALERTA" if alert else "VERDE: SIN ALERTAS") in text
    if alert:
        assert "Orden de captura" in text and "Acción: Detener" in text
    if name == "armed":
        assert "puede estar armado" in text
    if FRAME.search(seen):
        assert all(cell_len(line) <= width for line in Text.from_ansi(seen).plain.splitlines() if FRAME.search(line))


def test_a_terminal_that_holds_it_all_says_it_once(asked: dict[str, Any]) -> None:
    _, seen = on_terminal(80, "check", asked["wanted"], height=200, **asked["environment"])
    assert seen.count("HAY ALERTA") == 1
    assert piped("check", asked["wanted"], **asked["environment"]).stdout.count("HAY ALERTA") == 1


@pytest.mark.parametrize("colours", ["xterm", "xterm-256color"])
@pytest.mark.parametrize("name", ["wanted person", "clean person", "persons by name"])
def test_colours_are_legible_on_dark_and_light_terminals(name: str, colours: str, asked: dict[str, Any]) -> None:
    arguments = [word.format(**asked) for word in COMMANDS[name]]
    _, seen = on_terminal(80, *arguments, TERM=colours, **asked["environment"])
    system = ColorSystem.EIGHT_BIT if "256" in colours else ColorSystem.STANDARD
    styles = [span.style for span in Text.from_ansi(seen).spans]
    assert styles
    for style in styles:
        assert not isinstance(style, str)
        assert not style.dim
        for theme in THEMES.values():
            assert contrast(style, theme, system) >= LEAST_CONTRAST[system], style


def test_no_color_is_obeyed_and_the_word_still_says_the_level(asked: dict[str, Any]) -> None:
    _, seen = on_terminal(80, "check", asked["wanted"], NO_COLOR="1", **asked["environment"])
    assert "ROJO: HAY ALERTA" in Text.from_ansi(seen).plain
    assert all(style.color is None and style.bgcolor is None for style in _styles(seen))
    _, coloured = on_terminal(80, "check", asked["wanted"], **asked["environment"])
    assert any(style.bgcolor is not None for style in _styles(coloured))


def _styles(seen: str) -> list[Any]:
    return [span.style for span in Text.from_ansi(seen).spans]


def test_ids_are_in_one_piece_on_the_narrowest_terminal(asked: dict[str, Any]) -> None:
    listed = json.loads(piped("generations", "list", "--data", asked["data"], "--json").stdout)
    _, seen = on_terminal(40, "generations", "list", "--data", asked["data"])
    assert listed[0]["generation_id"] in Text.from_ansi(seen).plain
