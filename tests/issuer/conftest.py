"""One issuer for a module's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.issuer.issuer_kit import RunningIssuer
from tests.trust.trust_kit import TrustKit


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> TrustKit:
    """The institutions, as `ronda keys dev-ca` makes them."""
    return TrustKit(Path(tmp_path_factory.mktemp("kit")) / "keys")


@pytest.fixture(scope="module")
def issuer(kit: TrustKit) -> Iterator[RunningIssuer]:
    """The police's, with one officer."""
    running = RunningIssuer(kit.directory / "issuer", kit.directory / "institutions" / "pnc")
    running.enrol()
    yield running
    running.stop()
