"""Debezium's events as Oracle's and SQL Server's connectors are documented to write them, type by type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.feed.changes import MessageUnreadable
from clients.feed.debezium import DebeziumEvents
from clients.feed.debezium_tables import read_tables
from core.ledger.change import Kind
from ronda.v1 import feed_service_pb2 as contract
from tests.feed.feeder_kit import development_server, entries
from tests.feed.test_command import DevelopmentServer, feed
from tests.feed.test_debezium import SAMPLES, SENT, TABLES

DATABASES = ("oracle", "sqlserver")
Event = dict[str, Any]
TYPES = {
    "oracle": 'ORDEN = "decimal", CUI = "number", NOMBRE = "text", NACIMIENTO = "timestamp_ms", ESTADO = "text", '
    'FECHA = "timestamp_us"',
    "sqlserver": 'Orden = "text", Cui = "text", Nombre = "text", Nacimiento = "date", Estado = "text", '
    'Fecha = "timestamp_ns", Delito = "text"',
}
"""Returns the samples' columns, for events without a schema."""
HEADS = {"oracle": 'table = "OJ.ORDENES"', "sqlserver": 'table = "dbo.Ordenes"'}
POSITIONS = {"oracle": {"scn", "commit_scn", "txId"}, "sqlserver": {"change_lsn", "commit_lsn", "event_serial_no"}}


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevelopmentServer]:
    with development_server(tmp_path_factory.mktemp("databases"), DATABASES) as running:
        yield running


