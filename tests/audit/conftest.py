"""A log that is put back from a copy, with each sort of second keeper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.audit.witness import Witness, start_witness
from tests.audit.restored_kit import RestoredLog


@pytest.fixture(params=["directory", "witness"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RestoredLog]:
    log = RestoredLog(tmp_path)
    if request.param == "directory":
        yield log
        return
    server, port = start_witness("127.0.0.1:0", Witness(log.house.keeper, log.key.public_key()))
    log.keeper = f"grpc://127.0.0.1:{port}"
    yield log
    server.stop(0).wait()
