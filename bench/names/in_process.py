"""Figures of the index without the server: bytes, time a scored candidate, and what search misses of a full scan."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from bench.names import metrics
from bench.names.nations import Nation
from bench.names.population import Population
from bench.names.questions import BIRTH_KINDS, Question, ask, with_birth
from bench.names.recall import EVERY_KIND
from core import match
from core.generation import Generation
from core.name_index import POSSIBLE_SCORE, NameIndex

# Below this the fixed cost of a question would be measured, not the candidates.
_MANY = 1_000


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
    """`count` noisy questions: who scores POSSIBLE or more in a scan of everybody by core.match.compare, and is missed.

    The scan compares with the truth's name of each person; the index holds every register's spelling besides, so it may
    find more, never less.
    """
    generation = Generation.open(nation.generation)
    index = NameIndex(generation)
    frequencies, persons = index.frequencies, float(index.population)
    held = [_person(population, place) for place in range(population.count)]
    rng = random.Random(2662)
    each = max(1, count // len(EVERY_KIND))
    questions: list[Question] = [question for kind in EVERY_KIND for question in ask(population, kind, each, rng)]
    dated = [
        question
        for number, kind in enumerate(BIRTH_KINDS)
        for question in with_birth(questions[number :: 2 * len(BIRTH_KINDS)], population, rng, kind)
    ]
    return _missed(
        index, generation, population, held, questions[len(BIRTH_KINDS) :: 2] + dated, frequencies, persons, say
    )


def _person(population: Population, place: int) -> match.Person:
    person = population.person(place)
    name = {"given": " ".join(person.name.given), "surnames": " ".join(person.name.surnames)}
    departments = [int(population.department[place]), int(population.home[place])]
    return match.Person(names=name, birth=person.birth, sex=person.sex, department=departments)


def _missed(
    index: NameIndex,
    generation: Generation,
    population: Population,
    held: list[match.Person],
    questions: list[Question],
    frequencies: Any,
    persons: float,
    say: Callable[[str], None],
) -> dict[str, Any]:
    above = missed = 0
    examples: list[str] = []
    for number, question in enumerate(questions):
        asked = match.Person(names=question.text, birth=question.birth)
        scores = [match.compare(asked, person, frequencies=frequencies, population=persons) for person in held]
        wanted = {
            place
            for place, one in enumerate(scores)
            if one.score >= POSSIBLE_SCORE and one.names != 2 and one.birth != 2
        }
        found = index.search(question.text, birth=question.birth or (0, 0, 0), limit=100)
        places = {population.place(_cui(generation, one.entity)) for one in found.matches}
        if found.total > len(found.matches):
            continue  # more than a page: what is beyond it is not missed
        above += len(wanted)
        missed += len(wanted - places)
        for place in list(wanted - places)[:1]:
            if len(examples) < 30:
                examples.append(
                    f"{question.text} {question.birth or ''} -> {population.name(place).asked()} "
                    f"({scores[place].score:.4f})"
                )
        if number % 500 == 499:
            say(f"{number + 1} questions scanned, {missed} of {above} missed")
    return {
        "questions": len(questions),
        "above": above,
        "missed": missed / above if above else None,
        "examples": examples,
    }


def _cui(generation: Generation, entity: int) -> str:
    from bench.sampling import KEY_CUI, identifiers  # noqa: PLC0415 - reads a dossier's bytes, for the few that are found

    return next((text for kind, text, _ in identifiers(generation.dossier(entity))[1] if kind == KEY_CUI), "")