def events(name: str) -> list[Event]:
    lines = (SAMPLES / f"{name}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def read(found: list[Event], tables: Path = TABLES) -> list[contract.FeedChange]:
    reader = DebeziumEvents(read_tables(tables))
    return [change for event in found for change in reader.changes(json.dumps(event).encode())]


def stated(name: str, tmp_path: Path) -> Path:
    """The file of tables with a type for each column."""
    tables = tmp_path / "tables.toml"
    tables.write_text(TABLES.read_text().replace(HEADS[name], f"{HEADS[name]}\ntypes = {{ {TYPES[name]} }}"))
    return tables


@pytest.mark.parametrize("name", DATABASES)
def test_events_without_a_schema_are_the_same_changes(name: str, tmp_path: Path) -> None:
    bare = [event["payload"] for event in events(name)]
    changes = read(bare, stated(name, tmp_path))
    assert changes == read(events(name))
    assert [each.record_id for each in changes] == [record for record, _, _ in SENT[name]]


@pytest.mark.parametrize("name", DATABASES)
def test_changes_have_the_order_of_the_events_whatever_the_position_says(name: str) -> None:
    """A connector writes committed transactions in their order; a change's own SCN or LSN may be older."""
    found = events(name)
    assert all(POSITIONS[name] <= event["payload"]["source"].keys() for event in found)
    expected = read(found)
    mixed = [event["payload"]["source"] for event in reversed(found)]
    for event, source in zip(found, mixed, strict=True):
        event["payload"]["source"] |= {key: source[key] for key in POSITIONS[name]}
    assert read(found) == expected


@pytest.mark.parametrize("name", DATABASES)
@pytest.mark.parametrize("snapshot", ["first", "true", "last", "incremental"])
def test_a_snapshots_row_is_an_upsert(name: str, snapshot: str) -> None:
    event = events(name)[0]
    assert event["payload"]["op"] == "r"
    event["payload"]["source"] |= {"snapshot": snapshot, **dict.fromkeys(POSITIONS[name])}
    [change] = read([event])
    assert change.kind == contract.FEED_CHANGE_KIND_UPSERT


@pytest.mark.parametrize("name", DATABASES)
def test_a_delete_and_its_tombstone_are_one_cancellation(name: str) -> None:
    event = events(name)[-1]
    assert (event["payload"]["op"], event["payload"]["after"]) == ("d", None)
    [change] = read([event, {"schema": None, "payload": None}])
    assert (change.kind, dict(change.cells)) == (contract.FEED_CHANGE_KIND_CANCEL, {})
    event["payload"]["before"] = None
    with pytest.raises(MessageUnreadable, match="falta before"):
        read([event])


def with_cell(name: str, column: str, value: Any, kind: str, semantic: str = "", **parameters: str) -> Event:
    """The first event, with another value and type of one column."""
    event = events(name)[0]
    event["payload"]["after"][column] = value
    field: Event = {"type": kind, "optional": True, "field": column}
    if semantic:
        field |= {"name": semantic, "version": 1}
    if parameters:
        field["parameters"] = parameters
    for image in event["schema"]["fields"][:2]:
        image["fields"] = [field if each["field"] == column else each for each in image["fields"]]
    return event


DECIMAL, VARIABLE = "org.apache.kafka.connect.data.Decimal", "io.debezium.data.VariableScaleDecimal"


@pytest.mark.parametrize(
    ("event", "record_id"),
    [
        # Oracle's NUMBER: `decimal.handling.mode` precise (three forms), string, double.
        (with_cell("oracle", "ORDEN", 101, "int64"), "101"),
        (with_cell("oracle", "ORDEN", "ZQ==", "bytes", DECIMAL, scale="0"), "101"),
        (with_cell("oracle", "ORDEN", {"scale": -2, "value": "Cg=="}, "struct", VARIABLE), "1000"),
        (with_cell("oracle", "ORDEN", {"scale": 1, "value": "A/I="}, "struct", VARIABLE), "101"),
        (with_cell("oracle", "ORDEN", "101", "string"), "101"),
        (with_cell("oracle", "ORDEN", 101.0, "double"), "101"),
        (with_cell("oracle", "ORDEN", "/5w=", "bytes", DECIMAL, scale="1"), "-10"),
        # SQL Server's bigint, decimal(18,0), money, uniqueidentifier.
        (with_cell("sqlserver", "Orden", 101, "int64"), "101"),
        (with_cell("sqlserver", "Orden", "ZQ==", "bytes", DECIMAL, scale="0"), "101"),
        (with_cell("sqlserver", "Orden", "D2kI", "bytes", DECIMAL, scale="4"), "100.9928"),
        (with_cell("sqlserver", "Orden", "6F9619FF-8B86", "string"), "6F9619FF-8B86"),
    ],
)
def test_a_number_has_one_text_in_whatever_form_it_comes(event: Event, record_id: str) -> None:
    [change] = read([event])
    assert change.record_id == record_id


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (with_cell("oracle", "FECHA", 1_777_969_800_000, "int64", "io.debezium.time.Timestamp"), "2026-05-05 08:30:00"),
        (with_cell("oracle", "FECHA", -1, "int64", "io.debezium.time.MicroTimestamp"), "1969-12-31 23:59:59"),
        (
            with_cell("oracle", "FECHA", "2026-05-05T14:30:00Z", "string", "io.debezium.time.ZonedTimestamp"),
            "2026-05-05 08:30:00",
        ),
        (with_cell("sqlserver", "Fecha", 20_578, "int32", "io.debezium.time.Date"), "2026-05-05"),
        (with_cell("sqlserver", "Fecha", 20_578, "int32", "org.apache.kafka.connect.data.Date"), "2026-05-05"),
        (
            with_cell("sqlserver", "Fecha", 1_777_969_800_000, "int64", "org.apache.kafka.connect.data.Timestamp"),
            "2026-05-05 08:30:00",
        ),
        (
            with_cell("sqlserver", "Fecha", "2026-05-05T08:30:00-06:00", "string", "io.debezium.time.ZonedTimestamp"),
            "2026-05-05 08:30:00",
        ),
    ],
)
def test_a_date_is_what_the_institution_sees_in_whatever_unit_it_comes(event: Event, text: str) -> None:
    [change] = read([event])
    assert change.cells["FECHA"] == text


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (
            with_cell("oracle", "DELITO", "__debezium_unavailable_value", "string"),
            "columna DELITO: la base no la envió",
        ),
        (with_cell("oracle", "DELITO", 1, "int64", "io.debezium.time.MicroDuration"), "MicroDuration"),
        (with_cell("sqlserver", "Delito", 1, "int64", "io.debezium.time.NanoTime"), "columna Delito: .*NanoTime"),
        (with_cell("sqlserver", "Delito", "AA==", "bytes"), "tipo no admitido: bytes"),
        (with_cell("oracle", "ORDEN", {"scale": 0, "value": "?"}, "struct", VARIABLE), "no es un decimal en base64"),
        (with_cell("oracle", "ORDEN", {"value": "ZQ=="}, "struct", VARIABLE), "no es un decimal con su escala"),
    ],
)
def test_what_has_no_text_for_certain_is_refused_by_its_column(event: Event, why: str) -> None:
    with pytest.raises(MessageUnreadable, match=why) as refused:
        read([event])
    assert refused.value.register == "oj"


