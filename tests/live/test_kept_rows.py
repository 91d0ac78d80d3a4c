"""Kept records come back as they were kept, packed or in the batches of an earlier release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import GenerationDamaged
from core.generation.manifest import sealed
from core.generation.store import Generation
from indexer.live import kept, packed_rows
from indexer.live.kept import PIECES, RECORDS, KeptRecords
from indexer.live.packed_rows import packed, unpacked
from indexer.standard import LINKED_SCHEMA
from tests.live.fed_world import built
from tests.live.test_a_view_answers_as_a_rebuild import small_world


def _value(field: pa.Field[Any]) -> st.SearchStrategy[Any]:
    if pa.types.is_boolean(field.type):
        found: st.SearchStrategy[Any] = st.booleans()
    elif pa.types.is_string(field.type):
        found = st.text(max_size=4)
    elif pa.types.is_binary(field.type):
        found = st.binary(max_size=4)
    else:
        limits = np.iinfo(field.type.to_pandas_dtype())
        found = st.integers(int(limits.min), int(limits.max))
    return found | st.none() if field.nullable else found


_ROWS = st.lists(st.fixed_dictionaries({field.name: _value(field) for field in LINKED_SCHEMA}), max_size=4)


@settings(max_examples=60, deadline=None)
@given(_ROWS, st.integers(0, 2))
def test_packed_rows_are_the_same_rows(rows: list[dict[str, Any]], left_out: int) -> None:
    batch = pa.RecordBatch.from_pylist(rows, schema=LINKED_SCHEMA).slice(left_out)
    content, texts = packed(batch)
    found = unpacked(content.tobytes(), texts.tobytes())
    found.validate(full=True)
    assert found.to_pylist() == batch.to_pylist()


def _before() -> packed_rows.Layout:
    """Without the column that was added last."""
    return packed_rows.Layout(LINKED_SCHEMA.remove(LINKED_SCHEMA.get_field_index("loose_number")))


@settings(max_examples=30, deadline=None)
@given(_ROWS)
def test_rows_of_the_release_before_are_the_same_rows(rows: list[dict[str, Any]]) -> None:
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setattr(packed_rows, "WRITTEN", _before())
        content, texts = packed(pa.RecordBatch.from_pylist(rows, schema=LINKED_SCHEMA))
    layout = packed_rows.layouts()[_before().schema.to_string()]
    found = unpacked(content.tobytes(), texts.tobytes(), layout)
    found.validate(full=True)
    assert found.to_pylist() == [{**row, "loose_number": None} for row in rows]


def test_rows_of_other_columns_are_refused(tmp_path: Path) -> None:
    base = built(tmp_path, small_world())
    [directory] = (base.data / "generations").iterdir()
    assert KeptRecords(Generation.open(directory)).rows_of(range(3)).num_rows
    with pa.memory_map(str(directory / PIECES)) as file:
        pieces = pa.ipc.open_file(file).read_all()
    columns = pieces.schema.metadata[b"columns"].replace(b"nit:", b"nix:")
    with pa.OSFile(str(directory / PIECES), "wb") as sink:
        schema = pieces.schema.with_metadata({"columns": columns})
        with pa.ipc.new_file(sink, schema) as file:
            file.write_table(pieces.cast(schema))
    with pytest.raises(GenerationDamaged, match="not what this version reads"):
        KeptRecords(Generation.open(directory))


def test_pieces_without_a_column_that_was_added_are_read_with_nulls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the release before 2 December 2026 wrote them: who upgrades needs no new base to be answered."""
    before = _before()
    now = built(tmp_path / "now", small_world())
    with monkeypatch.context() as earlier:
        earlier.setattr(packed_rows, "WRITTEN", before)
        written = {"columns": before.schema.to_string()}
        earlier.setattr(kept, "_PIECE_SCHEMA", kept._PIECE_SCHEMA.with_metadata(written))
        then = built(tmp_path / "then", small_world())
    said = []
    for base in (now, then):
        [directory] = (base.data / "generations").iterdir()
        rows = KeptRecords(Generation.open(directory)).rows_of(range(50))
        columns = ["register", "record_id", "section", "cui", "name_text", "alert_kind", "loose_number"]
        said.append(sorted(map(str, rows.select(columns).to_pylist())))
    assert said[0] == said[1] and len(said[0]) > 20


def test_batches_of_an_earlier_release_are_read(tmp_path: Path) -> None:
    base = built(tmp_path, small_world())
    [directory] = (base.data / "generations").iterdir()
    generation = Generation.open(directory)
    every = range(generation.entities)
    rows = KeptRecords(generation).rows_of(every)
    assert rows.num_rows > 20
    batches = rows.to_batches(max_chunksize=3)
    with pa.OSFile(str(directory / "kept_records.arrow"), "wb") as sink:
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_file(sink, LINKED_SCHEMA, options=options) as file:
            for batch in batches:
                file.write_batch(batch)
    firsts = pa.table({"first": pa.array([batch.column("entity")[0].as_py() for batch in batches], pa.uint32())})
    with pa.OSFile(str(directory / "kept_batches.arrow"), "wb") as sink, pa.ipc.new_file(sink, firsts.schema) as file:
        file.write_table(firsts)
    document = json.loads((directory / "MANIFEST.json").read_text(encoding="utf-8"))
    for name in (RECORDS, PIECES):
        (directory / name).unlink()
        del document["files"][name]
    for name in ("kept_records.arrow", "kept_batches.arrow"):
        document["files"][name] = {"bytes": (directory / name).stat().st_size, "sha256": "0" * 64}
    del document["checksum"]
    (directory / "MANIFEST.json").write_text(json.dumps(sealed(document)), encoding="utf-8")
    before = KeptRecords(Generation.open(directory))
    assert before.rows_of(every).to_pylist() == rows.to_pylist()
    for entity in every:
        assert before.rows_of([entity]).column("entity").unique().to_pylist() in ([entity], [])


def test_rows_are_the_same_however_few_pieces_are_read_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading them takes as much as that bounds, whoever is asked for."""
    monkeypatch.setattr(kept, "KEPT_ROWS", 3)  # so that this nation has many, and a subject's rows lie in several
    base = built(tmp_path, small_world())
    [directory] = (base.data / "generations").iterdir()
    generation = Generation.open(directory)
    records = KeptRecords(generation)
    every, none = range(generation.entities), records.rows_of([])
    whole = records.rows_of(every)
    assert whole.num_rows > 20 and none.num_rows == 0 and none.schema == LINKED_SCHEMA
    monkeypatch.setattr(kept, "_PIECES_AT_ONCE", 1)
    assert records.rows_of(every).to_pylist() == whole.to_pylist()
    assert whole.to_pylist() == [row for each in every for row in records.rows_of([each]).to_pylist()]
