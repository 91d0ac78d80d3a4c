"""Copies and restores of a ledger with its first entries archived, here or elsewhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from core.errors import LedgerArchiveAway
from core.ledger.frames import ARCHIVE, LOG, SNAPSHOT
from core.ledger.reader import FOLDER, LedgerReader
from core.ledger.writer import LedgerWriter
from server.feed.snapshot import noted_place
from server.feed.taking import Taker
from tests.command.terminal import piped
from tests.core.ledger.archived_ledger import ARCHIVED, ENTRIES, SOURCES, archive


@pytest.mark.parametrize("away", [False, True])
def test_a_copy_is_restored_with_its_archive_or_without(installation: Path, tmp_path: Path, away: bool) -> None:
    segments = archive(installation)
    if away:
        shutil.move(segments, tmp_path / "elsewhere")
    done = piped("backup", str(tmp_path / "copy.tar"), "--json", "--data", str(installation))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ledger"]["sequence"] == ENTRIES
    restored = tmp_path / "to"
    done = piped("restore", str(tmp_path / "copy.tar"), "--data", str(restored))
    assert done.returncode == 0, done.stderr + done.stdout
    assert (f"1 a {ARCHIVED}" in done.stdout, (restored / FOLDER / ARCHIVE).exists()) == (away, not away)
    with LedgerReader(restored / FOLDER) as reader:
        if away:
            with pytest.raises(LedgerArchiveAway):
                list(reader.changes())
        else:
            assert [each.sequence for each in reader.changes()][:ENTRIES] == [*range(1, ENTRIES + 1)]
    ledger = LedgerWriter(restored / FOLDER, noted_place(restored / FOLDER))
    taker = Taker(ledger, SOURCES, hold_s=5, future_s=60, snapshots=restored / FOLDER)
    (position,) = taker.positions(["oj-central"])
    assert (position["through"], position["stale"]) == (ENTRIES, "RESTORED")
    ledger.close()


def test_an_archive_that_does_not_belong_to_the_log_is_no_proof(installation: Path, tmp_path: Path) -> None:
    segments = archive(installation)
    path = next(segments.iterdir())
    data = bytearray(path.read_bytes())
    data[-60] ^= 1  # the last piece, or its place
    path.write_bytes(bytes(data))
    done = piped("backup", str(tmp_path / "copy"), "--data", str(installation))
    assert done.returncode == 0, done.stderr
    done = piped("restore", str(tmp_path / "copy"), "--data", str(tmp_path / "to"))
    assert done.returncode == 3, done.stdout
    assert not (tmp_path / "to" / FOLDER / LOG).exists()


def test_the_copy_has_the_snapshot(installation: Path, tmp_path: Path) -> None:
    archive(installation)
    assert piped("backup", str(tmp_path / "copy"), "--data", str(installation)).returncode == 0
    assert (tmp_path / "copy" / "data" / FOLDER / SNAPSHOT).exists()
