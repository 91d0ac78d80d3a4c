"""The services that a server answers, in the order of the page of settings: a new one is a line here."""

from __future__ import annotations

from server.calls.part import CHECK, CLEARANCE, REGISTERS
from server.confirmation.part import CONFIRMATION
from server.feed.part import FEED
from server.hotlist.part import HOTLIST
from server.part import Part
from server.recall.part import RECALL
from server.statistics.part import STATISTICS

PARTS: tuple[Part, ...] = (
    CHECK,
    CLEARANCE,
    REGISTERS,
    HOTLIST,
    CONFIRMATION,
    FEED,
    RECALL,
    STATISTICS,
)
