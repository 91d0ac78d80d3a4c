"""HotlistService's handlers, for the gRPC server of a worker."""

from __future__ import annotations

import grpc

from server.calls.answered import Answered, Given
from server.calls.half_open import UnaryMethods
from server.calls.own_methods import OwnPlaces, own_stream_handler, own_unary_handler
from server.hotlist.keys import HotlistKeys
from server.hotlist.part import GET_DEVICE_KEY, REPORT_LOOK_UPS, SNAPSHOT, SYNC
from server.hotlist.service import MOST_S, HotlistMethods
from server.hotlist.settings import HotlistSettings
from server.hotlist.sync import FOLLOW_S
from server.settings import own_settings

_STREAMS = 2048  # of a worker's 4,096 calls: each car on line holds one, which costs next to nothing


def answered(given: Given) -> Answered:
    """Makes the handlers of a worker."""
    service, own = given.service, own_settings(given.settings, HotlistSettings)
    methods = HotlistMethods(given.settings.data, HotlistKeys(given.secret), own.hotlist_valid_s)
    unary = {
        method.rpc_name: own_unary_handler(service, method, answer, given.places)
        for method, answer in (
            (GET_DEVICE_KEY, methods.device_key),
            (REPORT_LOOK_UPS, methods.report),
        )
    }
    lists = OwnPlaces(service)  # slow networks hold these, and no confirmation waits for one
    snapshot = own_stream_handler(service, SNAPSHOT, methods.snapshot, lists, MOST_S)
    streams = OwnPlaces(service, _STREAMS)
    # A list that takes all its time is followed by nothing yet.
    sync = own_stream_handler(service, SYNC, methods.sync, streams, MOST_S + FOLLOW_S, waits=True)
    streamed = {SNAPSHOT.rpc_name: snapshot, SYNC.rpc_name: sync}
    name = given.part.service
    return Answered([UnaryMethods(service, name, unary), grpc.method_handlers_generic_handler(name, streamed)])
