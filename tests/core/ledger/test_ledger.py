"""The ledger's bytes and its promises: acknowledged entries are there, torn ones are cut, damaged ones are named."""

from __future__ import annotations

import random
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import LedgerBusy, LedgerDamaged, LedgerFull
from core.ledger.change import GAP, PAYLOAD_BYTES, Change, Kind
from core.ledger.frames import DURABLE, HEAD_BYTES, LOG
from core.ledger.freshness import FedRegisters
from core.ledger.reader import START, LedgerReader
from core.ledger.writer import LedgerWriter
from tests.core.ledger.appender import entry
from tests.core.ledger.naive_ledger import entries

ONE_OF_EACH = [
    entry(1),
    Change(Kind.CANCEL, "oj", "oj-central", record_id="OC-1", source_sequence=2, event_ms=7, manifest_source="ordenes"),
    Change(Kind.HEARTBEAT, "oj", "oj-central", source_sequence=2, event_ms=8),
    Change(Kind.HOLD, "oj", "oj-central", record_id="OC-9", source_sequence=9, held=Kind.UPSERT, record={"A": "x"}),
    Change(Kind.STALE, "oj", "oj-central", missing=((3, 8), (10, 10)), reason=GAP),
    Change(Kind.FRESH, "oj", "oj-central"),
]


def written(folder: Path, writes: int, seed: int = 1) -> list[int]:
    """A ledger of some writes; the length of the log after each."""
    chance, writer, lengths = random.Random(seed), LedgerWriter(folder), []
    for _ in range(writes):
        first = writer.sequence + 1
        writer.append([entry(first + each) for each in range(chance.randint(1, 4))], 1)
        lengths.append((folder / LOG).stat().st_size)
    writer.close()
    return lengths


def test_every_kind_of_entry_is_read_as_it_was_written(tmp_path: Path) -> None:
    writer = LedgerWriter(tmp_path)
    placed = writer.append(ONE_OF_EACH, 1234)
    expected = [replace(each, sequence=n, taken_ms=1234) for n, each in enumerate(ONE_OF_EACH, 1)]
    assert [change for _, change in placed] == expected
    assert [writer.at(place) for place, _ in placed] == expected
    with LedgerReader(tmp_path) as reader:
        assert list(reader.changes()) == expected
        assert list(reader.changes(after=4)) == expected[4:]
        assert (reader.end, reader.ledger_id) == (6, writer.ledger_id)
    naive = entries(tmp_path / LOG)
    assert [each["kind"] for each in naive] == [1, 2, 3, 6, 4, 5]
    assert naive[0]["record"] == dict(ONE_OF_EACH[0].record)
    assert naive[4]["missing"] == [[3, 8], [10, 10]]
    writer.close()


def test_a_reader_goes_on_where_it_was(tmp_path: Path) -> None:
    writer = LedgerWriter(tmp_path)
    with LedgerReader(tmp_path) as reader:
        assert reader.read(START) == ([], START)
        writer.append([entry(1), entry(2), entry(3)], 1)
        found, position = reader.read(START, most=2)
        assert ([each.sequence for each in found], position) == ([1, 2], reader.seek(2))
        writer.append([entry(4)], 1)
        found, position = reader.read(position)
        assert [each.sequence for each in found] == [3, 4]
        assert reader.read(position) == ([], position)
        with pytest.raises(LedgerDamaged):
            reader.seek(5)
    writer.close()


def test_a_ledger_has_one_writer(tmp_path: Path) -> None:
    writer = LedgerWriter(tmp_path)
    with pytest.raises(LedgerBusy):
        LedgerWriter(tmp_path)
    writer.close()
    LedgerWriter(tmp_path).close()


@pytest.mark.parametrize("seed", range(40))
def test_a_power_cut_leaves_what_was_told(tmp_path: Path, seed: int) -> None:
    """Any part of the last write may be on disk, and any of its bytes may be zeros; `durable` may be older."""
    chance = random.Random(seed)
    lengths = written(tmp_path, 6, seed)
    told, full = lengths[-2], lengths[-1]
    log = tmp_path / LOG
    whole = log.read_bytes()
    cut = chance.randint(told, full)
    torn = bytearray(whole[:cut])
    if cut > told and chance.random() < 0.5:
        begin = chance.randrange(told, cut)
        end = chance.randint(begin, cut)
        torn[begin:end] = bytes(end - begin)
    log.write_bytes(bytes(torn))
    (tmp_path / DURABLE).unlink()
    kept = entries(log)
    assert kept[-1]["end"] >= told
    writer = LedgerWriter(tmp_path)
    assert writer.sequence == len(kept)
    assert log.stat().st_size == kept[-1]["end"]
    writer.append([entry(writer.sequence + 1)], 1)
    with LedgerReader(tmp_path) as reader:
        assert [replace(each, sequence=0, taken_ms=0) for each in reader.changes()] == [
            entry(n) for n in range(1, len(kept) + 2)
        ]
    writer.close()


