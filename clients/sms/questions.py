"""The question to Ronda that a message amounts to: of a traffic stop, the purpose that policy gives a gateway."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from clients.client.questions import Question, check_question
from clients.sms.grammar import Kind
from ronda.v1 import check_service_pb2, context_pb2, section_pb2
from ronda.v1.check_service_pb2 import CheckPersonRequest

if TYPE_CHECKING:
    from clients.sms.grammar import Message

_REQUEST_ID = re.compile(r"[0-9a-f]{24}-([0-9]{1,15})")
_PERSON = {Kind.CUI: "cui", Kind.LICENCE: "licence", Kind.CEDULA: "cedula", Kind.NIT: "nit", Kind.NAME: "name"}
_VEHICLE = {Kind.PLATE: "plate", Kind.VIN: "vin", Kind.CHASSIS: "chassis_tail"}
VEHICLES = frozenset(_VEHICLE)
"""The kinds that ask for a vehicle; the others ask for a person."""
ASKED = frozenset({*_PERSON, *_VEHICLE})
"""The kinds that ask Ronda anything."""

# No reply lists persons that a name may mean, or shows a number of theirs: an identifier in a message was typed from a
# document. A reply of one digit chooses nobody: it is no question.
_TYPED = check_service_pb2.SUBJECT_FOUND_BY_IDENTIFIER

# What a reply may say of a dossier (clients.sms.reply); hits, notes and levels come whatever is named here.
_OF_A_PERSON = context_pb2.RequestContext(
    purpose=context_pb2.PURPOSE_TRAFFIC_STOP, sections=[section_pb2.SECTION_IDENTITY]
)
_OF_A_VEHICLE = context_pb2.RequestContext(
    purpose=context_pb2.PURPOSE_TRAFFIC_STOP,
    sections=[
        section_pb2.SECTION_VEHICLE_REGISTRATION,
        section_pb2.SECTION_PLATE_ASSIGNMENT,
        section_pb2.SECTION_OWNER,
    ],
)


def request_id_of(reference: int) -> str:
    """A new id for a question to Ronda, from which `reference_of` tells the number of its answer weeks later."""
    return f"{os.urandom(12).hex()}-{reference}"


def reference_of(request_id: str) -> int:
    """The number of the answer to this question; 0 = an earlier release made the id."""
    found = _REQUEST_ID.fullmatch(request_id)
    return int(found[1]) if found else 0


def question_of(message: Message, request_id: str, asked_at: float) -> Question:
    """A check. asked_at: Unix time. The same arguments give the same bytes: a retry, which counts once.

    Raises clients.client.questions.NoDate, KeyError for a kind that is not in ASKED.
    """
    field = _VEHICLE.get(message.kind)
    context = context_pb2.RequestContext()
    context.CopyFrom(_OF_A_VEHICLE if field else _OF_A_PERSON)
    context.request_id = request_id
    at, (seconds, milliseconds) = context.asked_at, divmod(round(asked_at * 1000), 1000)
    at.seconds, at.nanos = seconds, milliseconds * 1_000_000
    if message.kind is Kind.CUI:
        asked = CheckPersonRequest(context=context, cui=message.value, subject_found=_TYPED)
        return Question("CheckPerson", asked)
    if field:
        return check_question(context, "", {}, {field: message.value})
    person = {_PERSON[message.kind]: message.value, "birth_date": message.born}
    return check_question(context, "", person, {}, 0 if message.kind is Kind.NAME else _TYPED)
