"""FeedService's handlers, for the gRPC server of a worker."""

from __future__ import annotations

from functools import partial

import grpc

from server.audit.own_methods import OwnMethod, rpc_name
from server.calls.answered import Answered, Given
from server.calls.half_open import UnaryMethods
from server.calls.own_duplex import StreamBounds, own_duplex_handler
from server.calls.own_methods import OwnPlaces, own_unary_handler
from server.feed.line import FeedLine
from server.feed.service import FeedMethods
from server.feed.settings import FeedSettings
from server.feed.shown import shown_registers
from server.settings import own_settings


def answered(given: Given) -> Answered:
    """Makes the handlers of a worker."""
    service, own = given.service, own_settings(given.settings, FeedSettings)
    methods = FeedMethods(FeedLine(given.socket), own.feed_sources, partial(shown_registers, service.keeper))
    bounds = StreamBounds(own.max_feed_message_bytes, own.feed_idle_s)
    status = own_unary_handler(service, OwnMethod.STATUS, methods.status, given.places)
    skip = own_unary_handler(service, OwnMethod.SKIP_CHANGE, methods.skip_change, given.places)
    push = own_duplex_handler(service, OwnMethod.PUSH, methods.push, OwnPlaces(service), bounds)
    name, unary = given.part.service, {rpc_name(OwnMethod.STATUS): status, rpc_name(OwnMethod.SKIP_CHANGE): skip}
    streams = {rpc_name(OwnMethod.PUSH): push}
    return Answered([UnaryMethods(service, name, unary), grpc.method_handlers_generic_handler(name, streams)])
