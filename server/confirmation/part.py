"""The card of ConfirmationService."""

from __future__ import annotations

from server.confirmation.settings import ConfirmationSettings
from server.part import Method, Part

_GROUP, _DESK = "Confirm", "ConfirmationDesk"
REQUEST = Method("REQUEST_CONFIRMATION", "pedir confirmación", 37, _GROUP, "RequestConfirmationRequest")
GET = Method("GET_CONFIRMATION", "ver confirmación", 38, _GROUP, "GetConfirmationRequest")
WATCH = Method("WATCH_CONFIRMATION", "seguir confirmación", 39, _GROUP, "WatchConfirmationRequest")
LIST_PENDING = Method("LIST_PENDING_CONFIRMATIONS", "ver pendientes", 40, _DESK, "ListPendingConfirmationsRequest")
ANSWER = Method("ANSWER_CONFIRMATION", "responder", 41, _DESK, "AnswerConfirmationRequest")
CONFIRMATION = Part(
    name="confirmation",
    service="ronda.v1.ConfirmationService",
    contract="ronda.v1.confirmation_service_pb2",
    methods=(REQUEST, GET, WATCH, LIST_PENDING, ANSWER),
    settings=ConfirmationSettings,
    handlers="server.confirmation.wiring",
    process="server.confirmation.supervised",
    databases=("confirmations/confirmations.db",),
    copied=("confirmations",),
)
