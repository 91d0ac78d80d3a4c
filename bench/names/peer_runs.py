"""Gives the peers the same pairs, questions and populations, and reads their figures beside ours."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.names import metrics, pairs
from bench.names.headline import RATES, TRUTH_KINDS
from bench.names.nations import WORK
from bench.names.peers import environment, pg_trgm
from bench.names.population import Population
from bench.names.questions import Question, ask, strangers
from bench.names.recall import EVERY_KIND, by_server, measure
from bench.names.searching import Server

FOLDER = WORK / "peers"
IN_OWN_ENVIRONMENT = {"rapidfuzz": "rapidfuzz_scan", "logic_v2": "logic_v2", "splink": "splink_link"}
PEERS = ("rapidfuzz", "pg_trgm", "splink", "logic_v2")


def _write_population(path: Path, population: Population) -> None:
    texts = {number: text for text, number in population.part_numbers.items()}
    with path.open("w", encoding="utf-8") as file:
        births = zip(population.year.tolist(), population.month.tolist(), population.day.tolist(), strict=True)
        for place, (row, (year, month, day)) in enumerate(zip(population.parts.tolist(), births, strict=True)):
            given = " ".join(texts[number] for number in row[:3] if number)
            surnames = " ".join(texts[number] for number in row[3:] if number)
            file.write(json.dumps([place, given, surnames, f"{year:04d}-{month:02d}-{day:02d}"]) + "\n")


def _write_questions(path: Path, questions: list[Question]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for question in questions:
            parts = (
                ("", "") if question.asked.text else (" ".join(question.asked.given), " ".join(question.asked.surnames))
            )
            row = {"text": question.text, "given": parts[0], "surnames": parts[1], "birth": None}
            file.write(json.dumps(row) + "\n")


def run_pairs(population: Population, count: int, say: Callable[[str], None]) -> dict[str, Any]:
    """F1 and time a pair of every matcher; thresholds from the tuning half."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    halves = {
        "tuning": pairs.make(population, count, held_back=False),
        "held": pairs.make(population, count, held_back=True),
    }
    for half, some in halves.items():
        pairs.write(FOLDER / f"pairs-{half}.jsonl", some)
    tuned, _ = pairs.score_ours(halves["tuning"])
    scores, times = pairs.score_ours(halves["held"])
    report = {"ronda": times | {"quality": pairs.quality(halves["tuning"], tuned, halves["held"], scores)}}
    say(f"pairs: {len(scores)} scored, {times['us_a_pair']:.2f} us each")
    return report


def run_peers(
    server: Server,
    population: Population,
    on_list: Population,
    listed: frozenset[str],
    others: Population,
    count: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Recall of every peer that searches, on the population and on the list; F1 of the pairs that `run_pairs` wrote."""
    rng = random.Random(2651)
    questions = [question for kind in EVERY_KIND for question in ask(population, kind, count, rng)]
    truths = [question for kind in TRUTH_KINDS for question in ask(on_list, kind, count * 4, rng)]
    truths = [question for question in truths if f"{on_list.cui[question.truth]:013d}" in listed]
    crowd = strangers(others, max(1000, count * 100), rng)
    _write_population(FOLDER / "population.jsonl", population)
    _write_population(FOLDER / "list.jsonl", on_list)
    _write_questions(FOLDER / "questions.jsonl", questions)
    _write_questions(FOLDER / "list-questions.jsonl", [*truths, *crowd])
    report: dict[str, Any] = {}
    for peer in PEERS:
        say(f"peer {peer}")
        if peer == "pg_trgm":
            found = pg_trgm.run(FOLDER)
        else:
            environment.run(IN_OWN_ENVIRONMENT[peer], FOLDER)
            found = json.loads((FOLDER / f"{peer}.json").read_text(encoding="utf-8"))
        report[peer] = _figures(found, population, questions, on_list, listed, truths)
    ours = measure(by_server(server), population, questions, "all", None, year=False)
    times = [server.timed_search(question.text) for question in questions]
    report["ronda"] = ours.summary() | {
        "latency_median_us": metrics.percentile([timing.latency for timing in times], 0.5),
        "latency_p99_us": metrics.percentile([timing.latency for timing in times], 0.99),
    }
    return report


def _figures(
    found: dict[str, Any],
    population: Population,
    questions: list[Question],
    on_list: Population,
    listed: frozenset[str],
    truths: list[Question],
) -> dict[str, Any]:
    halves = {
        half: [pairs.Pair(**json.loads(line)) for line in (FOLDER / f"pairs-{half}.jsonl").open(encoding="utf-8")]
        for half in ("tuning", "held")
    }
    quality = pairs.quality(halves["tuning"], found["pairs"]["tuning"], halves["held"], found["pairs"]["held"])
    report: dict[str, Any] = {"us_a_pair": found["us_a_pair"], "quality": quality}
    if "population" in found:
        ranks = [
            metrics.rank_of(int(population.group[question.truth]), [int(population.group[place]) for place, _ in rows])
            for question, rows in zip(questions, found["population"]["found"], strict=True)
        ]
        report |= {f"recall@{first}": metrics.recall_at(ranks, first) for first in (1, 5, 20)}
        latencies = found["population"]["latency_us"]
        report["latency_median_us"] = metrics.percentile(latencies, 0.5)
        report["latency_p99_us"] = metrics.percentile(latencies, 0.99)
    if "list" in found:
        rows = [
            {f"{on_list.cui[place]:013d}": score for place, score in answer if f"{on_list.cui[place]:013d}" in listed}
            for answer in found["list"]["found"]
        ]
        ours = [
            row.get(f"{on_list.cui[q.truth]:013d}", 0.0) for q, row in zip(truths, rows[: len(truths)], strict=True)
        ]
        crowd = [max(row.values(), default=0.0) for row in rows[len(truths) :]]
        report["headline"] = {str(rate): metrics.recall_at_rate(ours, crowd, rate) for rate in RATES}
    return report
