"""FeedService's handlers, for the gRPC server of a worker."""

from __future__ import annotations

import grpc

from server.audit.own_methods import OwnMethod, rpc_name
from server.calls.half_open import UnaryMethods
from server.calls.own_duplex import StreamBounds, own_duplex_handler
from server.calls.own_methods import OwnPlaces, own_unary_handler
from server.calls.unary import Service
from server.feed.service import FeedMethods

NAME = "ronda.v1.FeedService"


def feed_handlers(
    service: Service, methods: FeedMethods, unary_places: OwnPlaces, bounds: StreamBounds
) -> list[grpc.GenericRpcHandler]:  # type: ignore[type-arg]  # no generic at run time
    """What build_server registers."""
    status = own_unary_handler(service, OwnMethod.STATUS, methods.status, unary_places)
    skip = own_unary_handler(service, OwnMethod.SKIP_CHANGE, methods.skip_change, unary_places)
    push = own_duplex_handler(service, OwnMethod.PUSH, methods.push, OwnPlaces(service), bounds)
    return [
        UnaryMethods(service, NAME, {rpc_name(OwnMethod.STATUS): status, rpc_name(OwnMethod.SKIP_CHANGE): skip}),
        grpc.method_handlers_generic_handler(NAME, {rpc_name(OwnMethod.PUSH): push}),
    ]
