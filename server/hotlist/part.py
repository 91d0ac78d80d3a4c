"""The card of HotlistService."""

from __future__ import annotations

from server.hotlist.settings import HotlistSettings
from server.part import Part, Secret

SECRET = Secret("hotlist.key", 32, "a hot-list secret")
HOTLIST = Part(
    name="hotlist",
    service="ronda.v1.HotlistService",
    settings=HotlistSettings,
    handlers="server.hotlist.wiring",
    process="server.hotlist.supervised",
    secret=SECRET,
)
