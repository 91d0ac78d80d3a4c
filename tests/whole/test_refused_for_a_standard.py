"""Checks what could not be read gives no clean certificate, and what selects an alert's kind may not hide it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit import small_world
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld, cleared

HIT, CLEAR, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_POSSIBLE
SENTENCES = """
[register]
id = "oj"
name = "Organismo Judicial"
owner = "Organismo Judicial"
contact = "tel. 2290-4444"
order = 20
roles = { person = ["alert", "context"] }
standards = ["criminal", "renas"]
stale_after = "30d"

[[source]]
name = "ordenes"
format = "csv"
path = "oj.csv"
as_of = { from = "mtime" }

[codes.state]
PENDIENTE = "PENDING"

[codes.expunged]
N = "OPEN"
S = "EXPUNGED"

[[record]]
source = "ordenes"
section = "warrant"
when = { column = "TIPO", in = ["OC"], others = ["SE", "CI"] }
record_id = "ORDEN"
date = "FECHA"

[record.subject]
cui = "CUI"
full_name = "NOMBRE"
birth_date = "NACIMIENTO"

[record.alert]
kind = "WARRANT"
state = { column = "ESTADO", codes = "state" }

[[record]]
source = "ordenes"
section = "sentence"
when = [{ column = "TIPO", in = ["SE"] }, { column = "FIRME", in = ["S"] }]
record_id = "ORDEN"
date = "FECHA"
sensitivity = { column = "BORRADA", codes = "expunged" }
clearance = ["criminal", "renas"]

[record.subject]
cui = "CUI"
full_name = "NOMBRE"
birth_date = "NACIMIENTO"
"""
# case -> cells; level of a check, result of the certificates
ROWS: dict[str, tuple[dict[str, str], int, str]] = {
    "final": ({"FIRME": "S", "BORRADA": "N"}, CLEAR, "WITH_RECORD"),
    "small letters": ({"FIRME": "s", "BORRADA": "n", "TIPO": "se"}, CLEAR, "WITH_RECORD"),
    "expunged": ({"FIRME": "S", "BORRADA": "s"}, CLEAR, "NO_RECORD"),
    "not final": ({"FIRME": "N", "BORRADA": "N"}, CLEAR, "NO_RECORD"),
    "perhaps expunged": ({"FIRME": "S", "BORRADA": ""}, CLEAR, "REVIEW"),
    "no such code": ({"FIRME": "S", "BORRADA": "NO"}, CLEAR, "REVIEW"),
    "perhaps final": ({"FIRME": "", "BORRADA": "N"}, CLEAR, "REVIEW"),
    "a number among other text": (
        {"FIRME": "S", "BORRADA": "N", "CUI": "{} ILEGIBLE 3", "NOMBRE": ""},
        CLEAR,
        "REVIEW",
    ),
    "no such code, by name": ({"FIRME": "S", "BORRADA": "NO", "CUI": ""}, CLEAR, "REVIEW"),
    "a citation": ({"TIPO": "CI", "ESTADO": "PENDIENTE"}, CLEAR, "NO_RECORD"),
    "a warrant": ({"TIPO": "OC", "ESTADO": "PENDIENTE"}, HIT, "NO_RECORD"),
    "another kind": ({"TIPO": "OX", "ESTADO": "PENDIENTE"}, POSSIBLE, "NO_RECORD"),
    "another kind, by name": ({"TIPO": "OX", "ESTADO": "PENDIENTE", "CUI": ""}, POSSIBLE, "NO_RECORD"),
    "no kind": ({"TIPO": "", "ESTADO": "PENDIENTE", "FIRME": "N"}, POSSIBLE, "NO_RECORD"),
    "no kind at all": ({"TIPO": "", "ESTADO": "PENDIENTE", "FIRME": "S"}, POSSIBLE, "REVIEW"),
}


NAMES = (
    "ANA ABAC TZUL",
    "BERTA BATZ QUEJ",
    "CARLA CHIROY SOLIS",
    "DORA DUBON ESCALANTE",
    "ELSA FIGUEROA GALVEZ",
    "FLOR HERRARTE IBOY",
    "GLORIA JUAREZ KESTLER",
    "HILDA LEMUS MORAN",
    "IRMA NAJERA OROZCO",
    "JULIA PALENCIA QUIROA",
    "LIDIA ROSALES SAGASTUME",
    "MARTA TARACENA UMANA",
    "NORA VALLADARES WONG",
    "OLGA XOYON YAC",
    "PAULA ZAPETA AGUSTIN",
)


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(small_world, "OJ", SENTENCES)
        columns = "ORDEN CUI NOMBRE NACIMIENTO ESTADO FECHA TIPO FIRME BORRADA"
        patched.setitem(small_world.HEADERS, "oj", columns)
        world = SmallWorld()
        for number, (cells, _, _) in enumerate(ROWS.values(), 1):
            name = NAMES[number - 1]
            cui = world.person(number, name)
            row = {"ORDEN": f"O{number}", "CUI": cui, "NOMBRE": name, "NACIMIENTO": "1980-05-17", "TIPO": "SE"}
            row |= {"FECHA": "2020-05-05", **cells}
            world.rows["oj"].append(row | {"CUI": row["CUI"].format(cui)})
        yield from world.serve(tmp_path_factory.mktemp("standards"))


@pytest.mark.parametrize("case", ROWS)
def test_what_cannot_be_read_is_reviewed(asker: Asker, case: str) -> None:
    cui = cui_of(list(ROWS).index(case) + 1)
    _, level, result = ROWS[case]
    assert asker.person(cui).answer.level == level
    for standard in ("CRIMINAL_RECORD", "RENAS"):
        assert cleared(asker, standard, cuis=[cui])[0][0] == result
