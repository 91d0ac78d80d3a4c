"""A register's text steers no terminal: escape sequences in it are shown, whatever prints them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.command.terminal import on_terminal, piped
from tests.house.imports import ROOT
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld

PAINTED = "\x1b[2J\x1b[1;1H\x1b[42mVERDE: SIN ALERTAS\x1b[0m\x9b31m\u202eSATRELA NIS\u202c\u200b"
NAME = "ANA TZUL COY"
# Sequences of the command's own colours and of nothing else.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    world = SmallWorld()
    cui = world.person(1, NAME, CALLE=f"ZONA 1 {PAINTED}", TELEFONO="50001234")
    world.warrant("W1", cui)
    world.rows["oj"][-1] = {**world.rows["oj"][-1], "DELITO": f"ROBO {PAINTED}"}
    world.person(2, f"BERTA {PAINTED} BATZ")
    world.car(1, "P-111BCD", [{"CUI": cui, "NOMBRE": f"ANA {PAINTED}"}])
    yield from world.serve(tmp_path_factory.mktemp("steering"))


@pytest.mark.parametrize(
    "question",
    [
        ("check", cui_of(1)),
        ("check", "P-111BCD"),
        ("check", cui_of(2)),
        ("search", "BERTA BATZ"),
        ("records", cui_of(1), "direcciones"),
        ("check", f"ANA {PAINTED} TZUL"),
        ("check", "--name", f"X{PAINTED}", "--born", f"1{PAINTED}"),
    ],
)
def test_no_text_steers_a_terminal_or_a_pipe(asker: Asker, question: tuple[str, ...]) -> None:
    for width in (60, 130):
        _, seen = on_terminal(width, *question, "--server", asker.server.address)
        assert not _STEERING.search(_COLOUR.sub("", seen)), f"{question[0]} at {width}"
        assert "\x1b[42mVERDE: SIN ALERTAS" not in seen
    done = piped(*question, "--server", asker.server.address)
    assert not _STEERING.search(done.stdout + done.stderr)


def test_the_red_box_stays(asker: Asker) -> None:
    _, seen = on_terminal(100, "check", cui_of(1), "--server", asker.server.address)
    assert "ROJO: HAY ALERTA" in _COLOUR.sub("", seen)


def test_one_module_prints() -> None:
    """No other of the command's modules prints by itself, nor makes a console of its own."""
    for path in sorted((ROOT / "ronda").rglob("*.py")):
        if path.name.endswith("_pb2.py") or path == ROOT / "ronda/commands/output.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "typer":
                assert node.attr not in ("echo", "secho"), path
            if isinstance(node, ast.ImportFrom) and node.module == "rich.console":
                assert "Console" not in [alias.name for alias in node.names], path
