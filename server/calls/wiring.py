"""The one function that wires services, health and reflection into a gRPC server."""

from __future__ import annotations

from collections.abc import Iterable

import grpc
from grpc_reflection.v1alpha import reflection

from server.calls import clear as clear_stream
from server.calls import health
from server.calls.clear import ClearStream
from server.calls.half_open import UnaryMethods
from server.calls.health import Health
from server.calls.many_headers import ManyHeaders
from server.calls.public import health_methods, reflection_methods
from server.calls.settings import AnsweringSettings
from server.calls.unary import SEARCHES, UNARY_METHODS, Service, look_up_handler, search_handler
from server.calls.unknown import UnknownMethods
from server.parts import PARTS
from server.transport.channel_options import MAX_CONCURRENT_RPCS, channel_options
from server.trust.callers import CertifiedCallers

SERVICES: tuple[str, ...] = tuple(part.service for part in PARTS)


def build_server(
    settings: AnsweringSettings,
    service: Service,
    healths: Health,
    connections: int,
    own: Iterable[grpc.GenericRpcHandler] = (),  # type: ignore[type-arg]  # no generic at run time
) -> grpc.aio.Server:
    """A server with the services that `healths` tells of, without ports, not started.

    connections: how many a port holds at most.
    own: handlers of the services that Python answers (server/calls/own_methods.py).
    """
    server = grpc.aio.server(
        options=channel_options(settings, connections), maximum_concurrent_rpcs=MAX_CONCURRENT_RPCS
    )
    if isinstance(service.callers, CertifiedCallers):
        called = ((part, method) for part in PARTS for method in part.methods if method.called)
        paths = [f"/{part.service}/{method.rpc_name}" for part, method in called]
        server.add_generic_rpc_handlers((ManyHeaders(service, service.callers, paths, settings.max_metadata_bytes),))
    served = [name for name in SERVICES if name in healths.services]
    for name, methods in UNARY_METHODS.items():
        if name not in served:
            continue
        handlers = {
            method: search_handler(service, method) if method in SEARCHES else look_up_handler(service, method)
            for method in methods
        }
        server.add_generic_rpc_handlers((UnaryMethods(service, name, handlers),))
    if clear_stream.SERVICE in served:
        clear = grpc.stream_stream_rpc_method_handler(ClearStream(service).handle)
        clears = grpc.method_handlers_generic_handler(clear_stream.SERVICE, {clear_stream.METHOD: clear})
        server.add_generic_rpc_handlers((clears,))
    server.add_generic_rpc_handlers(tuple(own))
    server.add_generic_rpc_handlers((health_methods(healths, service),))
    if settings.reflection:
        reflected = reflection_methods([*served, health.SERVICE_NAME, reflection.SERVICE_NAME], service)
        server.add_generic_rpc_handlers((reflected,))
    server.add_generic_rpc_handlers((UnknownMethods(service.callers),))
    return server
