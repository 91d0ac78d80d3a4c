"""One linked standard record, read from its Arrow columns."""

LINKED_FIELDS: list[tuple[str, str]]
"""Columns that the assembler reads, as (name, Arrow format)."""
