"""Figures of the index without the server: bytes, time a scored candidate, and what search misses of a full scan."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from bench.names import metrics
from bench.names.nations import Nation
from bench.names.population import Population
from bench.names.questions import BIRTH_KINDS, Question, ask, with_birth
from bench.names.recall import EVERY_KIND
from core.generation.reader import DossierReader
from core.generation.store import Generation
from core.identifiers.kinds import IdentifierKind
from core.linking.index import POSSIBLE_SCORE, NameIndex
from core.names import comparison as match
from ronda.v1.level_pb2 import AGREEMENT_DISAGREES

# Below this the fixed cost of a question would be measured, not the candidates.
_MANY = 1_000
_EVERYBODY = 100_000  # more than the scanned nation has
_ROUNDS = 4  # in which questions are drawn, so that the last ones are of every kind too


def index_figures(nation: Nation, population: Population, count: int) -> dict[str, Any]:
    """Size of names.bin a person, and the time a scored candidate over questions with many."""
    index = NameIndex(Generation.open(nation.generation))
    rng = random.Random(2661)
    questions = [question for kind in EVERY_KIND for question in ask(population, kind, count, rng)]
    each, took = [], []
    for question in questions:
        started = time.perf_counter()
        found = index.search(question.text)
        elapsed = (time.perf_counter() - started) * 1e6
        took.append(elapsed)
        if found.candidates >= _MANY:
            each.append(elapsed / found.candidates)
    size = (nation.generation / "names.bin").stat().st_size
    return {
        "bytes_a_person": size / nation.summary["persons"],
        "persons": nation.summary["persons"],
        "us_a_candidate": statistics.median(each) if each else None,
        "questions_with_many": len(each),
        "search_median_us": metrics.percentile(took, 0.5),
        "search_p99_us": metrics.percentile(took, 0.99),
    }


def scan(population: Population, nation: Nation, count: int, say: Callable[[str], None]) -> dict[str, Any]:
    """`count` noisy questions: who scores POSSIBLE or more in a scan of everybody by core.names, and is missed.

    The scan compares with the truth's name of each person; the index holds every register's spelling besides, so it may
    find more, never less. Questions that a search refuses as too broad are skipped, and others drawn in their place.
    """
    generation = Generation.open(nation.generation)
    index = NameIndex(generation)
    frequencies, persons = index.frequencies, float(index.population)
    held = [_person(population, place) for place in range(population.count)]
    place_of = cache(lambda entity: population.place(_cui(generation, entity)))
    scored = skipped = above = missed = 0
    examples: list[str] = []
    for question in _noisy(population, count, random.Random(2662)):
        if scored == count or skipped > count:
            break
        found = index.search(question.text, birth=question.birth or (0, 0, 0), limit=_EVERYBODY)
        if found.too_broad:
            skipped += 1
            continue
        asked = match.Person(names=question.text, birth=question.birth)
        scores = [match.compare(asked, person, frequencies=frequencies, population=persons) for person in held]
        wanted = {
            place
            for place, one in enumerate(scores)
            if one.score >= POSSIBLE_SCORE and AGREEMENT_DISAGREES not in (one.names, one.birth)
        }
        lost = wanted - {place_of(one.entity) for one in found.matches}
        scored += 1
        above += len(wanted)
        missed += len(lost)
        for place in list(lost)[:1]:
            if len(examples) < 30:
                examples.append(
                    f"{question.text} {question.birth or ''} -> {population.name(place).asked()} "
                    f"({scores[place].score:.4f})"
                )
        if scored % 500 == 0:
            say(f"{scored} questions scanned, {skipped} too broad, {missed} of {above} missed")
    return {
        "questions": scored,
        "skipped": skipped,
        "above": above,
        "missed": missed / above if above else None,
        "examples": examples,
    }


def _noisy(population: Population, count: int, rng: random.Random) -> Iterator[Question]:
    """Questions of every kind without end, half of them with the birth date, in each of its states."""
    each = max(1, count // _ROUNDS // len(EVERY_KIND))
    while True:
        questions = [question for kind in EVERY_KIND for question in ask(population, kind, each, rng)]
        rng.shuffle(questions)
        half = len(questions) // 2
        asked = questions[:half]
        for number, kind in enumerate(BIRTH_KINDS):
            asked += with_birth(questions[half + number :: len(BIRTH_KINDS)], population, rng, kind)
        rng.shuffle(asked)
        yield from asked


def _person(population: Population, place: int) -> match.Person:
    person = population.person(place)
    name = {"given": " ".join(person.name.given), "surnames": " ".join(person.name.surnames)}
    departments = [int(population.department[place]), int(population.home[place])]
    return match.Person(names=name, birth=person.birth, sex=person.sex, department=departments)


def _cui(generation: Generation, entity: int) -> str:
    held = DossierReader(generation.dossier(entity)).identifiers()
    return next((each.text for each in held if each.kind == IdentifierKind.CUI), "")
