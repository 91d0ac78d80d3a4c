"""The inputs of names.bin: terms that a growing table does not shift, and a digest that reveals other tables."""

from __future__ import annotations

import pytest

from core.names import tables_digest
from core.names.comparison import terms


@pytest.mark.parametrize(
    ("short", "whole", "term"),
    [("CHEPE", "JOSE", 3215808482908860279), ("BETO", "ALBERTO", 7810702625437885877)],
)
def test_a_short_form_stands_under_the_name_of_its_line(short: str, whole: str, term: int) -> None:
    """By the number of the line an older names.bin would lose all of them when one is added."""
    assert term in terms(short) & terms(whole)


def test_the_digest_is_another_when_a_table_is(monkeypatch: pytest.MonkeyPatch) -> None:
    digest = tables_digest._digest
    before = digest()
    assert digest() == before == tables_digest.tables_digest()
    monkeypatch.setattr(tables_digest, "_TABLES", (*tables_digest._TABLES, "JOSE: PEPE"))
    assert digest() != before
