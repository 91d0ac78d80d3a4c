"""AlertService's handlers, for the gRPC server of a worker."""

from __future__ import annotations

import grpc

from server.audit.own_methods import OwnMethod, rpc_name
from server.calls.half_open import UnaryMethods
from server.calls.own_methods import OwnPlaces, own_stream_handler, own_unary_handler
from server.calls.unary import Service
from server.recall.service import WATCH_S, RecallMethods

NAME = "ronda.v1.AlertService"
_STREAMS = 2048  # of a worker's 4,096 calls: each car of a country's police holds one, which costs next to nothing


def recall_handlers(service: Service, methods: RecallMethods, unary_places: OwnPlaces) -> list[grpc.GenericRpcHandler]:  # type: ignore[type-arg]  # no generic at run time
    """What build_server registers."""
    acknowledge = own_unary_handler(service, OwnMethod.ACKNOWLEDGE, methods.acknowledge, unary_places)
    streams = OwnPlaces(service, _STREAMS)
    subscribe = own_stream_handler(service, OwnMethod.SUBSCRIBE, methods.subscribe, streams, WATCH_S + 60, waits=True)
    awaited = own_stream_handler(
        service, OwnMethod.LIST_AWAITED, methods.list_awaited, streams, WATCH_S + 60, waits=True
    )
    named = {rpc_name(OwnMethod.SUBSCRIBE): subscribe, rpc_name(OwnMethod.LIST_AWAITED): awaited}
    return [
        UnaryMethods(service, NAME, {rpc_name(OwnMethod.ACKNOWLEDGE): acknowledge}),
        grpc.method_handlers_generic_handler(NAME, named),
    ]
