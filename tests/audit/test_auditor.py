"""Looking into the log: the asker's reason comes first, and the look is recorded before it happens."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from core.audit.reader import Entry, How
from core.generation.reader import DossierReader, EntityKind
from core.generation.store import Generation
from core.identifiers.kinds import IdentifierKind
from core.identifiers.subject_ids import subject_id
from core.identifiers.types import IdentifierError
from indexer.subject_ids import subject_ids
from ronda.settings import Settings
from server.audit.auditor import Auditor
from server.audit.described import SealBroken, asked, code_names, ways
from server.audit.evidence import record_place
from server.audit.lacking import Lacking, What
from server.audit.looking import Tool
from server.audit.set_up import development_keys, prepare_audit, public_signing_key, second_keepers
from server.audit.subjects import wanted
from server.audit.witness import witness_credentials
from server.habeas_data.office import Office
from server.trust.operator import officer_of
from tests.audit.answers import append
from tests.audit.kit import House
from tests.kit.nation_kit import BuiltNation


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "data").mkdir()
    given: dict[str, Any] = {"data": tmp_path / "data", "audit_reserve_mib": 0}
    return Settings(**given)


def lacks(ended: pytest.ExceptionInfo[Lacking]) -> What:
    return ended.value.what


def test_a_look_is_recorded_before_the_log_is_open(settings: Settings) -> None:
    with pytest.raises(Lacking) as ended:
        Auditor(settings, None, None)
    assert (lacks(ended), ended.value.path) == (What.DEVELOPMENT_KEY, development_keys(settings) / "auditor.key")
    prepare_audit(settings, development=True)
    reader = Auditor(settings, None, None).look(Tool.TAIL, {"n": 7, "since": ""}, "MP-1")
    (record,) = reader.newest(2)
    assert (record.method, record.case_number) == (Tool.TAIL, "MP-1")
    assert asked(reader, record) == {"n": 7}
    assert code_names(record) == {"method": "TAIL", "purpose": "AUDIT", "status": "OK"}


def test_nothing_is_looked_at_where_no_log_is(settings: Settings, tmp_path: Path) -> None:
    prepare_audit(settings, development=True)
    auditor = Auditor(settings, None, None)
    (settings.data / "audit").rename(tmp_path / "elsewhere")
    with pytest.raises(Lacking) as ended:
        auditor.look(Tool.TAIL, {}, "")
    assert lacks(ended) == What.LOG
    assert not (settings.data / "audit").exists()


def test_with_a_trust_directory_a_token_comes_before_the_key(settings: Settings, tmp_path: Path) -> None:
    trusted = settings.model_copy(update={"trust": tmp_path})
    with pytest.raises(Lacking) as ended:
        officer_of(trusted, None, "ReadAudit", What.AUDIT_TOKEN)
    assert lacks(ended) == What.AUDIT_TOKEN
    with pytest.raises(Lacking) as ended:
        Office(trusted, None, None, "1001", "ExportSubject")
    assert lacks(ended) == What.TOKEN
    with pytest.raises(Lacking) as ended:
        Office(settings, None, None, "", "ExportSubject")
    assert lacks(ended) == What.NIP


def test_an_export_needs_data(settings: Settings, tmp_path: Path) -> None:
    prepare_audit(settings, development=True)
    with pytest.raises(Lacking) as ended:
        Office(settings, None, None, "1001", "ExportSubject").prepare("2357111360101", tmp_path / "out", [], "")
    assert (lacks(ended), ended.value.path) == (What.DATA, settings.data / "CURRENT")
    assert not (tmp_path / "out").exists()


def test_whom_an_identifier_means(small_nation: BuiltNation) -> None:
    secret = (small_nation.data / "subject.key").read_bytes()
    cui = str(small_nation.cast["persons"]["wanted"])
    found = wanted(small_nation.data, cui=cui)
    assert set(found.subject_ids) == {subject_id(secret, f"cui:{cui}")}
    assert list(found.asked_keys) == [bytes([IdentifierKind.CUI]) + cui.encode()]
    assert subject_ids(secret, [f"cui:{cui}"]).to_pylist() == [subject_id(secret, f"cui:{cui}")]
    told = found.subject_ids[0].hex()
    assert wanted(small_nation.data, subject=f"{told[:8]}-{told[8:]}").subject_ids == [found.subject_ids[0]]


def test_a_plate_means_those_of_its_own_type_alone(small_nation: BuiltNation) -> None:
    """The key of a plate leaves the type out: P-138ZZB and C-138ZZB are two vehicles'."""
    typed, other = (wanted(small_nation.data, plate=f"{kind}-138ZZB") for kind in ("P", "C"))
    assert typed.asked_keys == other.asked_keys
    assert (len(typed.subject_ids), len(other.subject_ids)) == (3, 2)
    generation = Generation.open(small_nation.generation_directory)
    held = [DossierReader(generation.dossier(each)) for each in generation.lookup(IdentifierKind.PLATE, "GTM:138ZZB")]
    vehicles = [each.subject_id for each in held if each.kind == EntityKind.VEHICLE]
    assert set(vehicles) & set(typed.subject_ids)
    assert not set(vehicles) & set(other.subject_ids)


