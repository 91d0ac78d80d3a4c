"""The standard record is described once: what was compiled, Arrow's schemas and the page agree with the description."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from core.assembly.record import ENTITY_FIELDS, LINKED_FIELDS
from core.standard_record import ASSEMBLED, ENTITY, LINK, PARTS, STANDARD, Column, Part
from core.standardise.encoder import COLUMNS
from indexer.standard import EMPTY_RECORD, ENTITY_SCHEMA, LINKED_SCHEMA, STANDARD_SCHEMA
from tests.house.standard_record_page import BEGIN, END, PAGE, tables

ROOT = Path(__file__).parents[2]


def formats(columns: tuple[Column, ...]) -> list[tuple[str, str]]:
    return [(column.name, column.format) for column in columns]


def nulls(schema: pa.Schema) -> dict[str, bool]:
    return {field.name: field.nullable for field in schema}


def test_what_was_compiled_is_what_is_described() -> None:
    """Red after a change of the description that was not built: ./run build."""
    assert formats(STANDARD) == COLUMNS
    assert formats(ASSEMBLED) == LINKED_FIELDS
    assert formats(ENTITY) == ENTITY_FIELDS


def test_the_schemas_are_what_is_described() -> None:
    for schema, columns in (
        (STANDARD_SCHEMA, STANDARD),
        (LINKED_SCHEMA, (*STANDARD, *LINK)),
        (ENTITY_SCHEMA, ENTITY),
    ):
        assert schema.names == [column.name for column in columns]
        assert nulls(schema) == {column.name: column.nullable for column in columns}
    kinds = {"day": pa.int32(), "span": pa.int16(), "entity": pa.uint32(), "bool": pa.bool_(), "string": pa.string()}
    assert {c.name: kinds[c.type] for c in (*STANDARD, *LINK) if c.type in kinds}.items() <= {
        field.name: field.type for field in LINKED_SCHEMA
    }.items()
    table = pa.Table.from_pylist([EMPTY_RECORD], schema=STANDARD_SCHEMA)
    table.validate(full=True)
    assert [name for name in table.column_names if table.column(name).null_count] == [
        column.name for column in STANDARD if column.nullable
    ]


def body(part: Part) -> str:
    """The text of the function that fills a part."""
    file, function = part.by.split()
    text = (ROOT / file).read_text(encoding="utf-8")
    found = re.search(rf"^(?:cdef .*|def ){function}\(.*?(?=^(?:cdef|def|class) |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{file} has no {function}"
    return found.group()


@pytest.mark.parametrize("name", PARTS)
def test_who_is_said_to_fill_a_part_does(name: str) -> None:
    text = body(PARTS[name])
    places = {"link": "LINK_FIELDS", "entity": "ENTITY_SCHEMA"}
    for column in PARTS[name].columns:
        assert re.search(rf"\b{places.get(name, f'O_{column.name}')}\b", text), column.name


def test_the_page_holds_the_tables() -> None:
    """Else: .venv/bin/python -m tests.house.standard_record_page."""
    page = PAGE.read_text(encoding="utf-8")
    assert page.partition(BEGIN)[2].partition(END)[0] == tables()


def test_a_type_that_there_is_not_is_named(tmp_path: Path) -> None:
    for file in ("standard_record.py", "standard_record.toml"):
        text = (ROOT / "core" / file).read_text(encoding="utf-8")
        (tmp_path / file).write_text(text.replace('sex = ["uint8"', 'sex = ["uint9"'), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", "import standard_record"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode and "column sex has the type 'uint9'" in done.stderr
