"""Up to where an extract holds what was fed, as its source says: in MANIFEST.json of every base made of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.generation.manifest import read_manifest
from indexer.build.errors import BuildRefused
from indexer.build.options import BuildOptions
from indexer.extract.fingerprint import fingerprint
from indexer.generations.publishing import GENERATIONS, current_generation
from indexer.manifest.loading import load_manifest
from indexer.pipeline import build
from indexer.summary import held_of_feeds
from ronda.demo.postgres_cluster import PostgresCluster
from tests.indexer.small_registers import MANIFESTS
from tests.kit.small_world import SmallWorld
from tests.live.stating import AS_OF, SEQUENCE, StatingWorld

INSTANT = "2026-05-28T11:30:00-06:00"
INSTANT_MS = 1_779_989_400_000


def stated(options: BuildOptions) -> dict[str, Any]:
    """Returns what a build's manifest says of the court."""
    build(options)
    current = current_generation(options.data)
    assert current is not None
    [found] = [each for each in read_manifest(options.data / GENERATIONS / current).registers if each.id == "oj"]
    assert all(hold.read_ms for hold in found.holds.values())
    told = {name: hold.model_dump(exclude={"read_ms"}) for name, hold in found.holds.items()}
    return {"carried": found.carried_forward, **told}


def world(made: SmallWorld) -> SmallWorld:
    made.warrant("W1", made.person(1, "ANA LUCIA CAAL CHOC"), "ANA LUCIA CAAL CHOC")
    made.car(1, "P-123BCD")
    return made


def test_an_instant_and_a_sequence(tmp_path: Path) -> None:
    both = world(StatingWorld(INSTANT, snapshot=True, sequence=1042)).write(tmp_path)
    expected = {"ordenes": {"feeds": {"court": 1042}, "snapshot_ms": INSTANT_MS}}
    assert stated(both.options()) == {"carried": False, **expected}
    assert stated(both.options()) == {"carried": False, **expected}, "the same files"
    for wrong in ("", "muchos", "-3", "10.5", "9" * 16):
        (both.sources / SEQUENCE).write_text(wrong)
        assert stated(both.options()) == {"carried": True, **expected}, wrong
    (both.sources / SEQUENCE).write_text("1050")
    (both.sources / AS_OF).write_text("2026-05-28")
    day_ms = INSTANT_MS - (11 * 60 + 30) * 60_000
    expected = {"ordenes": {"feeds": {"court": 1050}, "snapshot_ms": day_ms}}
    assert stated(both.options()) == {"carried": False, **expected}, "a day is its first instant"
    (both.sources / SEQUENCE).unlink()
    assert stated(both.options()) == {"carried": True, **expected}


def test_a_build_says_what_was_stated(tmp_path: Path) -> None:
    """The operator sees over which changes the extract wins."""
    summary = build(world(StatingWorld(INSTANT, snapshot=True, sequence=1042)).write(tmp_path).options())
    said = [held_of_feeds(register) for register in summary.registers]
    assert said == [
        "",
        "oj: ordenes holds feed court to 1042, ordenes holds what happened up to 2026-05-28 17:30 UTC",
        "",
        "",
    ]


@pytest.mark.parametrize("as_of", ["", INSTANT])
def test_an_as_of_alone_states_nothing(tmp_path: Path, as_of: str) -> None:
    assert stated(world(StatingWorld(as_of)).write(tmp_path).options()) == {"carried": False}


def test_a_killed_build_is_not_taken_up_with_another_sequence(tmp_path: Path) -> None:
    """The file beside the extract is part of what an extract was made of."""
    registers = world(StatingWorld(sequence=7)).write(tmp_path)
    manifest = load_manifest(registers.manifests / "oj.toml")
    before = fingerprint(manifest, registers.sources)
    (registers.sources / SEQUENCE).write_text("12345")
    assert fingerprint(manifest, registers.sources) != before


def test_an_attribute_of_the_root_element(tmp_path: Path) -> None:
    registers = world(SmallWorld()).write(tmp_path)
    text = MANIFESTS["oj"].replace('format = "csv"\npath = "oj.csv"', 'format = "xml"\npath = "oj.xml"\nrow_tag = "O"')
    text = text.replace(
        'as_of = { from = "mtime" }',
        'as_of = { from = "xml_attribute", name = "corte", snapshot = true }\n'
        'feed_sequence = { feed = "oj-central", from = "xml_attribute", name = "hasta" }',
    )
    (registers.manifests / "oj.toml").write_text(text, encoding="utf-8")
    row = "<ORDEN>W1</ORDEN><NOMBRE>ANA CAAL</NOMBRE><NACIMIENTO>1980-05-17</NACIMIENTO>"
    row += "<ESTADO>PENDIENTE</ESTADO><FECHA>2024-02-03</FECHA>"
    (registers.sources / "oj.xml").write_text(f'<R corte="{INSTANT}" hasta="12"><O>{row}</O></R>')
    expected = {"ordenes": {"feeds": {"oj-central": 12}, "snapshot_ms": INSTANT_MS}}
    assert stated(registers.options()) == {"carried": False, **expected}


def test_numbers_of_a_database(tmp_path: Path, postgres: PostgresCluster) -> None:
    registers = world(SmallWorld()).write(tmp_path)
    text = MANIFESTS["oj"].replace(
        'format = "csv"\npath = "oj.csv"\nas_of = { from = "mtime" }',
        'format = "postgresql"\nquery = "SELECT * FROM holds.ordenes"\n'
        'as_of = { from = "query", sql = "SELECT corte FROM holds.hasta", snapshot = true }\n'
        'feed_sequence = { feed = "oj-central", from = "query", sql = "SELECT numero FROM holds.hasta" }',
    )
    (registers.manifests / "oj.toml").write_text(text, encoding="utf-8")
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS holds CASCADE")
        connection.execute("CREATE SCHEMA holds")
        connection.execute("SET search_path = holds")
        connection.execute("CREATE TABLE hasta AS SELECT %s::timestamptz AS corte, 99::bigint AS numero", (INSTANT,))
        connection.execute(
            "CREATE TABLE ordenes AS SELECT 'W1' AS \"ORDEN\", '' AS \"CUI\", 'ANA CAAL' AS \"NOMBRE\", "
            "'1980-05-17' AS \"NACIMIENTO\", 'PENDIENTE' AS \"ESTADO\", '2024-02-03' AS \"FECHA\""
        )
    options = registers.options(dsns={"oj": postgres.dsn})
    expected = {"ordenes": {"feeds": {"oj-central": 99}, "snapshot_ms": INSTANT_MS}}
    assert stated(options) == {"carried": False, **expected}
    beside = text.replace('"query", sql = "SELECT numero FROM holds.hasta"', f'"sidecar", path = "{SEQUENCE}"')
    (registers.manifests / "oj.toml").write_text(beside, encoding="utf-8")
    (registers.sources / SEQUENCE).write_text("100")
    expected = {"ordenes": {"feeds": {"oj-central": 100}, "snapshot_ms": INSTANT_MS}}
    assert stated(options) == {"carried": False, **expected}, "a number beside the database"
    for other in ("renap", "sat", "mp"):
        (registers.manifests / f"{other}.toml").unlink()
    nowhere = replace(options, data=tmp_path / "other", sources=tmp_path / "nowhere")
    with pytest.raises(BuildRefused, match=r"sources: .* is no directory"):
        build(nowhere)