@pytest.mark.parametrize("seed", range(20))
def test_what_was_told_and_is_gone_is_named_and_never_cut(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    lengths = written(tmp_path, 6, seed)
    log = tmp_path / LOG
    data = bytearray(log.read_bytes())
    if chance.random() < 0.5:
        del data[chance.randrange(HEAD_BYTES, lengths[-1]) :]
    else:
        frames = [HEAD_BYTES, *(each["end"] for each in entries(log))]
        data[chance.choice(frames[:-1]) + chance.randrange(40)] ^= 1 << chance.randrange(8)
    log.write_bytes(bytes(data))
    with pytest.raises(LedgerDamaged):
        LedgerWriter(tmp_path)
    with LedgerReader(tmp_path) as reader, pytest.raises(LedgerDamaged):
        list(reader.changes())
    assert log.read_bytes() == bytes(data)


def test_damage_before_the_last_write_is_no_torn_tail(tmp_path: Path) -> None:
    lengths = written(tmp_path, 3)
    (tmp_path / DURABLE).unlink()
    log = tmp_path / LOG
    data = bytearray(log.read_bytes())
    data[lengths[0] + 45] ^= 1
    log.write_bytes(bytes(data))
    with pytest.raises(LedgerDamaged, match=f"at {lengths[0]}"):
        LedgerWriter(tmp_path)


def test_a_reader_shows_only_what_is_on_disk(tmp_path: Path) -> None:
    """No client has heard of what stands in the log behind the durable end."""
    written(tmp_path, 2)
    before = (tmp_path / DURABLE).read_bytes()
    shown = entries(tmp_path / LOG)
    writer = LedgerWriter(tmp_path)
    writer.append([entry(writer.sequence + 1)], 1)
    (tmp_path / DURABLE).write_bytes(before)
    with LedgerReader(tmp_path) as reader:
        assert [each.sequence for each in reader.changes()] == [each["sequence"] for each in shown]
        (tmp_path / DURABLE).write_bytes(b"half")
        assert reader.end == len(shown)
    writer.close()


def test_a_full_disk_takes_nothing_and_the_next_one_goes_on(tmp_path: Path) -> None:
    writer = LedgerWriter(tmp_path)
    writer.append([entry(1)], 1)
    size = (tmp_path / LOG).stat().st_size
    held, before = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, held[1]))
    try:
        with pytest.raises(LedgerFull):
            writer.append([entry(2), entry(3), entry(4)], 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, held)
        signal.signal(signal.SIGXFSZ, before)
    assert (tmp_path / LOG).stat().st_size == size
    assert [each.sequence for _, each in writer.append([entry(2)], 1)] == [2]
    assert len(entries(tmp_path / LOG)) == 2
    writer.close()


def test_an_entry_that_is_too_long_is_refused_whole(tmp_path: Path) -> None:
    writer = LedgerWriter(tmp_path)
    with pytest.raises(ValueError, match="at most"):
        writer.append([entry(1), replace(entry(2), record={"A": "x" * PAYLOAD_BYTES})], 1)
    assert writer.sequence == 0
    writer.close()


def test_a_killed_writer_loses_nothing_that_it_told(tmp_path: Path) -> None:
    chance, told = random.Random(7), 0
    for _ in range(5):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.core.ledger.appender", str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        for _ in range(chance.randint(1, 60)):
            told = int(child.stdout.readline())
        child.kill()
        told = max([told, *(int(line) for line in child.stdout.read().split("\n")[:-1])])
        child.wait()
        writer = LedgerWriter(tmp_path)
        assert writer.sequence >= told
        found = [replace(each, sequence=0, taken_ms=0) for _, each in writer.entries()]
        assert found == [entry(n) for n in range(1, len(found) + 1)]
        writer.close()


def test_freshness_is_folded_from_the_entries() -> None:
    registers = FedRegisters()
    for n, each in enumerate(ONE_OF_EACH[:5], 1):
        registers.add(replace(each, sequence=n, taken_ms=n * 100))
    oj = registers.found["oj"]
    assert (oj.event_ms, oj.change_ms, oj.heartbeat_ms, oj.stale) == (7, 200, 400, True)
    assert oj.lacks["oj-central"].missing == ((3, 8), (10, 10))
    registers.add(ONE_OF_EACH[5])
    assert not registers.found["oj"].stale
