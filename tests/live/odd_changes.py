"""Changes as nobody would write them: what is empty, quoted, cut, too long, of another alphabet or in another column's
place, drawn by chance; and everything that they can be asked by."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Any

from core.ledger.change import Change
from ronda.v1 import check_service_pb2 as checks
from tests.indexer.small_registers import cui_of
from tests.kit.small_world import SmallWorld
from tests.live.fed_world import FedWorld, clearances
from tests.live.test_a_view_answers_as_a_rebuild import ANA, JOSE, LUIS, MARTA, WHO

_WRONG = cui_of(ANA)
CUIS = [cui_of(number) for number in (*WHO, 5, 7, 50, 51)] + [
    "",
    "",
    "",
    _WRONG[:-1],
    _WRONG + "0",
    f"{_WRONG[:4]} {_WRONG[4:9]} {_WRONG[9:]}",
    _WRONG + ".0",
    "1.23E+12",
    "0" * 13,
    "9" * 13,
    "9" * 40,
    "abc",
    "NULL",
    "-1",
    cui_of(LUIS)[:12] + "O",
    "'" + cui_of(MARTA),
    "１２３",
    "P-123BCD",
    cui_of(JOSE).lstrip("0"),
    str(2**63),
    str(2**64 + 5),
    _WRONG[:8] + "99" + _WRONG[10:],
]
NAMES = [name for name, _ in WHO.values()] + [
    "",
    "",
    "NADIE CONOCIDO DE AQUI",
    "O'HIGGINS D'ANGELO PEREZ",
    'JOSE "EL CHINO" PEREZ',
    "ANA",
    "Ñuño Güell Çá Ibáñez",
    "PEREZ RAMIREZ JOSE MANUEL",
    "ana lucia caal choc",
    "  ANA   LUCIA  CAAL CHOC ",
    "王小明",
    "A" * 300,
    "X " * 200,
    "NULL",
    "'; DROP TABLE staged; --",
    "$1",
    "?",
    "%",
    "\\",
    "ANA LUCIA\tCAAL",
    "PERSONA UNO COY XOL",
    "🚓 POLICIA",
    "SIN NOMBRE",
    "XX XX",
    "DESCONOCIDO",
    "JOSE PEREZ",
    "LUIS ALBERTO POP TZUL (A) EL GATO",
    "\u202eANA",
    "1234567890101",
]
BORN = [born for _, born in WHO.values()] + [
    "",
    "",
    "1980-17-05",
    "1980-05",
    "1980",
    "0000-00-00",
    "1900-01-01",
    "2050-01-01",
    "1975-02-30",
    "1966-00-30",
    "17/05/1980",
    "9999-12-31",
    "-1",
    "1980-05-18",
]
STATES = ["PENDIENTE"] * 6 + ["CANCELADA"] * 2 + ["", "INVENTADO", "pendiente", "PENDIENTE "]
DATES = ["2024-02-03", "2020-05-05", "", "2030-01-01", "9999-01-01", "1900-01-01", "basura", "2024-00-00", "2024-02"]
ENDS = ["", "", "", "2030-01-01", "2020-01-01", "2026-05", "0000-00-00", "x"]
KINDS = ["AGRESOR", "VICTIMA", "DESAPARECIDA", "DPI", "SUPLANTADA", "ROBO", "ROBO", "ROBO", "", "OTRA"]
PLATES = [
    "P-123BCD",
    "P-456FGH",
    "P-000ZZZ",
    "P-777JKL",
    "C-123BCD",
    "123BCD",
    "",
    "",
    "p 123 bcd",
    "P123BCD",
    "P-1",
    "X" * 20,
    "P-123BCD'",
    "P0123BCD",
    "O-1234",
    "SLV P123456",
    "PP-123BCD",
    "P-I23BCD",
    "*",
    "P-999XYZ",
]
VINS = [
    "3N1AB7AP5FY000001",
    "3N1AB7AP5FY000002",
    "3N1AB7AP5FY000099",
    "",
    "",
    "3N1AB7AP5FY00000I",
    "000001",
    "X" * 17,
    "3N1AB7AP5FY000001X",
    "3n1ab7ap5fy000001",
    "3N1AB7AP5FY00000'",
]
OFFENCES = ["", "ROBO", "HOMICIDIO'", "Ñ", "x" * 5000, "NULL", '"quoted"']
_ORDERS = ["W1", "W2", "W3", "W4", *(f"W{number}" for number in range(10, 20)), "W'1", "W 1", "ñ€", "W" * 100]
_REPORTS = ["M0", "M1", *(f"M{number}" for number in range(10, 20))]
_CLOSED = {
    "oj": {"CUI": cui_of(ANA), "ESTADO": "CANCELADA"},
    "mp": {"TIPO": "ROBO", "PLACA": "P-123BCD", "ESTADO": "CANCELADA"},
    "sat": {"PLACA": "P-999XYZ", "VIN": "3N1AB7AP5FY000099"},
    "renap": {"CUI": cui_of(77), "NOMBRE": "NUEVA PERSONA POP", "NACIMIENTO": "1999-09-09", "SEXO": "F"},
}


_PERSONS = {f"R{number}-{place}": number for place, number in enumerate(WHO)}  # as the small world numbers them
_OF_PERSONS = {
    "SEXO": ["F", "M", "", "X"],
    "MUERTE": ["", "", "2024-02-03", "2030-01-01", "basura"],
    "CALLE": ["3a calle 4-55", "9a avenida 1-11", "", "x" * 300],
    "TELEFONO": ["", "55551234", "no consta"],
}


class OddChanges:
    """Drawn by one number; taken by a world as they come."""

    def __init__(self, seed: int, with_persons: bool = False) -> None:
        """with_persons: rows of the civil registry too."""
        self._random = random.Random(seed)
        self._registers = ["oj", "oj", "mp", "mp", "sat", *(["renap", "renap"] if with_persons else [])]

    def feed(self, fed: FedWorld) -> None:
        """Some ticks of them. What is refused is fed once more in a way that can be read."""
        for _ in range(self._random.randint(1, 6)):
            changes: dict[tuple[str, str], Change] = {}
            for _ in range(self._random.choice([1, 1, 2, 5, 20])):
                register, cells = self._row()
                key = register, cells.get("ORDEN") or cells["ID"]
                if key not in changes:
                    changes[key] = fed.upsert(register, **cells)
            refused = {why.sequence for why in fed.take(*changes.values()).refused}
            mended = [self._mended(fed, each) for each in changes.values() if each.sequence in refused]
            again = fed.take(*mended).refused
            assert again == [], again

    def _mended(self, fed: FedWorld, change: Change) -> Change:
        cells = dict.fromkeys(change.record, "") | _CLOSED[change.register]
        if (number := _PERSONS.get(change.record_id)) is not None and change.register == "renap":
            cells |= {"CUI": cui_of(number), "NOMBRE": WHO[number][0], "NACIMIENTO": WHO[number][1]}
        return fed.upsert(change.register, **cells | {"ORDEN" if change.register == "oj" else "ID": change.record_id})

    def _row(self) -> tuple[str, dict[str, str]]:
        choice, number = self._random.choice, self._random.choice(list(WHO))
        (name, born), share = WHO[number], choice([0.15, 0.5, 0.9])

        def odd(plain: str, pool: list[str]) -> str:
            return choice(pool) if self._random.random() < share else plain

        cui = "" if self._random.random() < 0.3 else cui_of(number)
        whose = {"CUI": odd(cui, CUIS), "NOMBRE": odd(name, NAMES)}
        state = {"ESTADO": odd("PENDIENTE", STATES), "FECHA": odd("2024-02-03", DATES)}
        what = {"PLACA": odd("P-123BCD", PLATES), "VIN": odd("", VINS)}
        register = choice(self._registers)
        if register == "renap":
            record_id = choice([*_PERSONS, "R77"])
            known = _PERSONS.get(record_id, 77)
            name, born = WHO.get(known, ("NUEVA PERSONA POP", "1999-09-09"))
            cells = {"ID": record_id, "CUI": odd(cui_of(known), CUIS)}
            cells |= {"NOMBRE": odd(name, NAMES), "NACIMIENTO": odd(born, BORN)}
            cells |= {column: choice(pool) for column, pool in _OF_PERSONS.items()}
        elif register == "oj":
            cells = {"ORDEN": choice(_ORDERS), **whose, "NACIMIENTO": odd(born, BORN), **state}
            cells["DELITO"] = choice(OFFENCES)
        elif register == "mp":
            cells = {"ID": choice(_REPORTS), "TIPO": odd("ROBO", KINDS), **whose, "NACIMIENTO": odd(born, BORN), **what}
            cells |= {**state, "HASTA": choice(ENDS)}
        else:
            vehicle = choice([1, 2, 9])
            cells = {
                "ID": choice(["V1-00", "V2-00", "V9-00", "V9-01"]),
                **what,
                **whose,
                "DESDE": odd("2023-01-01", DATES),
            }
            cells |= {"VIN": odd(f"3N1AB7AP5FY{vehicle:06d}", VINS), "HASTA": choice(ENDS)}
        order = list(cells)
        self._random.shuffle(order)  # a row's columns come in any order
        return register, {column: cells[column] for column in order}


def by_identifier(world: SmallWorld) -> Iterator[Any]:
    """Yields what does not depend on how rare a name is, which a rebuild counts anew."""
    stated = {column: _stated(world, column) for column in ("CUI", "PLACA", "VIN")}
    for cui in stated["CUI"] | set(CUIS[:8]):
        yield checks.CheckPersonRequest(cui=cui)
        if any(map(str.isdigit, cui)):
            yield checks.CheckRequest(query=cui)
    for plate in stated["PLACA"]:
        yield checks.CheckVehicleRequest(plate=plate)
        yield checks.CheckRequest(query=plate)
        yield checks.SearchVehiclesRequest(plate_pattern=plate[:4] + "*")
    for vin in stated["VIN"]:
        yield checks.CheckVehicleRequest(vin=vin)
    numbers = sorted(cui for cui in stated["CUI"] if len(cui) == 13 and cui.isascii() and cui.isdigit())
    yield from clearances(numbers, sorted(stated["PLACA"]))


def _stated(world: SmallWorld, column: str) -> set[str]:
    rows: Iterable[Any] = (row for rows in world.rows.values() for row in rows)
    return {row[column] for row in rows if row.get(column)}
