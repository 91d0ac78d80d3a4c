"""The card of ConfirmationService."""

from __future__ import annotations

from server.confirmation.settings import ConfirmationSettings
from server.part import Part

CONFIRMATION = Part(
    name="confirmation",
    service="ronda.v1.ConfirmationService",
    settings=ConfirmationSettings,
    handlers="server.confirmation.wiring",
    process="server.confirmation.supervised",
)