def schema_changes(name: str) -> list[Event]:
    """A table's first snapshot, and a column more: connectors write these unless `include.schema.changes` is off."""
    return events(f"{name}_schema")


@pytest.mark.parametrize("name", DATABASES)
def test_a_schema_change_says_nothing_of_a_record(databases: DevelopmentServer, tmp_path: Path, name: str) -> None:
    """Through the program: the file is sent, and its rows are what they are without it."""
    before, after = schema_changes(name)
    lines = [
        before,
        *events(name)[:2],
        {"schema": None, "payload": after["payload"]},
        *events(name)[2:],
        after["payload"],
    ]
    (tmp_path / "events.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in lines))
    feed(databases, "folder", tmp_path, "--debezium", TABLES, "--source", name, "--once")
    taken = [each for each in entries(databases, name) if each.kind in (Kind.UPSERT, Kind.CANCEL)]
    assert [(each.record_id, each.kind.name, each.record.get("ESTADO")) for each in taken] == SENT[name]
    assert not (tmp_path / "refused").exists() or not list((tmp_path / "refused").iterdir())


@pytest.mark.parametrize("name", DATABASES)
def test_a_table_that_is_dropped_is_refused_as_one_that_is_emptied(name: str) -> None:
    event = schema_changes(name)[0]
    change = event["payload"]["tableChanges"][0]
    change["type"] = "DROP"
    with pytest.raises(MessageUnreadable, match=r"DROP.*extracto completo") as refused:
        read([event])
    assert refused.value.register == "oj"
    change["id"] = change["id"].replace("ORDENES", "OTRA").replace("Ordenes", "Otra")
    assert read([event]) == []


@pytest.mark.parametrize("name", DATABASES)
def test_a_truncate_states_no_row_and_is_refused(databases: DevelopmentServer, tmp_path: Path, name: str) -> None:
    """As documented, without `before` and `after`; through the program, and nothing of the file is sent."""
    found = events(name)
    truncate = {"schema": None, "payload": {"source": found[0]["payload"]["source"], "op": "t", "ts_ms": 1}}
    before = len(entries(databases, name))
    (tmp_path / "events.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in [*found, truncate]))
    feed(databases, "folder", tmp_path, "--debezium", TABLES, "--source", name, "--once")
    why = (tmp_path / "refused" / "events.jsonl.why").read_text()
    assert "truncate" in why and "extracto completo" in why
    sent = [each for each in entries(databases, name)[before:] if each.kind is not Kind.HEARTBEAT]
    assert sent == []


@pytest.mark.parametrize(
    "ddl",
    [
        "truncate table OJ.ORDENES",
        "TRUNCATE  TABLE ordenes",
        "ALTER TABLE ordenes TRUNCATE PARTITION p2025",
        "ALTER TABLE ordenes DROP PARTITION p2025",
        "ALTER TABLE ordenes EXCHANGE PARTITION p2025 WITH TABLE otra",
    ],
)
@pytest.mark.parametrize("name", DATABASES)
def test_ddl_that_takes_rows_away_is_refused_as_a_truncate(name: str, ddl: str) -> None:
    """`skipped.operations` leaves op t out as shipped; the schema change is all that tells then."""
    event = schema_changes(name)[1]
    event["payload"] |= {"ddl": ddl, "tableChanges": []}
    with pytest.raises(MessageUnreadable, match=r"truncate.*extracto completo") as refused:
        read([event])
    assert refused.value.register == "oj"
    event["payload"]["source"]["table"] = "OTRA"
    assert read([event]) == []
    del event["payload"]["source"]["table"]
    with pytest.raises(MessageUnreadable, match="no dice cuál"):
        read([event])


@pytest.mark.parametrize("ddl", [None, "ALTER TABLE ordenes ADD (truncate_table NUMBER)"])
def test_ddl_that_takes_none_away_is_passed_over(ddl: str | None) -> None:
    event = schema_changes("oracle")[1]
    event["payload"]["ddl"] = ddl
    assert read([event]) == []


@pytest.mark.parametrize("tables", [None, {}, [None], [{"type": "MERGE", "id": "x"}], [{"type": "DROP", "id": None}]])
def test_a_schema_change_that_nobody_knows_is_refused(tables: Any) -> None:
    event = schema_changes("oracle")[0]
    event["payload"]["tableChanges"] = tables
    with pytest.raises(MessageUnreadable, match="cambio de esquema"):
        read([event])
