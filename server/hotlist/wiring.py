"""HotlistService's handlers, for the gRPC server of a worker."""

from __future__ import annotations

import grpc

from server.audit.own_methods import OwnMethod, rpc_name
from server.calls.half_open import UnaryMethods
from server.calls.own_methods import StreamPlaces, own_stream_handler, own_unary_handler
from server.calls.unary import Service
from server.hotlist.service import MOST_S, HotlistMethods

NAME = "ronda.v1.HotlistService"


def hotlist_handlers(service: Service, methods: HotlistMethods, places: StreamPlaces) -> list[grpc.GenericRpcHandler]:  # type: ignore[type-arg]  # no generic at run time
    """What build_server registers."""
    unary = {
        rpc_name(OwnMethod.GET_DEVICE_KEY): own_unary_handler(service, OwnMethod.GET_DEVICE_KEY, methods.device_key),
        rpc_name(OwnMethod.REPORT_LOOK_UPS): own_unary_handler(service, OwnMethod.REPORT_LOOK_UPS, methods.report),
    }
    snapshot = own_stream_handler(service, OwnMethod.SNAPSHOT, methods.snapshot, places, MOST_S)
    return [
        UnaryMethods(service, NAME, unary),
        grpc.method_handlers_generic_handler(NAME, {rpc_name(OwnMethod.SNAPSHOT): snapshot}),
    ]
