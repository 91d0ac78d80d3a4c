"""A cheap mark of a register's sources, by which a finished extract of a killed build is known again."""

from __future__ import annotations

from pathlib import Path

import xxhash

from indexer.manifest.model import Manifest
from indexer.manifest.sources import PostgresqlSource
from indexer.readers.batch import Unreadable
from indexer.readers.registry import newest_file


def fingerprint(manifest: Manifest, data_directory: Path) -> str | None:
    """Hash of the manifest and of its files' names, sizes and times; None = cannot tell (database, missing file)."""
    digest = xxhash.xxh3_128(manifest.model_dump_json().encode())
    for source in manifest.source:
        if isinstance(source, PostgresqlSource):
            return None
        beside = [source.as_of.path, source.feed_sequence.path if source.feed_sequence is not None else None]
        for pattern in (source.path, *(path for path in beside if path is not None)):
            try:
                path = newest_file(data_directory, pattern)
                stat = path.stat()
            except (Unreadable, OSError):
                return None
            digest.update(f"{path.name}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
    return digest.hexdigest()
