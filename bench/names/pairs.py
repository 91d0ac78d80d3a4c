"""Pairs of persons that are one or two, the same for every matcher: F1 and time a pair."""

from __future__ import annotations

import json
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.names import metrics
from bench.names.population import Population, packed
from bench.names.questions import BIRTH_KINDS, Birth, ask, blur, other_birth
from core.names import comparison as match

# What is done to the names of pairs that are one person.
KINDS = (
    "exact", "one error", "two errors", "phonetic + typo", "nickname", "swapped order", "dropped second name",
    "dropped second surname", "added second surname", "married name added", "married name instead", "joined tokens",
    "as heard", "transliteration", "initials",
)  # fmt: skip
NAMES, WITH_BIRTH = "names only", "with birth date"
SETS = (NAMES, WITH_BIRTH)


@dataclass(frozen=True)
class Pair:
    """The asked name, and a register's name."""

    set: str
    kind: str
    same: bool
    asked: str
    given: str  # of the register
    surnames: str
    asked_birth: Birth | None
    birth: Birth | None  # of the register; None where no birth date is compared
    asked_given: str = ""  # as far as the question has parts; for matchers that want them
    asked_surnames: str = ""


def _near(population: Population) -> dict[str, np.ndarray[Any, Any]]:
    key = packed(population.parts[:, [0, 3]])
    order = np.argsort(key, kind="stable")
    return {"order": order, "place": np.argsort(order)}


def make(population: Population, count: int, *, held_back: bool) -> list[Pair]:
    """About `count` pairs, half of them one person; of each set one half."""
    rng = random.Random(2631 + held_back)
    near = _near(population)
    found: list[Pair] = []
    for name_set in SETS:
        each = count // 2 // 2 // len(KINDS)
        for kind in KINDS:
            for question in ask(population, kind, each, rng, held_back=held_back):
                person = population.person(question.truth)
                given, surnames = " ".join(person.name.given), " ".join(person.name.surnames)
                parts = (
                    (" ".join(question.asked.given), " ".join(question.asked.surnames))
                    if not question.asked.text
                    else ("", "")
                )
                birth = person.birth if name_set == WITH_BIRTH else None
                state = "exact" if rng.random() < 0.5 else rng.choice(BIRTH_KINDS)
                asked_birth = (blur(birth, state, rng) or birth) if birth else None
                found.append(Pair(name_set, kind, True, question.text, given, surnames, asked_birth, birth, *parts))
                found.append(_other(population, near, rng, name_set, found[-1], question.truth))
    return found


def _other(
    population: Population, near: dict[str, Any], rng: random.Random, name_set: str, pair: Pair, truth: int
) -> Pair:
    """A pair that is two persons: a neighbour in the register (40 %), a brother (30 %), anybody, or a namesake."""
    draw = rng.random()
    if draw < 0.4:
        place = int(near["place"][truth])
        step = rng.choice((-3, -2, -1, 1, 2, 3))
        other = int(near["order"][min(population.count - 1, max(0, place + step))])
        if population.group[other] == population.group[truth]:
            draw = 0.9
        else:
            return _against(population, pair, other, "neighbour")
    if draw < 0.7:
        name = population.name(truth)
        given = population.draw_given(rng, int(population.sex[truth]))
        if set(given) & set(name.given):
            return _against(population, pair, rng.randrange(population.count), "anybody")
        birth = pair.birth and (
            pair.birth[0] + rng.choice((-4, -3, -2, 2, 3, 4)),
            rng.randint(1, 12),
            rng.randint(1, 28),
        )
        return Pair(name_set, "brother", False, pair.asked, " ".join(given), pair.surnames, pair.asked_birth, birth,
                    pair.asked_given, pair.asked_surnames)  # fmt: skip
    if draw < 0.85 and name_set == WITH_BIRTH and pair.birth:
        return Pair(name_set, "namesake", False, pair.asked, pair.given, pair.surnames, pair.asked_birth,
                    other_birth(pair.birth, rng), pair.asked_given, pair.asked_surnames)  # fmt: skip
    return _against(population, pair, rng.randrange(population.count), "anybody")


def _against(population: Population, pair: Pair, other: int, kind: str) -> Pair:
    person = population.person(other)
    birth = person.birth if pair.birth else None
    return Pair(pair.set, kind, False, pair.asked, " ".join(person.name.given), " ".join(person.name.surnames),
                pair.asked_birth, birth, pair.asked_given, pair.asked_surnames)  # fmt: skip


def write(path: Path, pairs: list[Pair]) -> None:
    """As JSON lines, for the peers."""
    path.write_text("".join(json.dumps(asdict(pair)) + "\n" for pair in pairs), encoding="utf-8")


def score_ours(pairs: list[Pair]) -> tuple[list[float], dict[str, float]]:
    """Scores by core.names.comparison.compare, and microseconds a pair: read persons compared, and reading included."""
    asked = [match.Person(names=pair.asked, birth=pair.asked_birth) for pair in pairs]
    held = [match.Person(names={"given": pair.given, "surnames": pair.surnames}, birth=pair.birth) for pair in pairs]
    couples = list(zip(asked, held, strict=True))
    compare = match.compare
    scores = [compare(a, b).score for a, b in couples]
    times = []
    for _ in range(3):
        started = time.perf_counter()
        for a, b in couples:
            compare(a, b)
        times.append((time.perf_counter() - started) / len(couples) * 1e6)
    started = time.perf_counter()
    for pair in pairs:
        compare({"names": pair.asked, "birth": pair.asked_birth},
                {"names": {"given": pair.given, "surnames": pair.surnames}, "birth": pair.birth})  # fmt: skip
    whole = (time.perf_counter() - started) / len(pairs) * 1e6
    return scores, {"us_a_pair": sorted(times)[1], "us_a_pair_with_reading": whole}


def quality(tuning: list[Pair], tuned: list[float], held: list[Pair], scores: list[float]) -> dict[str, Any]:
    """F1 of each set; the threshold is the best of the tuning half."""
    report: dict[str, Any] = {}
    for name_set in SETS:
        limit = metrics.best_limit(
            [score for pair, score in zip(tuning, tuned, strict=True) if pair.set == name_set],
            [pair.same for pair in tuning if pair.set == name_set],
        )
        mine = [(pair, score) for pair, score in zip(held, scores, strict=True) if pair.set == name_set]
        value, precision, recall = metrics.f1([score for _, score in mine], [pair.same for pair, _ in mine], limit)
        kinds = dict.fromkeys(pair.kind for pair, _ in mine)
        report[name_set] = {
            "f1": value,
            "precision": precision,
            "recall": recall,
            "limit": limit,
            "said_same_by_kind": {
                kind: sum(score >= limit for pair, score in mine if pair.kind == kind)
                / sum(pair.kind == kind for pair, _ in mine)
                for kind in kinds
            },
        }
    return report
