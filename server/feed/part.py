"""The card of FeedService."""

from __future__ import annotations

from server.feed.settings import FeedSettings
from server.part import Method, Part

PUSH = Method("PUSH", "enviar cambios", 42, "Feed", "PushRequest", by_machine=True)
STATUS = Method("STATUS", "ver envíos", 43, "Feed", "StatusRequest", by_machine=True)
SKIP_CHANGE = Method("SKIP_CHANGE", "saltar un cambio", 52, "FeedSkip", "SkipChangeRequest")
FEED = Part(
    name="feed",
    service="ronda.v1.FeedService",
    contract="ronda.v1.feed_service_pb2",
    methods=(PUSH, STATUS, SKIP_CHANGE),
    settings=FeedSettings,
    handlers="server.feed.wiring",
    process="server.feed.supervised",
    own_address="feed_listen",
)
