"""Debezium's change events as changes of a register: samples of three databases, and what has no text for certain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.feed.changes import MessageUnreadable
from clients.feed.debezium import DebeziumEvents
from clients.feed.debezium_tables import TablesInvalid, read_tables
from core.ledger.change import Kind
from ronda.v1 import feed_service_pb2 as contract
from tests.feed.feeder_kit import development_server, entries
from tests.feed.test_command import DevelopmentServer, feed

SAMPLES = Path(__file__).parent / "samples"
TABLES = SAMPLES / "tables.toml"
NAMES = ("postgresql", "oracle", "sqlserver")
WHO = {"CUI": "5000000690101", "NOMBRE": "OSCAR ORTIZ REYES"}


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevelopmentServer]:
    with development_server(tmp_path_factory.mktemp("debezium"), NAMES) as running:
        yield running


SENT = {
    "postgresql": [
        ("PG-1", "UPSERT", "PENDIENTE"),
        ("PG-2", "UPSERT", "PENDIENTE"),
        ("PG-2", "CANCEL", None),
        ("PG-3", "UPSERT", "PENDIENTE"),
        ("PG-1", "UPSERT", "CANCELADA"),
        ("PG-3", "CANCEL", None),
    ],
    "oracle": [
        ("101", "UPSERT", "PENDIENTE"),
        ("102", "UPSERT", "PENDIENTE"),
        ("101", "UPSERT", "CANCELADA"),
        ("102", "CANCEL", None),
    ],
    "sqlserver": [
        ("MS-1", "UPSERT", "PENDIENTE"),
        ("MS-2", "UPSERT", "PENDIENTE"),
        ("MS-1", "UPSERT", "CANCELADA"),
        ("MS-2", "CANCEL", None),
    ],
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_events_is_sent_as_changes(field: DevelopmentServer, tmp_path: Path, name: str) -> None:
    (tmp_path / "events.jsonl").write_bytes((SAMPLES / f"{name}.jsonl").read_bytes())
    feed(field, "folder", tmp_path, "--debezium", TABLES, "--source", name, "--once")
    taken = [each for each in entries(field, name) if each.kind in (Kind.UPSERT, Kind.CANCEL)]
    assert [(each.record_id, each.kind.name, each.record.get("ESTADO")) for each in taken] == SENT[name]
    first = dict(taken[0].record)
    born, at = first.pop("NACIMIENTO"), first.pop("FECHA")
    assert {key: first[key] for key in WHO} == WHO
    assert (born[:10], at) == ("1980-05-17", "2026-05-05 08:30:00")
    assert set(first) == {"ORDEN", *WHO, "ESTADO", "DELITO"}
    assert taken[0].event_ms == 1_795_000_000_000


def test_a_truncated_table_in_a_file_is_refused_and_lies_there(field: DevelopmentServer, tmp_path: Path) -> None:
    event = changed(op="t", after=None)
    (tmp_path / "events.jsonl").write_text(json.dumps(event) + "\n")
    feed(field, "folder", tmp_path, "--debezium", TABLES, "--source", "oracle", "--once")
    assert "truncate" in (tmp_path / "refused" / "events.jsonl.why").read_text()


def changed(**payload: Any) -> dict[str, Any]:
    """The first event of PostgreSQL, otherwise."""
    event: dict[str, Any] = json.loads((SAMPLES / "postgresql.jsonl").read_text().splitlines()[1])
    event["payload"] |= payload
    return event


def read(event: Any, tables: Path = TABLES) -> list[contract.FeedChange]:
    return DebeziumEvents(read_tables(tables)).changes(
        event if isinstance(event, bytes) else json.dumps(event).encode()
    )


def test_without_a_schema_each_type_is_stated_and_nothing_is_guessed(tmp_path: Path) -> None:
    """Days since 1970 would be read as a spreadsheet's day number, of another year."""
    bare = changed()["payload"]
    with pytest.raises(MessageUnreadable, match="columna num_orden: el evento no trae schema"):
        read(bare)
    stated = tmp_path / "tables.toml"
    types = (
        'num_orden = "text", cui = "decimal:0", nombre = "text", nacimiento = "date", estado = "text", delito = "text"'
    )
    stated.write_text(
        '[[table]]\ntable = "public.ordenes"\nregister = "oj"\nid = "num_orden"\n'
        f'types = {{ {types}, fecha = "timestamp_us" }}\n'
    )
    [change] = read(bare, stated)
    assert change.cells["nacimiento"] == "1980-05-17"
    assert change.cells["cui"] == WHO["CUI"]
    assert change.cells["delito"] == ""


