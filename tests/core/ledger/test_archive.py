"""Archive and log are one series: what is read is the same before and after entries were archived, and a kill at any
step loses and repeats nothing.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import LedgerArchiveAway, LedgerDamaged
from core.ledger import archive
from core.ledger.archiving import archive_held, prepare
from core.ledger.frames import ARCHIVE, HEAD_BYTES, LOG, head_of
from core.ledger.noted import NotedPlace, digest_of
from core.ledger.reader import START, LedgerReader
from core.ledger.writer import LedgerWriter
from tests.core.ledger.appender import entry
from tests.core.ledger.archiver import ENTRIES, KILLED, MEANWHILE, SEGMENT_BYTES, archived, place_of
from tests.core.ledger.naive_ledger import entries, whole_series


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One of ENTRIES entries."""
    monkeypatch.setattr(archive, "SEGMENT_BYTES", SEGMENT_BYTES)
    monkeypatch.setattr(archive, "_PIECE_BYTES", 500)
    writer = LedgerWriter(tmp_path / "ledger")
    for first in range(1, ENTRIES, 4):
        writer.append([entry(number) for number in range(first, first + 4)], 1)
    writer.close()
    return tmp_path / "ledger"


def archive_to(folder: Path, cut: int) -> None:
    place = place_of(folder, cut)
    writer = LedgerWriter(folder)
    archived(writer, place)
    writer.close()


def numbers(folder: Path) -> list[int]:
    """Returns what a reader and a writer read, which is the same: whole entries in their order."""
    writer = LedgerWriter(folder)  # what a killed one had written whole counts from now on
    found = [each for _, each in writer.entries()]
    assert [writer.at(place) for place, _ in writer.entries()] == found
    writer.close()
    with LedgerReader(folder) as reader:
        assert list(reader.changes()) == found
    assert [replace(each, sequence=0, taken_ms=0) for each in found] == [entry(each.sequence) for each in found]
    return [each.sequence for each in found]


def test_archive_and_log_are_read_as_one(ledger: Path) -> None:
    whole = (ledger / LOG).read_bytes()
    archive_to(ledger, 25)
    assert numbers(ledger) == [*range(1, ENTRIES + MEANWHILE + 1)]
    assert (ledger / LOG).stat().st_size < 0.6 * len(whole)
    assert len(list((ledger / ARCHIVE).iterdir())) > 1
    archive_to(ledger, 38)
    assert numbers(ledger) == [*range(1, ENTRIES + 2 * MEANWHILE + 1)]
    assert whole_series(ledger)[: len(whole)] == whole, "a place is the same before and after"
    with LedgerReader(ledger) as reader:
        reader.archive.verify()
        assert reader.archive.away() == []
        for sequence in range(ENTRIES):
            assert next(reader.changes(sequence)).sequence == sequence + 1


def test_segments_are_as_they_are_drawn(ledger: Path) -> None:
    archive_to(ledger, 25)
    head = head_of((ledger / LOG).read_bytes())
    assert head is not None
    seal = hashlib.sha256(bytes(32) + whole_series(ledger)[HEAD_BYTES : head.first])
    assert (head.before, head.seal == seal.digest()) == (25, len(list((ledger / ARCHIVE).iterdir())) == 1)
    assert [each["sequence"] for each in entries(ledger / LOG)] == [*range(26, ENTRIES + MEANWHILE + 1)]


def test_who_reads_meanwhile_reads_on(ledger: Path) -> None:
    with LedgerReader(ledger) as behind, LedgerReader(ledger) as at_the_end:
        _, place = behind.read(START, 10)
        _, end = at_the_end.read()
        archive_to(ledger, 25)
        rest, _ = behind.read(place)
        assert [each.sequence for each in rest] == [*range(11, ENTRIES + MEANWHILE + 1)]
        more, _ = at_the_end.read(end)
        assert [each.sequence for each in more] == [*range(ENTRIES + 1, ENTRIES + MEANWHILE + 1)]


def test_a_kill_at_any_step_loses_and_repeats_nothing(ledger: Path, tmp_path: Path) -> None:
    steps = 0
    while True:
        steps += 1
        copy = tmp_path / f"killed-{steps}"
        shutil.copytree(ledger, copy)
        done = subprocess.run(
            [sys.executable, "-m", "tests.core.ledger.archiver", str(copy), "25", str(steps)], check=False
        )
        found = numbers(copy)
        assert found in ([*range(1, ENTRIES + 1)], [*range(1, ENTRIES + MEANWHILE + 1)])
        archive_to(copy, 30)
        assert numbers(copy) == [*range(1, len(found) + MEANWHILE + 1)]
        with LedgerReader(copy) as reader:
            reader.archive.verify()
        assert [path.name for path in copy.rglob(".*")] == [], "no draft is left"
        if done.returncode != KILLED:
            break
        shutil.rmtree(copy)
    assert done.returncode == 0
    assert steps > 12


