"""Fixtures of the indexer's tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.indexer.linking_result import Result
from tests.indexer.small_registers import SmallRegisters


@pytest.fixture
def registers(tmp_path: Path) -> SmallRegisters:
    """Three small registers, not built yet."""
    return SmallRegisters(tmp_path)


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Links records in a fresh directory."""
    return lambda *records: Result(tmp_path, list(records))
