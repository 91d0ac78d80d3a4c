"""Extraction in a child process: what comes out; a crash, a hang or a lost database refuses one register alone."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import psutil
import psycopg
import pyarrow.parquet as pq
import pytest

from indexer import standard
from indexer.extract.children import (
    ExtractReport,
    Progress,
    ReadingProcesses,
    SourceUnreadable,
    extract_all,
    fingerprint,
)
from indexer.manifest.loading import load_manifest
from ronda.demo.postgres_cluster import PostgresCluster
from ronda.v1 import person_records_pb2

REGISTER = """
[register]
id = "{id}"
name = "Registro"
owner = "Pruebas"
contact = "tel. 1"
roles = {{ person = ["alert"] }}
stale_after = "1d"
[[source]]
name = "ordenes"
{source}
null_words = ["N/A"]
date_formats = ["yyyy-mm-dd"]
[codes.state]
P = "PENDING"
[[record]]
source = "ordenes"
section = "warrant"
record_id = "id"
date = "fecha"
require = ["fecha"]
[record.subject]
cui = "cui"
full_name = "nombre"
[record.alert]
kind = "WARRANT"
state = {{ column = "estado", codes = "state" }}
"""
CSV_SOURCE = """format = "csv"
path = "{file}"
as_of = {{ from = "sidecar", path = "CORTE" }}"""
QUERY = "SELECT id, fecha, cui::text AS cui, nombre, estado FROM ordenes ORDER BY id"
POSTGRES_SOURCE = f"""format = "postgresql"
query = "{QUERY}"
as_of = {{ from = "query", sql = "SELECT max(corte) FROM corte" }}"""

HEADER = "id,fecha,cui,nombre,estado\n"
GOOD = "1,2026-01-02,2547325850101,ANA CAAL,P\n"
AS_OF_MS = 1_795_521_600_000  # 2026-11-24 06:00 in Guatemala


class Place:
    """A data directory with one CSV register, and where its extract goes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "CORTE").write_text("2026-11-24T06:00:00\n")

    def manifest(self, register: str = "uno", source: str | None = None) -> Path:
        file = self.directory / f"{register}.toml"
        text = source if source is not None else CSV_SOURCE.format(file=f"{register}.csv")
        file.write_text(REGISTER.format(id=register, source=text))
        return file

    def rows(self, text: str, register: str = "uno") -> None:
        (self.directory / f"{register}.csv").write_text(text)

    def extract(self, manifest: Path, dsn: str | None = None, **options: int) -> ExtractReport:
        staging = self.directory / f"staging-{manifest.stem}-{time.monotonic_ns()}"
        staging.mkdir()
        self.staging = staging
        self.progress: list[Progress] = []
        register = load_manifest(manifest).id
        dsns = {register: dsn} if dsn is not None else {}
        with ReadingProcesses(**options) as processes:
            return processes.extract(
                manifest, 4, staging, data_directory=self.directory, dsns=dsns, on_progress=self.progress.append
            )

    def records(self) -> list[dict[str, Any]]:
        files = sorted(self.staging.glob("records-*.parquet"))
        assert all(pq.read_schema(file) == standard.STANDARD_SCHEMA for file in files)
        return [row for file in files for row in pq.read_table(file).to_pylist()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_records_report_and_progress(place: Place) -> None:
    manifest = place.manifest()
    place.rows(HEADER + GOOD + "2,2026-01-02,12,EVA CAAL,P\n")
    report = place.extract(manifest)
    assert (report.register_id, report.ordinal, report.as_of_ms) == ("uno", 4, AS_OF_MS)
    assert (report.rows_read, report.rows_refused, report.records, report.finished) == (2, 0, 2, True)
    assert report.warnings == {"warrant.subject.cui.length": 1}
    assert report.fingerprint == fingerprint(load_manifest(manifest), place.directory)
    assert ExtractReport.from_json((place.staging / "extract.json").read_bytes()) == report
    assert place.progress[-1] == Progress("uno", 2, 92, 92)
    first, second = place.records()
    assert (first["cui"], first["name_key"], second["cui"]) == ("2547325850101", "ANA KAL", None)
    again = place.extract(manifest)
    assert (again.checksum, again.fingerprint) == (report.checksum, report.fingerprint)
    place.rows(HEADER + GOOD)
    changed = place.extract(manifest)
    assert changed.checksum != report.checksum
    assert changed.fingerprint != report.fingerprint


def test_refused_rows_go_to_the_quarantine_without_their_values(place: Place) -> None:
    place.rows(
        HEADER
        + GOOD
        + "2,,2547325850101,ANA CAAL,P\n"  # required missing: damaged record
        + "3,ayer,N/A,N/A,P\n"  # unparsable date, nobody shown
        + "4,2026-01-02,N/A,N/A,P\n"  # no subject
        + ",2026-01-02,N/A,EVA CHOC,P\n"  # no record id: damaged record by row number
        + "6,2026-01-02,2547325850101,P\n"  # too few columns, but a CUI is shown
        + "7,2026-01-02,N/A,LUIS TOT,X\n"  # unknown code
        + "8,2026-01-02,2994594290101,EVA,Z\n"
    )
    with (place.directory / "uno.csv").open("ab") as file:
        file.write(b"9,2026-01-02,2547325850101,MU\xffOZ,P\n")
    report = place.extract(place.manifest())
    assert (report.rows_read, report.rows_refused) == (9, 8)
    assert report.refused == {
        "warrant.fecha.required_missing": 1,
        "warrant.fecha.unparsable_date": 1,
        "warrant.no_subject": 1,
        "warrant.record_id.record_id_missing": 1,
        "wrong_column_count": 1,
        "warrant.alert.state.unknown_code": 2,
        "warrant.nombre.undecodable_bytes": 1,
    }
    quarantine = pq.read_table(place.staging / "quarantine.parquet")
    assert quarantine.column_names == ["row", "source", "section", "field", "rule"]
    assert set(quarantine["row"].to_pylist()) == {2, 3, 4, 5, 6, 7, 8, 9}
    damaged = {row["row"]: row for row in place.records() if row["alert_kind"] == 13}
    assert sorted(damaged) == [2, 5, 6, 7, 8, 9]
    assert [damaged[n]["record_id"] for n in (2, 5, 6, 7, 9)] == ["2", "5", "6", "7", "9"]
    assert (damaged[9]["cui"], damaged[9]["name"]) == ("2547325850101", "MU\ufffdOZ")
    assert damaged[6]["cui"] == "2547325850101"
    for row in damaged.values():
        assert row["alert_state"] == 1 and row["section"] == 24 and row["subject"] == standard.SUBJECT_PERSON
        message = person_records_pb2.DamagedRecord.FromString(row["payload"])
        assert message.text == "registro dañado: consulte a tel. 1"
        assert message.record.register_id == "uno"
    everything = (place.staging / "quarantine.parquet").read_bytes() + (place.staging / "extract.json").read_bytes()
    for value in (b"2547325850101", b"CAAL", b"CHOC", b"TOT", b"ayer"):
        assert value not in everything


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("", "the file is empty"),
        (HEADER, "it holds no rows"),
        (HEADER + GOOD[:-5], "the last line has no line break"),
        (HEADER.replace("cui", "dpi") + GOOD, "column 'cui' is missing"),
    ],
)
def test_a_source_that_cannot_be_read(place: Place, rows: str, why: str) -> None:
    place.rows(rows)
    with pytest.raises(SourceUnreadable) as caught:
        place.extract(place.manifest())
    assert (caught.value.register, caught.value.source) == ("uno", "ordenes")
    assert why in caught.value.why
    assert not (place.staging / "extract.json").exists()


