"""The authority is withdrawn: persons cleared by it do not turn red, and its size is not forgotten."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.generation.manifest import read_manifest
from core.generation.store import Generation
from indexer.build.errors import PublishingStopped
from indexer.generations.publishing import current_generation
from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1 import level_pb2
from tests.indexer.small_registers import MANIFESTS, SmallRegisters, cui_of
from tests.oracle import Oracle
from tests.oracle.registers import everything

OJ = (
    MANIFESTS["oj"]
    .replace('PENDIENTE = "PENDING"', 'PENDIENTE = "PENDING"\nEJECUTADA = "EXECUTED"')
    .replace('issued = "FECHA"', 'issued = "FECHA"\nstate_date = "DIA"\nmerge_key = ["CAUSA"]')
)
PNC = (
    OJ.replace('"oj"', '"pnc"')
    .replace("Organismo Judicial", "PNC")
    .replace("oj.csv", "pnc.csv")
    .replace("order = 20", "order = 25")
    .replace('authoritative_for = ["warrant"]\n', "")
)
HEADER = ["ORDEN", "CUI", "NOMBRE", "NACIMIENTO", "ESTADO", "FECHA", "DIA", "CAUSA"]
Rows = tuple[tuple[str, str, str, str], ...]  # of one register: record id, state, issued, day of the state
# Person -> what OJ and PNC list under one causa of hers; her level with OJ, and while it is withdrawn.
CASES: dict[str, tuple[Rows, Rows, str, str]] = {
    "cleared": (
        (("1", "CANCELADA", "2020-01-01", "2021-01-01"),),
        (("1", "PENDIENTE", "2020-01-01", ""),),
        "CLEAR",
        "POSSIBLE",
    ),
    "pending in both": ((("2", "PENDIENTE", "2020-01-01", ""),), (("2", "PENDIENTE", "2020-01-01", ""),), "HIT", "HIT"),
    "one record, executed later": (
        (("3", "PENDIENTE", "2020-01-01", "2020-01-01"), ("3", "EJECUTADA", "2020-01-01", "2022-01-01")),
        (("3", "PENDIENTE", "2020-01-01", ""),),
        "CLEAR",
        "POSSIBLE",
    ),
    "one record, pending again": (
        (("4", "CANCELADA", "2020-01-01", "2020-06-01"), ("4", "PENDIENTE", "2020-01-01", "2024-01-01")),
        (("4", "PENDIENTE", "2020-01-01", ""),),
        "HIT",
        "HIT",
    ),
    "two records, one pending": (
        (("5a", "CANCELADA", "2020-01-01", "2021-01-01"), ("5b", "PENDIENTE", "2022-01-01", "")),
        (("5", "PENDIENTE", "2022-01-01", ""),),
        "HIT",
        "HIT",
    ),
    "issued again elsewhere": (
        (("6", "EJECUTADA", "2020-01-01", "2020-05-01"),),
        (("6", "PENDIENTE", "2025-01-01", ""),),
        "POSSIBLE",
        "POSSIBLE",
    ),
    "the authority does not list it": ((), (("7", "PENDIENTE", "2020-01-01", ""),), "POSSIBLE", "HIT"),
    "closed in both": (
        (("8", "CANCELADA", "2020-01-01", ""),),
        (("8", "CANCELADA", "2020-01-01", ""),),
        "CLEAR",
        "INCOMPLETE",
    ),
    "only the authority's, closed": ((("9", "CANCELADA", "2020-01-01", "2021-01-01"),), (), "CLEAR", "INCOMPLETE"),
    "only the authority's, pending": ((("10", "PENDIENTE", "2020-01-01", ""),), (), "HIT", "INCOMPLETE"),
    "closed, nobody knows when": ((("11", "CANCELADA", "", ""),), (("11", "PENDIENTE", "", ""),), "CLEAR", "POSSIBLE"),
    "one record, pending again in some February": (
        (("12", "EJECUTADA", "2020-01-01", "2022-06-01"), ("12", "PENDIENTE", "2020-01-01", "00/02/2023")),
        (("12", "PENDIENTE", "2020-01-01", ""),),
        "HIT",
        "HIT",
    ),
    "without a warrant": ((), (), "CLEAR", "INCOMPLETE"),
}
CO_ACCUSED = {"cleared": "pending in both"}  # under one causa: what one was cleared of clears nobody else
BY_NAME = "one record, executed later"  # OJ lists it without a CUI


class World:
    """Registers, built and asked through the engine."""

    def __init__(self, directory: Path) -> None:
        self.registers = SmallRegisters(directory)
        self.whole = directory / "whole"  # the sources as they were written last
        for name, text in (("oj", OJ), ("pnc", PNC)):
            (self.registers.manifests / f"{name}.toml").write_text(text, encoding="utf-8")
        self.write()

    def write(self, without: tuple[str, ...] = ()) -> None:
        with (self.registers.sources / "renap.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["ID", "CUI", "NOMBRE", "NACIMIENTO", "SEXO"])
            for number in range(len(CASES)):
                rows.writerow([number, cui_of(number + 1), *_who(number), "F"])
        for name in ("oj", "pnc"):
            with (self.registers.sources / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                rows = csv.writer(file)
                rows.writerow(HEADER)
                for number, (case, told) in enumerate(CASES.items()):
                    if name == "oj" and case in without:
                        continue
                    causa = f"C{[*CASES].index(CO_ACCUSED.get(case, case))}"
                    cui = "" if name == "oj" and case == BY_NAME else cui_of(number + 1)
                    for record_id, state, issued, day in told[0] if name == "oj" else told[1]:
                        rows.writerow([record_id, cui, *_who(number), state, issued, day, causa])

        shutil.rmtree(self.whole, ignore_errors=True)
        shutil.copytree(self.registers.sources, self.whole)

    def build(self, **options: Any) -> None:
        build(self.registers.options(**options))
        self.engine = Engine(Generation.open(self.directory))
        manifest = read_manifest(self.directory).model_dump(exclude_unset=True)
        key = (self.registers.data / "subject.key").read_bytes()
        self.oracle = Oracle.load(self.whole, self.registers.manifests, {}, manifest, key)

    @property
    def directory(self) -> Path:
        return self.registers.data / "generations" / str(current_generation(self.registers.data))

    @property
    def clock_ms(self) -> int:
        return max(r.as_of_ms for r in read_manifest(self.directory).registers)

    def levels(self) -> dict[str, str]:
        return {case: level_pb2.Level.Name(self.check(case).answer.level).removeprefix("LEVEL_") for case in CASES}

    def check(self, case: str) -> Any:
        request = checks.CheckPersonRequest(cui=cui_of([*CASES].index(case) + 1))
        content = self.engine.answer(
            METHODS["CheckPerson"], request.SerializeToString(), Grant.everything(), self.clock_ms
        )
        answer = checks.CheckPersonResponse.FromString(content)
        told = self.oracle.check_person(request, everything(), self.clock_ms)
        for head in (answer.answer, told.answer):
            head.ClearField("answer_id")
            head.ClearField("answered_at")
        assert answer == told, "the oracle says otherwise"
        return answer

    def cleared(self, case: str) -> str:
        batch = clearance.ClearRequest(
            standard=clearance.CLEARANCE_STANDARD_WANTED, row_ids=[1], cuis=[cui_of([*CASES].index(case) + 1)]
        ).SerializeToString()
        response = self.engine.clearance(batch, Grant.everything(), self.clock_ms).answer(batch, self.clock_ms)
        (result,) = clearance.ClearResponse.FromString(response).results
        return clearance.ClearanceResult.Name(result).removeprefix("CLEARANCE_RESULT_")


def _who(number: int) -> tuple[str, str]:
    given = ["ANA", "BERTA", "CARLA", "DORA", "ELSA", "FLORA", "GLORIA", "HILDA", "IRMA", "JULIA", "KARLA", "LUISA"]
    given.append("MARTA")
    return f"{given[number]} ROSELIA CAAL {'TZUL' if number % 2 else 'IXCOY'}", f"19{60 + number}-03-04"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_whom_the_authority_had_cleared_does_not_turn_red(world: World) -> None:
    before = {case: told[2] for case, told in CASES.items()}
    withdrawn = {case: told[3] for case, told in CASES.items()}
    world.build()
    assert world.levels() == before
    assert world.cleared("cleared") == "NO_RECORD"
    world.build(withdraw=["oj"])
    assert world.levels() == withdrawn
    (hit,) = world.check("cleared").answer.hits
    assert [note.text for note in hit.notes] == [
        "Organismo Judicial no disponible; la había dado por cerrada: confirme"
    ]
    assert [source.record.register_id for source in hit.sources] == ["pnc", "oj"]
    assert world.cleared("cleared") == "REVIEW"
    assert world.cleared("pending in both") == "WITH_RECORD"
    (closed,) = world.check("only the authority's, closed").person.closed_alerts
    assert [note.code for note in closed.notes] == ["CLOSED_CANCELLED"]
    world.build(withdraw=["oj"])
    assert world.levels() == withdrawn, "withdrawn still"
    world.registers.break_source("oj")
    world.build()
    assert world.levels() == withdrawn, "not withdrawn any more, but unreadable: nothing is revived"
    world.write()
    world.build()
    assert world.levels() == before


def test_the_one_withdrawn_keeps_nothing_else_of_whom_it_spoke_of(world: World) -> None:
    world.build()
    world.build(withdraw=["oj"])
    staged = world.registers.data / "staging" / "oj"
    rows = [row for path in staged.rglob("*.parquet") for row in pq.read_table(path).to_pylist()]
    assert sorted(row["record_id"] for row in rows) == ["1", "11", "3", "6", "8", "9"]
    assert {row["alert_state"] for row in rows} == {2, 3}


def test_it_is_held_against_the_size_that_it_had(world: World) -> None:
    world.build()
    world.build(withdraw=["oj"])
    world.build(withdraw=["oj"])
    world.write(without=("cleared", "pending in both", "one record, executed later", "one record, pending again"))
    with pytest.raises(PublishingStopped, match="oj/ordenes: 15 rows before, 9 now"):
        world.build()
    world.build(accept_shrink=["oj"])
