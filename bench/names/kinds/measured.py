"""Every kind of noise, held back: search by name, alarms, search and alerts by date, relatives, calibration; and peers.

`python -m bench.names.kinds` prints it and writes build/bench/names-kinds.json; so does `./run bench-names`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from bench.names.kinds import figures, levels, peers, people, table, truth
from bench.names.kinds.ronda import Found, OnFile
from bench.names.kinds.truth import Question

STRANGERS = 2_000  # of each kind: at 0.1 % two may be alerted
WEIGHED_OF = 2  # LogicV2 takes 0.2 ms a pair: it weighs one question in so many
RELATIVES = 1_000  # of each relation
HELD_BACK = "B"


@dataclass(frozen=True)
class Asked:
    """The questions of one kind of noise, and those about strangers."""

    questions: list[Question]
    strangers: list[Question]

    @property
    def all(self) -> list[Question]:
        """Questions, then strangers."""
        return [*self.questions, *self.strangers]


def asked_of(kind: str, half: str, strangers: int) -> Asked:
    """Questions and strangers of one kind."""
    return Asked(list(truth.questions(kind, half)), list(truth.strangers(kind, strangers, half)))


def _ranked(found: Sequence[Found]) -> list[tuple[str, float]]:
    return [(one.person, one.told) for one in found]


def _alerted(on_file: OnFile, questions: Sequence[Question], *, dated: bool) -> dict[str, list[str]]:
    """Returns, by question, the persons that a check alerts for."""
    return {
        one.id: [found.person for found in on_file.found(one, dated=dated, filling=False) if found.alerts]
        for one in questions
    }


def _alerts(on_file: OnFile, asked: Asked, *, dated: bool) -> dict[str, float]:
    """Own alerts and strangers alerted."""
    alerted = _alerted(on_file, asked.all, dated=dated)
    own = sum(one.person in alerted[one.id] for one in asked.questions)
    others = sum(bool(alerted[one.id]) for one in asked.strangers)
    return {
        "own alerts": own / max(1, len(asked.questions)),
        "strangers alerted": others / max(1, len(asked.strangers)),
    }


def of_ronda(on_file: OnFile, asked: Asked, *, scan: bool) -> tuple[dict[str, Any], dict[str, list[tuple[str, float]]]]:
    """The figures of one kind, and the scores of everybody found with a date (for the calibration)."""
    by_name = {one.id: on_file.found(one, dated=False) for one in asked.all}
    dated = {one.id: on_file.found(one, dated=True) for one in asked.all}
    names = {key: _ranked(found) for key, found in by_name.items()}
    report: dict[str, Any] = {
        "questions": len(asked.questions),
        "strangers": len(asked.strangers),
        "ronda": figures.of_names(names, asked.questions, asked.strangers),
        "ronda dated": figures.of_names({k: _ranked(f) for k, f in dated.items()}, asked.questions, asked.strangers)
        | _alerts(on_file, asked, dated=True),
        "ronda alerts by name": _alerts(on_file, asked, dated=False),
        "empty pages": sum(not names[one.id] for one in asked.questions) / max(1, len(asked.questions)),
    }
    if scan:
        # A page holds the likeliest persons for a stranger; those that it leaves out lie below any limit.
        whole = {one.id: on_file.scanned(one) for one in asked.questions}
        report["full scan"] = figures.of_names(
            whole | {one.id: names[one.id] for one in asked.strangers}, asked.questions, asked.strangers
        )
    scores = {f"{key} dated": [(f.person, f.score) for f in found] for key, found in dated.items()}
    scores |= {key: [(f.person, f.score) for f in found] for key, found in by_name.items()}
    return report, scores


def of_relatives(on_file: OnFile, half: str, count: int) -> dict[str, dict[str, float]]:
    """Returns, by relation, the share with a person POSSIBLE at least, by name alone and with their own date."""
    report = {}
    for relation in people.RELATIONS:
        asked = list(truth.relatives(relation, count, half))
        shares = {"asked": float(len(asked))}
        for dated, title in ((False, "possible by name"), (True, "possible dated")):
            alerted = _alerted(on_file, asked, dated=dated)
            shares[title] = sum(bool(found) for found in alerted.values()) / max(1, len(asked))
            shares[f"{title}, of the relative"] = sum(one.near in alerted[one.id] for one in asked) / max(1, len(asked))
        report[relation] = shares
    return report


def _calibrations(scores: dict[str, dict[str, list[tuple[str, float]]]], asked: dict[str, Asked]) -> dict[str, Any]:
    """Base rate -> bands over all kinds, by names only and with a date."""
    found: dict[str, Any] = {}
    questions = [one for kind in asked for one in asked[kind].questions]
    strangers = [one for kind in asked for one in asked[kind].strangers]
    whole = {key: rows for of_kind in scores.values() for key, rows in of_kind.items()}
    for title, suffix in (("names only", ""), ("with birth date", " dated")):
        some = {one.id: whole[one.id + suffix] for one in (*questions, *strangers)}
        found[title] = {str(rate): figures.calibration(some, questions, strangers, rate) for rate in figures.BASE_RATES}
    return found


def measure(
    kinds: Sequence[str] = table.KINDS,
    half: str = HELD_BACK,
    strangers: int = STRANGERS,
    *,
    with_peers: bool = True,
    scan: bool = True,
    served: bool = True,
    weighed_of: int = WEIGHED_OF,
    say: Callable[[str], None] = lambda _text: None,
) -> dict[str, Any]:
    """Kind -> matcher -> figures; relatives; calibration; levels of a server. Raises as peers.asked does."""
    asked = {kind: asked_of(kind, half, strangers) for kind in kinds}
    everything = [one for kind in kinds for one in asked[kind].all]
    listed = [people.listed(number) for number in range(people.count())]
    # The peers work in processes of their own, beside Ronda.
    with ThreadPoolExecutor(1) as aside:
        beside = aside.submit(peers.asked, everything, listed, weighed_of) if with_peers else None
        on_file = OnFile()
        found, scores = {}, {}
        for kind in kinds:
            found[kind], scores[kind] = of_ronda(on_file, asked[kind], scan=scan)
            say(f"{kind}: {len(asked[kind].questions):,} questions, {len(asked[kind].strangers):,} strangers")
        of_peers = beside.result() if beside else {}
    for peer, (names, dated) in of_peers.items():
        for kind in kinds:
            some = asked[kind]
            found[kind][peer] = figures.of_names(names, some.questions, some.strangers)
            # Of strangers too few of a peer's answers are kept to say whom a date moves up.
            found[kind][f"{peer} dated"] = figures.of_names(dated, some.questions, [])
    return {
        "half": half,
        "listed": people.count(),
        "kinds": found,
        "relatives": of_relatives(on_file, half, RELATIVES),
        "calibration": _calibrations(scores, asked),
        "levels": levels.measure(kinds, half) if served else {},
    }
