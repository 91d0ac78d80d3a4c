"""The methods that Python answers and not the engine: their numbers, in audit records and in a grant's mask of methods.

Beside the engine's (core.engine.entry.Method, 1 to 31) and Clear (32); the tools of the log begin at 64.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from ronda.v1 import alert_service_pb2 as alert
from ronda.v1 import confirmation_service_pb2 as confirmation
from ronda.v1 import feed_service_pb2 as feed
from ronda.v1 import hotlist_service_pb2 as hotlist
from ronda.v1 import statistics_service_pb2 as statistics


class OwnMethod(IntEnum):
    """A method; OFFLINE_LOOK_UP is none that can be called: a look-up of a hot list, as its device reported it."""

    SNAPSHOT = 33
    GET_DEVICE_KEY = 34
    REPORT_LOOK_UPS = 35
    OFFLINE_LOOK_UP = 36
    REQUEST_CONFIRMATION = 37
    GET_CONFIRMATION = 38
    WATCH_CONFIRMATION = 39
    LIST_PENDING_CONFIRMATIONS = 40
    ANSWER_CONFIRMATION = 41
    PUSH = 42
    STATUS = 43
    QUERY = 44
    COMPARE_SOURCES = 45
    LIST_SOURCES = 46
    WATCH_SOURCES = 47
    SUBSCRIBE = 48
    ACKNOWLEDGE = 49
    SYNC = 50
    LIST_AWAITED = 51
    SKIP_CHANGE = 52


REQUESTS: dict[int, Any] = {
    OwnMethod.SNAPSHOT: hotlist.SnapshotRequest,
    OwnMethod.GET_DEVICE_KEY: hotlist.GetDeviceKeyRequest,
    OwnMethod.REPORT_LOOK_UPS: hotlist.ReportLookUpsRequest,
    OwnMethod.OFFLINE_LOOK_UP: hotlist.OfflineLookUp,
    OwnMethod.REQUEST_CONFIRMATION: confirmation.RequestConfirmationRequest,
    OwnMethod.GET_CONFIRMATION: confirmation.GetConfirmationRequest,
    OwnMethod.WATCH_CONFIRMATION: confirmation.WatchConfirmationRequest,
    OwnMethod.LIST_PENDING_CONFIRMATIONS: confirmation.ListPendingConfirmationsRequest,
    OwnMethod.ANSWER_CONFIRMATION: confirmation.AnswerConfirmationRequest,
    OwnMethod.PUSH: feed.PushRequest,
    OwnMethod.STATUS: feed.StatusRequest,
    OwnMethod.QUERY: statistics.QueryRequest,
    OwnMethod.COMPARE_SOURCES: statistics.CompareSourcesRequest,
    OwnMethod.LIST_SOURCES: statistics.ListSourcesRequest,
    OwnMethod.WATCH_SOURCES: statistics.WatchSourcesRequest,
    OwnMethod.SUBSCRIBE: alert.SubscribeRequest,
    OwnMethod.ACKNOWLEDGE: alert.AcknowledgeRequest,
    OwnMethod.SYNC: hotlist.SyncRequest,
    OwnMethod.LIST_AWAITED: alert.ListAwaitedRequest,
    OwnMethod.SKIP_CHANGE: feed.SkipChangeRequest,
}
"""Method -> the message that its record's question is."""


def rpc_name(method: OwnMethod) -> str:
    """As the contract writes it: "GetDeviceKey"."""
    return "".join(word.capitalize() for word in method.name.split("_"))


RPC_NAMES: dict[str, OwnMethod] = {
    rpc_name(method): method for method in OwnMethod if method is not OwnMethod.OFFLINE_LOOK_UP
}
"""What can be called, by its name in the contract."""