@pytest.mark.parametrize("lacking", ["first", "middle", "all"])
def test_an_archive_that_is_away_is_named_by_who_needs_it(ledger: Path, tmp_path: Path, lacking: str) -> None:
    archive_to(ledger, 30)
    segments = sorted((ledger / ARCHIVE).iterdir())
    gone = {"first": segments[:1], "middle": segments[1:2], "all": segments}[lacking]
    for path in gone:
        path.rename(tmp_path / path.name)
    first, last = int(gone[0].name.split("-")[0]), int(gone[-1].stem.split("-")[1])
    with LedgerReader(ledger) as reader:
        assert reader.archive.away() == [(first, last)]
        reader.archive.verify()
        with pytest.raises(LedgerArchiveAway, match=f"entries {first} to {last}: archived, and not here"):
            list(reader.changes())
        assert [each.sequence for each in reader.changes(30)] == [*range(31, ENTRIES + MEANWHILE + 1)]
    writer = LedgerWriter(ledger)
    writer.append([entry(writer.sequence + 1)], 1)
    writer.close()
    archive_to(ledger, 36)
    for path in gone:
        (tmp_path / path.name).rename(path)
    assert numbers(ledger) == [*range(1, ENTRIES + 2 * MEANWHILE + 2)]


def test_what_was_altered_is_damage(ledger: Path) -> None:
    archive_to(ledger, 30)
    path = sorted((ledger / ARCHIVE).iterdir())[0]
    data = bytearray(path.read_bytes())
    for place in (20, archive.read_segment(path).pieces[0].at + 4, len(data) - 1):  # head, a piece, the index
        data[place] ^= 1
        path.write_bytes(bytes(data))
        with LedgerReader(ledger) as reader, pytest.raises(LedgerDamaged, match=path.name):
            reader.archive.verify()
        data[place] ^= 1


def test_an_archive_of_a_copy_that_went_on_otherwise_is_damage(ledger: Path, tmp_path: Path) -> None:
    """Each segment is whole by its own seal; the log's head has another."""
    shutil.copytree(ledger, tmp_path / "other")
    writer = LedgerWriter(tmp_path / "other")
    writer.append([replace(entry(ENTRIES + 1 + each), event_ms=99) for each in range(MEANWHILE)], 1)
    writer.close()
    writer = LedgerWriter(ledger)
    writer.append([entry(ENTRIES + 1 + each) for each in range(MEANWHILE)], 1)
    writer.close()
    archive_to(ledger, ENTRIES + 2)
    archive_to(tmp_path / "other", ENTRIES + 2)
    shutil.rmtree(ledger / ARCHIVE)
    shutil.copytree(tmp_path / "other" / ARCHIVE, ledger / ARCHIVE)
    with LedgerReader(ledger) as reader, pytest.raises(LedgerDamaged, match="not the one that this log goes on from"):
        reader.archive.verify()


def test_an_archive_of_another_ledger_is_no_part_of_this_one(ledger: Path, tmp_path: Path) -> None:
    shutil.copytree(ledger, tmp_path / "other")
    (tmp_path / "other" / LOG).unlink()
    other = LedgerWriter(tmp_path / "other")
    other.append([entry(number) for number in range(1, ENTRIES + 1)], 1)
    other.close()
    archive_to(ledger, 30)
    archive_to(tmp_path / "other", 30)
    shutil.rmtree(ledger / ARCHIVE)
    shutil.copytree(tmp_path / "other" / ARCHIVE, ledger / ARCHIVE)
    with LedgerReader(ledger) as reader:
        assert reader.archive.away() == [(1, 30)]


def test_an_archived_entry_is_no_place_to_begin_at(ledger: Path) -> None:
    """A start behind it would need the archive; who noted it reads the log from its beginning."""
    with LedgerReader(ledger) as reader:
        place = reader.seek(9)
        (change,), _ = reader.read(place, 1)
        noted = NotedPlace(ledger=reader.ledger_id.hex(), sequence=10, offset=place.offset, digest=digest_of(change))
    archive_to(ledger, 30)
    writer = LedgerWriter(ledger, noted)
    assert (writer.has(noted), writer.sequence) == (False, ENTRIES + MEANWHILE)
    writer.close()
    with LedgerReader(ledger) as reader:
        assert noted.behind_it(reader) == reader.seek(10), "who looks back reads on behind it"


def test_nothing_is_archived_while_it_is_copied_and_a_stop_leaves_all_as_it_was(ledger: Path) -> None:
    with archive_held(ledger, shared=True) as copied, archive_held(ledger, shared=False) as held:
        assert (copied, held) == (True, False)
    place = place_of(ledger, 25)
    writer = LedgerWriter(ledger)
    assert prepare(writer, place, lambda: False) is None
    writer.close()
    assert numbers(ledger) == [*range(1, ENTRIES + 1)]


def test_an_earlier_release_refuses_the_log_by_its_format(ledger: Path) -> None:
    archive_to(ledger, 25)
    head = (ledger / LOG).read_bytes()[:40]
    with pytest.raises(ValueError, match="format 2"):
        entries_of_format_1(head)


def entries_of_format_1(head: bytes) -> None:
    """As releases before read it: 40 bytes with a checksum, and their format."""
    if head[:8] != b"RONDALED":
        raise ValueError("no ledger")
    if (version := int.from_bytes(head[8:12], "little")) != 1:
        raise ValueError(f"format {version}")
