"""The cast's engine, which the tests of one box share."""

from __future__ import annotations

import pytest

from tests.box.cast import Cast


@pytest.fixture(scope="session")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    return Cast(tmp_path_factory.mktemp("box") / "cast")
