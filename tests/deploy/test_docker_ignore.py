"""An image is built from what is written here of the packages, and of nothing that was made of it."""

from __future__ import annotations

import pytest

from tests.deploy.docker_ignore import ROOT, left_out

PACKAGES = ("core", "server", "indexer", "clients", "ronda", "proto")
MADE = ["core/lane/express.c", "core/engine/entry.c", "core/wire.so", "core/contract/level.pxd", "build/x", "data/x"]


def test_nothing_that_is_written_by_hand_stays_out() -> None:
    """C too: without core/lane's the wheel was built, and no worker of the image could start."""
    by_hand = [
        path for package in PACKAGES for path in (ROOT / package).rglob("*.py*") if path.suffix in (".pyx", ".pyi")
    ]
    by_hand += [path for path in (ROOT / "core" / "lane").glob("*.[ch]") if not path.with_suffix(".pyx").exists()]
    by_hand += (ROOT / "proto").rglob("*.proto")
    names = [path.relative_to(ROOT).as_posix() for path in by_hand]
    assert "core/lane/counters.c" in names
    stays_out = left_out()
    assert [name for name in names if stays_out(name) and not name.startswith("ronda/v1/")] == []


@pytest.mark.parametrize("made", MADE)
def test_what_was_made_here_stays_out(made: str) -> None:
    assert left_out()(made)