def test_whom_no_identifier_means(settings: Settings) -> None:
    cases: list[tuple[dict[str, str], What]] = [
        ({}, What.ONE_IDENTIFIER),
        ({"cui": "1", "vin": "2"}, What.ONE_IDENTIFIER),
        ({"subject": "12"}, What.SUBJECT_ID),
        ({"subject": "no hexadecimal"}, What.SUBJECT_ID),
        ({"cui": "2357111360101"}, What.SUBJECT_KEY),
    ]
    for given, what in cases:
        with pytest.raises(Lacking) as ended:
            wanted(settings.data, **given)
        assert lacks(ended) == what
    with pytest.raises(IdentifierError):
        wanted(settings.data, cui="123")


def test_a_second_keeper_lies_elsewhere(settings: Settings, tmp_path: Path) -> None:
    prepare_audit(settings, development=True)
    inside = settings.data / "audit" / "keeper"
    for directory, what in ((tmp_path / "none", What.KEEPER), (inside, What.ANOTHER_KEEPER)):
        if what == What.ANOTHER_KEEPER:
            directory.mkdir()
        with pytest.raises(Lacking) as ended:
            second_keepers(settings, [directory])
        assert (lacks(ended), ended.value.path) == (what, directory)
    (tmp_path / "keeper").mkdir()
    assert len(second_keepers(settings, [tmp_path / "keeper"])) == 1
    assert second_keepers(settings) == []
    assert len(second_keepers(settings.model_copy(update={"audit_keeper": str(tmp_path / "keeper")}))) == 1
    assert second_keepers(settings.model_copy(update={"audit_keeper": "https://keeper"})) == []


def test_the_key_of_checkpoints_is_the_settings_own_where_none_is_named(settings: Settings) -> None:
    with pytest.raises(Lacking) as ended:
        public_signing_key(settings)
    assert lacks(ended) == What.PUBLIC_KEY
    prepare_audit(settings, development=True)
    named = public_signing_key(settings, development_keys(settings) / "signing.pub")
    assert named.public_bytes_raw() == public_signing_key(settings).public_bytes_raw()


def test_a_record_is_named_by_log_segment_and_place() -> None:
    segment, place = record_place("worker-0/2/17")
    assert (segment.log, segment.number, place) == ("worker-0", 2, 17)
    odd = ("worker-0/1/99999999999999999999", "../1/1", "worker-0/-1/1", "worker-0/1/\u0663", "w\x1b/1/1")
    for wrong in ("", "worker-0/2", "/2/17", "worker-0/two/17", "worker-0/2/17/1", *odd):
        with pytest.raises(Lacking):
            record_place(wrong)


def test_a_witness_that_others_reach_speaks_tls() -> None:
    assert witness_credentials("127.0.0.1:50061", None, None, None) is None
    with pytest.raises(Lacking) as ended:
        witness_credentials("0.0.0.0:50061", None, None, None)
    assert lacks(ended) == What.TLS


def test_ways_and_a_seal_that_does_not_hold(tmp_path: Path) -> None:
    entries = [Entry(bytes(16), 0, 1, how, 0, 0, 0, 0) for how in (*How, 99)]
    assert ways(entries) == [*(each.name for each in How), ""]
    house = House(tmp_path)
    with house.writer() as writer:
        append(writer.log, 2)
    reader = house.reader()
    (record,) = reader.newest(1)
    assert asked(reader, record) == b"question 2".hex()  # no request of its method
    (path,) = (house.audit / "logs").rglob("*.seg")
    data = path.read_bytes()
    assert data.count(record.sealed) == 1
    at = data.index(record.head)  # of the body; its check is made to fit, as a forger does
    body = data[at:].replace(record.sealed, record.sealed[:-1] + bytes([record.sealed[-1] ^ 1]))
    body = body[: int.from_bytes(data[at - 8 : at - 4], "little")]
    check = hashlib.sha256(b"\0" + body).digest()[:4]
    path.write_bytes(data[: at - 4] + check + body + data[at + len(body) :])
    (changed,) = house.reader().newest(1)
    with pytest.raises(SealBroken):
        asked(house.reader(), changed)
