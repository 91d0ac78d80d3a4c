"""One slip in one word: of a finger, of an ear, of an eye. Plain upper-case words in, the wrong word out."""

from __future__ import annotations

import random
import re

from bench.names.tables import HEARD, OCR, neighbours

MIN_LETTERS = 3


def typo(word: str, rng: random.Random) -> str:
    """A slip of the finger: a letter left out, two swapped, a neighbouring key instead, or one too many."""
    while True:
        place = rng.randrange(len(word))
        near = neighbours().get(word[place], word[place])
        draw = rng.random()
        if draw < 0.35:
            wrong = word[:place] + rng.choice(near) + word[place + 1 :]
        elif draw < 0.65:
            wrong = word[:place] + word[place + 1 :]
        elif draw < 0.85:
            wrong = word[:place] + word[place : place + 2][::-1] + word[place + 2 :]
        else:
            wrong = word[:place] + rng.choice(near + word[place]) + word[place:]
        if wrong != word:
            return wrong


def misheard(word: str, rng: random.Random) -> str | None:
    """A slip of the ear; None when no rule fits the word."""
    found = []
    for pattern, replacement in HEARD:
        for hit in re.finditer(pattern, word):
            put = hit.group()[0] if replacement == "1" else replacement
            wrong = word[: hit.start()] + put + word[hit.end() :]
            if wrong != word and len(wrong) >= MIN_LETTERS - 1:
                found.append(wrong)
    return rng.choice(found) if found else None


def misread(word: str, rng: random.Random) -> str | None:
    """A slip of the eye; None when no pair fits the word."""
    found = []
    for seen, taken in OCR:
        place = word.find(seen)
        while place >= 0:
            found.append(word[:place] + taken + word[place + len(seen) :])
            place = word.find(seen, place + 1)
    return rng.choice(found) if found else None


def slip(word: str, rng: random.Random) -> str:
    """One error: of the finger (45 %), the ear (35 %) or the eye (20 %); of the finger when the other fits nowhere."""
    draw = rng.random()
    wrong = None if draw < 0.45 else misheard(word, rng) if draw < 0.8 else misread(word, rng)
    return typo(word, rng) if wrong is None else wrong
