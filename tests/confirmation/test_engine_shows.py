"""The engine's use of a table of confirmations: the hit is found by its record, and nothing is shown without one."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from core.access.grant import Grant
from core.call.confirmations import Confirmations
from core.engine.entry import Engine, Method
from core.generation.store import Generation
from ronda.v1 import alert_pb2, check_service_pb2, level_pb2
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.kit.field_world import Field, built_field
from tests.whole.test_one_warrant_many_rows import FIRST, HEADER, OJ, SAPO

ALL = bytes(16)
CLOCK_MS = 1_780_000_000_000


@pytest.fixture(scope="module")
def world() -> tuple[Engine, Field]:
    data, field = built_field()
    return Engine(Generation.open(data / "generations" / (data / "CURRENT").read_text().strip())), field


def _raw(engine: Engine, cui: str) -> bytes:
    request = check_service_pb2.CheckPersonRequest(cui=cui)
    return engine.answer(Method.CHECK_PERSON, request.SerializeToString(), Grant.everything(), CLOCK_MS)


def _hits(engine: Engine, cui: str) -> dict[str, alert_pb2.Hit]:
    answer = check_service_pb2.CheckPersonResponse.FromString(_raw(engine, cui)).answer
    return {hit.record.record_id: hit for hit in answer.hits}


def _entry(subject: bytes, record_id: str, denied: bool, text: str, register: str = "oj") -> tuple[bytes, bool, bytes]:
    hit = alert_pb2.Hit()
    hit.confirmation.text = text
    hit.notes.add(code="CONFIRMATION_DENIED", text=text)
    return subject + register.encode() + b"\0" + record_id.encode(), denied, hit.SerializeToString()


def test_a_table_adds_to_the_hits_that_it_names(world: tuple[Engine, Field]) -> None:
    engine, field = world
    before = _hits(engine, field.twice_wanted)
    subject = bytes.fromhex(before["O-2"].subject.subject_id)
    other = bytes.fromhex(_hits(engine, field.wanted)["O-1"].subject.subject_id)
    for entries, denied, texts in (
        ([_entry(subject, "O-2", True, "a")], {"O-2"}, {"O-2": "a"}),
        ([_entry(subject, "O-2", False, "a")], set(), {"O-2": "a"}),
        ([_entry(ALL, "O-3", True, "b"), _entry(subject, "O-3", False, "c")], {"O-3"}, {"O-3": "b"}),
        ([_entry(other, "O-2", True, "a")], set(), {}),
        ([_entry(subject, "O-2", True, "a", "mp")], set(), {}),
        ([_entry(subject, "O-2x", True, "a"), _entry(subject, "O-", True, "a")], set(), {}),
        ([], set(), {}),
    ):
        engine.confirmations = Confirmations(entries)
        hits = _hits(engine, field.twice_wanted)
        assert {name: hit.confirmation.text for name, hit in hits.items() if hit.HasField("confirmation")} == texts
        levels = {name for name, hit in hits.items() if hit.level == level_pb2.LEVEL_POSSIBLE}
        assert levels == denied
    engine.confirmations = None
    assert _hits(engine, field.twice_wanted) == before


def test_without_one_an_answer_is_byte_for_byte_as_it_was(world: tuple[Engine, Field]) -> None:
    engine, field = world
    _raw(engine, field.wanted)
    for table in (None, Confirmations(), Confirmations([_entry(ALL, "elsewhere", True, "x")])):
        engine.confirmations = table
        answer = check_service_pb2.CheckPersonResponse.FromString(_raw(engine, field.wanted))
        answer.answer.ClearField("answer_id")
        engine.confirmations = None
        plain = check_service_pb2.CheckPersonResponse.FromString(_raw(engine, field.wanted))
        plain.answer.ClearField("answer_id")
        assert answer == plain


def test_what_was_said_of_another_registers_copy_does_not_touch_a_hit(tmp_path: Path) -> None:
    """A warrant that stands on OJ's record and that SAPO has too."""
    registers = SmallRegisters(tmp_path)
    cui, name = cui_of(1), "ANA ABAC COY"
    order = {"NOMBRE": name, "ESTADO": "PENDIENTE", "FECHA": "2024-01-05", "JUZGADO": FIRST, "CAUSA": "C-1", "CUI": cui}
    people = {"ID": "1", "CUI": cui, "NOMBRE": name, "NACIMIENTO": "1980-05-17", "SEXO": "F"}
    rows = {"renap": people, "oj": {**order, "ORDEN": "O-1"}, "sapo": {**order, "ORDEN": "S-1"}}
    for register, manifest in (("oj", OJ), ("sapo", SAPO)):
        (registers.manifests / f"{register}.toml").write_text(manifest, encoding="utf-8")
    for register, row in rows.items():
        with (registers.sources / f"{register}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(people) if register == "renap" else HEADER, restval="")
            writer.writeheader()
            writer.writerow(row)
    engine = EngineAndOracle(registers).engine
    (hit,) = _hits(engine, cui).values()
    stated = {source.record.register_id: source.record.record_id for source in hit.sources}
    assert hit.record.register_id == "oj" and stated == {"oj": "O-1", "sapo": "S-1"}
    for register, record_id, level in (("sapo", "S-1", level_pb2.LEVEL_HIT), ("oj", "O-1", level_pb2.LEVEL_POSSIBLE)):
        engine.confirmations = Confirmations([_entry(ALL, record_id, True, "x", register)])
        (shown,) = _hits(engine, cui).values()
        assert shown.level == level and shown.HasField("confirmation") == (register == "oj")


def test_a_key_is_a_subject_a_register_and_a_record() -> None:
    for key in (b"", ALL, ALL + b"x" * 500):
        with pytest.raises(ValueError, match="a key is"):
            Confirmations([(key, True, b"")])
    assert len(Confirmations([_entry(ALL, "a", True, "x"), _entry(ALL, "b", True, "x")])) == 2
