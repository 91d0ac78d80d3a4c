"""A server in production mode, a patrol's device, and persons to ask about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.car.car_kit import Device
from tests.car.tmux import Terminal
from tests.kit.field_world import FieldServer, field_server
from tests.kit.nation_kit import BuiltNation
from tests.trust.conftest import TrustedServer, start_trusted


@pytest.fixture(scope="package")
def trusted(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustedServer]:
    """With mTLS, tokens, policy and audit."""
    running = start_trusted(small_nation, Path(tmp_path_factory.mktemp("car")))
    yield running
    running.server.stop()


@pytest.fixture(scope="package")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FieldServer]:
    """A handful on file; the court answers for its warrants."""
    desks = '{"*": ["pnc"], "oj": ["oj"]}'
    with field_server(Path(tmp_path_factory.mktemp("field")), confirmation_desks=desks) as running:
        yield running


@pytest.fixture
def device(trusted: TrustedServer, tmp_path: Path) -> Device:
    """A patrol's device with a token in its file."""
    return Device(trusted, tmp_path)


@pytest.fixture(scope="session")
def cases(small_nation: BuiltNation) -> dict[str, Any]:
    """The nation's cases: request by name."""
    told = json.loads((small_nation.directory / "truth" / "cases.json").read_text(encoding="utf-8"))["cases"]
    return {case["name"]: case["request"] for case in told}


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    """Those that a test began; ended after it."""
    begun: list[Terminal] = []
    yield begun
    for each in begun:
        each.end()
