"""A Guatemalan officer's errors in a name that is heard, read or copied: keys, sounds, words.

Each kind of noise changes a text in one place. Sounds are those that Spanish speakers do not distinguish, or write in
several ways; keys those that stand beside each other on a Latin American keyboard.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from bench.foreign_list.draws import Draws
from bench.foreign_list.hearing import SOUNDS, misheard

# How many slips one asked name has, and of which kinds.
SLIPS = {0: 35.0, 1: 40.0, 2: 19.0, 3: 6.0}
WEIGHTS = {
    "key_neighbour": 11.0,
    "key_missing": 10.0,
    "key_doubled": 6.0,
    "key_swapped": 6.0,
    "heard_b_v": 9.0,
    "heard_s_c_z": 14.0,
    "heard_ll_y": 7.0,
    "heard_h": 9.0,
    "heard_g_j": 7.0,
    "heard_qu_k": 9.0,
    "heard_w_gu": 4.0,
    "heard_vowel": 5.0,
    "heard_cluster": 9.0,
    "double_letter": 6.0,
    "word_lost": 9.0,
    "word_added": 4.0,
    "word_order": 8.0,
    "word_exchanged": 3.0,
    "words_joined": 3.0,
    "word_split": 2.0,
    "word_shortened": 3.0,
}
KINDS = (*WEIGHTS, "accents_lost")
ACCENTS_LOST = 0.75  # of the names that have any
UPPER = 0.4
_ROWS = ("qwertyuiop", "asdfghjklñ", "zxcvbnm")
_LETTERS = {
    "ß": "ss",
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ı": "i",
    "æ": "ae",
    "Æ": "Ae",
    "ð": "d",
    "þ": "th",
    "ʼ": "'",
    "ə": "e",
    "œ": "oe",
}
# Words that a clerk puts in for one that he did not catch, or besides.
_COMMON = (
    "José",
    "María",
    "Juan",
    "Luis",
    "Carlos",
    "Antonio",
    "Ana",
    "López",
    "García",
    "Pérez",
    "Hernández",
    "Morales",
    "Méndez",
    "Ramírez",
    "Gómez",
    "Alexander",
    "de Jesús",
    "Castillo",
    "Manuel",
    "Isabel",
)


def without_accents(text: str, draws: Draws) -> str:
    """As typed where the keyboard has no other letters; ñ stays in seven of ten texts."""
    keep = draws.chance(0.7)
    umlaut = draws.chance(0.5)
    found = []
    for letter in text:
        if letter in "ñÑ" and keep:
            found.append(letter)
        elif letter in "üöäÜÖÄ" and umlaut:
            found.append({"ü": "ue", "ö": "oe", "ä": "ae", "Ü": "Ue", "Ö": "Oe", "Ä": "Ae"}[letter])
        elif letter in _LETTERS:
            found.append(_LETTERS[letter])
        else:
            found.append("".join(c for c in unicodedata.normalize("NFD", letter) if not unicodedata.combining(c)))
    return "".join(found)


def as_asked(text: str, draws: Draws, strangers: Sequence[str] = _COMMON) -> tuple[str, list[str]]:
    """The text as one officer types it, and the kinds of noise in it, in the order in which they came.

    strangers: words of other people, for one word exchanged or added.
    """
    kinds: list[str] = []
    for _ in range(draws.weighted(SLIPS)):
        # A name that has nothing of the kind takes another.
        for _ in range(12):
            kind = draws.weighted(WEIGHTS)
            other = slipped(text, kind, draws, strangers)
            if other is not None and kind not in kinds:
                text = other
                kinds.append(kind)
                break
    if any(ord(letter) > 127 for letter in text) and text[:1].upper() in _LATIN and draws.chance(ACCENTS_LOST):
        plain = without_accents(text, draws)
        if plain != text:
            text = plain
            kinds.append("accents_lost")
    return (text.upper() if draws.chance(UPPER) else text), kinds


_LATIN = {chr(letter) for letter in range(ord("A"), ord("Z") + 1)} | set(
    "ÁÉÍÓÚÑÜÖÄÅØŁŚŠŽČĆĐÇŞİĞŻŹẸỌṢÂÊÎÔÛÀÈÌÒÙÃÕȘȚĂËÏŸỲỊỤÝÞÆŒŐŰḤ"
)


def slipped(text: str, kind: str, draws: Draws, strangers: Sequence[str] = _COMMON) -> str | None:
    """The text with one slip of that kind; None where it has no place for it, or comes out the same."""
    other = misheard(text, kind, draws) if kind in SOUNDS else _SLIPS[kind](text, draws, strangers)
    if other is None or not other.strip() or other.casefold() == text.casefold():
        return None
    return other


def _letter_at(text: str, draws: Draws, first: int = 0) -> int | None:
    """The place of a letter of a word of more than three, not its first one most of the time."""
    found = [
        match.start() + n
        for match in re.finditer(r"\w{4,}", text)
        for n in range(max(first, 0 if draws.chance(0.15) else 1), len(match[0]))
    ]
    return draws.pick(found) if found else None


def _key_neighbour(text: str, draws: Draws, _strangers: Sequence[str]) -> str | None:
    place = _letter_at(text, draws)
    if place is None:
        return None
    letter = text[place].lower()
    for number, row in enumerate(_ROWS):
        if letter in row:
            at = row.index(letter)
            beside = [row[n] for n in (at - 1, at + 1) if 0 <= n < len(row)]
            beside += [_ROWS[n][at] for n in (number - 1, number + 1) if 0 <= n < 3 and at < len(_ROWS[n])]
            wrong = draws.pick(beside)
            return text[:place] + (wrong.upper() if text[place].isupper() else wrong) + text[place + 1 :]
    return None


def _key_missing(text: str, draws: Draws, _strangers: Sequence[str]) -> str | None:
    place = _letter_at(text, draws, 1)
    return None if place is None else text[:place] + text[place + 1 :]


def _key_doubled(text: str, draws: Draws, _strangers: Sequence[str]) -> str | None:
    place = _letter_at(text, draws, 1)
    return None if place is None else text[: place + 1] + text[place:]


def _key_swapped(text: str, draws: Draws, _strangers: Sequence[str]) -> str | None:
    place = _letter_at(text, draws, 2)
    return None if place is None else text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :]


def _double_letter(text: str, draws: Draws, _strangers: Sequence[str]) -> str | None:
    """Lost where there is one (but ll and rr are letters of their own), else put where foreigners have it."""
    found = list(re.finditer(r"(?<=\w)([bcdfgkmnpstzaeo])\1", text))
    if found:
        match = draws.pick(found)
        return text[: match.start()] + text[match.start() + 1 :]
    found = list(re.finditer(r"(?<=[aeiou])[lnstpcfm](?=[aeiou])", text))
    if not found:
        return None
    match = draws.pick(found)
    return text[: match.end()] + text[match.start() :]


def _word_lost(text: str, draws: Draws, _strangers: Sequence[str]) -> str | None:
    words = text.split()
    if len(words) < 3:
        return None
    lost = draws.below(len(words))
    return " ".join(words[:lost] + words[lost + 1 :])


def _word_added(text: str, draws: Draws, strangers: Sequence[str]) -> str | None:
    words = text.split()
    place = draws.between(1, len(words))
    return " ".join([*words[:place], draws.pick(strangers), *words[place:]])


def _word_order(text: str, draws: Draws, _strangers: Sequence[str]) -> str | None:
    words = text.replace(",", "").split()
    if len(words) < 2:
        return None
    if draws.chance(0.7):
        cut = draws.between(1, len(words) - 1)
        return " ".join(words[cut:] + words[:cut])
    place = draws.between(1, len(words) - 1)
    words[place - 1], words[place] = words[place], words[place - 1]
    return " ".join(words)


def _word_exchanged(text: str, draws: Draws, strangers: Sequence[str]) -> str | None:
    words = text.split()
    if len(words) < 3:
        return None
    words[draws.below(len(words))] = draws.pick(strangers)
    return " ".join(words)


def _words_joined(text: str, draws: Draws, _strangers: Sequence[str]) -> str | None:
    words = text.split()
    if len(words) < 3:
        return None
    place = draws.between(1, len(words) - 1)
    return " ".join([*words[: place - 1], words[place - 1] + words[place].lower(), *words[place + 1 :]])


def _word_split(text: str, draws: Draws, _strangers: Sequence[str]) -> str | None:
    found = list(re.finditer(r"\w{7,}", text))
    if not found:
        return None
    match = draws.pick(found)
    cut = draws.between(match.start() + 3, match.end() - 3)
    return f"{text[:cut]} {text[cut : cut + 1].upper()}{text[cut + 1 :]}"


def _word_shortened(text: str, draws: Draws, _strangers: Sequence[str]) -> str | None:
    """A given name in haste: one letter with a dot, or its first letters."""
    words = text.split()
    if len(words) < 3:
        return None
    place = draws.below(len(words) - 1)
    if len(words[place]) < 4:
        return None
    words[place] = draws.pick((f"{words[place][0]}.", words[place][0], f"{words[place][:3]}."))
    return " ".join(words)


_SLIPS: dict[str, Callable[[str, Draws, Sequence[str]], str | None]] = {
    "key_neighbour": _key_neighbour,
    "key_missing": _key_missing,
    "key_doubled": _key_doubled,
    "key_swapped": _key_swapped,
    "double_letter": _double_letter,
    "word_lost": _word_lost,
    "word_added": _word_added,
    "word_order": _word_order,
    "word_exchanged": _word_exchanged,
    "words_joined": _words_joined,
    "word_split": _word_split,
    "word_shortened": _word_shortened,
}
