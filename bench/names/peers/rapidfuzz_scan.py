"""rapidfuzz: every name of the population is compared with every question (token_sort_ratio, tokens sorted once)."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process, utils

from bench.names.peers import exchange


def _sorted(text: str) -> str:
    return " ".join(sorted(utils.default_process(text).split()))


# Of a million names none of the best hundred is less like a question than this; rapidfuzz need not look at the rest.
LEAST = {"population": 50.0}


def _scan(folder: Path, population: str, questions: str) -> dict[str, Any]:
    rows = exchange.lines(folder / f"{population}.jsonl")
    names = [_sorted(f"{given} {surnames}") for _, given, surnames, _ in rows]
    found, times = [], []
    least = LEAST.get(population)
    for question in exchange.lines(folder / f"{questions}.jsonl"):
        started = time.perf_counter()
        best = process.extract(
            _sorted(question["text"]), names, scorer=fuzz.ratio, limit=exchange.TOP, processor=None, score_cutoff=least
        )
        times.append((time.perf_counter() - started) * 1e6)
        found.append([[rows[place][0], score / 100] for _, score, place in best])
    return {"found": found, "latency_us": times}


def main() -> None:
    """Scores the pairs, then scans each population that is there."""
    folder = Path(sys.argv[1])
    report: dict[str, Any] = {"pairs": {}}
    for half in ("tuning", "held"):
        pairs = exchange.lines(folder / f"pairs-{half}.jsonl")
        texts = [(_sorted(p["asked"]), _sorted(f"{p['given']} {p['surnames']}")) for p in pairs]
        started = time.perf_counter()
        scores = [fuzz.ratio(a, b) / 100 for a, b in texts]
        report["us_a_pair"] = (time.perf_counter() - started) / len(pairs) * 1e6
        # A birth date that differs wholly is the least that anybody would look at: it takes a fifth off.
        report["pairs"][half] = [
            score - 0.2 * _differs(p["asked_birth"], p["birth"]) for p, score in zip(pairs, scores, strict=True)
        ]
    for population, questions in exchange.populations(folder):
        report[population] = _scan(folder, population, questions)
    exchange.write(folder, "rapidfuzz", report)


def _differs(a: list[int] | None, b: list[int] | None) -> bool:
    """Neither known noise nor equal: the years are more than one apart, or the whole dates have nothing in common."""
    if not a or not b:
        return False
    return abs(a[0] - b[0]) > 1 or (sorted(a[1:]) != sorted(b[1:]) and bool(a[2]))


if __name__ == "__main__":
    main()