def test_an_empty_source_that_may_be_empty(place: Place) -> None:
    place.rows(HEADER)
    report = place.extract(place.manifest(source=CSV_SOURCE.format(file="uno.csv") + "\nmay_be_empty = true"))
    assert (report.rows_read, report.records, place.records()) == (0, 0, [])


def test_a_missing_file_and_a_bad_as_of(place: Place) -> None:
    manifest = place.manifest()
    with pytest.raises(SourceUnreadable, match="no file fits"):
        place.extract(manifest)
    place.rows(HEADER + GOOD)
    (place.directory / "CORTE").write_text("ayer")
    with pytest.raises(SourceUnreadable, match="ISO 8601"):
        place.extract(manifest)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("0001-01-01T00:00:00+14:00", "before 1970"),
        ("1969-12-31T23:59:59Z", "before 1970"),
        ("9999-12-31T23:59:59-06:00", "9999-12-31 23:59 UTC is more than a day ahead"),
        ("9999-12-31T23:59:59+14:00", "9999-12-31 09:59 UTC is more than a day ahead"),
    ],
)
def test_an_as_of_outside_of_all_times_is_named(place: Place, said: str, why: str) -> None:
    place.rows(HEADER + GOOD)
    (place.directory / "CORTE").write_text(said)
    with pytest.raises(SourceUnreadable, match=why):
        place.extract(place.manifest())


