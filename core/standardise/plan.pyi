"""A plan turned into the structs that rows are encoded by; its shape is drawn in core/standardise/encoder.pyi."""

DERIVED: tuple[str, ...]
"""The sources of a payload's field, besides columns."""
OPERATIONS: tuple[str, ...]
SUBJECT_KEYS: tuple[str, ...]
