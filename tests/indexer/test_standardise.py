"""The compiled encoder against its plain twin, row by row, byte by byte."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.standardise.encoder import DERIVED, SUBJECT_KEYS, Encoder
from indexer.manifest.fields import DEFAULTS, SECTIONS
from indexer.manifest.loading import load_manifest, load_manifests
from indexer.manifest.model import Manifest
from indexer.manifest.records import Subject
from indexer.manifest.sources import Source
from indexer.readers.batch import Batch
from indexer.standard import STANDARD_SCHEMA
from indexer.standardise.letters import mend
from indexer.standardise.plan import name_columns
from indexer.standardise.standardiser import Standardiser
from tests.indexer.cells import CELLS, LIKELY, STEERING
from tests.indexer.plain_encoder import Refusal, encode
from tests.indexer.plain_values import Row

HERE = Path(__file__).parent
REGISTERS = HERE.parents[1] / "indexer" / "registers"
MANIFESTS = {m.id: m for m in [*load_manifests(REGISTERS), load_manifest(HERE / "every_key.toml")]}

Rows = list[list[str | None]]


def rows_of(manifest: Manifest, source: Source) -> st.SearchStrategy[Rows]:
    codes = sorted({code for table in manifest.codes.values() for code in table})
    words = sorted(
        {w for r in manifest.record for c in [*r.when, *(r.alert.cautions if r.alert else ())] for w in c.in_ or ()}
    )
    accented = str.maketrans("AEIOUNaeioun", "ÁÈÎÖÚÑáèîöúñ")
    written = [*words, *map(str.lower, words), *(word.title().translate(accented) for word in words)]
    kinds = [
        st.sampled_from(CELLS),
        st.sampled_from(STEERING),
        st.sampled_from([*codes, *written, "x"]),
        st.text(max_size=30),
    ]
    likely = LIKELY if manifest.id == "every-key" else {}
    columns = Standardiser(manifest, source, 0).columns
    cells = [st.one_of(*kinds, *[st.sampled_from(likely[name])] * 6 if name in likely else []) for name in columns]
    return st.lists(st.tuples(*cells).map(list), min_size=1, max_size=8)


def compiled(manifest: Manifest, source: Source, rows: Rows) -> tuple[list[dict[str, Any]], list[Refusal]]:
    standardiser = Standardiser(manifest, source, 3)
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    refused = standardiser.add(Batch(columns, np.arange(1, len(rows) + 1, dtype=np.int64)))
    table = standardiser.take()
    table.validate(full=True)
    return table.to_pylist(), [Refusal(r.row, r.section, r.rule) for r in refused]


def plain(manifest: Manifest, source: Source, rows: Rows) -> tuple[list[dict[str, Any]], list[Refusal]]:
    names = Standardiser(manifest, source, 3).columns
    mended = set(name_columns(manifest, source))  # as tests/indexer/test_damaged_letters.py says
    rows = [
        [mend(cell)[0] if cell and name in mended else cell for name, cell in zip(names, row, strict=True)]
        for row in rows
    ]
    numbered = [Row(manifest, source, dict(zip(names, row, strict=True)), i) for i, row in enumerate(rows, 1)]
    return encode(manifest, 3, numbered)


SOURCES = [(m, source) for m in MANIFESTS.values() for source in m.source]


@pytest.mark.slow
@pytest.mark.parametrize(("manifest", "source"), SOURCES, ids=[f"{m.id}-{s.name}" for m, s in SOURCES])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_equals_the_plain_twin(manifest: Manifest, source: Source, data: st.DataObject) -> None:
    rows = data.draw(rows_of(manifest, source))
    assert compiled(manifest, source, rows) == plain(manifest, source, rows)


def test_every_character_of_a_cell_equals_the_plain_twin() -> None:
    manifest = MANIFESTS["every-key"]
    source = manifest.source[0]
    encoder = Standardiser(manifest, source, 3)._encoder
    for code in (*range(0xD800), *range(0xE000, 0x10000), *range(0xDFFF0, 0xE1010), 0x1F642, 0x10FFFF):
        for text in (f"A{chr(code)}B", f"{chr(code)}A {chr(code)}", chr(code)):
            assert encoder.cell(0, text) == Row(manifest, source, {"A": text}, 1).cells["A"], hex(code)


def test_whole_records_of_every_kind_equal_the_plain_twin() -> None:
    """Rows that are likely whole, so that every section, and nearly every column, holds something."""
    manifest = MANIFESTS["every-key"]
    source = manifest.source[0]
    dice = random.Random(2)
    rows: Rows = [[dice.choice([*LIKELY[name] * 40, *CELLS]) for name in sorted(LIKELY)] for _ in range(2000)]
    found = compiled(manifest, source, rows)
    assert found == plain(manifest, source, rows)
    filled = {name for record in found[0] for name, value in record.items() if value not in (None, 0, False)}
    assert set(STANDARD_SCHEMA.names) <= filled
    sections = {SECTIONS[r.section] for r in manifest.record}
    damaged = {SECTIONS["damaged_record"], SECTIONS["vehicle_damaged_record"]}
    assert {record["section"] for record in found[0]} == sections | damaged


@pytest.mark.parametrize("text", ["captura", "CAPTURA", "Captúra", "cÀpTÜrâ", "  captura "])
def test_a_condition_ignores_case_and_accents(text: str) -> None:
    record = """
