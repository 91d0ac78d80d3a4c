"""Each rule of "Who sees what" (docs/answers.md sections 7, 9, 10), through gRPC, with officers of several roles."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ronda.v1 import alert_pb2, clearance_service_pb2, level_pb2, person_alerts_pb2, register_pb2, section_pb2
from ronda.v1 import check_service_pb2 as checks
from tests.kit.nation_kit import BuiltNation
from tests.server.published import Published
from tests.server.running_server import RunningServer, until
from tests.trust.trust_kit import TrustKit
from tests.trust.viewers import CLEARANCE, INVESTIGATION, STOP, VICTIM, Viewer, add_test_roles, notified

CLEAR, INSUFFICIENT, INCOMPLETE, HIT = (
    level_pb2.LEVEL_CLEAR,
    level_pb2.LEVEL_INSUFFICIENT,
    level_pb2.LEVEL_INCOMPLETE,
    level_pb2.LEVEL_HIT,
)
WITHHELD = register_pb2.REGISTER_STATE_WITHHELD


@dataclass
class House:
    """One server, and who asks it."""

    nation: BuiltNation
    kit: TrustKit
    server: RunningServer
    data: Path

    def viewer(self, role: str, purpose: int) -> Viewer:
        address = "localhost:" + self.server.address.rpartition(":")[2]
        return Viewer(self.kit, address, role, purpose)

    @property
    def patrol(self) -> Viewer:
        """Open sections; no complaints, tax or border crossings."""
        return self.viewer("pnc/patrol", STOP)

    @property
    def investigator(self) -> Viewer:
        """Open and discreet."""
        return self.viewer("pnc/investigator", INVESTIGATION)

    @property
    def protector(self) -> Viewer:
        """Open and victims."""
        return self.viewer("pnc/investigator", VICTIM)

    @property
    def prosecutor(self) -> Viewer:
        """Everything."""
        return self.viewer("mp/prosecutor", INVESTIGATION)

    @property
    def blind(self) -> Viewer:
        """Everything that is open, but no warrants."""
        return self.viewer("pnc/blind", STOP)


@pytest.fixture(scope="module")
def house(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    directory = Path(tmp_path_factory.mktemp("house"))
    data = directory / "data"
    (data / "generations").mkdir(parents=True)
    Published(data, small_nation.generation_directory).publish()
    kit = TrustKit(directory / "keys")
    add_test_roles(kit)
    server = RunningServer(data, directory / "server.log", workers=1, **kit.settings).wait_ready()
    yield House(small_nation, kit, server, data)
    server.stop()
    shutil.rmtree(data)


def totals(message: Any) -> dict[int, int]:
    return {total.section: total.total for total in message.totals}


# ---- registers, levels, status, counts ----


def test_a_register_whose_open_alerts_are_hidden_rules_out_clear(house: House) -> None:
    """The wanted and the clean look alike, whoever is asked about, and nobody is called clear."""
    for who in ("clean", "wanted"):
        response = house.blind.person(house.nation, who)
        assert response.answer.level == INCOMPLETE
        assert not response.answer.hits
        withheld = {r.register_id for r in response.answer.registers if r.state == WITHHELD}
        assert {"oj", "sapo", "mp"} <= withheld
        assert response.answer.coverage == level_pb2.COVERAGE_INCOMPLETE


def test_hidden_context_and_hidden_sensitivities_do_not(house: House) -> None:
    """A patrol sees no tax record, no victim, nothing discreet: CLEAR is CLEAR, and coverage is complete."""
    response = house.patrol.person(house.nation, "clean")
    assert response.answer.level == CLEAR
    assert response.answer.coverage == level_pb2.COVERAGE_COMPLETE
    assert not response.person.tax_registrations
    assert section_pb2.SECTION_TAX not in totals(response.person)
    assert house.prosecutor.person(house.nation, "clean").person.tax_registrations


def test_levels_are_of_what_the_caller_may_see(house: House) -> None:
    assert house.patrol.person(house.nation, "discreet").answer.level == CLEAR
    seen = house.investigator.person(house.nation, "discreet")
    assert seen.answer.level == HIT
    assert seen.answer.hits[0].kind == alert_pb2.ALERT_KIND_DISCREET


def test_candidates_and_counts_are_of_what_the_caller_may_see(house: House) -> None:
    """Found by name: the alert counts for the investigator alone."""
    claim = house.prosecutor.person(house.nation, "discreet").person.identity_claims[0].name
    names = f"{claim.first_given} {claim.first_surname} {claim.second_surname}"
    patrol = the_candidate(house.patrol(checks.SearchPersonsRequest(names=names)), house)
    investigator = the_candidate(house.investigator(checks.SearchPersonsRequest(names=names)), house)
    assert (patrol.alerts, patrol.level) == (0, INSUFFICIENT)
    assert (investigator.alerts, investigator.level > INCOMPLETE) == (1, True)


def the_candidate(response: checks.SearchPersonsResponse, house: House) -> checks.Candidate:
    cui = house.nation.cast["persons"]["discreet"]
    (found,) = [c for c in response.candidates if (c.cui or c.cui_tail) in (cui, cui[-4:])]
    return found


def test_identity_status_is_of_what_the_caller_may_see(house: House) -> None:
    """MISUSED comes from a document alert."""
    assert house.patrol.person(house.nation, "misused").answer.identity_status == level_pb2.IDENTITY_STATUS_MISUSED


# ---- discreet alerts ----


@pytest.fixture(scope="module")
def without_alert(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generation of a nation that differs by one line: the discreet alert on the person of the cast is gone."""
    directory = Path(tmp_path_factory.mktemp("other"))
    shutil.copytree(small_nation.registers, directory / "registers")
    (directory / "data").mkdir()
    shutil.copy(small_nation.data / "subject.key", directory / "data")
    path = directory / "registers" / "mp" / "alertas_discretas.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    cui = small_nation.cast["persons"]["discreet"]
    kept = [line for line in lines if json.loads(line)["persona"]["cui"] != cui]
    assert len(kept) == len(lines) - 1
    path.write_text("".join(kept), encoding="utf-8")
    other = BuiltNation(directory, small_nation.dsn)
    other.build()
    return other.generation_directory


