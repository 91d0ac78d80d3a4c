"""The nation's incidents, for checked_mart.py."""

from __future__ import annotations

from tests.kit.incident_nation import incident_nation

__all__ = ["incident_nation"]
