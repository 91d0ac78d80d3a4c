"""Checks that a score is right: the share of pairs with that score that are the same person.

The pairs are those that a search shows to an officer: every person of the first page, for questions about the held-back
half and for strangers, with and without a birth date.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from bench.names import metrics
from bench.names.population import Population
from bench.names.questions import BIRTH_KINDS, Question, ask, brothers, strangers, with_birth
from bench.names.recall import EVERY_KIND
from bench.names.searching import Server

_Pairs = tuple[list[float], list[bool]]  # scores, and whether each pair is the same person


def run(server: Server, population: Population, others: Population, count: int) -> dict[str, Any]:
    """`count` questions a kind; a fifth as many strangers and brothers as truths.

    Figures of all pairs, by kind of noise and by length of the name that is meant.
    """
    rng = random.Random(2641)
    truths = [question for kind in EVERY_KIND for question in ask(population, kind, count, rng)]
    half = len(truths) // 2
    rng.shuffle(truths)
    questions: list[Question] = truths[:half]
    for number, kind in enumerate(BIRTH_KINDS):
        questions += with_birth(truths[half + number :: len(BIRTH_KINDS)], population, rng, kind)
    strange = strangers(others, len(truths) // 10, rng) + brothers(population, len(truths) // 10, rng)
    # both births are asked of truths, and so of them
    questions += [replace(one, birth=None) if number % 2 else one for number, one in enumerate(strange)]
    groups: dict[str, dict[str, _Pairs]] = {
        "pairs": {"names only": ([], []), "with birth date": ([], [])},
        "by_kind": {},
        "by_length": {},
    }
    for question in questions:
        found = server.search(question.text, question.birth)
        truth = f"{population.cui[question.truth]:013d}" if question.truth >= 0 else "nobody"
        for group, name in (
            ("pairs", "with birth date" if question.birth else "names only"),
            ("by_kind", question.kind),
            ("by_length", str(question.length)),
        ):
            scores, same = groups[group].setdefault(name, ([], []))
            for cui, score in zip(found.cuis, found.scores, strict=True):
                if cui:  # a record of its own is nobody's pair
                    scores.append(score)
                    same.append(cui == truth)
    both = groups["pairs"].values()
    groups["pairs"]["all"] = ([s for scores, _ in both for s in scores], [s for _, same in both for s in same])
    for group in ("by_kind", "by_length"):
        groups[group] = dict(sorted(groups[group].items()))
    return {
        group: {name: _figures(*some) for name, some in named.items() if some[0]} for group, named in groups.items()
    }


def _figures(scores: list[float], same: list[bool]) -> dict[str, Any]:
    bins = metrics.reliability(scores, same)
    return {
        "pairs": len(scores),
        "error": metrics.calibration_error(bins),
        "mean_score": sum(scores) / max(1, len(scores)),
        "same": sum(same) / max(1, len(same)),
        "bins": [[one.pairs, one.mean_score, one.same] for one in bins],
    }
