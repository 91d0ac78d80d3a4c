"""One linked standard record, read from its Arrow columns (docs/standard-record.md)."""

LINKED_FIELDS: list[tuple[str, str]]
"""Columns that the assembler reads of a linked record, as (name, Arrow format)."""
ENTITY_FIELDS: list[tuple[str, str]]
"""Columns of an entity batch, as (name, Arrow format)."""
