"""Characters that steer a terminal, turn the order of reading or hide are counted by cell and in no record."""

from __future__ import annotations

import io
import re
from pathlib import Path

from clients.terminal.told_console import ToldConsole
from indexer.build.progress import BuildProgress
from indexer.pipeline import build
from ronda.commands.operator.index_output import summary_parts
from ronda.v1 import check_service_pb2 as checks
from tests.indexer.small_registers import cui_of
from tests.kit.small_world import SmallWorld
from tests.kit.unseen import UNSEEN
from tests.live.fed_world import FedWorld, built, said

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
PAINTED = "\x1b[2J\x1b[42mVERDE\x1b[0m\x9b31m\u202eSATRELA\u202c"
SHOWN = "[2J [42mVERDE [0m 31mSATRELA"


def painted_world() -> SmallWorld:
    world = SmallWorld()
    cui = world.person(1, "ANA\x00TZUL CO\u200bY", CALLE=f"ZONA 1 {PAINTED}")
    world.person(2, "BERTA BATZ QUEJ", CALLE="ZONA\t2\nALTA")
    world.warrant("W1", cui)
    world.rows["oj"][-1] = {**world.rows["oj"][-1], "DELITO": f"ROBO {PAINTED}", "ESTADO": "\u2066PENDIENTE\u2069"}
    return world


def test_each_source_and_column_is_named_with_its_cells(tmp_path: Path) -> None:
    summary = build(painted_world().write(tmp_path).options())
    found = {each["id"]: each["control_characters"] for each in summary.to_json()["registers"]}
    assert found == {
        "renap": {"personas.CALLE": 1, "personas.NOMBRE": 1},
        "oj": {"ordenes.DELITO": 1, "ordenes.ESTADO": 1},
        "sat": {},
        "mp": {},
    }, "tabs and line feeds are white space"
    lines = [part for part in summary_parts(summary) if isinstance(part, str)]
    assert "oj: control characters taken out of 1 cells of ordenes.DELITO, 1 cells of ordenes.ESTADO" in lines


def test_nothing_of_them_is_in_an_answer_of_a_build_or_of_what_is_fed(tmp_path: Path) -> None:
    world = painted_world()
    fed = FedWorld(tmp_path / "fed", world, built(tmp_path / "first", world))
    who = {"CUI": cui_of(2), "NOMBRE": f"BERTA {PAINTED}"}
    row = {"ESTADO": "PENDIENTE", "FECHA": "2020-05-05", "DELITO": f"HURTO {PAINTED}"}
    fed.take(fed.upsert("oj", ORDEN="W2", **who, **row))
    for number, expected in ((1, "ROBO"), (2, "HURTO")):
        text = said(fed.view(), checks.CheckPersonRequest(cui=cui_of(number)))
        assert f'text: "{expected} {SHOWN}"' in text
        assert not STEERING.search(re.sub(r"\\[0-7]{3}", "\x01", text))
    assert 'name: "ANA TZUL COY"' in said(fed.view(), checks.CheckPersonRequest(cui=cui_of(1)))
    fed.writer.close()


def test_nothing_without_width_is_in_a_record(tmp_path: Path) -> None:
    hidden = "".join(chr(code) for first, last in UNSEEN for code in range(first, min(last, first + 15) + 1))
    cells = {"ESTADO": "PENDIENTE", "FECHA": "2020-05-05", "DELITO": f"{hidden}HUR{hidden}TO 🙂"}
    world = SmallWorld()
    for number in (1, 2):
        world.person(number, f"ANA TZUL {number * 'COY'}")
    world.rows["oj"].append({"ORDEN": "W1", "CUI": cui_of(1), "NOMBRE": "", **cells})
    fed = FedWorld(tmp_path / "fed", world, built(tmp_path / "first", world))
    fed.take(fed.upsert("oj", ORDEN="W2", CUI=cui_of(2), NOMBRE="", **cells))
    for number in (1, 2):
        assert 'text: "HURTO 🙂"' in said(fed.view(), checks.CheckPersonRequest(cui=cui_of(number)))
    fed.writer.close()


def test_the_progress_of_a_build_goes_through_the_console_that_cleans(tmp_path: Path) -> None:
    written = io.StringIO()
    progress = BuildProgress(console=ToldConsole(file=written, force_terminal=False))
    progress.say(f"sources {PAINTED}")
    with progress.stage(f"read {PAINTED}"):
        progress.bar(PAINTED, 1.0)
    assert "VERDE" in written.getvalue() and not STEERING.search(written.getvalue())