def test_a_discreet_alert_alone_changes_no_byte(house: House, without_alert: Path, tmp_path: Path) -> None:
    """With and without the alert a patrol reads the same bytes of every method; ids and times of answers aside."""
    published = Published(house.data, house.nation.generation_directory, count=100)
    with_alert = [stripped(content) for content in everything_about(house)]
    published.template = without_alert
    generation = published.publish()
    until(lambda: generation in {line.get("generation") for line in house.server.lines()})
    try:
        without = [stripped(content) for content in everything_about(house)]
    finally:
        published.template = house.nation.generation_directory
        restored = published.publish()
        until(lambda: restored in {line.get("generation") for line in house.server.lines()})
    assert len(with_alert) == 6
    assert with_alert == without


def everything_about(house: House) -> list[Any]:
    """Returns what a patrol and a clearance agency can ask about the person with the alert."""
    cui = house.nation.cast["persons"]["discreet"]
    patrol = house.patrol
    person = patrol(checks.CheckPersonRequest(cui=cui))
    claim = person.person.identity_claims[0]
    subject_id = person.person.subject_id
    bulk = house.viewer("digecam/clearance", CLEARANCE)
    return [
        person,
        patrol(checks.CheckRequest(query=cui)),
        patrol(checks.CheckPersonRequest(name=claim.name, birth_date=claim.birth_date)),
        patrol(checks.SearchPersonsRequest(names=f"{claim.name.first_surname} {claim.name.second_surname}")),
        patrol(checks.ListRecordsRequest(subject_id=subject_id, section=section_pb2.SECTION_DISCREET_ALERT)),
        bulk.clear(clearance_service_pb2.CLEARANCE_STANDARD_WANTED, [cui]),
    ]


def stripped(response: Any) -> bytes:
    """The bytes without generation, answer id, time and handles, which differ between any two answers."""
    head = response.answer if hasattr(response, "answer") else response
    for name in ("generation_id", "answer_id", "answered_at"):
        assert getattr(head, name)
        head.ClearField(name)
    for candidate in getattr(response, "candidates", ()):
        candidate.ClearField("handle")
    return bytes(response.SerializeToString(deterministic=True))


