"""A few kills under changes; `./run live-kill` makes a hundred of every kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.feed.test_jetstream import SERVER
from tests.live.kills.run import run


@pytest.mark.slow
@pytest.mark.skipif(SERVER is None, reason="no nats-server: apt-get install nats-server")
def test_nothing_is_lost_doubled_or_wrong(tmp_path: Path) -> None:
    figures = run(tmp_path, kills=3, seed=7, say=lambda *_words, **_options: None)
    assert figures.whole, figures.wrong
    assert figures.changes and figures.compared
