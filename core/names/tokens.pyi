"""Comparison of two tokens of names (docs/names.md, "Tokens"). For Python: core.names.comparison."""
