"""Tokens that stand for one another: nicknames, abbreviations, transliterations. Called from compiled code."""

ABBREVIATIONS: str
NICKNAMES: str
NICKNAMES_ABROAD: str
TRANSLITERATIONS: str
