"""The changes of a name between its owner and the question: the kinds of noise of the issue, one function each.

A function gives None if the kind does not fit the name: no nickname is known, there is no second surname to drop.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from bench.names import tables
from bench.names.slips import MIN_LETTERS, misheard, slip, typo


@dataclass(frozen=True)
class Name:
    """A name in its parts. As the truth has it, or as it is asked; `order` = how its words are put together."""

    given: tuple[str, ...]
    surnames: tuple[str, ...]
    married: str = ""  # "DE X", or "X" without a particle
    female: bool = False
    text: str = ""  # when set, the whole as asked; else given, surnames, married

    def asked(self) -> str:
        """The text that is asked."""
        return self.text or " ".join(part for part in (*self.given, *self.surnames, self.married) if part)

    def length(self) -> int:
        """Words that count."""
        return len(tables.words(" ".join((*self.given, *self.surnames))))

    def plain(self) -> Name:
        """Upper case without accents."""
        return replace(
            self,
            given=tuple(tables.plain(part) for part in self.given),
            surnames=tuple(tables.plain(part) for part in self.surnames),
            married=tables.plain(self.married),
        )


Noise = Callable[[Name, random.Random], Name | None]
Surnames = Callable[[random.Random], str]  # draws a surname as often as it is borne


def _places(name: Name, least: int = MIN_LETTERS) -> list[tuple[int, int]]:
    """(part, word) of the words of at least so many letters that are no particles; parts: given then surnames."""
    return [
        (part, place)
        for part, text in enumerate((*name.given, *name.surnames))
        for place, word in enumerate(text.split())
        if len(word) >= least and word not in tables.PARTICLES
    ]


def _word(name: Name, at: tuple[int, int]) -> str:
    return (*name.given, *name.surnames)[at[0]].split()[at[1]]


def _with(name: Name, at: tuple[int, int], word: str) -> Name:
    parts = [text.split() for text in (*name.given, *name.surnames)]
    parts[at[0]][at[1]] = word
    texts = [" ".join(part) for part in parts]
    return replace(name, given=tuple(texts[: len(name.given)]), surnames=tuple(texts[len(name.given) :]))


def _draw(name: Name, rng: random.Random, count: int = 1, least: int = MIN_LETTERS) -> list[tuple[int, int]] | None:
    """Different words, the longer the likelier: an error is made in a letter."""
    places = _places(name, least)
    if len(places) < count:
        return None
    drawn: list[tuple[int, int]] = []
    for _ in range(count):
        weights = [0 if at in drawn else len(_word(name, at)) for at in places]
        drawn.append(rng.choices(places, weights)[0])
    return drawn


def one_error(name: Name, rng: random.Random) -> Name | None:
    """One slip in one word."""
    drawn = _draw(name, rng)
    return _with(name, drawn[0], slip(_word(name, drawn[0]), rng)) if drawn else None


def two_errors(name: Name, rng: random.Random) -> Name | None:
    """One slip in each of two words."""
    drawn = _draw(name, rng, 2)
    for at in drawn or []:
        name = _with(name, at, slip(_word(name, at), rng))
    return name if drawn else None


def phonetic_and_typo(name: Name, rng: random.Random) -> Name | None:
    """One word misheard, and a slip of the finger in what was heard."""
    drawn = _draw(name, rng, least=5)
    heard = misheard(_word(name, drawn[0]), rng) if drawn else None
    if not drawn or heard is None:
        return None
    wrong = typo(heard, rng)
    return None if wrong == _word(name, drawn[0]) else _with(name, drawn[0], wrong)


def nickname(name: Name, rng: random.Random) -> Name | None:
    """Replaces the first or second given name, or both (José María: Chema), by a nickname."""
    known = tables.nicknames()
    both = " ".join(name.given[:2])
    if len(name.given) > 1 and both in known and rng.random() < 0.7:
        return replace(name, given=(rng.choice(known[both]), *name.given[2:]))
    fits = [place for place, part in enumerate(name.given[:2]) if part in known]
    if not fits:
        return None
    place = fits[0] if rng.random() < 0.75 else rng.choice(fits)
    given = list(name.given)
    given[place] = rng.choice(known[given[place]])
    return replace(name, given=tuple(given))


def order(name: Name, rng: random.Random) -> Name | None:
    """Surnames first (most often), given names or surnames swapped, or any order at all."""
    draw = rng.random()
    given, surnames = list(name.given), list(name.surnames)
    if draw < 0.6:
        parts = surnames + given
    elif draw < 0.75 and len(given) > 1:
        parts = given[::-1] + surnames
    elif draw < 0.9 and len(surnames) > 1:
        parts = given + surnames[::-1]
    else:
        parts = given + surnames
        rng.shuffle(parts)
    text = " ".join(parts)
    return None if text == name.asked() else replace(name, text=text)


def no_second_given(name: Name, rng: random.Random) -> Name | None:
    """Only the first given name is said; one in five is called by the second."""
    if len(name.given) < 2:
        return None
    return replace(name, given=(name.given[1] if rng.random() < 0.2 else name.given[0],))


def no_second_surname(name: Name, _rng: random.Random) -> Name | None:
    """Only the first surname is said."""
    return replace(name, surnames=name.surnames[:1]) if len(name.surnames) > 1 else None


def added_second_surname(surname: Surnames) -> Noise:
    """A second surname, where the register has one only."""

    def add(name: Name, rng: random.Random) -> Name | None:
        if len(name.surnames) != 1:
            return None
        return replace(name, surnames=(name.surnames[0], tables.plain(surname(rng))))

    return add


def married_added(surname: Surnames) -> Noise:
    """The husband's surname after a woman's own: "DE X", seldom "VDA. DE X"."""

    def add(name: Name, rng: random.Random) -> Name | None:
        if not name.female or not name.surnames:
            return None
        husband = tables.plain(name.married or surname(rng))
        if husband.split()[0] in tables.PARTICLES:
            return replace(name, married=husband)
        return replace(name, married=("DE " if rng.random() < 0.85 else "VDA. DE ") + husband)

    return add


def married_instead(surname: Surnames) -> Noise:
    """The husband's surname in place of the second surname, with "DE" or without."""

    def put(name: Name, rng: random.Random) -> Name | None:
        if not name.female or len(name.surnames) < 2:
            return None
        husband = tables.plain(name.married or surname(rng))
        de = "" if husband.split()[0] in tables.PARTICLES or rng.random() < 0.4 else "DE "
        return replace(name, surnames=(name.surnames[0],), married=de + husband)

    return put


