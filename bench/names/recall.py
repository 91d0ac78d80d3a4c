"""The persons found for a wrong name: recall by kind of noise and length of name, latency, server CPU."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.names import metrics
from bench.names.oracle_ties import KINDS as TIE_KINDS
from bench.names.oracle_ties import NO_SECOND_GIVEN, TieOracle
from bench.names.population import Population
from bench.names.questions import Question, ask
from bench.names.searching import Found, Server, population_key
from bench.names.tables import words

EVERY_KIND = (
    "exact", "one error", "two errors", "phonetic + typo", "nickname", "swapped order", "dropped second name",
    "dropped second surname", "added second surname", "married name added", "married name instead", "joined tokens",
    "as heard", "transliteration", "initials", "abbreviation",
)  # fmt: skip
# Kinds that have a bar of their own, asked of four-word names.
BARRED = ("one error", "two errors", "phonetic + typo", "nickname", *TIE_KINDS)
FOUR = 4
FIRST = (1, 5, 20)
EXAMPLES = 25
SURE = 0.5  # score from which the first person found counts as an answer, for precision

Search = Callable[[Question, int], Found]  # (question, birth year or 0) -> persons


@dataclass
class RecallRow:
    """Recall of one kind; `ranks` count equal standardised names (and birth years, when asked) as one, `raw` do not."""

    kind: str
    year: bool  # whether the birth year was asked too
    lengths: list[int] = field(default_factory=list)
    ranks: list[int | None] = field(default_factory=list)
    raw: list[int | None] = field(default_factory=list)
    oracle: list[float] = field(default_factory=list)  # of kinds with ties only
    answered: list[bool] = field(default_factory=list)  # whether the first person found scores SURE
    missed: list[str] = field(default_factory=list)
    failed: int = 0

    def summary(self, length: int = 0) -> dict[str, Any]:
        """Figures, of names of so many words (0 = all)."""
        chosen = [i for i, size in enumerate(self.lengths) if not length or size == length]
        ranks, raw = [self.ranks[i] for i in chosen], [self.raw[i] for i in chosen]
        row: dict[str, Any] = {"kind": self.kind, "year": self.year, "length": length, "questions": len(chosen)}
        for first in FIRST:
            row[f"recall@{first}"] = metrics.recall_at(ranks, first)
            row[f"raw@{first}"] = metrics.recall_at(raw, first)
        answered = [i for i in chosen if self.answered[i]]
        row["precision"] = sum(self.ranks[i] == 1 for i in answered) / len(answered) if answered else None
        row["answered"] = len(answered) / len(chosen) if chosen else 0.0
        if self.oracle and chosen:
            row["oracle@5"] = sum(self.oracle[i] for i in chosen) / len(chosen)
            row["of_oracle"] = row["recall@5"] / row["oracle@5"] if row["oracle@5"] else 1.0
        return row


def measure(
    search: Search, population: Population, questions: list[Question], kind: str, oracle: TieOracle | None, year: bool
) -> RecallRow:
    """Asks every question; `year`: with the truth's birth year."""
    row = RecallRow(kind, year)
    for question in questions:
        born = int(population.year[question.truth])
        found = search(question, born if year else 0)
        truth = (population_key(population, question.truth), born if year else 0)
        rank = metrics.rank_of(truth, found.keys(population, year))
        row.lengths.append(question.length)
        row.ranks.append(rank)
        row.raw.append(metrics.rank_of(f"{population.cui[question.truth]:013d}", _each(found.cuis)))
        row.answered.append(bool(found.scores) and found.scores[0] >= SURE)
        row.failed += bool(found.failed)
        if oracle is not None:
            kept = " ".join(words(question.asked.given[0])) if kind == NO_SECOND_GIVEN else ""
            row.oracle.append(oracle.recall(kind, question.truth, kept))
        if (rank is None or rank > 5) and len(row.missed) < EXAMPLES:
            first = ", ".join(found.names[:2]) or found.failed or "nobody"
            row.missed.append(f"{question.text} -> {truth[0]} (place {rank}; first: {first})")
    return row


def _each(cuis: list[str]) -> list[str]:
    """Subjects without a CUI are different from one another."""
    return [cui or f"#{place}" for place, cui in enumerate(cuis)]


def by_server(server: Server) -> Search:
    """Search through gRPC, the largest page."""
    return lambda question, year: server.search(question.text, (year, 0, 0) if year else None, page_size=100)


def run(server: Server, population: Population, count: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Recall of every kind over all lengths, and of the barred kinds on four-word names; with the year where asked."""
    rng = random.Random(2711)
    search = by_server(server)
    rows: list[dict[str, Any]] = []
    missed: dict[str, list[str]] = {}
    for kind in EVERY_KIND:
        row = measure(search, population, ask(population, kind, count, rng), kind, None, year=False)
        rows.append(row.summary() | {"failed": row.failed})
        rows += [row.summary(size) for size in sorted(set(row.lengths))]
        missed[kind] = row.missed
        say(f"{kind}: recall@5 {rows[-1 - len(set(row.lengths))]['recall@5']:.4f} of {len(row.ranks)}")
    oracles = {year: TieOracle(population, year) for year in (False, True)}
    barred: list[dict[str, Any]] = []
    for kind in BARRED:
        questions = ask(population, kind, count * 2, rng, length=FOUR)
        for year in (False, True) if kind in TIE_KINDS else (False,):
            oracle = oracles[year] if kind in TIE_KINDS else None
            row = measure(search, population, questions, kind, oracle, year)
            barred.append(row.summary() | {"failed": row.failed})
            missed[f"{kind}, four words{', with birth year' if year else ''}"] = row.missed
            say(f"four words, {kind}{' + year' if year else ''}: {barred[-1]['recall@5']:.4f}")
    return {"rows": rows, "barred": barred, "missed": missed}


def run_latency(server: Server, population: Population, count: int) -> dict[str, Any]:
    """Latency and server CPU of mixed questions, one at a time, half of them with the birth year.

    load: of the machine in the minute before, this bench's own preparation counted in.
    """
    rng = random.Random(2612)
    each = max(1, count // len(EVERY_KIND))
    questions = [question for kind in EVERY_KIND for question in ask(population, kind, each, rng)]
    rng.shuffle(questions)
    for question in questions[:200]:
        server.timed_search(question.text)
    timings: dict[str, list[Any]] = {}
    slowest: list[tuple[float, str]] = []
    load = os.getloadavg()[0]
    for number, question in enumerate(questions):
        birth = (int(population.year[question.truth]), 0, 0) if number % 2 else None
        timing = server.timed_search(question.text, birth)
        timings.setdefault(question.kind, []).append(timing)
        slowest.append((timing.server_cpu, f"{question.text}{f' {birth[0]}' if birth else ''}"))
    every = [timing for kind in timings.values() for timing in kind]
    slowest.sort(reverse=True)

    def summary(some: list[Any]) -> dict[str, float]:
        return {
            f"{what}_{share}": metrics.percentile([getattr(timing, what) for timing in some], share / 100)
            for what in ("latency", "server_cpu")
            for share in (50, 99)
        }

    return {
        "questions": len(every),
        "load": load,
        "all": summary(every),
        "by_kind": {kind: summary(some) for kind, some in timings.items()},
        "slowest": [f"{cpu:,.0f} us: {text}" for cpu, text in slowest[:15]],
    }
