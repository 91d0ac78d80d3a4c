"""The nation's incidents, for these tests."""

from __future__ import annotations

from tests.kit.incident_nation import incident_nation

__all__ = ["incident_nation"]
