"""Pairs of names with every kind of noise that core.names.comparison knows, for tests; seeded."""

from __future__ import annotations

import random

from core.names import equivalents as name_equivalents
from core.names import frequencies as name_frequencies


def _right_sides(text: str) -> list[str]:
    return [word for line in text.split("\n") if line for word in line.partition(":")[2].split()]


POOLS = [
    name_frequencies.given_names(),
    _right_sides(name_frequencies.SURNAMES),
    _right_sides(name_frequencies.SURNAMES),
    _right_sides(name_equivalents.NICKNAMES),
    _right_sides(name_equivalents.ABBREVIATIONS),
    name_equivalents.TRANSLITERATIONS.split(),
    ["TOT", "POT", "POP", "CU", "US", "Ñ", "H", "J", "DELACRUZ", "MARIAJOSE", "JUANITO", "CARLITOS", "LOLITA", "1985"],
]
LETTERS = "AEIOULNSZCKHVBJGYXQT015Ñ"
BETWEEN = [" "] * 12 + [" DE ", " DE LA ", " VDA DE ", " DEL ", ", ", "\x1f", "\x1f", "-"]


def misspelt(word: str, chance: random.Random) -> str:
    """With some letters changed, added, dropped or swapped, or another ending; often as it was."""
    if chance.random() < 0.5:
        return word
    letters = list(word)
    for _ in range(chance.choice([1, 1, 2])):
        at, letter = chance.randrange(len(letters)), chance.choice(LETTERS)
        kind = chance.randrange(5)
        if kind == 0:
            letters.insert(at, letter)
        elif kind == 1 and len(letters) > 1:
            del letters[at]
        elif kind == 2:
            letters[at] = letter
        elif kind == 3 and at + 1 < len(letters):
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        else:
            letters += chance.choice(["A", "O", "ITO", "ITA", "S"])
    return "".join(letters)


def other(words: list[str], chance: random.Random) -> list[str]:
    """The same name as somebody else writes it, or a name like it."""
    changed = [misspelt(word, chance) for word in words]
    at = chance.randrange(len(changed))
    kind = chance.randrange(9)
    if kind == 0:
        chance.shuffle(changed)
    elif kind == 1:
        changed[at : at + 2] = ["".join(changed[at : at + 2])]
    elif kind == 2 and len(changed) > 1:
        del changed[at]
    elif kind == 3:
        changed.insert(at, chance.choice(chance.choice(POOLS)))
    elif kind == 4:
        changed[at] = chance.choice(chance.choice(POOLS))
    elif kind == 5:
        changed[at] = changed[at][0]
    return changed


def written(words: list[str], chance: random.Random) -> str:
    text = words[0]
    for word in words[1:]:
        text += chance.choice(BETWEEN) + word
    return text


def pairs(count: int, seed: int) -> list[tuple[str, str]]:
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        words = [chance.choice(chance.choice(POOLS)) for _ in range(chance.choice([1, 2, 2, 3, 3, 4, 4, 4, 5, 6]))]
        found.append((written(words, chance), written(other(words, chance), chance)))
    return found
