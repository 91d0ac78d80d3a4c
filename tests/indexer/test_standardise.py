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

from core.columns import DERIVED, SUBJECT_KEYS, Encoder
from indexer.damaged_letters import mend
from indexer.manifest import Manifest, load_manifest, load_manifests
from indexer.manifest_fields import DEFAULTS, SECTIONS
from indexer.manifest_records import Subject
from indexer.manifest_sources import Source
from indexer.readers.batch import Batch
from indexer.standard import STANDARD_SCHEMA
from indexer.standardise import Standardiser
from indexer.standardise_plan import name_columns
from tests.indexer.plain_encoder import Refusal, encode
from tests.indexer.plain_values import Row

HERE = Path(__file__).parent
REGISTERS = HERE.parents[1] / "indexer" / "registers"
MANIFESTS = {m.id: m for m in [*load_manifests(REGISTERS), load_manifest(HERE / "every_key.toml")]}

CELLS = [
    None, "", " ", "-1", "N/A", "SIN DATO", "2547325860101", "2547 32586 0101", "1234567890101", "3456789011205",
    "123", "A-1 123456", "¥-15 12", "A-01 0044", "1234567-K", "12345678", "CF", "5555 1234", "+502 22901234",
    "A1234567", "P-123BCD", "p0 720ghv", "123BCD", "720GVH", "O123", "1HGCM82633A004352", "1hgcm82633a00435x",
    "JTDBR32E0", "S/N", "JUAN", "María  José", "PÉREZ", "DE LA CRUZ", "de León", "Xicay", "Ñañez",
    "PEREZ,GOMEZ,,JUAN,JOSE", "PEREZ LOPEZ, ANA", "A,B", ",", "01/02/1990", "1/2/1990", "31/02/2020", "00/00/1985",
    "00/05/1985", "1985-07-04", "01/01/1900", "0001-01-01", "2026-11-24T03:00:00Z", "2026-01-01 23:30:00-06:00",
    "2026-01-01 10:15", "1985-13-01", "19850704", "1500-01-01", "0", "1", "7", "22", "23", "99", "1998", "1998.0",
    "-5", "3000000000", "1,250.50", "Q1250.5", "Q. 3", "12.345", "S", "SI", "sí", "N", "no", "true", "F", "M",
    "PENDIENTE", "CANCELADA", "RARO", "OC", "ROBADO", "PLACA", "a|b", "x" * 200, "y" * 5000,
    "DPI 2547325860101", "2547325860101.0", "2547325860101 (MADRE)", "254732586O1O1", "PARTICULAR 720GVH",
    "720GVH P", "P-7S0GVH",
    "P-720GVH ROBADA", "PP720GVH", "1HGCM82633AOO4352", "VIN 1HGCM82633A004352", "1.58E+12", "PARTICULAR",
    "04/03/1985 12:00:00 a. m.", "4/3/1985 08:30hrs", "1985-03-04T00:00:00Z", "1985-03-04 00:00:01Z", "(04/03/1985)",
    "04/03/1985 (40 AÑOS)", "NACIO EL 04/03/1985", "31110.0", "31110.5", "O4/03/l985", "04\\03,1985", "4-III-1985",
    "040385",
    "040312", "031985", "198503", "circa 1985", "35 AÑOS", "EDAD: 35", "35 años aprox", "March 4, 1985", "04?03?1985",
    "١٥/٠٣/١٩٨٥", "LUNES 4 de marzo de 1985", "1985-03-04T08:30", "04 03 1985T08", "12 X 1985", "C 1985", "19850304.0",
    "TEL. 22901234", "04/03/85", "04-03-1985", "4 MAR 1985", "4 de marzo de 1985", "31110", "25/12/30", "04/25/1985",
    "00/00/2019", "00/2030", "1985", "19850304", "04031985", "11121985", "30/02/85", "1985-03-04 00:00:00",
    "\tsalto\nde l\xednea\xa0", "GTM", "slv", "S1V", "MX", "J", "\x00", "🙂", "ß÷ÿ",
]  # fmt: skip
# What makes the records of every_key.toml whole, by column.
LIKELY = {
    "A": ["PENDIENTE", "CANCELADA", "2547325860101", "7"],
    "B": ["01/02/1990", "1/2/1990", "S", "JUAN PEREZ"],
    "C": ["01/02/1990", "00/05/1985", "P-123BCD", "12345678", "7"],
    "D": ["1985-07-04", "19850704", "P"],
    "E": ["S", "N", "GTM", "01/02/1990"],
    "F": ["S", "1HGCM82633A004352", "A1234567"],
    "G": ["PEREZ,GOMEZ,,JUAN,JOSE", "LOPEZ"],
    "H": ["01/02/2030", "40", "5555 1234"],
    "I": ["2547325860101", "50", "J"],
    "J": ["ROBADO", "PLACA", "M"],
}


Rows = list[list[str | None]]


def rows_of(manifest: Manifest, source: Source) -> st.SearchStrategy[Rows]:
    codes = sorted({code for table in manifest.codes.values() for code in table})
    words = sorted(
        {w for r in manifest.record for c in [*r.when, *(r.alert.cautions if r.alert else ())] for w in c.in_ or ()}
    )
    accented = str.maketrans("AEIOUNaeioun", "ÁÈÎÖÚÑáèîöúñ")
    written = [*words, *map(str.lower, words), *(word.title().translate(accented) for word in words)]
    kinds = [st.sampled_from(CELLS), st.sampled_from([*codes, *written, "x"]), st.text(max_size=30)]
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


@pytest.mark.parametrize(("manifest", "source"), SOURCES, ids=[f"{m.id}-{s.name}" for m, s in SOURCES])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_equals_the_plain_twin(manifest: Manifest, source: Source, data: st.DataObject) -> None:
    rows = data.draw(rows_of(manifest, source))
    assert compiled(manifest, source, rows) == plain(manifest, source, rows)


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
