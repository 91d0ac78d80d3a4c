"""Numbers of persons that stand in another number's column, through gRPC (docs/answers.md section 4)."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest

from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.kit.asker import Asker
from tests.server.running_server import RunningServer

BANS = """
[register]
id = "arraigos"
name = "Arraigos"
owner = "Migración"
contact = "tel. 2411-2411"
order = 40
roles = { person = ["alert"] }
stale_after = "30d"

[[source]]
name = "arraigos"
format = "csv"
path = "arraigos.csv"
as_of = { from = "mtime" }

[[record]]
source = "arraigos"
section = "travel_ban"
record_id = "ID"
date = "FECHA"

[record.subject]
cui = "CUI"
nit = "NIT"
document_number = "PASAPORTE"
document_country = "PAIS"
licence = "LICENCIA"
cedula = "CEDULA"

[record.alert]
kind = "TRAVEL_BAN"
state = "PENDING"
"""
# CUI, NIT, PASAPORTE, PAIS, LICENCIA, CEDULA; {0} is the person's CUI. Level of the check by CUI.
ROWS = {
    "in the NIT's": (["", "{0}", "", "", "", ""], "HIT"),
    "in the passport's": (["", "", "DPI {0}", "", "", ""], "HIT"),
    "in the passport's, of Guatemala": (["", "", "{0}", "GTM", "", ""], "HIT"),
    "in the licence's": (["", "", "", "", "C-{0}", ""], "HIT"),
    "in the cédula's": (["", "", "", "", "", "{0}"], "HIT"),
    "exchanged with a foreign passport": (["E123456", "", "{0}", "HND", "", ""], "HIT"),
    "a foreigner's number of thirteen digits": (["", "", "{0}", "HND", "", ""], "CLEAR"),
    "beside another CUI": (["other", "", "{0}", "", "", ""], "CLEAR"),
}


def person_of(case: str) -> str:
    return cui_of(3_101_000 + list(ROWS).index(case))


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    registers = SmallRegisters(tmp_path_factory.mktemp("columns"))
    (registers.manifests / "arraigos.toml").write_text(BANS, encoding="utf-8")
    with (registers.sources / "renap.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ID", "CUI", "NOMBRE", "NACIMIENTO", "SEXO"])
        rows.writerows([case, person_of(case), f"ANA {case.upper()}", "1980-05-17", "F"] for case in ROWS)
    with (registers.sources / "arraigos.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ID", "CUI", "NIT", "PASAPORTE", "PAIS", "LICENCIA", "CEDULA", "FECHA"])
        for case, (cells, _) in ROWS.items():
            texts = [cui_of(3_102_000) if cell == "other" else cell.format(person_of(case)) for cell in cells]
            rows.writerow([case, *texts, "2024-01-01"])
        rows.writerow(["a passport in the CUI's", "AB987654", "", "", "SLV", "", "", "2024-01-01"])
        rows.writerow(["a cédula in the CUI's", "A-1 123456", "", "", "", "", "", "2024-01-01"])
        rows.writerow(["a CUI without two digits", "15803522401", "", "", "SLV", "", "", "2024-01-01"])
    build(registers.options())
    server = RunningServer(registers.data, tmp_path_factory.mktemp("serve") / "log", workers=1)
    try:
        yield Asker(server.wait_ready())
    finally:
        server.stop()


@pytest.mark.parametrize("case", ROWS)
def test_a_cui_in_anothers_column(asker: Asker, case: str) -> None:
    answer = asker.person(person_of(case)).answer
    expected = ROWS[case][1]
    assert level_pb2.Level.Name(answer.level) == f"LEVEL_{expected}"
    assert [hit.record.record_id for hit in answer.hits] == [case] * (expected == "HIT")


@pytest.mark.parametrize(
    ("asked", "record"),
    [
        ({"document": {"country": "SLV", "number": "AB987654"}}, "a passport in the CUI's"),
        ({"document": {"country": "HND", "number": "E123456"}}, "exchanged with a foreign passport"),
        ({"cedula": "A-1 123456"}, "a cédula in the CUI's"),
    ],
)
def test_another_number_in_the_column_of_the_cui(asker: Asker, asked: dict[str, object], record: str) -> None:
    answer = asker(checks.CheckPersonRequest(**asked)).answer  # type: ignore[arg-type]
    assert record in [hit.record.record_id for hit in answer.hits]


def test_what_may_be_a_cui_that_lost_digits_is_no_document(asker: Asker) -> None:
    request = checks.CheckPersonRequest(document={"country": "SLV", "number": "15803522401"})
    assert list(asker(request).answer.hits) == []
