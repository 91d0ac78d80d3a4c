"""The records behind a count: their owner, and every page of them, put together as one."""

from __future__ import annotations

from clients.client.record_lists import PAGE, Listable, every_page
from ronda.v1 import check_service_pb2 as contract
from ronda.v1 import person_records_pb2
from ronda.v1.alert_pb2 import HIT_SUBJECT_KIND_PLATE, HIT_SUBJECT_KIND_VEHICLE
from ronda.v1.context_pb2 import RequestContext
from ronda.v1.section_pb2 import SECTION_FINE, SECTION_PLATE_ASSIGNMENT, SECTION_VEHICLE_ALERT


def stolen_plate() -> contract.CheckResponse:
    """A vehicle with two assignments of plates; alerts about it, about its plate (two) and about an older one."""
    found = contract.CheckResponse()
    found.vehicle.subject_id = "v"
    found.vehicle.totals.add(section=SECTION_PLATE_ASSIGNMENT, total=2)
    for kind, subject in (
        (HIT_SUBJECT_KIND_VEHICLE, "v"),
        (HIT_SUBJECT_KIND_PLATE, "p"),
        (HIT_SUBJECT_KIND_PLATE, "p"),
    ):
        hit = found.answer.hits.add()
        hit.subject.kind, hit.subject.subject_id = kind, subject
    closed = found.vehicle.closed_alerts.add()
    closed.subject.kind, closed.subject.subject_id = HIT_SUBJECT_KIND_PLATE, "q"
    return found


def test_alerts_of_a_plate_are_listed_though_no_vehicle_counts_them() -> None:
    listable = Listable(stolen_plate())
    assert listable
    assert listable.sections == [SECTION_PLATE_ASSIGNMENT, SECTION_VEHICLE_ALERT]
    assert listable.subject_ids(SECTION_PLATE_ASSIGNMENT) == ["v"]
    assert listable.subject_ids(SECTION_VEHICLE_ALERT) == ["p", "q"]
    assert not Listable(contract.CheckResponse())


def test_every_page_of_every_subject_is_one_list() -> None:
    sent: list[contract.ListRecordsRequest] = []
    pages = {("a", ""): (3, [1, 2], "more"), ("a", "more"): (3, [3], ""), ("b", ""): (1, [4], "")}

    def ask(request: contract.ListRecordsRequest) -> contract.ListRecordsResponse:
        sent.append(request)
        total, amounts, token = pages[request.subject_id, request.page_token]
        page = contract.ListRecordsResponse(total=total, next_page_token=token)
        page.person.fines.extend(person_records_pb2.Fine(amount_centavos=amount) for amount in amounts)
        return page

    numbers = iter("xyz")
    rows, whole = every_page(ask, lambda: RequestContext(request_id=next(numbers)), ["a", "b"], SECTION_FINE)
    assert [row.amount_centavos for row in rows] == [1, 2, 3, 4]  # type: ignore[attr-defined]
    assert [fine.amount_centavos for fine in whole.person.fines] == [1, 2, 3, 4]
    assert (whole.total, whole.next_page_token) == (4, "")
    assert [request.context.request_id for request in sent] == ["x", "y", "z"]
    assert {(request.page_size, request.section) for request in sent} == {(PAGE, SECTION_FINE)}
