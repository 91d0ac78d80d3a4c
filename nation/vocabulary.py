"""Name tokens as small numbers, their written styles, and how clerks misspell them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

from nation import tables
from nation.columns import Column, array, texts

Tokens = npt.NDArray[np.int32]

NONE = 0  # token number of "no name here"
SPELLINGS = 8  # spelling 0 is the right one
ACCENTED = "accented"
PLAIN = "plain"
ASCII = "ascii"

# Pairs that a Guatemalan clerk confuses because they sound alike, as (pattern, replacement).
# X for J and K for C are common in Mayan surnames.
_CONFUSED = [
    ("B", "V"), ("V", "B"), ("Z", "S"), ("S", "Z"), ("C(?=[EI])", "S"), ("S(?=[EI])", "C"), ("G(?=[EI])", "J"),
    ("J(?=[EI])", "G"), ("^J", "X"), ("LL", "Y"), ("Y(?=[AEIOU])", "LL"), ("^H", ""), ("^(?=[AEIOU])", "H"),
    ("QU(?=[EI])", "K"), ("K", "C"), ("C(?=[AOU])", "K"), ("Ñ", "N"), ("TZ", "TS"), ("X", "J"), ("N(?=[BPF])", "M"),
]  # fmt: skip


# What a clerk in a hurry writes for the commonest names.
_SHORT = {
    "MARIA": "MA.",
    "FRANCISCO": "FCO.",
    "HERNANDEZ": "HDZ.",
    "GONZALEZ": "GLEZ.",
    "RODRIGUEZ": "RDZ.",
    "JUAN": "JN.",
}


def plain(text: str) -> str:
    """Upper case without accents; Ñ is kept."""
    kept = text.upper().replace("Ñ", "\0")
    bare = "".join(c for c in unicodedata.normalize("NFD", kept) if not unicodedata.combining(c))
    return bare.replace("\0", "Ñ")


def _styled(word: str, style: str) -> str:
    if style == ACCENTED:
        return word.upper()
    return plain(word) if style == PLAIN else plain(word).replace("Ñ", "N")


@cache
def misspellings(token: str) -> tuple[str, ...]:
    """Every way in which one confused sound, or haste, changes a plain token; () = none."""
    found: dict[str, None] = {}
    for pattern, replacement in _CONFUSED:
        wrong = re.sub(pattern, replacement, token, count=1)
        if wrong != token and len(wrong) > 2:
            found.setdefault(wrong)
    if token in _SHORT:
        found.setdefault(_SHORT[token])
    return tuple(found)


class Vocabulary:
    """Numbers for all name tokens. Token 0 is no name. A token may be of several words ("de León")."""

    def __init__(self) -> None:
        self._words: list[str] = [""]
        self._numbers: dict[str, int] = {"": NONE}
        self._styles: dict[str, Column] = {}
        self._misspelt: Column | None = None

    def number(self, word: str) -> int:
        """The token's number, given when it is new. "" is 0."""
        known = self._numbers.get(word)
        if known is not None:
            return known
        self._styles.clear()
        self._misspelt = None
        self._words.append(word)
        self._numbers[word] = len(self._words) - 1
        return len(self._words) - 1

    def numbers(self, words: list[str]) -> Tokens:
        """Numbers of several tokens."""
        return np.array([self.number(word) for word in words], dtype=np.int32)

    def word(self, token: int) -> str:
        """The token as its owner writes it."""
        return self._words[token]

    def words(self, tokens: Tokens, style: str) -> Column:
        """A column of tokens in a style, null for token 0.

        ACCENTED: "JOSÉ", "NUÑEZ"; PLAIN: "JOSE", "NUÑEZ"; ASCII: "JOSE", "NUNEZ".
        """
        if style not in self._styles:
            self._styles[style] = texts([_styled(word, style) or None for word in self._words])
        return self._styles[style].take(array(tokens))

    def misspelt(self, tokens: Tokens, spelling: npt.NDArray[np.int64]) -> Column:
        """A column in PLAIN style, spelled in the way `spelling` (0 to SPELLINGS - 1; 0 = right)."""
        if self._misspelt is None:
            every: list[str | None] = []
            for word in self._words:
                right = plain(word)
                wrong = misspellings(right)
                every.append(right or None)
                every += [(wrong[i % len(wrong)] if wrong else right) or None for i in range(SPELLINGS - 1)]
            self._misspelt = array(every)
        return self._misspelt.take(array(tokens.astype(np.int64) * SPELLINGS + spelling))


def surname_pool(vocabulary: Vocabulary, community: str) -> tuple[Tokens, tables.Floats]:
    """Surnames of a community ("" = Spanish-speaking) and their weights."""
    if community:
        names = [row["name"] for row in tables.rows("surnames_mayan") if row["community"] == community]
        return vocabulary.numbers(names), tables.by_rank(len(names), 4.0)
    names = tables.column("surnames_spanish", "name")
    return vocabulary.numbers(names), tables.by_rank(len(names), 8.0)


def given_pool(vocabulary: Vocabulary, female: bool) -> tuple[Tokens, tables.Floats]:
    """Given names of one sex and their weights."""
    names = tables.column("given_female" if female else "given_male", "name")
    return vocabulary.numbers(names), tables.by_rank(len(names), 5.0)


def small_pool(vocabulary: Vocabulary, table: str, female: bool) -> Tokens:
    """Given names from a table with a column `sex`, all equally frequent."""
    sex = "F" if female else "M"
    return vocabulary.numbers([row["name"] for row in tables.rows(table) if row["sex"] == sex])
