"""One patrol sees so many different persons a day by any way together: searches, candidates, owners, lists off line."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest

from bench.sampling import draw
from core.access.grant import Grant
from core.engine.entry import Method
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import hotlist_service_pb2 as hotlist
from ronda.v1 import level_pb2, person_pb2
from tests.kit.nation_kit import BuiltNation
from tests.lane.laned import Laned, start_laned
from tests.server.running_server import Failure, call, until
from tests.trust.trust_kit import TrustKit
from tests.trust.viewers import INVESTIGATION, STOP, Viewer

LISTED, ALL, UNIT = 60, 90, 40
SURNAMES = ("GARCIA", "LOPEZ", "PEREZ", "MORALES", "HERNANDEZ", "GONZALEZ", "RAMIREZ", "VASQUEZ", "CASTILLO", "JUAREZ")


def _unhurried(kit: TrustKit) -> None:
    """None of how many look-ups a minute may be; investigators state bounds of their own."""
    limits = kit.trust / "limits.toml"
    text = re.sub(r"^(officer|officer_day|device|hours) = .*$", "", limits.read_text(encoding="utf-8"), flags=re.M)
    text = re.sub(r"listed_hour = 200, listed_day = 600, day = 900", "listed_hour = 25", text)
    limits.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def laned(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laned]:
    """Two workers, both transports."""
    settings: dict[str, Any] = {
        "persons_listed_hour": 1000,
        "persons_listed_day": LISTED,
        "persons_day": ALL,
        "persons_unit_hour": UNIT,
        "workers": 2,
    }
    running = start_laned(small_nation, Path(tmp_path_factory.mktemp("shown")), _unhurried, **settings)
    yield running
    assert running.server.events("internal_error") == []
    running.server.stop()
    shutil.rmtree(running.data)


class Patrol(Viewer):
    """A patrol that notes the persons shown."""

    def __init__(self, laned: Laned, nation: BuiltNation, role: str = "pnc/patrol", purpose: int = STOP) -> None:
        super().__init__(laned.kit, laned.address, role, purpose)
        self.by_lane = laned.kit.channel(laned.lane, self.client)
        self.seen: set[str] = set()
        self._engine = nation.engine
        self._ids: dict[tuple[str, str, int], set[str]] = {}  # of who is listed so
        self._learnt: set[bytes] = set()

    def listed(self, request: Any, candidates: Iterable[checks.Candidate]) -> set[str]:
        """Subject ids of a list's persons, which a patrol's list does not have: the same list as nobody keeps back."""
        self._learn(request)
        persons = [each for each in candidates if each.kind == person_pb2.SUBJECT_KIND_PERSON]
        found = {each.subject_id or min(self._ids[_listed_as(each)]) for each in persons}
        assert all(re.fullmatch("[0-9a-f]{32}", each) for each in found)
        return found

    def _learn(self, request: Any) -> None:
        method = type(request).__name__.removesuffix("Request")
        asked, more = type(request)(), True
        asked.CopyFrom(request)
        if method == "SearchPersons":
            asked.page_size, asked.page_token = 100, ""
        asked.ClearField("context")
        if (content := asked.SerializeToString()) in self._learnt:
            return
        self._learnt.add(content)
        while more:
            answer = getattr(checks, f"{method}Response").FromString(
                self._engine.answer(
                    Method[re.sub("(?<=[a-z])(?=[A-Z])", "_", method).upper()],
                    asked.SerializeToString(),
                    Grant.everything(),
                    time.time_ns() // 1_000_000,
                )
            )
            for each in answer.candidates:
                self._ids.setdefault(_listed_as(each), set()).add(each.subject_id)
            more = method == "SearchPersons" and bool(answer.next_page_token)
            if more:
                asked.page_token = answer.next_page_token

    def persons(self, request: Any, *, lane: bool = False) -> set[str]:
        """Subject ids of the persons shown. Raises grpc.RpcError."""
        method = type(request).__name__.removesuffix("Request")
        request.context.CopyFrom(self.context)
        channel = self.by_lane if lane else self.channel
        content = call(channel, f"CheckService/{method}", request.SerializeToString(), metadata=self.client.metadata)
        answer = getattr(checks, f"{method}Response").FromString(content)
        shown = self.listed(request, answer.candidates)
        if "person" in answer.DESCRIPTOR.fields_by_name and answer.HasField("person"):
            shown.add(answer.person.subject_id)
        if "vehicle" in answer.DESCRIPTOR.fields_by_name and answer.HasField("vehicle"):
            owners = answer.vehicle.owners
            shown |= {each.person.subject_id for each in owners if each.kind == person_pb2.SUBJECT_KIND_PERSON}
        self.seen |= shown
        return shown

    def refused(self, request: Any, *, lane: bool = False) -> Failure | None:
        """None: it was answered."""
        try:
            self.persons(request, lane=lane)
        except grpc.RpcError as error:
            return Failure(error)
        return None


def _listed_as(candidate: checks.Candidate) -> tuple[str, str, int]:
    return candidate.name, candidate.cui_tail or candidate.cui[-4:], candidate.birth_date.year


def _cuis(nation: BuiltNation, seed: int) -> list[str]:
    """One more of different persons than may be seen."""
    drawn, _ = draw(nation.generation_directory, 2 * ALL, seed)
    return list(dict.fromkeys(drawn))[: ALL + 1]


def _walk(patrol: Patrol) -> list[Failure]:
    """Page after page of one surname after the other, until each is refused."""
    refusals = []
    for surname in SURNAMES:
        token = ""
        while True:
            request = checks.SearchPersonsRequest(names=surname, page_size=20, page_token=token)
            try:
                answer = patrol(request)
            except grpc.RpcError as error:
                refusals.append(Failure(error))
                break
            patrol.seen |= patrol.listed(request, answer.candidates)
            token = answer.next_page_token
            if not token:
                break
    return refusals


def _is_bound(failure: Failure | None, limit: str) -> bool:
    return (
        failure is not None
        and (failure.reason, failure.quota) == ("TOO_MANY_PERSONS", limit)
        and failure.retry_after_s is not None
        and 0 < failure.retry_after_s <= 86_400
    )


def test_one_patrol_by_every_way_together(laned: Laned, small_nation: BuiltNation) -> None:
    patrol = Patrol(laned, small_nation)
    refusals = _walk(patrol)
    assert all(_is_bound(failure, "persons_listed_day") for failure in refusals)
    assert len(refusals) >= 3
    assert LISTED - 20 < len(patrol.seen) <= LISTED
    listed = set(patrol.seen)
    for surname in SURNAMES:  # candidates of checks, over both transports
        for lane in (False, True):
            failure = patrol.refused(checks.CheckPersonRequest(query=f"JUAN {surname}"), lane=lane)
            assert failure is None or _is_bound(failure, "persons_listed_day")
            assert failure is not None or patrol.seen <= listed or len(patrol.seen) <= LISTED
    cuis, plates = draw(small_nation.generation_directory, 100, seed=5)
    for number, plate in enumerate(plates[:40]):  # a fleet
        failure = patrol.refused(checks.CheckVehicleRequest(plate=plate), lane=number % 2 == 1)
        assert failure is None or _is_bound(failure, "persons_day")
    for number, cui in enumerate(cuis):
        failure = patrol.refused(checks.CheckPersonRequest(cui=cui), lane=number % 2 == 1)
        assert failure is None or _is_bound(failure, "persons_day")
    assert ALL - 5 < len(patrol.seen) <= ALL
    record = laned.newest()[0]
    assert record.identity["nip"] == patrol.nip


def test_who_was_seen_today_is_seen_again_and_a_hundred_checks_of_one_cost_one(
    laned: Laned, small_nation: BuiltNation
) -> None:
    patrol = Patrol(laned, small_nation)
    cuis = _cuis(small_nation, 6)
    for number, cui in enumerate(cuis[:ALL]):
        assert patrol.refused(checks.CheckPersonRequest(cui=cui), lane=number % 2 == 1) is None
    for lane in (False, True):
        assert _is_bound(patrol.refused(checks.CheckPersonRequest(cui=cuis[ALL]), lane=lane), "persons_day")
        assert patrol.refused(checks.CheckPersonRequest(cui=cuis[0]), lane=lane) is None
        nobody = checks.CheckPersonRequest(cui="9999999990101")
        assert patrol.refused(nobody, lane=lane) is not None  # the refusal does not tell who is on file


def test_it_is_counted_over_workers_their_deaths_and_a_restart(laned: Laned, small_nation: BuiltNation) -> None:
    patrol = Patrol(laned, small_nation)
    _walk(patrol)
    seen = len(patrol.seen)
    for pid in laned.server.worker_pids():
        psutil.Process(pid).kill()
    until(lambda: len(laned.server.events("worker_died")) >= 2 and laned.server.ready()[0] == 200, 30)
    again = Patrol.__new__(Patrol)
    again.__dict__ |= patrol.__dict__ | {"channel": laned.kit.channel(laned.address, patrol.client)}
    refusals = _walk(again)
    assert refusals
    assert all(_is_bound(failure, "persons_listed_day") for failure in refusals)
    assert len(again.seen) <= LISTED
    assert len(again.seen) >= seen


def test_an_allowance_states_its_own_bounds(laned: Laned, small_nation: BuiltNation) -> None:
    investigator = Patrol(laned, small_nation, "pnc/investigator", INVESTIGATION)
    refusals = _walk(investigator)
    assert all(_is_bound(failure, "persons_listed_hour") for failure in refusals)
    assert len(investigator.seen) <= 25


def test_the_unit_is_told_while_it_happens(laned: Laned, small_nation: BuiltNation) -> None:
    _walk(Patrol(laned, small_nation))
    found = re.search(r'^ronda_unit_persons_listed\{unit="pnc/zona-1"\} ([0-9.]+)$', laned.server.metrics(), re.M)
    assert found is not None
    assert float(found[1]) >= UNIT


def test_what_a_device_showed_off_line_counts(laned: Laned, small_nation: BuiltNation) -> None:
    patrol = Patrol(laned, small_nation)
    cuis = _cuis(small_nation, 9)
    report = hotlist.ReportLookUpsRequest(context=patrol.context, log_id="log-1")
    for number, cui in enumerate(cuis[:ALL], 1):
        report.look_ups.add(
            sequence=number,
            question=cui,
            kind=checks.IDENTIFIER_KIND_CUI,
            purpose=STOP,
            shown=level_pb2.LEVEL_POSSIBLE,
        )
    call(patrol.channel, "HotlistService/ReportLookUps", report.SerializeToString(), metadata=patrol.client.metadata)
    assert _is_bound(patrol.refused(checks.CheckPersonRequest(cui=cuis[ALL])), "persons_day")
    assert patrol.refused(checks.CheckPersonRequest(cui=cuis[0])) is None


def test_break_glass_answers_by_identifier(laned: Laned, small_nation: BuiltNation) -> None:
    patrol = Patrol(laned, small_nation)
    cuis = _cuis(small_nation, 10)
    for cui in cuis[:ALL]:
        patrol.persons(checks.CheckPersonRequest(cui=cui))
    request = checks.CheckPersonRequest(cui=cuis[ALL])
    assert patrol.refused(request) is not None
    context = patrol.context
    context.purpose, context.reason = 9, "peligro de muerte"  # type: ignore[assignment]
    request.context.CopyFrom(context)
    call(patrol.channel, "CheckService/CheckPerson", request.SerializeToString(), metadata=patrol.client.metadata)
