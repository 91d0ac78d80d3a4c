"""No text, however long, keeps a reader: no pattern on foreign text goes back over it again and again."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.indexer.hostile_texts import SIZES, TEXTS

GENEROUS_S = 60  # each takes a second or two, most of it imports; what goes back over its text takes hours


@pytest.mark.parametrize("name", TEXTS)
def test_each_reader_ends(name: str) -> None:
    command = [sys.executable, "-m", "tests.indexer.hostile_texts", name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=GENEROUS_S, check=False)
    assert (done.returncode, done.stdout) == (0, str(len(TEXTS[name]) * len(SIZES))), done.stderr[-2000:]
