"""Fixtures of the indexer's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.indexer.small_registers import SmallRegisters


@pytest.fixture
def registers(tmp_path: Path) -> SmallRegisters:
    """Three small registers, not built yet."""
    return SmallRegisters(tmp_path)
