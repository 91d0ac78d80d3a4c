"""The bars of the names issue, and where each one's value stands in the steps' figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.bars import Bar
from bench.foreign_list import standing
from bench.names.oracle_ties import KINDS as TIE_KINDS

Figures = dict[str, Any]  # step -> its figures, None when it failed

_FOUR = "four words"


def _least(name: str, goal: float, unit: str = "share") -> Bar:
    return Bar(name, goal, unit, at_most=False)


BARS: dict[str, Bar] = {
    "one error": _least("recall@5, four words, one error", 0.995),
    "two errors": _least("recall@5, four words, two errors", 0.98),
    "phonetic + typo": _least("recall@5, four words, phonetic + typo in one", 0.90),
    "nickname": _least("recall@5, four words, nickname", 0.97),
    **{f"{kind} year": _least(f"recall@5 of the oracle's, {kind}, birth year", 0.99) for kind in TIE_KINDS},
    **{kind: _least(f"recall@5 of the oracle's, {kind}", 0.98) for kind in TIE_KINDS},
    "false alarms": Bar("false alarms, name + birth date, 20,000 strangers, 45,000 listed", 0.001, "share"),
    "precision": _least("linking: precision of HIT", 0.999),
    "linked": _least("linking: recall of HIT + POSSIBLE", 0.98),
    "possible median": Bar("linking: possible persons a warrant, median", 2, "persons"),
    "possible p99": Bar("linking: possible persons a warrant, p99", 50, "persons"),
    "clean": Bar("linking: clean persons who turn POSSIBLE by CUI", 0.01, "share"),
    "search median": Bar("search, latency, median", 1000, "us"),
    "search p99": Bar("search, latency, p99", 5000, "us"),
    "cpu median": Bar("search, server CPU, median", 1000, "us"),
    "cpu p99": Bar("search, server CPU, p99", 5000, "us"),
    "cpu p99 large": Bar("search at 10 M, server CPU, p99", 20_000, "us"),
    "candidate": Bar("a scored candidate", 1, "us"),
    "faster": _least("a pair, faster than LogicV2 with warm caches", 100, "x"),
    "f1": _least("F1 over LogicV2's, the worse of names only and with birth date", 1, "x"),
    "bytes": Bar("names index, bytes a person", 120, "bytes"),
    "build": Bar("names work, added to the foundation's build time", 0.4, "share"),
    "hostile": Bar("bad input: dearest question, server CPU", 50_000, "us"),
    "scan": Bar("above POSSIBLE in a full scan, missed by search", 0.005, "share"),
    "minutes": Bar("./run bench-names", 20, "min"),
}


def values(figures: Figures) -> dict[str, float | None]:
    """The value of each bar; None = not measured."""
    found: dict[str, float | None] = {}

    def take(bar: str, read: Callable[[], float | None]) -> None:
        try:
            found[bar] = read()
        except (KeyError, TypeError, StopIteration, ZeroDivisionError):
            found[bar] = None

    def barred(kind: str, year: bool) -> Any:
        return next(row for row in figures["recall"]["barred"] if row["kind"] == kind and row["year"] == year)

    for kind in ("one error", "two errors", "phonetic + typo", "nickname"):
        take(kind, lambda kind=kind: barred(kind, False)["recall@5"])  # type: ignore[misc]
    for kind in TIE_KINDS:
        take(kind, lambda kind=kind: barred(kind, False)["of_oracle"])  # type: ignore[misc]
        take(f"{kind} year", lambda kind=kind: barred(kind, True)["of_oracle"])  # type: ignore[misc]
    take("false alarms", lambda: figures["false alarms"]["rate"])
    linking = figures.get("linking") or {}
    for bar, key in {
        "precision": "precision_of_hit",
        "linked": "recall",
        "clean": "clean_turned_possible",
        "possible median": "possible_median",
        "possible p99": "possible_p99",
    }.items():
        take(bar, lambda key=key: linking[key])  # type: ignore[misc]
    take("search median", lambda: figures["latency"]["all"]["latency_50"])
    take("search p99", lambda: figures["latency"]["all"]["latency_99"])
    take("cpu median", lambda: figures["latency"]["all"]["server_cpu_50"])
    take("cpu p99", lambda: figures["latency"]["all"]["server_cpu_99"])
    take("cpu p99 large", lambda: figures["large"]["all"]["server_cpu_99"])
    take("candidate", lambda: figures["index"]["us_a_candidate"])
    take("faster", lambda: figures["peers"]["logic_v2"]["us_a_pair"] / figures["pairs"]["ronda"]["us_a_pair"])
    take("f1", lambda: min(_f1_ratios(figures)))
    take("bytes", lambda: figures["index"]["bytes_a_person"])
    take("build", lambda: figures["build"]["added"])
    take("hostile", lambda: max(case["cpu_us"] for case in figures["hostile"].values()))
    take("scan", lambda: figures["scan"]["missed"])
    take("minutes", lambda: figures["minutes"])
    return found


def all_met(figures: Figures, rows: list[dict[str, Any]]) -> bool:
    """Returns whether every bar is met, except those not measured here.

    rows: one a bar, as in BARS; after them those of bench.foreign_list.standing.
    """
    left_out = set() if "large" in figures else {"cpu p99 large"}
    left_out |= set() if "peers" in figures else {"faster", "f1", standing.AHEAD}
    for bar, step, key in (("build", "build", "without"), ("candidate", "index", "us_a_candidate")):
        # Without the repository's history no build can be compared; a small nation has no question with many.
        if figures.get(step) and figures[step][key] is None:
            left_out.add(bar)
    names = [*BARS, *(row["bar"] for row in rows[len(BARS) :])]
    return all(row["met"] or (row["value"] is None and name in left_out) for name, row in zip(names, rows, strict=True))


def _f1_ratios(figures: Figures) -> list[float]:
    ours, theirs = figures["pairs"]["ronda"]["quality"], figures["peers"]["logic_v2"]["quality"]
    return [ours[name]["f1"] / theirs[name]["f1"] for name in ours]
