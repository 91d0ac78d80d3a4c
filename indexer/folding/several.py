"""Ids of an extract with rows about several subjects: each build notes them, even if no change has named them yet.

A later base may list one row under such an id. A change that meant one of several would then mean it
(indexer/live/shared_keys.py). So every base has a copy of all keys that were ever found.
"""

# ruff: noqa: S608  the texts put into SQL are this package's own file names and numbers
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from core.generation.view_file import LIVE
from indexer.generations.publishing import GENERATIONS, current_generation
from indexer.linking.database import StagedFile
from indexer.live.meaning import NAMING
from indexer.live.record_key import RecordKey
from indexer.live.shared_keys import FILE, KEPT, SharedKeys

_SUBJECT = ", ".join(f"CASE WHEN {name} <> '' THEN '{name} ' || {name} END" for name in NAMING)


def note_keys_of_several(
    data: Path, files: Sequence[StagedFile], register_ids: Sequence[str], directory: Path, memory_bytes: int
) -> None:
    """Adds those of the staged files to <data>/live/shared-keys, and writes all that are known to `directory`/KEPT.

    register_ids: by ordinal. Raises OSError.
    """
    (data / LIVE).mkdir(mode=0o700, exist_ok=True)
    current = current_generation(data)
    kept = data / GENERATIONS / current / KEPT if current is not None else None
    shared = SharedKeys(data / LIVE / FILE, list(register_ids), kept=kept)
    shared.add_all(_keys(files, directory / "several-spill", memory_bytes))
    shared.keep(directory / KEPT)


def _keys(files: Sequence[StagedFile], spill: Path, memory_bytes: int) -> Iterator[RecordKey]:
    by_register: dict[int, list[Path]] = {}
    for file in files:
        by_register.setdefault(file.register, []).append(file.path)
    config: Mapping[str, str | bool] = {
        "memory_limit": f"{memory_bytes // 1_000_000}MB",
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(config=dict(config)) as connection:
        for register, paths in by_register.items():
            listed = ", ".join("'{}'".format(str(path).replace("'", "''")) for path in paths)
            found = connection.execute(
                f"SELECT DISTINCT record_id, source, record_line FROM ("
                f"SELECT record_id, source, record_line, part, version, coalesce({_SUBJECT}, '') AS subject "
                f"FROM read_parquet([{listed}], hive_partitioning = false) WHERE record_id <> ''"
                f") GROUP BY record_id, source, record_line, part, version HAVING min(subject) <> max(subject) "
                f"ORDER BY ALL"
            )
            while rows := found.fetchmany(10_000):
                for record_id, source, line in rows:
                    yield RecordKey(register, record_id, source, line)
