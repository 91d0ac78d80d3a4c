"""FeedService's handlers, for the gRPC server of a worker."""

from __future__ import annotations

from functools import partial

import grpc

from server.calls.answered import Answered, Given
from server.calls.half_open import UnaryMethods
from server.calls.own_duplex import StreamBounds, own_duplex_handler
from server.calls.own_methods import OwnPlaces, own_unary_handler
from server.feed.line import FeedLine
from server.feed.part import PUSH, SKIP_CHANGE, STATUS
from server.feed.service import FeedMethods
from server.feed.settings import FeedSettings
from server.feed.shown import shown_registers
from server.settings import own_settings


def answered(given: Given) -> Answered:
    """Makes the handlers of a worker."""
    service, own = given.service, own_settings(given.settings, FeedSettings)
    methods = FeedMethods(FeedLine(given.socket), own.feed_sources, partial(shown_registers, service.keeper))
    bounds = StreamBounds(own.max_feed_message_bytes, own.feed_idle_s)
    status = own_unary_handler(service, STATUS, methods.status, given.places)
    skip = own_unary_handler(service, SKIP_CHANGE, methods.skip_change, given.places)
    push = own_duplex_handler(service, PUSH, methods.push, OwnPlaces(service), bounds)
    name, unary = given.part.service, {STATUS.rpc_name: status, SKIP_CHANGE.rpc_name: skip}
    streams = {PUSH.rpc_name: push}
    return Answered([UnaryMethods(service, name, unary), grpc.method_handlers_generic_handler(name, streams)])
