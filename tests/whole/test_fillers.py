"""A number that is one digit repeated is nobody's, and an order without a state is asked about: engine and oracle."""

from __future__ import annotations

import csv

import pytest

from ronda.v1 import level_pb2
from tests.indexer.small_registers import MANIFESTS, SmallRegisters, cui_of
from tests.kit.engine_and_oracle import EngineAndOracle

# The cells of an order: CUI, country, passport, licence, state; the level of whose name and birth date stand on it.
ORDERS = {
    "zeros": (("0000000000000", "", "", "", "PENDIENTE"), "HIT"),
    "the same zeros": (("0000000000000", "", "", "", "PENDIENTE"), "HIT"),
    "nines": (("9999999999999", "", "", "", "PENDIENTE"), "HIT"),
    "a passport of zeros": (("", "HND", "0000000", "", "PENDIENTE"), "HIT"),
    "a licence of ones": (("", "", "", "1111111111111", "PENDIENTE"), "HIT"),
    "a CUI that nobody has": (("1234567890123", "", "", "", "PENDIENTE"), "POSSIBLE"),
    "no state": (("", "", "", "", ""), "POSSIBLE"),
    "a passport of no country that is known": (("", "XANADU", "E123456", "", "PENDIENTE"), "HIT"),
}
DOCUMENT = 'document_country = "PAIS"\ndocument_number = "PASAPORTE"\nlicence = "LICENCIA"\n'


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> EngineAndOracle:
    registers = SmallRegisters(tmp_path_factory.mktemp("fillers"))
    oj = MANIFESTS["oj"].replace('cui = "CUI"\n', f'cui = "CUI"\n{DOCUMENT}')
    (registers.manifests / "oj.toml").write_text(oj, encoding="utf-8")
    people = [(n, f"PERSONA {'ABCDEFGH'[n]}OCHE TZUL", f"1980-05-{10 + n}") for n in range(len(ORDERS))]
    with (registers.sources / "renap.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(["ID", "CUI", "NOMBRE", "NACIMIENTO", "SEXO"])
        csv.writer(file).writerows([n, cui_of(500 + n), name, born, "F"] for n, name, born in people)
    with (registers.sources / "oj.csv").open("w", encoding="utf-8", newline="") as file:
        header = ["ORDEN", "NOMBRE", "NACIMIENTO", "FECHA", "CUI", "PAIS", "PASAPORTE", "LICENCIA", "ESTADO"]
        csv.writer(file).writerow(header)
        for (n, name, born), (cells, _) in zip(people, ORDERS.values(), strict=True):
            csv.writer(file).writerow([f"W{n}", name, born, "2020-05-05", *cells])
        csv.writer(file).writerow(["W99", "", "", "2020-05-05", "", "", "E7654321", "", "PENDIENTE"])
    return EngineAndOracle(registers)


@pytest.mark.parametrize("case", ORDERS)
def test_whom_an_order_means(both: EngineAndOracle, case: str) -> None:
    answer = both.person(cui=cui_of(500 + list(ORDERS).index(case))).answer
    assert level_pb2.Level.Name(answer.level).removeprefix("LEVEL_") == ORDERS[case][1]


def test_nobody_is_found_by_a_filler(both: EngineAndOracle) -> None:
    found = both.person(document={"country": "HND", "number": "0000000"})
    assert (found.answer.level, list(found.answer.hits)) == (level_pb2.LEVEL_INSUFFICIENT, [])


def test_a_number_of_no_country_alone_is_refused(both: EngineAndOracle) -> None:
    (oj,) = [r for r in both.person(cui=cui_of(500)).answer.registers if r.register_id == "oj"]
    assert oj.rows_refused == 2


# A name of an order without a number, and of the one person on file born on its day, and the level of that person.
NAMES = {
    "NO CONSTA": "CLEAR",
    "No consta nombre": "CLEAR",
    "XX XX": "CLEAR",
    "X.X. XXX": "CLEAR",
    "DESCONOCIDO": "CLEAR",
    "PERSONA DESCONOCIDA": "CLEAR",
    "SUJETO NO IDENTIFICADO": "CLEAR",
    "POR IDENTIFICAR": "CLEAR",
    "IGNORADO": "CLEAR",
    "SIN NOMBRE": "CLEAR",
    "NULL NULL": "CLEAR",
    "N/A": "CLEAR",
    # these are somebody
    "AL NAN": "HIT",
    "SE NO": "HIT",
    "MARIA SOLTERO": "HIT",
    "NOE CONSTANTINO": "HIT",
    "XX CONSTANTINO": "HIT",
}


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> EngineAndOracle:
    registers = SmallRegisters(tmp_path_factory.mktemp("names"))
    rows = [(n, name, f"1981-06-{10 + n}") for n, name in enumerate(NAMES)]
    with (registers.sources / "renap.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(["ID", "CUI", "NOMBRE", "NACIMIENTO", "SEXO"])
        csv.writer(file).writerows([n, cui_of(600 + n), name, born, "M"] for n, name, born in rows)
        csv.writer(file).writerow([99, cui_of(699), "RAMIRO TZUL COC", "1981-07-01", "M"])
    with (registers.sources / "oj.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(["ORDEN", "NOMBRE", "NACIMIENTO", "FECHA", "CUI", "ESTADO"])
        csv.writer(file).writerows([f"W{n}", name, born, "2020-05-05", "", "PENDIENTE"] for n, name, born in rows)
        csv.writer(file).writerow(["W99", "NO CONSTA", "", "2020-05-05", cui_of(699), "PENDIENTE"])
    return EngineAndOracle(registers)


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_for_no_name_is_none(named: EngineAndOracle, name: str) -> None:
    answer = named.person(cui=cui_of(600 + list(NAMES).index(name))).answer
    assert level_pb2.Level.Name(answer.level).removeprefix("LEVEL_") == NAMES[name]


def test_an_order_by_number_that_names_nobody_contradicts_nobody(named: EngineAndOracle) -> None:
    assert named.person(cui=cui_of(699)).answer.level == level_pb2.LEVEL_HIT
