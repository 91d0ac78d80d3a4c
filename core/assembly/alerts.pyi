"""Alerts of one subject, merged from its records, as they are stored."""

ACTIONS: dict[int, tuple[str, str]]
"""The action by AlertKind: code and Spanish text (docs/answers.md section 11)."""
