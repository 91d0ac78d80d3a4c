"""The card of FeedService."""

from __future__ import annotations

from server.feed.settings import FeedSettings
from server.part import Part

FEED = Part(
    name="feed",
    service="ronda.v1.FeedService",
    settings=FeedSettings,
    handlers="server.feed.wiring",
    process="server.feed.supervised",
    own_address="feed_listen",
)
