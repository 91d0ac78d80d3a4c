"""Whether a score is what it says: the share of pairs with that score that are the same person.

The pairs are those that a search puts before an officer: every person of the first page, for questions about the
held-back half and for strangers, with and without a birth date.
"""

from __future__ import annotations

import random
from typing import Any

from bench.names import metrics
from bench.names.population import Population
from bench.names.questions import BIRTH_KINDS, Question, ask, brothers, strangers, with_birth
from bench.names.recall import EVERY_KIND
from bench.names.searching import Server


def run(server: Server, population: Population, others: Population, count: int) -> dict[str, Any]:
    """`count` questions a kind; a fifth as many strangers and brothers as truths."""
    rng = random.Random(2641)
    truths = [question for kind in EVERY_KIND for question in ask(population, kind, count, rng)]
    half = len(truths) // 2
    rng.shuffle(truths)
    questions: list[Question] = truths[:half]
    for number, kind in enumerate(BIRTH_KINDS):
        questions += with_birth(truths[half + number :: len(BIRTH_KINDS)], population, rng, kind)
    strange = strangers(others, len(truths) // 10, rng) + brothers(population, len(truths) // 10, rng)
    questions += strange
    report: dict[str, Any] = {}
    pairs: dict[str, tuple[list[float], list[bool]]] = {"names only": ([], []), "with birth date": ([], [])}
    for question in questions:
        scores, same = pairs["with birth date" if question.birth else "names only"]
        found = server.search(question.text, question.birth)
        truth = f"{population.cui[question.truth]:013d}" if question.truth >= 0 else "nobody"
        for cui, score in zip(found.cuis, found.scores, strict=True):
            if cui:  # a record of its own is nobody's pair
                scores.append(score)
                same.append(cui == truth)
    pairs["all"] = tuple(a + b for a, b in zip(*pairs.values(), strict=True))
    for name, (scores, same) in pairs.items():
        bins = metrics.reliability(scores, same)
        report[name] = {
            "pairs": len(scores),
            "error": metrics.calibration_error(bins),
            "bins": [[one.pairs, one.mean_score, one.same] for one in bins],
        }
    return report
