"""Recall at a fixed rate of false alarms, against an alert list of 45,000: names only, and with a birth date.

Scores come from SearchPersons on the generation of the list; levels from CheckPerson, to place our thresholds on the
curve. A false alarm is a stranger with a listed person that scores at least the threshold.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from bench.names import metrics
from bench.names.population import Population
from bench.names.questions import BIRTH_KINDS, Question, ask, blur, brothers, namesakes, strangers, with_birth
from bench.names.searching import Server

TRUTH_KINDS = (
    "as heard", "nickname", "dropped second surname", "added second surname", "married name added",
    "married name instead", "swapped order", "joined tokens", "transliteration", "one error",
)  # fmt: skip
RATES = (0.01, 0.001)
NAMES_ONLY = "names only"


@dataclass
class Asked:
    """One question as it came back: best score of the list (0 = nobody), the truth's score, the level."""

    kind: str
    birth_kind: str
    text: str
    length: int  # words of the name that is meant; of a stranger's own
    best: float
    truth: float
    level: str


def _ask(server: Server, population: Population, listed: frozenset[str], question: Question) -> Asked:
    found = server.search(question.text, question.birth, page_size=100)
    scores = {cui: score for cui, score in zip(found.cuis, found.scores, strict=True) if cui in listed}
    truth = f"{population.cui[question.truth]:013d}" if question.truth >= 0 else ""
    return Asked(
        question.kind,
        question.birth_kind,
        question.text,
        question.length,
        best=max(scores.values(), default=0.0),
        truth=scores.get(truth, 0.0),
        level=server.level(question),
    )


def _without_birth(question: Question) -> Question:
    return Question(question.kind, question.truth, question.asked, question.length, None, NAMES_ONLY, question.sex)


def _blurred(question: Question, kind: str, rng: random.Random) -> Question | None:
    birth = blur(question.birth, kind, rng) if question.birth else None
    return Question(question.kind, -1, question.asked, question.length, birth, kind, question.sex) if birth else None


