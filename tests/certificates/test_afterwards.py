"""Checks what a person decides afterwards: a review by two, a revocation; and what no person can decide."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.generation.manifest import sealed
from ronda.commands.exit_status import ExitStatus
from server.audit.looking import Tool
from server.certificates.store import DECISION_S, CertificateStore, Issued, NotDone, Review
from tests.certificates.counter import CLERK, REVIEWER, Counter
from tests.certificates.test_issuing import numbers_in_store, page_text, store_bytes
from tests.kit.nation_kit import BuiltNation
from tests.kit.personal_data import PersonalData
from tests.server.published import Published
from tests.server.running_server import RunningServer

WHY = "Homónimo: otro padre y otra fecha de nacimiento"
HOMONYM = "wanted_by_several_1"


def opened(counter: Counter, who: str, standard: str = "wanted") -> str:
    """A new case's number."""
    told = counter.told("--cui", counter.cui(who), "--standard", standard, status=ExitStatus.NOT_ISSUED)
    return str(told["error"]["review"])


def decide(counter: Counter, case: str, who: str, nip: str = REVIEWER, word: str = "--approve", why: str = WHY) -> int:
    arguments = ["review", case, "--cui", counter.cui(who), word, "--reason", why]
    return counter.run(*arguments, nip=nip).exit_code


def test_a_homonym_gets_one_after_another_persons_decision(counter: Counter) -> None:
    case = opened(counter, HOMONYM)
    arguments = ["--cui", counter.cui(HOMONYM), "--standard", "wanted", "--review", case]
    assert counter.run(*arguments).exit_code == ExitStatus.CALLER, "nobody has decided"
    assert decide(counter, case, HOMONYM) == 0
    assert counter.records()[0].identity["nip"] == REVIEWER
    said = counter.said(counter.records()[0])
    assert (said["step"], said["review"], said["reason"]) == ("approve", case, WHY)
    told = counter.issued(HOMONYM, "wanted", case=case)
    assert f"caso {case}" in page_text(told["pdf"])
    assert counter.run(*arguments, "--out", counter.out / "twice.pdf").exit_code == ExitStatus.CALLER, "once"
    assert not (counter.out / "twice.pdf").exists()


def test_who_may_not_decide(counter: Counter) -> None:
    case = opened(counter, HOMONYM)
    assert decide(counter, case, HOMONYM, nip=CLERK) == ExitStatus.CALLER, "policy: she issues, she does not review"
    both = counter.token_of(CLERK, ["clearance", "clearance-review"])
    path = counter.trusted.kit.directory / "both.office"
    path.write_text(both, encoding="ascii")
    result = counter.run(
        "review", case, "--cui", counter.cui(HOMONYM), "--approve", "--reason", WHY, RONDA_TOKEN=str(path)
    )
    assert result.exit_code == ExitStatus.CALLER
    assert "otra persona" in result.output
    assert counter.said(counter.records()[0])["step"] == "refused"
    assert decide(counter, case, "clean") == ExitStatus.CALLER, "the case is another person's"
    assert decide(counter, "R-00000-00000", HOMONYM) == ExitStatus.CALLER
    assert decide(counter, case, HOMONYM, why="  ") == ExitStatus.CALLER, "a reason"
    assert decide(counter, case, HOMONYM, word="--refuse") == 0
    assert decide(counter, case, HOMONYM) == ExitStatus.CALLER, "decided before"
    arguments = ["--cui", counter.cui(HOMONYM), "--standard", "wanted", "--review", case]
    assert counter.run(*arguments).exit_code == ExitStatus.CALLER, "refused"


@pytest.mark.parametrize(
    ("who", "standard"), [("deceased", "wanted"), ("misused", "criminal"), ("two_names", "criminal")]
)
def test_what_a_register_must_mend_nobody_decides(counter: Counter, who: str, standard: str) -> None:
    case = opened(counter, who, standard)
    assert decide(counter, case, who) == ExitStatus.CALLER
    assert decide(counter, case, who, word="--refuse") == 0


def test_a_decision_holds_for_its_person_and_standard(counter: Counter) -> None:
    case = opened(counter, HOMONYM)
    assert decide(counter, case, HOMONYM) == 0
    before = numbers_in_store(counter)
    for who, standard in (("misused", "wanted"), ("two_names", "criminal")):
        result = counter.run("--cui", counter.cui(who), "--standard", standard, "--review", case)
        assert result.exit_code == ExitStatus.CALLER, result.output
    result = counter.run("--cui", counter.cui("wanted"), "--standard", "wanted", "--review", case)
    assert result.exit_code == ExitStatus.NOT_ISSUED, "with records by number: no review helps"
    assert numbers_in_store(counter) == before


