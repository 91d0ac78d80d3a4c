"""One server and one office for a module's tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificates.counter import Counter
from tests.kit.nation_kit import BuiltNation
from tests.trust.conftest import start_trusted


@pytest.fixture(scope="session")
def counter(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """An office whose server has the small nation."""
    directory = Path(tmp_path_factory.mktemp("certificates"))
    trusted = start_trusted(small_nation, directory)
    yield Counter(small_nation, trusted, directory)
    trusted.server.stop()
    shutil.rmtree(trusted.data)


@pytest.fixture(autouse=True)
def _signed_in(counter: Counter) -> None:
    """Tokens live fifteen minutes."""
    counter.sign_in()
