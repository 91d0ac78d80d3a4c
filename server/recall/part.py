"""The card of AlertService."""

from __future__ import annotations

from server.part import Part

RECALL = Part(
    name="recall",
    service="ronda.v1.AlertService",
    handlers="server.recall.wiring",
    process="server.recall.supervised",
)