def test_a_discreet_alerts_owner_is_notified(house: House) -> None:
    """The patrol saw nothing."""
    patrol = house.patrol
    response = patrol.person(house.nation, "discreet")
    assert response.answer.level == CLEAR
    (line,) = until(lambda: [line for line in notified(house.data) if line["answer_id"] == response.answer.answer_id])
    assert line["register"] == "mp"
    assert line["records"]
    assert line["asker"]["nip"] == patrol.nip


# ---- victims, minors, expunged ----


def test_a_protection_order_has_two_sides(house: House) -> None:
    """The restrained side is an alert for every patrol; the protected side is for those who protect."""
    restrained = house.patrol.person(house.nation, "aggressor")
    (hit,) = restrained.answer.hits
    assert hit.kind == alert_pb2.ALERT_KIND_PROTECTION_ORDER
    assert [o.role for o in restrained.person.protection_orders] == [person_alerts_pb2.PROTECTION_ROLE_RESTRAINED]
    victim = house.patrol.person(house.nation, "victim")
    assert victim.answer.level == CLEAR
    assert not victim.person.protection_orders
    assert section_pb2.SECTION_PROTECTION_ORDER not in totals(victim.person)
    seen = house.protector.person(house.nation, "victim")
    assert {o.role for o in seen.person.protection_orders} == {person_alerts_pb2.PROTECTION_ROLE_PROTECTED}
    assert seen.answer.level == CLEAR


def test_the_restrained_sides_bytes_never_hold_the_victim(house: House) -> None:
    """The bytes hold neither the protected side's name nor address, even for a caller who may see everything."""
    victim = house.prosecutor.person(house.nation, "victim").person
    said = {claim.cui for claim in victim.identity_claims} | {address.street for address in victim.addresses}
    for claim in victim.identity_claims:
        said |= {claim.nit, claim.cedula, claim.name.full}
        said.add(f"{claim.name.first_given} {claim.name.second_given}")
    said |= {telephone.number for telephone in victim.telephones} | {victim.subject_id}
    said -= {"", " "}
    assert len(said) > 3
    for who in ("aggressor", "aggressor_expired"):
        content = house.prosecutor.raw(checks.CheckPersonRequest(cui=house.nation.cast["persons"][who]))
        assert not [text for text in said if text.encode() in content]


def test_by_plate_a_protected_owners_address_is_left_out(house: House) -> None:
    for viewer in (house.patrol, house.protector, house.prosecutor):
        (owner,) = viewer.vehicle(house.nation, "protected_owner").vehicle.owners
        assert owner.person.identity_claims
        assert not owner.person.addresses
        assert section_pb2.SECTION_ADDRESS not in totals(owner.person)
    (other,) = house.patrol.vehicle(house.nation, "wanted_owner").vehicle.owners
    assert other.person.addresses


def test_minors_records_are_hidden(house: House) -> None:
    response = house.patrol.person(house.nation, "minor")
    assert response.answer.level == CLEAR
    assert not response.person.detentions
    assert section_pb2.SECTION_DETENTION not in totals(response.person)
    assert house.prosecutor.person(house.nation, "minor").person.detentions


def test_a_missing_child_is_to_be_protected(house: House) -> None:
    response = house.patrol.person(house.nation, "missing_child")
    assert response.answer.level == HIT
    assert [(hit.kind, hit.action.code) for hit in response.answer.hits] == [
        (alert_pb2.ALERT_KIND_MISSING_CHILD, "PROTECT")
    ]


def test_expunged_records_are_off_the_certificate_and_in_history(house: House) -> None:
    response = house.patrol.person(house.nation, "expunged")
    assert not response.person.sentences
    assert section_pb2.SECTION_SENTENCE not in totals(response.person)
    assert house.prosecutor.person(house.nation, "expunged").person.sentences
    bulk = house.viewer("digecam/clearance", CLEARANCE)
    cleared = bulk.clear(
        clearance_service_pb2.CLEARANCE_STANDARD_CRIMINAL_RECORD, [house.nation.cast["persons"]["expunged"]]
    )
    assert list(cleared.results) == [clearance_service_pb2.CLEARANCE_RESULT_NO_RECORD]
