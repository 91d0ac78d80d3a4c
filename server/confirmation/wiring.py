"""ConfirmationService's handlers, for the gRPC server of a worker."""

from __future__ import annotations

import contextlib
from functools import partial

import grpc

from core.call.confirmations import Confirmations
from ronda.v1 import confirmation_service_pb2 as contract
from server.calls.answered import Answered, Given
from server.calls.half_open import UnaryMethods
from server.calls.own_methods import OwnPlaces, own_stream_handler, own_unary_handler
from server.confirmation.desk_line import DeskLine, ShownBoard
from server.confirmation.part import ANSWER, GET, LIST_PENDING, REQUEST, WATCH
from server.confirmation.service import WATCH_S, ConfirmationMethods
from server.confirmation.settings import ConfirmationSettings
from server.settings import own_settings


def answered(given: Given) -> Answered:
    """Makes the handlers of a worker; its engine then shows the institutions' statements about hits."""
    service, data = given.service, given.settings.data
    own = own_settings(given.settings, ConfirmationSettings)
    waits_ms: dict[int, int] = {
        contract.CONFIRMATION_URGENCY_URGENT: own.confirmation_urgent_s * 1000,
        contract.CONFIRMATION_URGENCY_ROUTINE: own.confirmation_routine_s * 1000,
    }
    board = ShownBoard(data, partial(_show, given))
    methods = ConfirmationMethods(DeskLine(data, given.socket), board, own.confirmation_desks, waits_ms)
    with contextlib.suppress(OSError, ValueError):  # `watch` logs what it cannot read
        board.look()
    unary = {
        method.rpc_name: own_unary_handler(service, method, answer, given.places)
        for method, answer in (
            (REQUEST, methods.request),
            (GET, methods.get),
            (LIST_PENDING, methods.pending),
            (ANSWER, methods.answer),
        )
    }
    watches = OwnPlaces(service)
    watch = own_stream_handler(service, WATCH, methods.watch, watches, WATCH_S + 60, waits=True)
    name, streams = given.part.service, {WATCH.rpc_name: watch}
    handlers = [UnaryMethods(service, name, unary), grpc.method_handlers_generic_handler(name, streams)]
    return Answered(handlers, [board.watch])


def _show(given: Given, confirmations: Confirmations) -> None:
    given.service.keeper.show(confirmations)
    given.changed()
