"""Comparison of two tokens of names (docs/names.md, "Tokens"). Called from compiled code; Python calls core.match."""
