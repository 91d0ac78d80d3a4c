"""Previous names and aliases that a register keeps in columns of their own, as docs/manifests.md says to map them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.generation.store import Generation
from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2, person_pb2
from tests.indexer.small_registers import MANIFESTS, SmallRegisters, cui_of

NOW, BEFORE = "JOSE LUIS TZUL QUEJ", "PEDRO ANTONIO BARILLAS OROZCO"
WANTED, ALIAS = "MARCOS ISMAEL XOL YAT", "TIGRE CHINCHILLA"


def _also_named(source: str, column: str, record_id: str, more: str = "") -> str:
    """The second record of a source, as docs/manifests.md says."""
    return f"""
[[record]]
source = "{source}"
section = "identity"
when = {{ column = "{column}", present = true }}
record_id = "{record_id}"

[record.subject]
cui = "CUI"
full_name = "{column}"
{more}
"""


FORMER_NAME = _also_named("personas", "NOMBRE_ANTERIOR", "ID", 'birth_date = "NACIMIENTO"')
ALSO_KNOWN_AS = _also_named("ordenes", "ALIAS", "ORDEN")


def _write(path: Path, header: str, rows: Sequence[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header.split(), *rows])


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    registers = SmallRegisters(tmp_path_factory.mktemp("aliases"))
    for name, more in (("renap", FORMER_NAME), ("oj", ALSO_KNOWN_AS)):
        (registers.manifests / f"{name}.toml").write_text(MANIFESTS[name] + more, encoding="utf-8")
    people = [(1, cui_of(1), NOW, "1980-05-17", "M", BEFORE), (2, cui_of(2), "ANA CAAL POP", "1990-01-02", "F", "")]
    _write(registers.sources / "renap.csv", "ID CUI NOMBRE NACIMIENTO SEXO NOMBRE_ANTERIOR", people)
    warrants = [("W1", "", WANTED, "", "PENDIENTE", "2020-05-05", ALIAS)]
    _write(registers.sources / "oj.csv", "ORDEN CUI NOMBRE NACIMIENTO ESTADO FECHA ALIAS", warrants)
    build(registers.options())
    current = (registers.data / "CURRENT").read_text(encoding="ascii").strip()
    return Engine(Generation.open(registers.data / "generations" / current))


def _search(engine: Engine, names: str) -> list[Any]:
    request = checks.SearchPersonsRequest(names=names).SerializeToString()
    answer = engine.answer(METHODS["SearchPersons"], request, Grant.everything(), 1_750_000_000_000)
    return list(checks.SearchPersonsResponse.FromString(answer).candidates)


@pytest.mark.parametrize("asked", [NOW, BEFORE, "PEDRO BARILLAS OROSCO"])
def test_a_previous_name_finds_its_bearer_under_the_name_of_today(engine: Engine, asked: str) -> None:
    (found,) = _search(engine, asked)
    assert (found.cui, found.name) == (cui_of(1), NOW)
    assert found.matched_name == (NOW if asked == NOW else BEFORE)


def test_two_names_of_one_person_are_no_conflict(engine: Engine) -> None:
    request = checks.CheckPersonRequest(cui=cui_of(1))
    for name in (NOW, BEFORE):
        request.name.full = name
        data = engine.answer(METHODS["CheckPerson"], request.SerializeToString(), Grant.everything(), 1_750_000_000_000)
        answer = checks.CheckPersonResponse.FromString(data)
        assert answer.answer.identity_status == level_pb2.IDENTITY_STATUS_FOUND
        assert {c.name.full for c in answer.person.identity_claims} == {NOW, BEFORE}
        assert not answer.answer.cautions


@pytest.mark.parametrize("asked", [WANTED, ALIAS])
def test_an_alias_finds_the_warrant(engine: Engine, asked: str) -> None:
    (found,) = _search(engine, asked)
    assert found.kind == person_pb2.SUBJECT_KIND_UNIDENTIFIED
    assert (found.level, found.alerts) == (level_pb2.LEVEL_POSSIBLE, 1)
    assert found.matched_name == asked
