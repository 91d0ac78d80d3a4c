"""Rows kept of the subjects that were touched, against a dictionary: tables in memory and on disk, merged."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from indexer.live import touched_rows
from indexer.live.ever_given import EverGiven
from indexer.live.touched_rows import TouchedRows

_FIELDS: list[pa.Field[Any]] = [
    pa.field("subject_id", pa.binary(16)),
    pa.field("text", pa.string()),
    pa.field("n", pa.int64()),
]
SCHEMA = pa.schema(_FIELDS)
COUNTED = pa.proxy_memory_pool(pa.default_memory_pool())  # it outlives all that was taken from it


def subject(number: int) -> bytes:
    return number.to_bytes(16, "big")


@pytest.mark.parametrize("seed", range(6))
def test_the_last_rows_of_each_subject_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(touched_rows, "_ON_DISK_BYTES", chance.choice([1, 200, 1 << 20]))
    monkeypatch.setattr(touched_rows, "_MOST_TABLES", chance.choice([1, 4, 256]))
    monkeypatch.setattr(touched_rows, "_MERGED_SUBJECTS", chance.choice([1, 10, 1000]))
    kept, model = TouchedRows(SCHEMA, tmp_path), dict[bytes, list[tuple[str, int]]]()
    for step in range(300):
        whose = chance.sample(range(40), chance.randint(0, 12))
        rows = [(subject(each), f"{step}", n) for each in whose for n in range(chance.randint(0, 3))]
        chance.shuffle(rows)
        kept.let_go(map(subject, whose))
        for each in whose:
            model.pop(subject(each), None)
        for subject_id, text, n in rows:
            model.setdefault(subject_id, []).append((text, n))
        columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], []]
        kept.put(pa.table(columns, schema=SCHEMA))
        asked = [subject(each) for each in chance.sample(range(45), 10)]
        found: dict[bytes, list[tuple[str, int]]] = {}
        for row in kept.rows_of(asked).to_pylist():
            found.setdefault(row["subject_id"], []).append((row["text"], row["n"]))
        assert found == {each: model[each] for each in asked if each in model}
        texts = kept.rows_of(asked, ["text"]).to_pydict()
        assert sorted(texts) == ["text"] and len(texts["text"]) == sum(map(len, found.values()))
    kept.let_go(map(subject, range(40)))
    assert list(tmp_path.iterdir()) == [], "no file stays of what counts no longer"


def test_tables_that_become_one_take_no_more_memory_than_a_tick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catching up leaves some thousand subjects a table, and then come the small tables of the feed."""
    monkeypatch.setattr(touched_rows, "_MOST_TABLES", 32)
    kept = TouchedRows(SCHEMA, tmp_path)

    def put(first: int, many: int) -> None:
        whose = [subject(number) for number in range(first, first + many)]
        kept.put(pa.table([whose, ["x" * 2_000] * many, [0] * many], schema=SCHEMA))

    before = pa.default_memory_pool()
    for start in range(0, 24_000, 1_000):
        put(start, 1_000)
    pa.set_memory_pool(COUNTED)
    try:
        for start in range(24_000, 24_600, 10):
            put(start, 10)
    finally:
        pa.set_memory_pool(before)
    most = COUNTED.max_memory()
    assert most is not None and most < 5 * 2_000 * 2_000
    everybody = [subject(number) for number in range(24_600)]
    assert kept.rows_of(everybody, ["n"]).num_rows == 24_600


def test_whom_something_was_ever_given_to() -> None:
    given = EverGiven()
    assert given.of(("cui", "1")) == frozenset()
    for number in (1, 2, 2, 1):
        given.add(("cui", "1"), subject(number))
    given.add(("cui", "2"), subject(3))
    assert given.of(("cui", "1")) == {subject(1), subject(2)} and given.of(("cui", "2")) == {subject(3)}
