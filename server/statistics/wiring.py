"""StatisticsService's handlers, for the gRPC server of a worker."""

from __future__ import annotations

import grpc

from server.calls.answered import Answered, Given
from server.calls.half_open import UnaryMethods
from server.calls.own_methods import OwnPlaces, own_stream_handler, own_unary_handler
from server.settings import own_settings
from server.statistics.mart import MartKeeper
from server.statistics.part import COMPARE_SOURCES, LIST_SOURCES, QUERY, WATCH_SOURCES
from server.statistics.service import TABLE_S, WATCH_S, StatisticsMethods
from server.statistics.settings import StatisticsSettings


def answered(given: Given) -> Answered:
    """Makes the handlers of a worker, which opens the mart when it is first asked."""
    service, own = given.service, own_settings(given.settings, StatisticsSettings)
    methods = StatisticsMethods(MartKeeper(given.settings.data, own.statistics_memory_mib, own.statistics_threads))
    unary = {
        method.rpc_name: own_unary_handler(service, method, answer, given.places)
        for method, answer in (
            (COMPARE_SOURCES, methods.compare_sources),
            (LIST_SOURCES, methods.list_sources),
        )
    }
    tables = OwnPlaces(service, 32)
    query = own_stream_handler(service, QUERY, methods.query, tables, TABLE_S)
    watches = OwnPlaces(service)
    watch = own_stream_handler(service, WATCH_SOURCES, methods.watch, watches, WATCH_S + 60, waits=True)
    streams = {QUERY.rpc_name: query, WATCH_SOURCES.rpc_name: watch}
    name = given.part.service
    return Answered([UnaryMethods(service, name, unary), grpc.method_handlers_generic_handler(name, streams)])
