"""After an upgrade, what an earlier release staged is still read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.generation.manifest import read_manifest
from core.generation.store import Generation
from indexer.generations.publishing import current_generation
from indexer.pipeline import build
from indexer.staging.earlier_release import complete_columns
from indexer.standard import STANDARD_SCHEMA
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.indexer.small_registers import SmallRegisters, cui_of

LATER = ("state_first", "state_span", "issued_first", "issued_span", "valid_from_span", "alert_to_span")


def as_earlier(registers: SmallRegisters, *without: str) -> list[Path]:
    """Takes columns away from all that is staged."""
    files = sorted((registers.data / "staging").rglob("records-*.parquet"))
    for file in files:
        table = pq.read_table(file)
        pq.write_table(table.drop_columns([name for name in without if name in table.column_names]), file)
    return files


def level(registers: SmallRegisters, number: int) -> str:
    directory = registers.data / "generations" / str(current_generation(registers.data))
    request = checks.CheckPersonRequest(cui=cui_of(number)).SerializeToString()
    as_of = max(register.as_of_ms for register in read_manifest(directory).registers)
    content = Engine(Generation.open(directory)).answer(METHODS["CheckPerson"], request, Grant.everything(), as_of)
    return level_pb2.Level.Name(checks.CheckPersonResponse.FromString(content).answer.level)


def test_a_register_whose_source_fails_is_carried_forward(tmp_path: Path) -> None:
    registers = SmallRegisters(tmp_path)
    build(registers.options())
    as_earlier(registers, *LATER)
    registers.break_source("oj")
    build(registers.options())
    assert (level(registers, 1), level(registers, 3)) == ("LEVEL_HIT", "LEVEL_INCOMPLETE")


def test_one_that_is_withdrawn_keeps_its_closings(tmp_path: Path) -> None:
    registers = SmallRegisters(tmp_path)
    build(registers.options())
    as_earlier(registers, *LATER)
    build(registers.options(withdraw=["oj"]))
    rows = [
        r for f in (registers.data / "staging" / "oj").rglob("records-*.parquet") for r in pq.read_table(f).to_pylist()
    ]
    assert [row["record_id"] for row in rows] == ["W3"]


def test_what_a_later_column_says_is_told_by_the_earlier_ones(tmp_path: Path) -> None:
    registers = SmallRegisters(tmp_path)
    build(registers.options())
    files = as_earlier(registers, *LATER)
    complete_columns(files)
    for file in files:
        table = pq.read_table(file)
        assert table.schema == STANDARD_SCHEMA
        for row in table.to_pylist():
            issued = row["issued_day"] if row["issued_day"] is not None else row["sort_day"]
            assert (row["issued_first"], row["issued_span"]) == (issued, None)
            if row["record_id"].startswith("W"):
                assert row["issued_first"] == (date(2020, 5, 5) - date(1970, 1, 1)).days
    as_earlier(registers, "section")
    with pytest.raises(KeyError, match="section"):
        complete_columns(files)