def children() -> list[psutil.Process]:
    mine = psutil.Process().children()
    return [child for child in mine if "indexer.extract.child" in " ".join(child.cmdline())]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV], ids=["killed", "segfault"])
def test_a_child_that_dies_refuses_its_register_alone(place: Place, how: signal.Signals) -> None:
    place.rows(HEADER + GOOD)
    big = place.manifest("grande")
    place.rows(HEADER + GOOD * 2_000_000, "grande")
    caught: list[SourceUnreadable] = []

    def run() -> None:
        try:
            place.extract(big)
        except SourceUnreadable as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while not (found := children()):
        time.sleep(0.01)
    time.sleep(0.5)
    found[0].send_signal(how)
    thread.join()
    assert [error.why for error in caught] == [f"the reading process was ended by {how.name}"]
    assert not (place.staging / "extract.json").exists()
    assert place.extract(place.manifest()).records == 1


def test_a_child_that_hangs_is_stopped(place: Place) -> None:
    big = place.manifest("grande")
    place.rows(HEADER + GOOD * 2_000_000, "grande")
    stopped: list[int] = []

    def freeze() -> None:
        while not (found := children()):
            time.sleep(0.01)
        time.sleep(0.7)
        found[0].send_signal(signal.SIGSTOP)
        stopped.append(found[0].pid)

    thread = threading.Thread(target=freeze)
    thread.start()
    with pytest.raises(SourceUnreadable, match="no progress for 3 s"):
        place.extract(big, silence_s=3)
    thread.join()
    assert not psutil.pid_exists(stopped[0])


def test_a_child_out_of_memory_refuses_its_register(place: Place) -> None:
    place.rows(HEADER + GOOD * 200_000)
    with pytest.raises(SourceUnreadable) as caught:
        place.extract(place.manifest(), memory_bytes=64 << 20)
    assert "process" in caught.value.why
    assert "CAAL" not in caught.value.why
    assert place.extract(place.manifest()).records == 200_000


def test_a_fault_of_the_reader_is_told_by_its_place(place: Place) -> None:
    manifest = place.manifest()
    place.rows(HEADER + GOOD)
    staging = place.directory / "no-such-directory"
    why = r"failed: FileNotFoundError at [\w./-]+:\d+"
    with ReadingProcesses() as processes, pytest.raises(SourceUnreadable, match=why):
        processes.extract(manifest, 0, staging, data_directory=place.directory, dsns={})


def test_a_child_reads_on_until_one_fails(place: Place) -> None:
    """One process for what can be read, a new one after what can't; none is left when the stage ends."""
    seen: list[int] = []
    with ReadingProcesses() as processes:
        for number, rows in enumerate([HEADER + GOOD, HEADER + GOOD * 2, "nothing", HEADER + GOOD * 3]):
            register = ("uno", "dos", "tres", "cuatro")[number]
            place.rows(rows, register)
            staging = place.directory / f"staging-{register}"
            staging.mkdir()
            try:
                report = processes.extract(
                    place.manifest(register), number, staging, data_directory=place.directory, dsns={}
                )
                assert report.records == rows.count("\n") - HEADER.count("\n")
                assert report.ordinal == number
                seen.append(children()[0].pid)
            except SourceUnreadable as error:
                assert error.source
                assert not children()
    assert seen[0] == seen[1] != seen[2]
    assert len(seen) == 3
    assert not children()


