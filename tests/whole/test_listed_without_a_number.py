"""A causa that the authority lists under the same name without a number, or with a wrong one, is listed (section 5)."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from ronda.v1 import level_pb2
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.whole.test_one_warrant_many_rows import FIRST, FOURTH, HEADER, OJ, SAPO

OPEN, VOID = "PENDIENTE", "CANCELADA"
CLEAR, POSSIBLE, HIT = level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_POSSIBLE, level_pb2.LEVEL_HIT
INSUFFICIENT = level_pb2.LEVEL_INSUFFICIENT
BORN = "1980-05-17"
# Name in RENAP; cells of OJ's rows; whether SAPO's row differs; level, notes and sources of the hit, and how many
# orders are only counted. A cell of a CUI: "own", "slip" (a digit wrong), "twin" (of the other bearer of her name).
Case = tuple[str, list[dict[str, str]], dict[str, str], int, list[str], list[str], int]
LISTED, UNLISTED = ["oj", "sapo"], ["NOT_LISTED"]
CASES: dict[str, Case] = {
    "by number": ("ANA ABAC COY", [{"CUI": "own"}], {}, HIT, [], LISTED, 0),
    "name and birth date": ("BERTA BATZ COY", [{"NACIMIENTO": BORN}], {}, HIT, [], LISTED, 0),
    "name alone": ("CARLA CHIROY COY", [{}], {}, HIT, [], LISTED, 0),
    "a name of two words": ("DORA DUBON", [{}], {}, HIT, [], LISTED, 0),
    "a number that can't be read": ("ELSA FIGUEROA", [{"CUI": "1.58E+12"}], {}, HIT, [], LISTED, 0),
    "a number with a wrong digit": ("FLOR HERRARTE", [{"CUI": "slip"}], {}, HIT, [], LISTED, 0),
    "a name as heard": ("GLORIA JUAREZ COY", [{"NOMBRE": "GLORIA JUARES COY"}], {}, HIT, [], LISTED, 0),
    "cancelled, name alone": ("HILDA LEMUS COY", [{"ESTADO": VOID}], {}, CLEAR, [], [], 0),
    "cancelled, and pending under another causa": (
        "IRMA NAJERA COY", [{"ESTADO": VOID}, {"CAUSA": "other", "CUI": "own"}], {}, HIT, [], ["oj"], 0,
    ),
    "another causa": ("JULIA PALENCIA COY", [{"CAUSA": "other"}], {}, POSSIBLE, UNLISTED, ["sapo"], 1),
    "another court": ("LIDIA ROSALES COY", [{"JUZGADO": FOURTH}], {}, POSSIBLE, UNLISTED, ["sapo"], 1),
    "another name": ("MARTA TARACENA COY", [{"NOMBRE": "NORA TARACENA COY"}], {}, POSSIBLE, UNLISTED, ["sapo"], 0),
    "another birth date": (
        "NORA VALLADARES COY", [{"NACIMIENTO": "1951-09-23"}], {}, POSSIBLE, UNLISTED, ["sapo"], 0,
    ),
    "another sex": ("OLGA XOYON COY", [{"SEXO": "M"}], {}, POSSIBLE, UNLISTED, ["sapo"], 1),
    "the other register has no number either": ("PILAR YAC COY", [{}], {"CUI": ""}, INSUFFICIENT, [], [], 2),
    "one of two who bear the name": ("QUETA ZEPEDA COY", [{}], {}, HIT, [], LISTED, 0),
    "cancelled for one of two of her name in the causa": (
        "VILMA EBEN COY", [{"ESTADO": VOID}], {}, POSSIBLE, UNLISTED, ["sapo"], 0,
    ),
    "pending for one of two of her name in the causa": ("WANDA FAJARDO COY", [{}], {}, HIT, [], LISTED, 0),
    "the number of the other": ("ROSA AGUSTIN COY", [{"CUI": "twin"}], {}, POSSIBLE, UNLISTED, ["sapo"], 0),
    "no causa": ("SARA BAMACA COY", [{"CAUSA": ""}], {"CAUSA": ""}, POSSIBLE, UNLISTED, ["sapo"], 1),
    "only the authority has her number": ("TELMA CAL COY", [{"CUI": "own"}], {"CUI": ""}, HIT, [], LISTED, 0),
    "the authority closed it, the other has no number": (
        "URSULA DIAZ COY", [{"CUI": "own", "ESTADO": VOID}], {"CUI": ""}, CLEAR, [], [], 0,
    ),
}  # fmt: skip
BOTH_ACCUSED = ("cancelled for one of two of her name in the causa", "pending for one of two of her name in the causa")
TWINS = ("one of two who bear the name", "the number of the other", *BOTH_ACCUSED)


class World:
    """OJ, which decides, and SAPO, asked through the engine and the oracle."""

    def __init__(self, directory: Path) -> None:
        registers = SmallRegisters(directory)
        rows: dict[str, list[dict[str, str]]] = {"renap": [], "oj": [], "sapo": []}
        for number, (case, (name, listed, other, *_)) in enumerate(CASES.items(), 1):
            own = cui_of(number)
            numbers = {
                "own": own,
                "slip": own[:2] + str((int(own[2]) + 1) % 10) + own[3:],
                "twin": cui_of(500 + number),
            }
            person = {"ID": own, "CUI": own, "NOMBRE": name, "NACIMIENTO": BORN, "SEXO": "F"}
            rows["renap"].append(person)
            if case in TWINS:
                rows["renap"].append(person | {"ID": "T" + own, "CUI": numbers["twin"], "NACIMIENTO": "1971-02-03"})
            order = {"NOMBRE": name, "ESTADO": OPEN, "FECHA": "2024-01-05", "CAMBIO": "2024-01-05", "JUZGADO": FIRST}
            order["CAUSA"] = f"C-{number}"
            for place, cells in enumerate(listed):
                row = order | cells | {"ORDEN": f"{number}-{place}", "CUI": numbers.get(cells.get("CUI", ""), "")}
                row["CUI"] = row["CUI"] or cells.get("CUI", "")
                row["CAUSA"] = f"D-{number}" if row["CAUSA"] == "other" else row["CAUSA"]
                rows["oj"].append(row)
            rows["sapo"].append(order | {"ORDEN": f"{number}", "CUI": own} | other)
            if case in BOTH_ACCUSED:
                rows["sapo"].append(order | {"ORDEN": f"T{number}", "CUI": numbers["twin"]})
        headers = {"renap": ["ID", "CUI", "NOMBRE", "NACIMIENTO", "SEXO"], "oj": [*HEADER, "SEXO"], "sapo": HEADER}
        sexes = '[codes.sex]\nM = "MALE"\n\n[[record]]\n'
        manifest = OJ.replace("[[record]]\n", sexes).replace(
            'birth_date = "NACIMIENTO"\n', 'birth_date = "NACIMIENTO"\nsex = { column = "SEXO", codes = "sex" }\n'
        )
        for name, text in (("oj", manifest), ("sapo", SAPO)):
            (registers.manifests / f"{name}.toml").write_text(text, encoding="utf-8")
        for name, header in headers.items():
            with (registers.sources / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, header, restval="")
                writer.writeheader()
                writer.writerows(rows[name])
        self.both = EngineAndOracle(registers)

    def check(self, cui: str) -> Any:
        return self.both.person(cui=cui)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("listed"))


@pytest.mark.parametrize("case", CASES)
def test_whether_the_authority_lists_it(world: World, case: str) -> None:
    found = world.check(cui_of([*CASES].index(case) + 1))
    *_, level, notes, sources, counted = CASES[case]
    hits = found.answer.hits
    assert [note.code for hit in hits for note in hit.notes] == notes
    assert [source.record.register_id for hit in hits for source in hit.sources] == sources
    assert (found.answer.level, found.person.name_only_alerts) == (level, counted)


@pytest.mark.parametrize("case", BOTH_ACCUSED)
def test_the_other_of_two_of_one_name_in_one_causa_is_as_wanted(world: World, case: str) -> None:
    found = world.check(cui_of(500 + [*CASES].index(case) + 1))
    assert found.answer.level == CASES[case][3]


def test_whom_the_causa_does_not_name_is_not_meant_by_it(world: World) -> None:
    """The other bearer of the name has the causa by number in no register."""
    number = [*CASES].index("one of two who bear the name") + 1
    found = world.check(cui_of(500 + number))
    assert (found.answer.level, found.person.name_only_alerts) == (CLEAR, 1)
