"""A plain matcher, of trigrams weighed by rarity: what a good one must beat, and an example of how to plug one in.

`python -m bench.foreign_list.trigrams` asks it about half A (docs/foreign-list.md).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import log
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from bench.bars import printing_console
from bench.foreign_list import files
from bench.foreign_list.short_forms import bare
from bench.foreign_list.verdict import FIRST, Asked, on_pairs, on_questions, table_of

# A birth date that agrees, and one that neither does nor does not, beside the name's own share.
_NAME, _AGREES, _UNKNOWN = 0.6, 0.4, 0.2


def trigrams(name: str) -> frozenset[str]:
    """Returns the trigrams of each word by itself, with two blanks before it and one behind."""
    words = bare(name).replace(",", " ").replace("-", " ").split()
    return frozenset(f"  {word} "[n : n + 3] for word in words for n in range(len(word) + 1))


class Trigrams:
    """Names and aliases of the list, by trigram."""

    def __init__(self, listed: Sequence[dict[str, Any]]) -> None:
        named = [(row, text) for row in listed for text in (row["name"], *(alias["name"] for alias in row["aliases"]))]
        grams = [trigrams(text) for _, text in named]
        self.ids = [str(row["id"]) for row, _ in named]
        self.births = [str(row["birth"]) for row, _ in named]
        self.weights = {
            gram: log(1 + len(named) / count) ** 2 for gram, count in Counter(g for s in grams for g in s).items()
        }
        self.unseen = log(1 + len(named)) ** 2
        places: dict[str, list[int]] = defaultdict(list)
        for place, found in enumerate(grams):
            for gram in found:
                places[gram].append(place)
        self.places = {gram: np.array(found) for gram, found in places.items()}
        self.lengths = np.sqrt([sum(self.weights[gram] for gram in found) or 1.0 for found in grams])

    def search(self, asked: Asked) -> list[tuple[str, float]]:
        """As verdict.Search: the cosine of what is asked and what is listed, and the birth date's share."""
        scores = np.zeros(len(self.ids))
        grams = trigrams(asked.name)
        for gram in grams:
            if gram in self.places:
                scores[self.places[gram]] += self.weights[gram]
        scores /= self.lengths * np.sqrt(sum(self.weights.get(gram, self.unseen) for gram in grams) or 1.0)
        if asked.birth:
            scores = scores * _NAME + np.array([_of_birth(asked.birth, birth) for birth in self.births])
        found: dict[str, float] = {}
        for place in np.argsort(-scores, kind="stable")[: FIRST * 7]:
            found.setdefault(self.ids[place], min(1.0, float(scores[place])))
        return list(found.items())[:FIRST]


def _of_birth(asked: str, listed: str) -> float:
    if asked == listed:
        return _AGREES
    return _UNKNOWN if listed.startswith(asked) or asked.startswith(listed) else 0.0


def with_birth(score: float, asked: str, listed: str) -> float:
    """A score of names, and what a birth date adds to it; "" = none was asked."""
    return score * _NAME + _of_birth(asked, listed) if asked else score


def alike(row: dict[str, Any]) -> float:
    """As verdict.Alike: the share of trigrams that two names have in common."""
    first, second = trigrams(row["name_1"]), trigrams(row["name_2"])
    return len(first & second) / len(first | second)


def main(
    directory: Annotated[Path, typer.Option(help="Where the files are.")] = files.DEFAULT,
    every: Annotated[int, typer.Option(min=1, help="Asks about one of so many.")] = 20,
    checked: Annotated[bool, typer.Option(help="Only the files agreed on.")] = True,
) -> None:
    """The rows of a verdict on half A, of a matcher that knows nothing of names."""
    matcher = Trigrams(files.read(directory, "listed", "AB", checked=checked))
    console = printing_console()
    asked = on_questions(matcher.search, None, directory, "A", every=every, checked=checked)
    console.print(table_of(asked, "Trigrams: questions, half A"))
    console.print(table_of(on_pairs(alike, directory, "A", checked=checked), "Trigrams: pairs, half A"))


if __name__ == "__main__":
    typer.run(main)
