"""Two days of `./run feed-month`, with the night between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.feed.month.run import run
from tests.feed.test_jetstream import SERVER
from tests.kit.stepped_clock import LIBRARY


@pytest.mark.long
@pytest.mark.skipif(SERVER is None or LIBRARY is None, reason="apt-get install nats-server faketime")
def test_nobody_touches_a_program_overnight(tmp_path: Path) -> None:
    rows = run(tmp_path, days=2).rows(days=2)
    of_time = "a night's restart"  # other tests load the machine
    assert [row for row in rows if not row["met"] and not row["bar"].startswith(of_time)] == []
