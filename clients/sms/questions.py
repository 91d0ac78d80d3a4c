"""The question to Ronda that a message amounts to: of a traffic stop, the purpose that policy gives a gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.timestamp_pb2 import Timestamp

from clients.client.questions import Question, check_question
from clients.sms.grammar import Kind
from ronda.v1 import context_pb2, section_pb2

if TYPE_CHECKING:
    from clients.sms.grammar import Message

_PERSON = {Kind.CUI: "cui", Kind.LICENCE: "licence", Kind.CEDULA: "cedula", Kind.NIT: "nit", Kind.NAME: "name"}
_VEHICLE = {Kind.PLATE: "plate", Kind.VIN: "vin", Kind.CHASSIS: "chassis_tail"}
VEHICLES = frozenset(_VEHICLE)
"""The kinds that ask for a vehicle; the others ask for a person."""
ASKED = frozenset({*_PERSON, *_VEHICLE})
"""The kinds that ask Ronda anything."""


# What a reply may say of a dossier (clients.sms.reply); hits, notes and levels come whatever is named here.
_SHOWN_OF_A_PERSON = (section_pb2.SECTION_IDENTITY,)
_SHOWN_OF_A_VEHICLE = (
    section_pb2.SECTION_VEHICLE_REGISTRATION,
    section_pb2.SECTION_PLATE_ASSIGNMENT,
    section_pb2.SECTION_OWNER,
)


def question_of(message: Message, request_id: str, asked_at: float) -> Question:
    """A check. asked_at: Unix time. The same arguments give the same bytes: a retry, which counts once.

    Raises clients.client.questions.NoDate, KeyError for a kind that is not in ASKED.
    """
    person: dict[str, Any] = {}
    vehicle: dict[str, Any] = {}
    if field := _VEHICLE.get(message.kind):
        vehicle[field] = message.value
    else:
        person = {_PERSON[message.kind]: message.value, "birth_date": message.born}
    seconds, milliseconds = divmod(round(asked_at * 1000), 1000)
    context = context_pb2.RequestContext(
        purpose=context_pb2.PURPOSE_TRAFFIC_STOP,
        request_id=request_id,
        asked_at=Timestamp(seconds=seconds, nanos=milliseconds * 1_000_000),
        sections=_SHOWN_OF_A_VEHICLE if vehicle else _SHOWN_OF_A_PERSON,
    )
    return check_question(context, "", person, vehicle)
