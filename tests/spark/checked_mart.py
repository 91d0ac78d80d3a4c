"""The mart's build on a real Spark: the same SQL over the same staged Parquet makes the same facts and roll-ups.

`./run mart-spark-check`, not of the ordinary suite. Of every source of the nation's incidents the last two years, all
deliveries.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from core.mart.layout import FOLDER, OWN_FACTS, SourceEntry
from core.mart.rollups import rollup_files
from indexer.mart.statements import SPARK, facts, rollup, versions
from tests.kit.incident_nation import IncidentNation

SOURCES = ("pnc_hechos", "pnc_victimas", "inacif_necropsias", "ine_defunciones", "mp_casos")
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.driver.memory", "1g")
        .config("spark.local.dir", str(tmp_path_factory.mktemp("spark")))
        .getOrCreate()
    )
    yield session
    session.stop()


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Returns whether they are the same, in any order; unit_no means nothing outside its file."""
    columns = [name for name in left.columns if name != "unit_no"]
    assert set(columns) == {name for name in right.columns if name != "unit_no"}
    ordered = [
        table[columns].astype(str).replace({"None": "", "nan": "", "<NA>": ""}).apply(_whole)
        .sort_values(columns, ignore_index=True)
        for table in (left, right)
    ]  # fmt: skip
    pd.testing.assert_frame_equal(*ordered)


def _whole(column: Any) -> Any:
    return column.str.removesuffix(".0")  # numbers of a column with nulls


@pytest.mark.parametrize("source_id", SOURCES)
def test_spark_makes_the_facts_that_duckdb_made(
    spark: SparkSession, incident_nation: IncidentNation, source_id: str, tmp_path: Path
) -> None:
    source = incident_nation.mart.source(source_id)
    assert source is not None
    assert source.fact not in OWN_FACTS
    folder = incident_nation.folder
    years = sorted({each.year for each in source.delivered})
    assert len(years) > 5
    for year in years[-2:]:
        out = tmp_path / f"facts-{year}"
        _build(spark, source, year, incident_nation.data / FOLDER / "staging" / source_id, out)
        same(pd.read_parquet(folder / f"{source.fact}.{source_id}.{year}.parquet"), pd.read_parquet(out))
        for each, files in rollup_files(incident_nation.mart, source.fact, source_id).items():
            if year in files:
                rolled = spark.sql(rollup(SPARK, each, f"parquet.`{out}`")).toPandas()
                same(pd.read_parquet(folder / files[year]), rolled)


def _build(spark: SparkSession, source: SourceEntry, year: int, staging: Path, out: Path) -> None:
    """Facts as partitions below `out`."""
    days = [each.delivered for each in source.delivered if each.year == year]
    staged = [f"parquet.`{staging / f'{year}-{day:%Y%m%d}.parquet'}`" for day in days]
    spark.sql(versions(SPARK, source.fact, staged)).createOrReplaceTempView("versions")
    spark.sql(facts(SPARK, source.fact, days, "versions")).write.parquet(str(out))
