"""The tables and rules by which words of names go together, as one number.

names.bin holds its words under terms that its builder made. A program with other tables asks for other terms. Similar
sounds, short forms and slips that only one of the two knows are not found until the next build.
"""

from __future__ import annotations

import hashlib
import struct

from core.names.comparison import terms
from core.names.equivalents import ABBREVIATIONS, NICKNAMES, TRANSLITERATIONS
from core.names.frequencies import GIVEN_NAMES, SURNAMES
from core.names.keys import fold

_TABLES = (NICKNAMES, ABBREVIATIONS, TRANSLITERATIONS, GIVEN_NAMES, SURNAMES)
_EVERY_WORD = 20  # of these the terms are looked at for the rules: all take 0.1 s, which is much at opening
_EVERY_LETTER = 37
_LETTERS = range(0x80, 0xD800)
_MADE: list[str] = []  # once a process


def tables_digest() -> str:
    """SHA-256 of the built-in tables, of the terms of some of their words, and of what letters fold to."""
    if not _MADE:
        _MADE.append(_digest())
    return _MADE[0]


def _digest() -> str:
    state = hashlib.sha256()
    for table in _TABLES:
        state.update(table.encode() + b"\0")
    words = sorted({folded for table in _TABLES for word in table.replace(":", " ").split() if (folded := _word(word))})
    for word in words[::_EVERY_WORD]:
        found = sorted(terms(word))
        state.update(struct.pack(f"<{len(found)}Q", *found))
    for code in _LETTERS[::_EVERY_LETTER]:
        state.update(fold(chr(code)).encode() + b"\0")
    return state.hexdigest()


def _word(text: str) -> str:
    """One word of a table, folded; "" where it is none."""
    folded = fold(text).split()
    return folded[0] if len(folded) == 1 else ""
