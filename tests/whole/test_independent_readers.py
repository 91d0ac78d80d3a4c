"""A generation read without the core: py-lmdb, python-xxhash and struct, as core/generation/dossier.pxd draws it."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import xxhash

from tests.kit.nation_kit import BuiltNation

KEY_CUI = 1
TABLE_HEAD, ROW = 64, struct.Struct("<QIB3x")
# A file is opened through one LMDB binding in a process, so py-lmdb reads in a process of its own.
READ_KEYS = """
import lmdb, struct, sys
with lmdb.open(sys.argv[1], subdir=False, readonly=True, lock=False, max_dbs=1) as environment:
    keys = environment.open_db(b"keys", integerkey=True, dupsort=True, dupfixed=True, integerdup=True, create=False)
    with environment.begin(db=keys) as transaction:
        for key, value in transaction.cursor():
            print(struct.unpack("=Q", key)[0], struct.unpack("=I", value)[0])
"""


def keys_of(path: Path) -> set[tuple[int, int]]:
    found = subprocess.run([sys.executable, "-c", READ_KEYS, str(path)], check=True, capture_output=True, text=True)
    return {(int(key), int(entity)) for key, entity in (line.split() for line in found.stdout.splitlines())}


def test_keys_and_dossiers_without_the_core(small_nation: BuiltNation) -> None:
    """Every dossier's checksum holds, and every living CUI of the truth leads to the dossier that holds it."""
    directory = small_nation.generation_directory
    table = (directory / "entities.bin").read_bytes()
    dossiers = (directory / "dossiers.bin").read_bytes()
    manifest = small_nation.manifest
    rows = list(
        ROW.iter_unpack(table[TABLE_HEAD : TABLE_HEAD + ROW.size * (manifest["persons"] + manifest["vehicles"])])
    )
    assert len(rows) == manifest["persons"] + manifest["vehicles"]
    for entity, (offset, length, kind) in enumerate(rows):
        dossier = dossiers[offset : offset + length]
        assert offset % 8 == 0
        assert dossier[:4] == b"RDOS"
        assert struct.unpack_from("<IQ", dossier, 4) == (length, xxhash.xxh3_64_intdigest(dossier[16:]))
        assert struct.unpack_from("<IB", dossier, 32) == (entity, kind)
    keys = keys_of(directory / "keys.mdb")
    entities = dict(keys)
    for cui in map(str, pq.read_table(small_nation.truth / "persons.parquet")["cui"].to_pylist()):
        entity = entities[xxhash.xxh3_64_intdigest(bytes([KEY_CUI]) + cui.encode())]
        offset, length, _ = rows[entity]
        assert cui.encode() in dossiers[offset : offset + length]