[[record]]
source = "uno"
section = "warrant"
when = { column = "A", in = ["Captura", "SEÑA"] }
subject = { cui = "B" }
alert = { kind = "WARRANT", state = "PENDING" }
"""
    head = (HERE / "every_key.toml").read_text(encoding="utf-8")
    whole = Manifest.model_validate(
        {
            "register": tomllib.loads(head)["register"]
            | {"roles": {"person": ["alert"]}, "identifies": [], "standards": []},
            "source": [{"name": "uno", "format": "csv", "path": "uno.csv", "as_of": {"from": "mtime"}}],
            "record": tomllib.loads(record)["record"],
        }
    )
    cui = "2547325860101"
    for cell, listed in ((text, True), ("seña", True), ("SENA", False), ("capturas", False), ("captur", False)):
        records, _ = compiled(whole, whole.source[0], [[cell, cui]])
        assert bool(records) == listed, cell
    standardiser = Standardiser(whole, whole.source[0], 0)
    columns = [pa.array(["captur", text, None], pa.string()), pa.array([cui] * 3, pa.string())]
    standardiser.add(Batch(columns, np.arange(1, 4, dtype=np.int64)))
    assert standardiser.left_out() == {"uno.A": 1}, "an empty cell does not tell: that row is refused"


def test_the_core_knows_the_schema_and_the_keys() -> None:
    values = [
        name for name in Subject.model_fields if name not in ("organisation", "name_order", "comma_parts", "dead")
    ]
    assert list(SUBJECT_KEYS) == values
    assert {source for fields in DEFAULTS.values() for source in fields.values()} <= set(DERIVED)
    table = Standardiser(MANIFESTS["every-key"], MANIFESTS["every-key"].source[0], 0).take()
    assert table.schema == STANDARD_SCHEMA


def test_batches_that_are_slices_of_larger_arrays() -> None:
    manifest = MANIFESTS["every-key"]
    source = manifest.source[0]
    standardiser = Standardiser(manifest, source, 0)
    rows = [[None if (i + j) % 5 == 0 else f"v{i}" for j in range(len(standardiser.columns))] for i in range(20)]
    whole = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    sliced = [column.slice(7, 9) for column in whole]
    standardiser.add(Batch(sliced, np.arange(8, 17, dtype=np.int64)))
    expected, _ = compiled(manifest, source, rows)
    rest = [{**row, "register": 3} for row in standardiser.take().to_pylist()]
    assert rest == [row for row in expected if 8 <= row["row"] <= 16]


def test_buffers_that_do_not_fit_together_are_refused() -> None:
    manifest = MANIFESTS["every-key"]
    standardiser = Standardiser(manifest, manifest.source[0], 0)
    encoder = standardiser._encoder
    good = (np.array([0, 1], np.int32), b"x", None, 0)
    rows = np.array([1], np.int64)
    for bad in [
        (np.array([0], np.int32), b"x", None, 0),
        (np.array([0, 2], np.int32), b"x", None, 0),
        (np.array([1, 0], np.int32), b"x", None, 0),
        (np.array([-1, 1], np.int32), b"x", None, 0),
        (np.array([0, 1], np.int32), b"x", b"", 0),
    ]:
        columns: list[Any] = [good] * (len(standardiser.columns) - 1) + [bad]
        with pytest.raises(ValueError, match=r"offsets|validity"):
            encoder.encode(columns, rows)
    with pytest.raises(ValueError, match="columns given"):
        encoder.encode([good], rows)
    assert isinstance(encoder, Encoder)
