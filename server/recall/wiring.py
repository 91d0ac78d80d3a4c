"""AlertService's handlers, for the gRPC server of a worker."""

from __future__ import annotations

import grpc

from server.audit.settings import AuditSettings
from server.calls.answered import Answered, Given
from server.calls.half_open import UnaryMethods
from server.calls.own_methods import OwnPlaces, own_stream_handler, own_unary_handler
from server.recall.line import RecallBoard, RecallLine
from server.recall.part import ACKNOWLEDGE, LIST_AWAITED, SUBSCRIBE
from server.recall.service import WATCH_S, RecallMethods
from server.settings import own_settings

_STREAMS = 2048  # of a worker's 4,096 calls: each car of a country's police holds one, which costs next to nothing


def answered(given: Given) -> Answered:
    """Makes the handlers of a worker."""
    service, line = given.service, RecallLine(given.socket, own_settings(given.settings, AuditSettings).recall_days)
    board = RecallBoard(line)
    methods = RecallMethods(line, board)
    acknowledge = own_unary_handler(service, ACKNOWLEDGE, methods.acknowledge, given.places)
    streams = OwnPlaces(service, _STREAMS)
    subscribe = own_stream_handler(service, SUBSCRIBE, methods.subscribe, streams, WATCH_S + 60, waits=True)
    awaited = own_stream_handler(service, LIST_AWAITED, methods.list_awaited, streams, WATCH_S + 60, waits=True)
    named = {SUBSCRIBE.rpc_name: subscribe, LIST_AWAITED.rpc_name: awaited}
    name, unary = given.part.service, {ACKNOWLEDGE.rpc_name: acknowledge}
    handlers = [UnaryMethods(service, name, unary), grpc.method_handlers_generic_handler(name, named)]
    return Answered(handlers, [board.watch])
