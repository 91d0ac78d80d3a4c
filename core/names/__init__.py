"""Folding, phonetic keys, tokens, comparison of persons. Python: `keys`, `comparison`, `equivalents`, `frequencies`."""