def run(
    server: Server,
    on_list: Population,
    listed: frozenset[str],
    others: Population,
    count: int,
    n_strangers: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """`count` questions a kind of noise about the list, `n_strangers` strangers, in each state of the birth date."""
    rng = random.Random(2621)
    truths = [question for kind in TRUTH_KINDS for question in ask(on_list, kind, count, rng)]
    truths = [question for question in truths if f"{on_list.cui[question.truth]:013d}" in listed]
    crowd = strangers(others, n_strangers, rng)
    kin = brothers(on_list, n_strangers // 5, rng)
    same_name = namesakes(on_list, n_strangers // 5, rng)
    report: dict[str, Any] = {"states": {}, "curves": {}}
    answers: list[Asked] = []
    for state in (NAMES_ONLY, *BIRTH_KINDS):
        if state == NAMES_ONLY:
            asked = [_without_birth(question) for question in truths]
            alien = [_without_birth(question) for question in (*crowd, *kin)]
        else:
            asked = with_birth(truths, on_list, rng, state)
            blurred = [_blurred(question, state, rng) for question in (*crowd, *kin, *same_name)]
            alien = [question for question in blurred if question is not None]
        ours = [_ask(server, on_list, listed, question) for question in asked]
        theirs = [_ask(server, on_list, listed, question) for question in alien]
        answers += ours + theirs
        report["states"][state] = _summary(ours, theirs)
        alarms, recalls = metrics.curve(
            [one.truth for one in ours], [one.best for one in theirs if one.kind == "stranger"]
        )
        step = max(1, len(alarms) // 400)
        report["curves"][state] = {"alarms": alarms[::step].tolist(), "recalls": recalls[::step].tolist()}
        say(f"{state}: recall at 1 % of strangers {report['states'][state]['recall_at']['0.01']:.4f}")
    report["answers"] = [asdict(answer) for answer in answers]
    return report


def _summary(ours: list[Asked], theirs: list[Asked]) -> dict[str, Any]:
    crowd = [one.best for one in theirs if one.kind == "stranger"]
    truths = [one.truth for one in ours]
    alarmed = ("HIT", "POSSIBLE")
    summary: dict[str, Any] = {"truths": len(ours), "strangers": len(crowd), "recall_at": {}, "threshold_at": {}}
    for rate in RATES:
        limit = metrics.threshold_at(crowd, rate)
        summary["threshold_at"][str(rate)] = limit
        summary["recall_at"][str(rate)] = metrics.recall_at_rate(truths, crowd, rate)
        summary[f"by_kind_{rate}"] = {
            kind: sum(one.truth >= limit for one in ours if one.kind == kind) / sum(one.kind == kind for one in ours)
            for kind in dict.fromkeys(one.kind for one in ours)
        }
        summary[f"others_alarmed_{rate}"] = {
            kind: sum(one.best >= limit for one in theirs if one.kind == kind) / sum(one.kind == kind for one in theirs)
            for kind in dict.fromkeys(one.kind for one in theirs)
        }
        summary[f"strangers_by_length_{rate}"] = by_length(
            [(one.length, one.best >= limit) for one in theirs if one.kind == "stranger"]
        )
    for level, levels in (("HIT", ("HIT",)), ("POSSIBLE", alarmed)):
        summary[f"level_{level}"] = {
            "recall": sum(one.level in levels for one in ours) / max(1, len(ours)),
            "alarms": sum(one.level in levels for one in theirs if one.kind == "stranger") / max(1, len(crowd)),
            "brothers": _share([one.level in levels for one in theirs if one.kind == "brother"]),
            "namesakes": _share([one.level in levels for one in theirs if one.kind == "namesake"]),
        }
    summary["missed"] = [
        f"{one.kind}: {one.text} (truth {one.truth:.4f}, level {one.level})" for one in ours if one.truth < limit
    ][:25]
    summary["alarms"] = sorted(((one.best, f"{one.kind}: {one.text}") for one in theirs), reverse=True)[:25]
    return summary


def by_length(alarms: list[tuple[int, bool]]) -> dict[str, list[float]]:
    """Length of name to (questions, share that is alarmed)."""
    found = {length: [alarm for size, alarm in alarms if size == length] for length in sorted({a for a, _ in alarms})}
    return {str(length): [len(some), _share(some)] for length, some in found.items()}


def _share(values: list[bool]) -> float:
    return sum(values) / len(values) if values else 0.0


def false_alarms(
    server: Server, on_list: Population, others: Population, count: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """HIT or POSSIBLE for somebody else: `count` strangers by full name and birth date, rightly given.

    Seven in ten are of another nation, the rest brothers and namesakes of persons on the list, in equal parts.
    """
    rng = random.Random(2622)
    special = count * 3 // 20
    asked = (
        strangers(others, count - 2 * special, rng) + brothers(on_list, special, rng) + namesakes(on_list, special, rng)
    )
    alarms: dict[str, int] = {}
    totals: dict[str, int] = {}
    examples: list[str] = []
    each: list[tuple[int, bool]] = []
    for number, question in enumerate(asked):
        level = server.level(question)
        each.append((question.length, level in ("HIT", "POSSIBLE")))
        totals[question.kind] = totals.get(question.kind, 0) + 1
        if level in ("HIT", "POSSIBLE"):
            alarms[question.kind] = alarms.get(question.kind, 0) + 1
            if len(examples) < 40:
                examples.append(f"{level} {question.kind}: {question.text} {question.birth}")
        if number % 5_000 == 4_999:
            say(f"{number + 1:,} strangers, {sum(alarms.values())} alarms")
    return {
        "strangers": len(asked),
        "rate": sum(alarms.values()) / len(asked),
        "by_kind": {kind: [total, alarms.get(kind, 0) / total] for kind, total in totals.items()},
        "by_length": by_length(each),
        "examples": examples,
    }
