"""keys.mdb: written by liblmdb, read by py-lmdb and by our own walk; hashes agree with python-xxhash."""

from __future__ import annotations

import random
import struct
from collections import defaultdict
from pathlib import Path

import lmdb
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from core.errors import AssemblyError
from core.files.spill import Spill
from core.generation.keys import identifier_hash, read_keys
from core.generation.keys_writer import write_keys


def write(path: Path, pairs: list[tuple[int, int]]) -> int:
    spill = Spill(path.parent)
    for hash_, entity in pairs:
        spill.append(hash_, entity)
    return write_keys(path, spill, 0x1122334455667788)


def sample(count: int, seed: int) -> dict[int, list[int]]:
    """Mostly single holders, some shared, one held by thousands (a tree of its own in the file)."""
    chance = random.Random(seed)
    holders: dict[int, list[int]] = defaultdict(list)
    shared = [chance.getrandbits(64) for _ in range(20)]
    for entity in range(count):
        holders[chance.getrandbits(64)].append(entity)
        if entity % 3 == 0:
            holders[chance.choice(shared)].append(entity)
        holders[0xABCDEF].append(entity)
    return holders


@pytest.mark.parametrize("count", [0, 1, 5, 300, 6000])
def test_every_key_is_found_by_both_readers(tmp_path: Path, count: int) -> None:
    holders = sample(count, seed=count)
    path = tmp_path / "keys.mdb"
    pairs = [(hash_, entity) for entity, hash_ in sorted((e, h) for h, es in holders.items() for e in es)]
    assert write(path, pairs) == len(pairs)
    wanted = list(holders)
    found = read_keys(path.read_bytes(), wanted)
    assert found == [holders[hash_][:1024] for hash_ in wanted]
    with lmdb.open(str(path), subdir=False, readonly=True, lock=False, max_dbs=1) as environment:
        database = environment.open_db(
            b"keys", integerkey=True, dupsort=True, dupfixed=True, integerdup=True, create=False
        )
        with environment.begin() as transaction:
            assert transaction.get(b"ronda.build") == struct.pack("<Q", 0x1122334455667788)
            with transaction.cursor(database) as cursor:
                seen = [(struct.unpack("<Q", key)[0], struct.unpack("<I", value)[0]) for key, value in cursor]
    assert seen == sorted(pairs)


def test_hashes_nobody_holds_find_nobody(tmp_path: Path) -> None:
    holders = sample(2000, seed=9)
    write(tmp_path / "keys.mdb", [(h, e) for h, es in holders.items() for e in es])
    chance = random.Random(1)
    absent = [h for h in (chance.getrandbits(64) for _ in range(500)) if h not in holders] + [0, 2**64 - 1]
    assert read_keys((tmp_path / "keys.mdb").read_bytes(), absent) == [[]] * len(absent)


def test_repeats_are_kept_once(tmp_path: Path) -> None:
    assert write(tmp_path / "keys.mdb", [(7, 1), (7, 1), (7, 2), (8, 1), (8, 1)]) == 3
    assert read_keys((tmp_path / "keys.mdb").read_bytes(), [7, 8]) == [[1, 2], [1]]


def test_entities_out_of_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AssemblyError):
        write(tmp_path / "keys.mdb", [(7, 2), (7, 1)])


def test_a_directory_that_is_gone_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Spill(tmp_path / "absent")
    spill = Spill(tmp_path)
    with pytest.raises(OSError, match="No such file"):
        write_keys(tmp_path / "absent" / "keys.mdb", spill, 1)


@given(st.integers(0, 255), st.binary(max_size=600))
def test_hash_is_xxh3_of_kind_and_text(kind: int, text: bytes) -> None:
    assert identifier_hash(kind, text) == xxhash.xxh3_64_intdigest(bytes([kind]) + text)


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 1000))))
def test_spill_sorts_stably_and_drops_neighbouring_repeats(pairs: list[tuple[int, int]]) -> None:
    spill = Spill("/tmp")
    for hash_, entity in pairs:
        spill.append(hash_, entity)
    expected: list[tuple[int, int]] = []
    for pair in sorted(pairs, key=lambda pair: pair[0]):
        if not expected or expected[-1] != pair:
            expected.append(pair)
    assert spill.sorted_pairs() == expected
    spill.close()


def test_spill_over_many_chunks(tmp_path: Path) -> None:
    chance = random.Random(4)
    pairs = [(chance.choice([5, 6, chance.getrandbits(64)]), entity) for entity in range(60_000)]
    spill = Spill(tmp_path)
    for hash_, entity in pairs:
        spill.append(hash_, entity)
    assert list(tmp_path.iterdir()) == []  # nothing is left behind, whatever happens
    assert spill.sorted_pairs() == sorted(pairs)


def test_damaged_pages_are_refused_or_find_other_holders_but_never_crash(tmp_path: Path) -> None:
    holders = sample(3000, seed=2)
    write(tmp_path / "keys.mdb", [(h, e) for h, es in holders.items() for e in es])
    whole = (tmp_path / "keys.mdb").read_bytes()
    chance = random.Random(5)
    wanted = list(holders)[::50]
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        if chance.random() < 0.3:
            del damaged[chance.randrange(len(damaged)) :]
        for _ in range(chance.choice([1, 20, 500])):
            if damaged:
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            read_keys(bytes(damaged), wanted)
        except ValueError:
            refused += 1
    assert refused > 100


def test_a_damaged_branch_hides_what_is_below_it_and_nothing_else(tmp_path: Path) -> None:
    """There is no list of leaves then: each look-up descends, and says what it cannot read."""
    holders = sample(60_000, seed=3)
    path = tmp_path / "keys.mdb"
    write(path, [(hash_, entity) for hash_, entities in holders.items() for entity in entities])
    whole = path.read_bytes()
    page_size = struct.unpack_from("<I", whole, 40)[0]
    wanted = list(holders)[:500]
    branches = [at for at in range(0, len(whole), page_size) if struct.unpack_from("<H", whole, at + 10)[0] == 0x01]
    assert len(branches) > 2
    read, hidden = 0, 0
    for at in branches[:6]:
        damaged = bytearray(whole)
        damaged[at] ^= 1  # it bears another's number
        for hash_ in wanted[::25]:
            try:
                found = read_keys(bytes(damaged), [hash_])
            except ValueError:
                hidden += 1
            else:
                read += 1
                assert found == [sorted(holders[hash_])[:1024]]
    assert read and hidden