@pytest.mark.parametrize(
    "quiet",
    [
        b"",
        b"null",
        b'{"schema": null, "payload": null}',
        b'{"ts_ms": 1795000000000}',
        b'{"status": "BEGIN", "id": "571:53195829", "event_count": null, "data_collections": null, "ts_ms": 1}',
        b'{"op": "m", "source": {}, "ts_ms": 1}',
        json.dumps(changed(source={"schema": "public", "table": "auditoria", "ts_ms": 1})).encode(),
    ],
)
def test_what_says_nothing_of_a_record_is_no_change(quiet: bytes) -> None:
    assert read(quiet) == []


def without_before() -> dict[str, Any]:
    return changed(op="d", after=None, before=None)


def of_type(name: str | None, kind: str, value: Any) -> dict[str, Any]:
    event = changed()
    event["payload"]["after"]["nombre"] = value
    for image in event["schema"]["fields"][:2]:
        for each in image["fields"]:
            if each["field"] == "nombre":
                each.update({"type": kind}, **({"name": name} if name else {}))
    return event


@pytest.mark.parametrize(
    ("event", "why", "register"),
    [
        (b"{", "no es JSON", ""),
        ({"a": 1}, "no es un evento de Debezium", ""),
        (changed(source={"schema": "public", "table": "otra", "ts_ms": 1}), "public.otra no está", ""),
        (changed(op="t", after=None), "truncate", "oj"),
        (changed(op="x"), "op no es", "oj"),
        (without_before(), "falta before", "oj"),
        (changed(after={"num_orden": None}), "after no trae la columna num_orden", "oj"),
        (changed(source={"schema": "public", "table": "ordenes", "ts_ms": "x"}), "ts_ms", "oj"),
        (of_type(None, "string", "__debezium_unavailable_value"), "columna nombre: la base no la envió", "oj"),
        (of_type("io.debezium.data.geometry.Point", "struct", {}), "io.debezium.data.geometry.Point", "oj"),
        (of_type(None, "bytes", "AAA="), "tipo no admitido: bytes", "oj"),
        (of_type(None, "string", "\ud800"), "columna nombre: no es texto Unicode", "oj"),
        (of_type("io.debezium.time.Date", "int32", 1 << 40), "fuera de los años", "oj"),
        (of_type(None, "double", float("nan")), "no es un número", "oj"),
        (of_type("org.apache.kafka.connect.data.Decimal", "bytes", "AAA="), "decimal sin su escala", "oj"),
    ],
)
def test_what_is_no_change_for_certain_is_refused_by_name(event: Any, why: str, register: str) -> None:
    with pytest.raises(MessageUnreadable, match=why) as refused:
        read(event)
    assert refused.value.register == register
    assert "OSCAR" not in str(refused.value)


def test_an_update_of_the_line_cancels_the_row_that_it_was(tmp_path: Path) -> None:
    tables = tmp_path / "tables.toml"
    tables.write_text('[[table]]\ntable = "public.ordenes"\nregister = "oj"\nid = "num_orden"\nline = "delito"\n')
    before = changed()["payload"]["after"] | {"delito": "1"}
    cancel, upsert = read(changed(op="u", before=before, after=before | {"delito": "2"}), tables)
    assert (cancel.kind, dict(cancel.cells)) == (contract.FEED_CHANGE_KIND_CANCEL, {"delito": "1"})
    assert (upsert.record_id, upsert.cells["delito"]) == ("PG-2", "2")
    [again] = read(changed(op="u", before=before, after=before | {"estado": "X"}), tables)
    assert again.kind == contract.FEED_CHANGE_KIND_UPSERT


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("table = 1", "no es TOML|una o varias"),
        ('[[table]]\ntable = "a.b"\nregister = "oj"', "id son textos"),
        ('[[table]]\ntable = "a.b"\nregister = "oj"\nid = "x"\nfoo = 1', "no conoce foo"),
        ('[[table]]\ntable = "a.b"\nregister = "oj"\nid = "x"\ntypes = { y = "fecha" }', "types.y"),
        ('[[table]]\ntable = "a.b"\nregister = "oj"\nid = "x"\ncolumns = { A = "y", B = "y" }', "una del manifiesto"),
        ('[[table]]\ntable = "a.b"\nregister = "oj"\nid = "x"\nleave_out = ["x"]', "id y line se envían"),
    ],
)
def test_a_file_of_tables_with_a_fault_is_refused_by_name(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "tables.toml").write_text(text)
    with pytest.raises(TablesInvalid, match=why):
        read_tables(tmp_path / "tables.toml")