def joined(name: Name, rng: random.Random) -> Name | None:
    """Words written as one: MARIAJOSE, DELACRUZ, PEREZLOPEZ."""
    several = [part for part in (*name.given, *name.surnames) if " " in part]
    if several and rng.random() < 0.8:
        part = rng.choice(several)
        return replace(name, text=name.asked().replace(part, part.replace(" ", "")))
    pairs = [pair for pair in (name.given[:2], name.surnames[:2]) if len(pair) == 2]
    if not pairs:
        return None
    pair = pairs[0] if rng.random() < 0.7 else rng.choice(pairs)
    return replace(name, text=name.asked().replace(" ".join(pair), "".join(pair).replace(" ", ""), 1))


def as_heard(name: Name, rng: random.Random) -> Name | None:
    """The whole name written by ear: every word may be misheard, at least one is."""
    places = _places(name, 2)
    rng.shuffle(places)
    changed = 0
    for at in places:
        if changed and rng.random() < 0.5:
            continue
        wrong = misheard(_word(name, at), rng)
        if wrong is not None:
            name, changed = _with(name, at, wrong), changed + 1
    return name if changed else None


def transliteration(name: Name, rng: random.Random) -> Name | None:
    """Another spelling of each foreign name in it."""
    known = tables.transliterations()
    places = [at for at in _places(name, 2) if _word(name, at) in known]
    for at in places:
        name = _with(name, at, rng.choice(known[_word(name, at)]))
    return name if places else None


def initials(name: Name, rng: random.Random) -> Name | None:
    """One given name (mostly the second) or the second surname by its first letter."""
    draw = rng.random()
    dot = "." if rng.random() < 0.7 else ""
    if draw < 0.25 and len(name.surnames) > 1:
        return replace(name, surnames=(name.surnames[0], tables.words(name.surnames[1])[0][0] + dot))
    if len(name.given) > 1:
        short = tables.words(name.given[1])[0][0] + dot
        return replace(name, given=(name.given[0], short, *name.given[2:]))
    return replace(name, given=(name.given[0][0] + dot,)) if name.given and len(name.surnames) > 1 else None


def abbreviation(name: Name, rng: random.Random) -> Name | None:
    """A clerk's short form of one word."""
    places = [at for at in _places(name) if _word(name, at) in tables.ABBREVIATIONS]
    if not places:
        return None
    at = rng.choice(places)
    return _with(name, at, rng.choice(tables.ABBREVIATIONS[_word(name, at)]))


def exact(name: Name, _rng: random.Random) -> Name | None:
    """As the register has it."""
    return name


def kinds(surname: Surnames) -> dict[str, Noise]:
    """Every kind of noise by its name."""
    return {
        "exact": exact,
        "one error": one_error,
        "two errors": two_errors,
        "phonetic + typo": phonetic_and_typo,
        "nickname": nickname,
        "swapped order": order,
        "dropped second name": no_second_given,
        "dropped second surname": no_second_surname,
        "added second surname": added_second_surname(surname),
        "married name added": married_added(surname),
        "married name instead": married_instead(surname),
        "joined tokens": joined,
        "as heard": as_heard,
        "transliteration": transliteration,
        "initials": initials,
        "abbreviation": abbreviation,
    }
