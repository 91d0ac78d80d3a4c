"""One record in two rows, one causa in two courts, and a warrant issued again (docs/answers.md section 6), by gRPC."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.pipeline import build
from ronda.v1 import level_pb2
from tests.indexer.small_registers import MANIFESTS, SmallRegisters, cui_of
from tests.kit.asker import Asker
from tests.server.running_server import RunningServer

CLEAR, POSSIBLE, HIT = level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_POSSIBLE, level_pb2.LEVEL_HIT
OJ = (
    MANIFESTS["oj"].replace('CANCELADA = "CANCELLED"', 'CANCELADA = "CANCELLED"\nEJECUTADA = "EXECUTED"')
    + 'state_date = "CAMBIO"\ncourt = "JUZGADO"\nmerge_key = ["CAUSA"]\n'
)
SAPO = (
    OJ.replace('id = "oj"', 'id = "sapo"')
    .replace('name = "Organismo Judicial"', 'name = "SAPO"')
    .replace("order = 20", "order = 50")
    .replace('authoritative_for = ["warrant"]\n', "")
    .replace('path = "oj.csv"', 'path = "sapo.csv"')
)
HEADER = ["ORDEN", "CUI", "NOMBRE", "NACIMIENTO", "ESTADO", "FECHA", "CAMBIO", "CAUSA", "JUZGADO"]
FIRST, FOURTH = "Juzgado Primero Penal de Mixco", "Juzgado Cuarto Penal de Mixco"
OPEN, DONE, VOID = "PENDIENTE", "EJECUTADA", "CANCELADA"
# Rows of OJ and of SAPO: order, state, issued, day of the state, court. Each case has a causa and a person of its own.
Order = tuple[str, str, str, str, str]
CASES: dict[str, tuple[list[Order], list[Order], int]] = {
    "executed after it was pending": (
        [("1", OPEN, "2024-01-05", "2024-01-05", FIRST), ("1", DONE, "2024-01-05", "2026-02-01", FIRST)], [], CLEAR,
    ),
    "the older row stands last": (
        [("1", DONE, "2024-01-05", "2026-02-01", FIRST), ("1", OPEN, "2024-01-05", "2024-01-05", FIRST)], [], CLEAR,
    ),
    "pending again after it was executed": (
        [("1", DONE, "2024-01-05", "2024-03-01", FIRST), ("1", OPEN, "2024-01-05", "2026-02-01", FIRST)], [], HIT,
    ),
    "two states of one day": (
        [("1", OPEN, "2024-01-05", "2024-03-01", FIRST), ("1", DONE, "2024-01-05", "2024-03-01", FIRST)], [], POSSIBLE,
    ),
    "executed by one court, pending in another": (
        [("1", DONE, "2024-01-05", "2024-03-01", FIRST), ("2", OPEN, "2024-01-05", "2024-01-05", FOURTH)], [], HIT,
    ),
    "closed by its court, spelled otherwise elsewhere": (
        [("1", VOID, "2024-01-05", "2024-03-01", FIRST)],
        [("9", OPEN, "2024-01-05", "2024-01-05", "JDO. 1o. PENAL MIXCO")], CLEAR,
    ),
    "closed by its court, its words in another order": (
        [("1", VOID, "2024-01-05", "2024-03-01", "Juzgado Penal Primero de Mixco")],
        [("9", OPEN, "2024-01-05", "2024-01-05", FIRST)], CLEAR,
    ),
    "closed by the twelfth": (
        [("1", VOID, "2024-01-05", "2024-03-01", "Juzgado Duodécimo Penal de Mixco")],
        [("9", OPEN, "2024-01-05", "2024-01-05", "JUZGADO DECIMO SEGUNDO PENAL DE MIXCO")], CLEAR,
    ),
    "closed by the first, of the second instance": (
        [("1", VOID, "2024-01-05", "2024-03-01", "Juzgado Primero de Segunda Instancia")],
        [("9", OPEN, "2024-01-05", "2024-01-05", "Juzgado Segundo de Primera Instancia")], POSSIBLE,
    ),
    "issued again after the closing": (
        [("1", DONE, "2020-01-05", "2020-03-01", FIRST)], [("9", OPEN, "2026-02-01", "2026-02-01", FIRST)], POSSIBLE,
    ),
    "issued before the closing": (
        [("1", DONE, "2020-01-05", "2020-03-01", FIRST)], [("9", OPEN, "2020-02-01", "2020-02-01", FIRST)], CLEAR,
    ),
    "the authority closed another causa": (
        [("1", DONE, "2024-01-05", "2024-03-01", FOURTH)], [("9", OPEN, "2024-01-05", "2024-01-05", FIRST)], POSSIBLE,
    ),
}  # fmt: skip
NOT_LISTED = {
    "issued again after the closing",
    "the authority closed another causa",
    "closed by the first, of the second instance",
}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    directory = tmp_path_factory.mktemp("warrants")
    registers = SmallRegisters(directory / "registers")
    rows: dict[str, list[list[str]]] = {"oj": [], "sapo": []}
    for number, (by_oj, by_sapo, _) in enumerate(CASES.values(), 1):
        for register, orders in (("oj", by_oj), ("sapo", by_sapo)):
            for order, state, issued, changed, court in orders:
                who = [f"{number}-{order}", cui_of(number), "", "", state]
                rows[register].append([*who, issued, changed, f"C-{number}", court])
    for name, manifest in (("oj", OJ), ("sapo", SAPO)):
        (registers.manifests / f"{name}.toml").write_text(manifest, encoding="utf-8")
        with (registers.sources / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([HEADER, *rows[name]])
    build(registers.options())
    yield from served(registers.data, directory)


def served(data: Path, directory: Path) -> Iterator[Asker]:
    server = RunningServer(data, directory / "log", workers=1)
    try:
        yield Asker(server.wait_ready())
    finally:
        server.stop()


@pytest.mark.parametrize("case", CASES)
def test_which_row_holds(asker: Asker, case: str) -> None:
    number = list(CASES).index(case) + 1
    answer = asker.person(cui=cui_of(number)).answer
    assert answer.level == CASES[case][2]
    notes = [note.code for hit in answer.hits for note in hit.notes]
    assert notes == (["NOT_LISTED"] if case in NOT_LISTED else [])
