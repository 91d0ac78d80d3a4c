"""ConfirmationService's handlers, for the gRPC server of a worker."""

from __future__ import annotations

import grpc

from server.audit.own_methods import OwnMethod, rpc_name
from server.calls.half_open import UnaryMethods
from server.calls.own_methods import OwnPlaces, own_stream_handler, own_unary_handler
from server.calls.unary import Service
from server.confirmation.service import WATCH_S, ConfirmationMethods

NAME = "ronda.v1.ConfirmationService"


def confirmation_handlers(
    service: Service, methods: ConfirmationMethods, unary_places: OwnPlaces
) -> list[grpc.GenericRpcHandler]:  # type: ignore[type-arg]  # no generic at run time
    """What build_server registers."""
    unary = {
        rpc_name(method): own_unary_handler(service, method, answer, unary_places)
        for method, answer in (
            (OwnMethod.REQUEST_CONFIRMATION, methods.request),
            (OwnMethod.GET_CONFIRMATION, methods.get),
            (OwnMethod.LIST_PENDING_CONFIRMATIONS, methods.pending),
            (OwnMethod.ANSWER_CONFIRMATION, methods.answer),
        )
    }
    watches = OwnPlaces(service)
    watch = own_stream_handler(service, OwnMethod.WATCH_CONFIRMATION, methods.watch, watches, WATCH_S + 60, waits=True)
    return [
        UnaryMethods(service, NAME, unary),
        grpc.method_handlers_generic_handler(NAME, {rpc_name(OwnMethod.WATCH_CONFIRMATION): watch}),
    ]
