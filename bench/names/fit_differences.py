"""Learns from labelled pairs the bits that each difference of two names would cost (docs/names.md, "Learned costs").

    python -m bench.names.fit_differences [--without KIND]

Today's evidence is the bits of the pairs less penalties set by hand, some of them with a bound. The model here is a sum
alone: evidence = bits of the pairs - costs x counts. The costs are those that make the pairs of half A likeliest in a
logistic regression. None is below 0, so that the bits of the pairs bound the evidence, as the index needs. They are
monotone: no kind of pair costs less than an exact one, no fewer pairs cost less than more, and a word left over never
costs less than none. Their misses are reported for half B. Costs and misses are written to
build/bench/names-learned-costs.json; no program uses them yet.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from scipy.optimize import minimize

from bench.bars import OUTPUT
from bench.names.kinds import people, table, truth
from bench.names.kinds.pairs import LabelledPair, labelled_pairs
from bench.names.kinds.ronda import OnFile, name_parts
from core.names.comparison import DIFFERENCES, Comparison, Person, compare

# Where a word is exchanged, relatives may share the rest: what it tells may count by a part only.
BITS_SHARED = ("bits of surnames, no given name pairs", "bits of surnames, a given name left on both",
               "bits, a word left on both", "bits, no given name pairs")  # fmt: skip
FEATURES = (*DIFFERENCES, *BITS_SHARED)
EXACT, INITIAL = DIFFERENCES.index("exact"), DIFFERENCES.index("initial")
WRITTEN = OUTPUT / "names-learned-costs.json"
_MOST_BITS = 12.0
_PENALTY = 0.002  # of the mean square of the costs: what the pairs do not tell stays 0
# Pairs of two persons weigh more than those of one: what is wanted is evidence that few strangers have.
_TWO = {"stranger": 10.0, "listed": 5.0, "sibling": 0.45, "cousin": 0.3, "partly namesake": 0.75}
_TWO_DATED = {"anybody": 100.0, "twin": 0.02}  # whose birth date is the same: by chance, and one birth in fifty
_ANYBODY = 6  # random persons of the same people, beside each question

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Counted:
    """Pairs as numbers, one row each. against: "" = the same person. now: bits by today's weights."""

    kinds: np.ndarray[Any, np.dtype[np.str_]]
    against: np.ndarray[Any, np.dtype[np.str_]]
    questions: np.ndarray[Any, np.dtype[np.str_]]
    now: Array
    told: Array
    counts: Array  # of FEATURES

    @property
    def same(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """The rows of one person."""
        return np.asarray(self.against == "", dtype=np.bool_)


class _Comparing:
    """Compares with the persons on file as an index over them does."""

    def __init__(self) -> None:
        self._index = OnFile().product.index
        self._read: dict[str, Person] = {}  # of who is on file
        self._asked = ("", Person(names=""))  # lately: rows of one question follow one another

    def row(self, asked: str, person: people.Person) -> list[float]:
        """Returns bits now, bits of the pairs, and the features."""
        if person.id not in self._read:
            self._read[person.id] = Person(names=name_parts(person))
        if asked != self._asked[0]:
            self._asked = asked, Person(names=asked)
        file = self._index
        held, population = self._read[person.id], float(file.population)
        found = compare(self._asked[1], held, frequencies=file.frequencies, population=population)
        return [found.evidence, found.told[0], *_features(found)]


def _features(found: Comparison) -> list[float]:
    counts, (told, surnames) = found.counts, found.told
    conflict = "no given name pairs" in counts
    on_both = "given name left on both" in counts
    exchanged = conflict or on_both or "surname left on both" in counts or "no surname pairs" in counts
    shared = (surnames * conflict, surnames * on_both, told * exchanged, told * conflict)
    return [*(float(counts.get(name, 0)) for name in DIFFERENCES), *shared]


def _counted(rows: Sequence[tuple[str, str, str, list[float]]]) -> Counted:
    numbers = np.array([row[3] for row in rows])
    kinds, against, questions = (np.array([row[place] for row in rows]) for place in range(3))
    return Counted(kinds, against, questions, numbers[:, 0], numbers[:, 1], numbers[:, 2:])


def counted_pairs(half: str) -> Counted:
    """Returns the labelled pairs of one half: hard negatives, compared by name alone."""
    comparing = _Comparing()
    return _counted([_row(comparing, pair) for pair in labelled_pairs(half)])


def _row(comparing: _Comparing, pair: LabelledPair) -> tuple[str, str, str, list[float]]:
    return pair.kind, pair.against, pair.question, comparing.row(pair.asked, people.listed(int(pair.person[1:])))


def counted_of_a_date(half: str) -> Counted:
    """Returns pairs with agreeing birth dates: of one person, of anybody of the same people, of twins."""
    comparing, rng = _Comparing(), random.Random(32)
    everybody = [people.listed(number) for number in range(people.count())]
    of_culture: dict[str, list[people.Person]] = {}
    for person in everybody:
        of_culture.setdefault(person.lineage.culture, []).append(person)

    def rows() -> Iterator[tuple[str, str, str, list[float]]]:
        for kind in table.KINDS:
            for question in truth.questions(kind, half):
                meant = people.listed(int(question.person[1:]))
                yield kind, "", question.id, comparing.row(question.asked, meant)
                for other in rng.choices(of_culture[meant.lineage.culture], k=_ANYBODY):
                    if other.id != meant.id:
                        yield kind, "anybody", question.id, comparing.row(question.asked, other)
        for question in truth.relatives("twin", len(everybody), half):
            yield "twin", "twin", question.id, comparing.row(question.asked, people.listed(int(question.near[1:])))

    return _counted(list(rows()))


def _weights(some: Counted, two: dict[str, float]) -> Array:
    """Every kind of noise weighs as much as another, within those of one person and within each sort of two."""
    weights = np.zeros(len(some.told))
    for against, share in ({"": 1.0} | two).items():
        of_it = some.against == against
        kinds = np.unique(some.kinds[of_it])
        for kind in kinds:
            chosen = of_it & (some.kinds == kind)
            weights[chosen] = share / len(kinds) / chosen.sum()
    return weights


def fit(some: Counted, two: dict[str, float], without: str = "") -> Array:
    """Returns the bits that one of each of FEATURES costs. Raises RuntimeError where they are not found.

    Each kind of noise has a constant of its own: strangers of one people are oftener alike than those of another.
    without: a kind that is left out.
    """
    used = (some.kinds != without) & (weights := _weights(some, two)).astype(bool)
    names, of_kind = np.unique(some.kinds[used], return_inverse=True)
    weights, told, counts = weights[used] / weights[used].sum(), some.told[used], some.counts[used]
    sign, n = np.where(some.same[used], 1.0, -1.0), len(names)

    # Every pair costs what an exact one does, and its kind so much more.
    counts = counts.copy()
    counts[:, EXACT] = counts[:, EXACT : INITIAL + 1].sum(axis=1)

    def loss(at: Array) -> tuple[float, Array]:
        scale, constants, costs = at[0], at[1 : 1 + n], at[1 + n :]
        evidence = told - counts @ costs
        margin = sign * (scale * evidence + constants[of_kind])
        each = -sign * weights / (1 + np.exp(np.clip(margin, -500, 500)))
        slope = -scale * (counts.T @ each) + 2 * _PENALTY / len(costs) * costs
        gradient = np.concatenate(([each @ evidence], np.bincount(of_kind, each, n), slope))
        return float(np.logaddexp(0, -margin) @ weights + _PENALTY * np.mean(costs**2)), gradient

    start = np.concatenate(([0.5], np.full(n, -3.0), np.zeros(len(FEATURES))))
    bounds = [
        (0.05, 3.0),
        *[(None, None)] * n,
        *[(0.0, _MOST_BITS)] * len(DIFFERENCES),
        *[(0.0, 1.0)] * len(BITS_SHARED),
    ]
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 5_000, "maxfun": 9_000}
    )
    if not found.success:
        raise RuntimeError(f"the costs were not found: {found.message}")
    costs = np.asarray(found.x[1 + n :])
    costs[EXACT + 1 : INITIAL + 1] += costs[EXACT]
    return costs


