"""The lists of data/*.toml: names in the order of their frequency, each with its other spellings and its own letters.

A list: `offset` (weights are 1 / (rank + offset)), `names`, and perhaps a tail of rare ones: `first` and `last` parts
that are put together in `tail` of the draws. No country has only its two hundred commonest surnames. `letters` names a
script that scripts.py writes in Latin letters. Names stand between blanks; `_` is a blank within one:

    Usual|Other|Another=own_letters
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from bench.foreign_list.draws import Draws
from bench.foreign_list.scripts import romanised

DATA = Path(__file__).parent / "data"
COMMON = 25  # of a list, by rank: what says little about who somebody is
_RARE = 100_000  # rank of a name of a tail


@dataclass(frozen=True, slots=True)
class Entry:
    """A name. forms: Latin spellings, the usual one first; script: in its own letters, "" = Latin or not known."""

    forms: tuple[str, ...]
    script: str = ""
    rank: int = _RARE

    @property
    def text(self) -> str:
        """As it is written most."""
        return self.forms[0]

    @property
    def common(self) -> bool:
        """Returns whether many bear it."""
        return self.rank < COMMON


def read(word: str, letters: str = "", rank: int = _RARE) -> Entry:
    """An entry from its notation."""
    latin, _, script = word.replace("_", " ").partition("=")
    if letters:
        return Entry(romanised(latin, letters), latin, rank)
    # A form may stand twice: in Chinese and Korean lists the place of a form is its system.
    return Entry(tuple(latin.split("|")), script, rank)


@dataclass(frozen=True)
class NameList:
    """One list, ready to draw from."""

    entries: tuple[Entry, ...]
    cumulative: tuple[float, ...]
    first: tuple[Entry, ...] = ()
    last: tuple[Entry, ...] = ()
    tail: float = 0.0
    letters: str = ""

    def draw(self, draws: Draws) -> Entry:
        """A name by its frequency."""
        if self.tail and draws.chance(self.tail):
            return self._rare(draws)
        return self.entries[draws.place(self.cumulative)]

    def other(self, draws: Draws, *taken: Entry) -> Entry:
        """A name that is spelt as none of `taken`."""
        spelt = {form for entry in taken for form in entry.forms}
        for _ in range(50):
            found = self.draw(draws)
            if not spelt & set(found.forms):
                return found
        return next(entry for entry in self.entries if not spelt & set(entry.forms))

    def _rare(self, draws: Draws) -> Entry:
        first, last = draws.pick(self.first), draws.pick(self.last)
        if self.letters:
            text = first.script + last.script.lower()
            return Entry(romanised(text, self.letters), text)
        count = max(len(first.forms), len(last.forms))
        forms = dict.fromkeys(
            _joined(first.forms[min(n, len(first.forms) - 1)], last.forms[min(n, len(last.forms) - 1)])
            for n in range(count)
        )
        return Entry(tuple(forms), first.script + last.script if first.script and last.script else "")


def _joined(first: str, last: str) -> str:
    """One word, unless the first part ends in a sign or a blank."""
    joined = first + (last.lower() if first[-1].isalpha() else last)
    return re.sub(r"(.)\1\1", r"\1\1", joined)


@cache
def _tables() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(DATA.glob("*.toml")):
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        found |= {name: table for name, table in tables.items() if isinstance(table, dict) and "names" in table}
    return found


@cache
def name_list(name: str) -> NameList:
    """The list of that name; raises KeyError when no file has it."""
    table = _tables()[name]
    letters = str(table.get("letters", ""))
    entries = tuple(read(word, letters, rank) for rank, word in enumerate(table["names"].split()))
    offset = float(table["offset"])
    return NameList(
        entries=entries,
        cumulative=tuple(accumulate(1.0 / (rank + offset) for rank in range(len(entries)))),
        first=tuple(read(word, letters) for word in table.get("first", "").split()),
        last=tuple(read(word, letters) for word in table.get("last", "").split()),
        tail=float(table.get("tail", 0.0)),
        letters=letters,
    )


def list_names() -> list[str]:
    """Names of all lists."""
    return sorted(_tables())