def test_several_registers_at_once(place: Place) -> None:
    files = []
    for number in range(4):
        files.append((place.manifest(f"r{number}"), number))
        place.rows(HEADER + GOOD * (number + 1) if number != 2 else "", f"r{number}")
    seen: set[str] = set()
    results = extract_all(
        files,
        place.directory / "staging",
        data_directory=place.directory,
        dsns={},
        on_progress=lambda p: seen.add(p.register_id),
    )
    assert [r.records for r in results.values() if isinstance(r, ExtractReport)] == [1, 2, 4]
    assert isinstance(results["r2"], SourceUnreadable)
    assert seen == {"r0", "r1", "r3"}
    report = orjson.loads((place.directory / "staging" / "r3" / "extract.json").read_bytes())
    assert report["finished"] is True


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresCluster]:
    with PostgresCluster() as running:
        yield running


def fill(dsn: str, rows: int) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("DROP TABLE IF EXISTS ordenes, corte")
        connection.execute("CREATE TABLE corte (corte timestamptz)")
        connection.execute("INSERT INTO corte VALUES ('2026-11-24 06:00:00-06')")
        connection.execute("CREATE TABLE ordenes (id int, fecha date, cui numeric(13), nombre text, estado char(1))")
        connection.execute(
            "INSERT INTO ordenes SELECT n, date '2026-01-01' + n %% 300, 2547325850101, 'ÑU ' || n, 'P'"
            " FROM generate_series(1, %s) n",
            (rows,),
        )


def test_a_postgresql_register(place: Place, cluster: PostgresCluster) -> None:
    fill(cluster.dsn, 3)
    report = place.extract(place.manifest("pg", POSTGRES_SOURCE), cluster.dsn)
    assert (report.as_of_ms, report.rows_read, report.rows_refused, report.fingerprint) == (AS_OF_MS, 3, 0, None)
    records = place.records()
    assert [(r["record_id"], r["name"], r["cui"]) for r in records[:2]] == [
        ("1", "ÑU 1", "2547325850101"),
        ("2", "ÑU 2", "2547325850101"),
    ]
    assert [r["sort_day"] for r in records] == [20455, 20456, 20457]
    assert place.extract(place.manifest("pg", POSTGRES_SOURCE), cluster.dsn).checksum == report.checksum


def test_a_database_that_cannot_be_reached_or_asked(place: Place, cluster: PostgresCluster) -> None:
    manifest = place.manifest("pg", POSTGRES_SOURCE)
    with pytest.raises(SourceUnreadable, match="no DSN is configured"):
        place.extract(manifest)
    with pytest.raises(SourceUnreadable, match="cannot be reached"):
        place.extract(manifest, "postgresql://ronda@127.0.0.1:1/ronda")
    fill(cluster.dsn, 1)
    wrong = place.manifest("pg2", POSTGRES_SOURCE.replace("nombre", "apodo"))
    with pytest.raises(SourceUnreadable, match="SQLSTATE 42703"):
        place.extract(wrong, cluster.dsn)


def test_a_database_that_stops_half_way(place: Place, cluster: PostgresCluster) -> None:
    """Some rows come, then the server divides by zero; and a server that ends the session."""
    fill(cluster.dsn, 200_000)
    zero = "CASE WHEN 1 / (150000 - id) >= 0 THEN 'P' ELSE 'P' END AS estado FROM"
    broken = POSTGRES_SOURCE.replace("estado FROM", zero).replace(" ORDER BY id", "")
    with pytest.raises(SourceUnreadable, match=r"the database stopped after [1-9][0-9]* rows"):
        place.extract(place.manifest("pg", broken), cluster.dsn)
    assert not (place.staging / "extract.json").exists()
    slow = POSTGRES_SOURCE.replace("estado FROM", "estado || substr(pg_sleep(0.00005)::text, 1, 0) AS estado FROM")
    caught: list[SourceUnreadable] = []

    def run() -> None:
        try:
            place.extract(place.manifest("pg", slow), cluster.dsn)
        except SourceUnreadable as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    with psycopg.connect(cluster.dsn, autocommit=True) as connection:
        end = (
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE query LIKE '%pg_sleep(0%' AND pid <> pg_backend_pid()"
        )
        while thread.is_alive() and connection.execute(end).fetchone() == (0,):
            time.sleep(0.05)
    thread.join()
    assert len(caught) == 1
    assert caught[0].register == "pg"