def test_a_decision_ends(tmp_path: Path) -> None:
    store = CertificateStore(tmp_path / "store")
    store.open_review(Review("R", b"p", "wanted", "NAME_MATCH", "", 0, b"a"))
    assert not store.review("R").holds(0)  # type: ignore[union-attr]
    store.decide("R", True, b"b", 100)
    issued = Issued("N", b"p", "wanted", 100 + DECISION_S, 9**9, "", "g", "a", "R")
    with pytest.raises(NotDone):
        store.issue(issued)
    store.issue(replace(issued, issued_s=99 + DECISION_S))
    store.close()


def test_a_revocation_needs_a_number_a_reason_and_a_right(counter: Counter) -> None:
    number = counter.issued()["number"]
    assert counter.run("revoke", number, "--reason", WHY).exit_code == ExitStatus.CALLER, "the clerk may not"
    assert counter.run("revoke", number, "--reason", "", nip=REVIEWER).exit_code == ExitStatus.CALLER
    assert counter.run("revoke", "0" * 20, "--reason", WHY, nip=REVIEWER).exit_code == ExitStatus.CALLER
    assert counter.run("revoke", number.lower(), "--reason", WHY, nip=REVIEWER).exit_code == 0
    record = counter.records()[0]
    assert record.method == Tool.CERTIFICATE_REVOKE
    assert counter.said(record)["reason"] == WHY
    assert counter.run("revoke", number, "--reason", WHY, nip=REVIEWER).exit_code == ExitStatus.CALLER, "revoked before"
    listed = counter.told("list", "--cui", counter.cui("clean"), nip=REVIEWER)["certificates"]
    assert {each["number"]: each["status"] for each in listed}[number] == "REVOKED"
    assert WHY.encode() not in store_bytes(counter), "free text may name somebody"


def test_without_a_token_nobody_does_anything(counter: Counter) -> None:
    number = counter.issued()["number"]
    for arguments in (
        ["--cui", counter.cui("clean"), "--standard", "police"],
        ["revoke", number, "--reason", WHY],
        ["list", "--cui", counter.cui("clean")],
        ["review", "R-00000-00000", "--cui", counter.cui("clean"), "--approve", "--reason", WHY],
    ):
        result = counter.run(*arguments, "--nip", "1", RONDA_TOKEN="")
        assert result.exit_code == ExitStatus.CALLER
        assert "--token" in result.output


@pytest.fixture
def stale(counter: Counter, small_nation: BuiltNation, tmp_path: Path) -> Iterator[RunningServer]:
    """Yields a server in development mode with an old register of police warrants and records."""

    def age(path: Path) -> None:
        document = json.loads(path.read_text(encoding="utf-8"))
        (sapo,) = [each for each in document["registers"] if each["id"] == "sapo"]
        sapo["as_of_ms"] -= 400 * 86_400_000
        path.write_text(json.dumps(sealed(document)), encoding="utf-8")

    data = tmp_path / "data"
    (data / "generations").mkdir(parents=True)
    Published(data, small_nation.generation_directory).publish(broken=age)
    server = RunningServer(data, tmp_path / "server.log", workers=1).wait_ready()
    yield server
    server.stop()


def test_a_register_that_is_not_fresh(counter: Counter, stale: RunningServer, tmp_path: Path) -> None:
    """And in development mode a NIP is enough."""
    given = {name: "" for name in counter.environment() if name.startswith("RONDA_")}
    given |= {"RONDA_DATA": str(tmp_path / "data"), "RONDA_SERVER": stale.address}
    given |= {"RONDA_CERTIFICATE_OFFICE": str(counter.office.path)}
    before = numbers_in_store(counter)
    arguments = ["--cui", counter.cui("clean"), "--standard", "police", "--nip", CLERK]
    told = counter.told(*arguments, status=ExitStatus.NOT_ISSUED, given=given)["error"]
    assert (told["outcome"], told["reason"]) == ("INCOMPLETE", "REGISTER_NOT_FRESH")
    assert decide(counter, told["review"], "clean") == ExitStatus.CALLER, "nobody decides what was not read"
    assert numbers_in_store(counter) == before
    assert not PersonalData(counter.nation).within(stale.log_path.read_text(encoding="utf-8"))
    arguments = ["--cui", counter.cui("clean"), "--standard", "renas", "--nip", CLERK]
    counter.told(*arguments, "--out", str(tmp_path / "renas.pdf"), given=given)
