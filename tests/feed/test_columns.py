"""Columns of fed rows: an unknown one is taken and reported, one that a manifest reads may not be absent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.feed.feeder_kit import development_server, entries
from tests.feed.test_command import EVENT, DevelopmentServer, feed, lines, pushed, row, upsert
from tests.server.running_server import until


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevelopmentServer]:
    with development_server(tmp_path_factory.mktemp("columns"), ["unknown", "absent", "earlier"]) as running:
        yield running


def push(field: DevelopmentServer, file: Path, source: str, *changes: dict[str, Any], status: int = 0) -> Any:
    file.write_text(lines(*changes), encoding="utf-8")
    return pushed(field, file, source, status=status)


def test_a_column_that_the_manifest_does_not_know_is_taken_and_told_by_name(
    field: DevelopmentServer, tmp_path: Path
) -> None:
    more = {"NUEVA": "secret", "2987654321015": "x", "OSCAR ORTIZ": "x", "LARGO" * 100: "x"}
    told = push(
        field,
        tmp_path / "more.jsonl",
        "unknown",
        {**upsert("U-1", 1), "row": {**row("U-1"), **more}},
        {**upsert("U-2", 2), "row": {**row("U-2"), "NUEVA": None}},
    )
    assert told["outcomes"] == {"TAKEN": 2}
    counted = [{"column": "(other)", "rows": 1}, {"column": "NUEVA", "rows": 2}]
    assert told["positions"][0]["unknown_columns"] == counted
    said = feed(field, "status").stdout
    assert "unknown oj: columnas que el manifiesto no conoce, y nadie lee (filas): (other) (1), NUEVA (2)" in said
    assert "OSCAR" not in said
    assert "2987654321015" not in said
    until(lambda: 'ronda_feed_unknown_columns_total{register="oj",source="unknown"} 3.0' in field.server.metrics())
    assert len(field.server.events("feed_unknown_columns")) == 1
    assert "NUEVA" not in field.server.log_path.read_text(encoding="utf-8") + field.server.metrics()


def test_a_row_that_is_refused_counts_no_column(field: DevelopmentServer, tmp_path: Path) -> None:
    heading = {"id": "A-1", "row": {**row("A-1", "QUIZAS"), "LATER": "x"}}
    told = push(field, tmp_path / "refused.jsonl", "absent", {**upsert("A-1", 1), **heading}, status=5)
    assert "unknown_columns" not in told["positions"][0]


def test_a_mapped_column_that_is_absent_is_refused_by_its_name(field: DevelopmentServer, tmp_path: Path) -> None:
    cells = row("A-1")
    del cells["DELITO"]
    told = push(field, tmp_path / "absent.jsonl", "absent", {**upsert("A-1", 1), "row": cells}, status=5)
    [refused] = told["refused"]
    assert (refused["reason"], refused["field"]) == ("FEED_ROW_REFUSED", "cells.DELITO")
    assert "absent" in refused["rule"]
    whole = {**upsert("A-1", 1), "row": {**cells, "DELITO": None}}
    cancelled = {"register": "oj", "id": "A-1", "sequence": 2, "event_time": EVENT, "kind": "CANCEL"}
    with_empty_cells = {**cancelled, "sequence": 3, "row": {"DELITO": None}}
    told = push(field, tmp_path / "null.jsonl", "absent", whole, cancelled, with_empty_cells)
    assert told["outcomes"] == {"TAKEN": 3}
    assert [dict(each.record) for each in entries(field, "absent")][-1] == {}


def test_an_empty_cell_of_a_table_is_there(field: DevelopmentServer, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    cells = row("C-1")
    heading, values = ",".join(cells), ",".join(cells.values())
    file.write_text(f"_register,_id,_event_time,{heading}\noj,C-1,{EVENT},{values}\n", encoding="utf-8")
    assert pushed(field, file, "earlier")["outcomes"] == {"TAKEN": 1}


def test_what_was_sent_without_its_null_cells_is_known(field: DevelopmentServer, tmp_path: Path) -> None:
    """Programs of before left them out: the same change sent again may not look like another history."""
    from core.ledger.change import Change, Kind

    full = row("K-1")
    short = {name: cell for name, cell in full.items() if cell}
    for kind, again in ((Kind.UPSERT, True), (Kind.CANCEL, False)):
        before = Change(kind, "oj", "earlier", record_id="K-1", source_sequence=1, event_ms=1, record=short)
        after = Change(kind, "oj", "earlier", record_id="K-1", source_sequence=1, event_ms=1, record=full)
        assert before.is_again(after) is again
        assert not before.is_again(Change(kind, "oj", "earlier", record_id="K-1", event_ms=1, record={"CUI": "1"}))
    assert json.dumps(short) != json.dumps(full)
