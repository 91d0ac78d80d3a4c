"""Ronda against the list of the kinds, in process: names.bin of the listed persons, and a full scan by its evidence."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.foreign_list.product import Product, birth_of
from bench.names.kinds import people
from bench.names.kinds.truth import Question
from core.linking import index
from core.names import comparison

PAGE = 20
_FIELDS = ("patronymic",)  # stands with the given names in a register


@dataclass(frozen=True)
class Found:
    """One listed person of an answer. `told`: evidence, bits; alerts: a check would be POSSIBLE at least."""

    person: str
    told: float
    score: float
    alerts: bool


def name_parts(person: people.Person) -> dict[str, str]:
    """The name on file as core.names.comparison takes it: given and surnames, or full."""
    parts = person.parts
    if not parts:
        return {"full": person.text}
    given = " ".join(text for part in ("given", *_FIELDS) if (text := parts.get(part, "")))
    return {"given": given, "surnames": parts.get("surname", "")}


class OnFile:
    """The listed persons as Ronda has them on file."""

    def __init__(self) -> None:
        listed = [people.listed(number) for number in range(people.count())]
        with tempfile.TemporaryDirectory() as directory:
            # The file is mapped: it stays readable when its directory is gone.
            self.product = Product((one.row() for one in listed), Path(directory) / "names.bin", index, comparison)
        self.ids = [one.id for one in listed]
        self._held = [comparison.Person(names=name_parts(one)) for one in listed]
        self._frequencies = self.product.index.frequencies
        self._population = float(self.product.index.population)

    def found(self, question: Question, *, dated: bool, filling: bool = True) -> list[Found]:
        """Returns the first page of a search (filling), or the persons that a check looks at."""
        birth = birth_of(question.birth if dated else "")
        matches = self.product.index.search(question.asked, birth=birth, filling=filling, limit=PAGE).matches
        return [Found(self.product.ids[m.entity], m.evidence, m.score, m.alerts) for m in matches]

    def scanned(self, question: Question, first: int = PAGE) -> list[tuple[str, float]]:
        """The best of everybody by evidence of names alone, without the index; last the one who is meant."""
        asked, compare = comparison.Person(names=question.asked), comparison.compare
        told = np.array(
            [
                compare(asked, held, frequencies=self._frequencies, population=self._population).evidence
                for held in self._held
            ]
        )
        best = np.argpartition(-told, first)[:first]
        ranked = [(self.ids[place], float(told[place])) for place in best[np.argsort(-told[best], kind="stable")]]
        if question.person and question.person not in {person for person, _ in ranked}:
            ranked.append((question.person, float(told[self.ids.index(question.person)])))
        return ranked
