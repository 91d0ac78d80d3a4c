"""Digests of files: SHA-256 as MANIFEST.json states it, XXH3-128 of what a build keeps for itself."""

from __future__ import annotations

import hashlib
from pathlib import Path

import xxhash

_PIECE = 4 << 20  # bytes


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksum_of(path: Path) -> str:
    """Hexadecimal XXH3-128 of a file's bytes: damage shows, some ten times as fast as SHA-256. Raises OSError."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
