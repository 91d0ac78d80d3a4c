"""StatisticsService's handlers, for the gRPC server of a worker."""

from __future__ import annotations

import grpc

from server.audit.own_methods import OwnMethod, rpc_name
from server.calls.half_open import UnaryMethods
from server.calls.own_methods import OwnPlaces, own_stream_handler, own_unary_handler
from server.calls.unary import Service
from server.statistics.service import TABLE_S, WATCH_S, StatisticsMethods

NAME = "ronda.v1.StatisticsService"


def statistics_handlers(
    service: Service, methods: StatisticsMethods, unary_places: OwnPlaces
) -> list[grpc.GenericRpcHandler]:  # type: ignore[type-arg]  # no generic at run time
    """What build_server registers."""
    unary = {
        rpc_name(method): own_unary_handler(service, method, answer, unary_places)
        for method, answer in (
            (OwnMethod.COMPARE_SOURCES, methods.compare_sources),
            (OwnMethod.LIST_SOURCES, methods.list_sources),
        )
    }
    tables = OwnPlaces(service, 32)
    query = own_stream_handler(service, OwnMethod.QUERY, methods.query, tables, TABLE_S)
    watches = OwnPlaces(service)
    watch = own_stream_handler(service, OwnMethod.WATCH_SOURCES, methods.watch, watches, WATCH_S + 60, waits=True)
    streams = {rpc_name(OwnMethod.QUERY): query, rpc_name(OwnMethod.WATCH_SOURCES): watch}
    return [
        UnaryMethods(service, NAME, unary),
        grpc.method_handlers_generic_handler(NAME, streams),
    ]
