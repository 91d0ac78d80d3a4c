"""Slips of clerks: Guatemalan names by bench.names.noise, every kind of it alike often; others by a clerk's ear."""

from __future__ import annotations

import random

from bench.foreign_list.clerk import as_asked
from bench.foreign_list.draws import Draws
from bench.foreign_list.lineage import Lineage
from bench.foreign_list.written import Words, text_of
from bench.names.noise import Name, Noise, kinds

_HISPANIC = "hispanic"


def _noises(person: Lineage, draws: Draws) -> dict[str, Noise]:
    def surname(_rng: random.Random) -> str:
        return person.of.surname(draws, person.family, person.maternal).text

    return {name: noise for name, noise in kinds(surname).items() if name != "exact"}


def name_of(person: Lineage, words: Words) -> Name:
    """The shown words as bench.names.noise takes them, plain."""
    text: dict[str, list[str]] = {"given": [], "surname": [], "married": []}
    for word in words:
        if word.shown:
            part = "given" if word.role in ("given", "second", "third") else word.role
            text["surname" if part == "maternal" else part].append(word.text())
    married = " ".join(text["married"])
    return Name(tuple(text["given"]), tuple(text["surname"]), married, female=person.sex == "F").plain()


def clerked(person: Lineage, words: Words, draws: Draws) -> str | None:
    """The name with a clerk's slips; None where the drawn kinds have none in it."""
    usual = text_of(words)
    if person.of.shape != _HISPANIC:
        for _ in range(4):
            asked, noise = as_asked(usual, draws)
            if set(noise) - {"accents_lost"}:
                return asked
        return None
    noises = _noises(person, draws)
    name = name_of(person, words)
    # noise.py draws from random's own generator, whose stream is of this person and question.
    rng = random.Random(f"clerk:{draws.below(1 << 30)}")
    for _ in range(8):
        noisy = noises[draws.pick(tuple(noises))](name, rng)
        if noisy is not None and noisy.asked() != name.asked():
            return noisy.asked()
    return None
