"""The running program's digest: of everything that decides a build's result.

There is no version number to raise by hand: a build never takes up the spilled files of another program.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import xxhash

import core
import indexer
from ronda import v1

_KINDS = (".py", ".so", ".toml")


@cache
def program_digest() -> str:
    """XXH3-128 over the code and tables of core, indexer and the contract, and the versions of what they stand on."""
    digest = xxhash.xxh3_128(repr((sys.version, duckdb.__version__, pa.__version__, np.__version__)).encode())
    for package in (core, indexer, v1):
        for home in map(Path, package.__path__):
            for file in sorted(path for path in home.rglob("*") if path.suffix in _KINDS):
                digest.update(f"{file.relative_to(home)}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()
