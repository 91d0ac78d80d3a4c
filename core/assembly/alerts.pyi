"""Alerts of one subject, merged from its records, as they are stored."""

ACTIONS: dict[int, tuple[str, str]]
"""By AlertKind: code and Spanish text of what to do (docs/answers.md section 11)."""
