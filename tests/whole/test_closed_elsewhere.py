"""Alerts closed by another register after the authority's as-of: confirm first (docs/answers.md section 6, "Hits")."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from indexer.pipeline import build
from ronda.v1 import level_pb2
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.kit.asker import Asker
from tests.server.running_server import RunningServer
from tests.whole.test_one_warrant_many_rows import DONE, HEADER, OJ, OPEN, SAPO, VOID

HIT, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_POSSIBLE
DAY_S = 86_400
OLD_BY_DAYS = 5  # the court's extract
# case -> state in SAPO, its day as days ago ("" = none), level, the note's text with {day}
CASES = {
    "executed since": (DONE, "2", POSSIBLE, "según SAPO ejecutada el {day}: confirme"),
    "cancelled since": (VOID, "1", POSSIBLE, "según SAPO cancelada el {day}: confirme"),
    "executed before the court said PENDING": (DONE, "40", HIT, ""),
    "executed on no day": (DONE, "", HIT, ""),
    "pending there too": (OPEN, "2", HIT, ""),
}


def day(ago: str) -> datetime:
    return datetime.now(UTC) - timedelta(hours=6, days=int(ago))


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    directory: Path = tmp_path_factory.mktemp("elsewhere")
    registers = SmallRegisters(directory / "registers")
    rows: dict[str, list[list[str]]] = {"oj": [], "sapo": []}
    for number, (state, ago, _, _) in enumerate(CASES.values(), 1):
        changed = f"{day(ago):%Y-%m-%d}" if ago else ""
        for register, stated, since in (("oj", OPEN, "2025-01-05"), ("sapo", state, changed)):
            who = [f"{register}-{number}", cui_of(number), "", "", stated]
            rows[register].append([*who, "2025-01-05", since, f"C-{number}", "Juzgado Primero Penal de Mixco"])
    for name, manifest in (("oj", OJ), ("sapo", SAPO)):
        (registers.manifests / f"{name}.toml").write_text(manifest, encoding="utf-8")
        file = registers.sources / f"{name}.csv"
        with file.open("w", encoding="utf-8", newline="") as opened:
            csv.writer(opened).writerows([HEADER, *rows[name]])
    made = time.time() - OLD_BY_DAYS * DAY_S
    os.utime(registers.sources / "oj.csv", (made, made))
    build(registers.options())
    server = RunningServer(registers.data, directory / "log", workers=1)
    try:
        yield Asker(server.wait_ready())
    finally:
        server.stop()


@pytest.mark.parametrize("case", CASES)
def test_the_police_executed_it_after_the_courts_as_of(asker: Asker, case: str) -> None:
    _, ago, level, text = CASES[case]
    [hit] = asker.person(cui_of(1 + list(CASES).index(case))).answer.hits
    assert hit.level == level
    told = [note.text for note in hit.notes if note.code == "CLOSED_ELSEWHERE"]
    assert told == ([text.format(day=f"{day(ago):%d/%m/%Y}")] if text else [])
