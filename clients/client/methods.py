"""The questions of both clients, each written once: its fields and the message that they make.

`Ronda` sends them and waits, `AsyncRonda` is awaited (`clients.client.blocking`, `clients.client.asynchronous`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, Unpack

from clients.client import asking
from clients.client.asking import PersonFields, PersonSearch, VehicleFields, VehicleSearch, Why
from ronda.v1 import check_service_pb2 as contract
from ronda.v1 import register_service_pb2 as register_contract

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from clients.client.asker import Asker

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, repr=False)
class Asked(Generic[_Answer]):
    """A request of the contract, and the answer that it has. deadline: seconds; None = the client's."""

    request: Message
    deadline: float | None


def check(
    asker: Asker, query: str, *, country: str = "", why: Why | str | None = None, deadline: float | None = None
) -> Asked[contract.CheckResponse]:
    """One box: plate, CUI, document, telephone, name... The answer says what it was taken for."""
    return Asked(asking.one_box(asker._frame(why), query, country), deadline)


def check_person(
    asker: Asker,
    query: str = "",
    *,
    why: Why | str | None = None,
    deadline: float | None = None,
    **fields: Unpack[PersonFields],
) -> Asked[contract.CheckPersonResponse]:
    """A person: a query, or fields."""
    return Asked(asking.person(asker._frame(why), query, fields), deadline)


def check_vehicle(
    asker: Asker,
    query: str = "",
    *,
    why: Why | str | None = None,
    deadline: float | None = None,
    **fields: Unpack[VehicleFields],
) -> Asked[contract.CheckVehicleResponse]:
    """A vehicle: a query, or fields."""
    return Asked(asking.vehicle(asker._frame(why), query, fields), deadline)


def search_persons(
    asker: Asker,
    names: str,
    *,
    why: Why | str | None = None,
    deadline: float | None = None,
    **fields: Unpack[PersonSearch],
) -> Asked[contract.SearchPersonsResponse]:
    """Persons by name, a page of them; the next with the `page_token` of this one's answer."""
    return Asked(asking.persons(asker._frame(why), names, fields), deadline)


def search_vehicles(
    asker: Asker,
    query: str = "",
    *,
    why: Why | str | None = None,
    deadline: float | None = None,
    **fields: Unpack[VehicleSearch],
) -> Asked[contract.SearchVehiclesResponse]:
    """Vehicles by what was seen of them, a page of them."""
    return Asked(asking.vehicles(asker._frame(why), query, fields), deadline)


def records(
    asker: Asker,
    subject_id: str,
    section: str,
    *,
    page_size: int = 100,
    page_token: str = "",
    why: Why | str | None = None,
    deadline: float | None = None,
) -> Asked[contract.ListRecordsResponse]:
    """A page of one section of a subject that an answer named, newest records first."""
    return Asked(asking.records(asker._frame(why), subject_id, section, page_size, page_token), deadline)


def registers(
    asker: Asker, *, why: Why | str | None = None, deadline: float | None = None
) -> Asked[register_contract.ListRegistersResponse]:
    """The registers that answers rest on, and how fresh they are."""
    return Asked(register_contract.ListRegistersRequest(context=asker._frame(why)), deadline)


def generation(
    asker: Asker, *, why: Why | str | None = None, deadline: float | None = None
) -> Asked[register_contract.GetGenerationResponse]:
    """The generation that answers."""
    return Asked(register_contract.GetGenerationRequest(context=asker._frame(why)), deadline)
