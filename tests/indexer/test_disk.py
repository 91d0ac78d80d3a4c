"""A build's view of its disk, while others work in the same directory."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from indexer.build.disk import _allocated


def test_directories_that_go_meanwhile_are_passed_over(tmp_path: Path) -> None:
    over = threading.Event()

    def coming_and_going() -> None:
        while not over.is_set():
            for name in "abcdefgh":
                (tmp_path / "live" / name / "within").mkdir(parents=True)
            shutil.rmtree(tmp_path / "live")

    other = threading.Thread(target=coming_and_going)
    other.start()
    try:
        for _ in range(1_000):
            _allocated(tmp_path)
    finally:
        over.set()
        other.join()
    before = _allocated(tmp_path)
    (tmp_path / "kept").write_bytes(b"x" * 100_000)
    assert _allocated(tmp_path) >= before + 100_000