def missed(evidence: Array, some: Counted, kind: str, against: str, rate: float) -> float:
    """Returns the share of one kind's persons with no more evidence than `rate` of the others' best have."""
    chosen = (some.kinds == kind) & (some.against == against)
    best: dict[str, float] = {}
    for question, bits in zip(some.questions[chosen], evidence[chosen], strict=True):
        best[question] = max(bits, best.get(question, -np.inf))
    limit = np.quantile(list(best.values()), 1 - rate)
    return float(np.mean(evidence[(some.kinds == kind) & some.same] <= limit))


def _costs(plain: Array, dated: Array) -> Table:
    shown = Table("difference", "bits", "where the date agrees", title="what one costs", title_justify="left")
    for name, *costs in zip(FEATURES, plain, dated, strict=True):
        if max(costs) >= 0.05:
            shown.add_row(name, *(f"{cost:.2f}" for cost in costs))
    return shown


def _misses(some: Counted, costs: Array, against: str, rates: Sequence[float], title: str) -> Table:
    shown = Table("kind", *(f"{rate:.1%}: {which}" for rate in rates for which in ("now", "learned")), title=title)
    learned = some.told - some.counts @ costs
    for kind in table.KINDS:
        cells = [missed(bits, some, kind, against, rate) for rate in rates for bits in (some.now, learned)]
        shown.add_row(kind, *(f"{cell:.3f}" for cell in cells))
    return shown


def _missed_by_kind(some: Counted, costs: Array, rate: float) -> dict[str, list[float]]:
    """Kind -> share missed with today's weights and with the costs, where so many strangers would be alerted."""
    learned = some.told - some.counts @ costs
    return {
        kind: [round(missed(bits, some, kind, "stranger", rate), 3) for bits in (some.now, learned)]
        for kind in table.KINDS
    }


def main(without: Annotated[str, typer.Option(help="A kind of noise that is left out of the fit.")] = "") -> None:
    """Prints the costs, and of each kind what is missed with them and with today's weights. Some minutes.

    Without --without it writes them, too.
    """
    console = Console()
    plain = fit(counted_pairs("A"), _TWO, without)
    dated = fit(counted_of_a_date("A"), _TWO_DATED, without)
    judged = counted_pairs("B")
    console.print(_costs(plain, dated))
    console.print(_misses(judged, plain, "stranger", (0.01, 0.001), "missed by name, of so many strangers"))
    console.print(_misses(counted_of_a_date("B"), dated, "anybody", (0.005,), "missed where the date agrees"))
    if not without:
        rows = {
            name: [round(float(cost), 2) for cost in costs] for name, *costs in zip(FEATURES, plain, dated, strict=True)
        }
        by_rate = {str(rate): _missed_by_kind(judged, plain, rate) for rate in (0.01, 0.001)}
        found = {"costs by name; where the date agrees": rows, "missed on half B: today, learned": by_rate}
        OUTPUT.mkdir(parents=True, exist_ok=True)
        WRITTEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
