"""CUIs within a name's cell, in plain Python, from docs/answers.md section 4 ("In the name's cell")."""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.core.identifiers.naive_identifiers import SEPARATORS, cui_rule
from tests.core.identifiers.naive_shown import SHOWN_MAX
from tests.core.identifiers.naive_written import SIGNS
from tests.core.names.naive_names import LOST, fold

WORDS = ["CUI", "DPI", "CODIGO", "UNICO", "DOCUMENTO", "PERSONAL", "IDENTIFICACION", "VENCIDO", "VIGENTE"]
WORDS += ["NO", "NRO", "NUM", "NUMERO", "N", "DE", "DEL"]
NOT_FIRST = ("N", "DE", "DEL")
WORDS_MAX, LETTERS_MAX = 64, 16


class Word(NamedTuple):
    """A word's place, its letters folded, and its digits, where it is a number or one behind DPI or CUI."""

    start: int
    end: int
    letters: str
    digits: str

    @property
    def grown(self) -> bool:
        return self.digits != self.letters


def _words(text: str) -> list[Word]:
    spans: list[list[int]] = []
    inside = False
    for place, character in enumerate(text):
        apart = character in SIGNS or character in SEPARATORS
        if not apart and character != LOST and not fold(character) and fold(f"A{character}B") == "AB":
            continue
        if apart or not (character == LOST or fold(character)):
            inside = False
            continue
        if not inside:
            spans.append([place, place])
        spans[-1][1] = place + 1
        inside = True
    found = []
    for start, end in spans:
        letters = "".join("?" if c == LOST else fold(c) for c in text[start:end])
        number = re.fullmatch("(?:DPI|CUI)?([0-9]+)", letters)
        found.append(Word(start, end, letters, number[1] if number and len(letters) <= LETTERS_MAX else ""))
    return found if len(found) <= WORDS_MAX else []


def _found(text: str) -> tuple[list[str], list[Word]]:
    """The CUIs, and the words to take out of the name."""
    if len(re.findall("[0-9]", text)) < 13:
        return [], []
    words = _words(text)
    cuis: list[str] = []
    out: set[int] = set()
    first = 0
    while first < len(words):
        last = first + 1
        while words[first].digits and last < len(words) and words[last].digits and not words[last].grown:
            last += 1
        run = range(first, last)
        for some in [*([i] for i in run), *([list(run)] if len(run) > 1 else [])]:
            number = "".join(words[i].digits for i in some)
            if len(number) == 13 and cui_rule(number) is None:
                cuis.append(number)
                out.update(some)
        first = last
    cuis = list(dict.fromkeys(cuis))
    if not cuis or len(cuis) > SHOWN_MAX:
        return [], []
    for number_at in sorted(out):
        out |= _said_before(words, number_at, out)
    return cuis, [words[i] for i in sorted(out)]


def _said_before(words: list[Word], number_at: int, out: set[int]) -> set[int]:
    """The words before a number that say what it is."""
    first = number_at
    while first and first - 1 not in out:
        spelled = [word.letters for word in words[first - 3 : first]] if first >= 3 else []
        if spelled in ([*"DPI"], [*"CUI"]):
            first -= 3
        elif words[first - 1].letters in WORDS:
            first -= 1
        else:
            break
    while first < number_at and words[first].letters in NOT_FIRST:
        first += 1
    return set(range(first, number_at))


def cuis(text: str) -> list[str]:
    return _found(text)[0]


def without_cuis(text: str) -> str:
    for word in reversed(_found(text)[1]):
        text = text[: word.start] + text[word.end :]
    return text
