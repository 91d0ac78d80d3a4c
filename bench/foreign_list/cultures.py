"""The cultures of data/cultures.toml: shares, nationalities, lists."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache

from bench.foreign_list.draws import Draws
from bench.foreign_list.entries import DATA, Entry, NameList, name_list, read
from bench.foreign_list.scripts import feminine, romanised

# Whose short forms a culture uses that names none of its own.
_SHORT_FORMS = {"hispanic": "spanish", "filipino": "spanish", "lusophone": "portuguese"}


def _weights(text: str) -> dict[str, float]:
    """`a:6 b:4`, or one word."""
    pairs = [word.partition(":") for word in text.split()]
    return {name: float(weight or 1) for name, _, weight in pairs}


@dataclass(frozen=True)
class Culture:
    """A people's way of drawing and joining names."""

    name: str
    share: float
    shape: str
    nationalities: dict[str, float]
    lists: dict[str, dict[str, float]]  # male, female, surnames: lists with weights
    letters: str = ""
    short_forms: str = "spanish"

    def draw_list(self, kind: str, draws: Draws) -> NameList:
        """One of the lists for `kind`."""
        return name_list(draws.weighted(self.lists[kind]))

    def given(self, sex: str, draws: Draws, *taken: Entry) -> Entry:
        """A given name that is none of `taken`; of two characters or syllables where these make one."""
        kind = "male" if sex == "M" else "female"
        drawn = self.draw_list(kind, draws)
        if self.shape == "chinese":
            characters = [drawn.draw(draws) for _ in range(1 if draws.chance(0.2) else 2)]
            return _of_characters(characters, draws.chance(0.2))
        if self.shape == "korean":
            first = drawn.draw(draws)
            sign = draws.weighted({"-": 5.0, " ": 3.0, "": 2.0})
            return _of_syllables(first, drawn.other(draws, first), sign)
        return drawn.other(draws, *taken)

    def surname(self, draws: Draws, *taken: Entry) -> Entry:
        """A surname, in its masculine form."""
        return self.draw_list("surnames", draws).other(draws, *taken)

    def borne_by(self, surname: Entry, sex: str) -> Entry:
        """Returns the surname in the form for the sex."""
        if sex == "M" or not self.letters:
            return surname
        if self.letters == "polish":
            return replace(surname, forms=tuple(feminine(form, "polish") for form in surname.forms))
        hers = feminine(surname.script, self.letters)
        return surname if hers == surname.script else Entry(romanised(hers, self.letters), hers, surname.rank)


def _of_characters(characters: list[Entry], apart: bool) -> Entry:
    """A Chinese given name: Xiaoming or Xiao Ming, Hsiao-ming, Siu Ming; the place of a form is its system."""
    pinyin, wade, cantonese = ([c.forms[min(n, len(c.forms) - 1)] for c in characters] for n in range(3))
    hyphened = "-".join([wade[0], *(syllable.lower() for syllable in wade[1:])])
    forms = (" ".join(pinyin) if apart else "".join(pinyin).capitalize(), hyphened, " ".join(cantonese))
    return Entry(forms, "".join(c.script for c in characters), max(c.rank for c in characters) * 4)


def _of_syllables(first: Entry, second: Entry, sign: str) -> Entry:
    """A Korean given name: Min-jun, Min Jun or Minjun, then in the two other systems."""

    def both(form: int) -> tuple[str, str]:
        one, two = (e.forms[min(form, len(e.forms) - 1)] for e in (first, second))
        return one, two

    (a, b), (c, d), (e, f) = both(0), both(1), both(2)
    forms = (f"{a}{sign}{b if sign == ' ' else b.lower()}", f"{c}{d.lower()}", f"{e}-{f.lower()}")
    return Entry(forms, first.script + second.script, (first.rank + second.rank) * 2)


@cache
def cultures() -> dict[str, Culture]:
    """All of them, in the order of the file."""
    rows = tomllib.loads((DATA / "cultures.toml").read_text(encoding="utf-8"))["culture"]
    return {
        row["name"]: Culture(
            name=row["name"],
            share=float(row["share"]),
            shape=row["shape"],
            nationalities=_weights(row["nationalities"]),
            lists={kind: _weights(row[kind]) for kind in ("male", "female", "surnames")},
            letters=row.get("letters", ""),
            short_forms=row.get("short_forms", _SHORT_FORMS.get(row["shape"], "english")),
        )
        for row in rows
    }


@cache
def fixed(text: str) -> Entry:
    """A word of no list, in the notation of the lists."""
    return read(text, rank=0)
