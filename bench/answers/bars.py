"""The bars of the answers issue, and their values from what was found."""

from __future__ import annotations

from typing import Any

from bench.bars import Bar

Figures = dict[str, Any]

_NONE = 0
_ENOUGH = 200_000
_LARGE = 1_000_000  # persons of the nation that the bars are about
_OTHERS = 2.0  # in a thousand alert rows


BARS: dict[str, Bar] = {
    "recognisable clear": Bar("recognisable rows of one subject on file shown CLEAR", _NONE, "rows"),
    "recognisable below": Bar("recognisable rows neither CLEAR nor POSSIBLE by a certain way", _NONE, "rows"),
    "others clear": Bar("other rows shown CLEAR, of a thousand alert rows", _OTHERS, "per thousand"),
    "nobody": Bar("alert rows that mean nobody on file", 0.01, "share", at_most=False),
    "innocent hit": Bar("without an alert shown HIT, by rows whose own person is on file", _NONE, "subjects"),
    "innocent possible": Bar("without an alert shown POSSIBLE, by identifier or birth date", 0.01, "share"),
    "asked": Bar("persons and vehicles without an alert that were asked", _ENOUGH, "subjects", at_most=False),
    "addresses": Bar("protected addresses shown", _NONE, "addresses"),
    "ways": Bar("ways that differ in level by no stated rule", _NONE, "pairs"),
    "grpc": Bar("answers through gRPC that differ from the engine's", _NONE, "answers"),
}


def values(figures: Figures) -> dict[str, float | None]:
    """The value of each bar; None = not measured."""
    wanted, innocents = figures["wanted"], figures["innocents"]
    clear = [row for row in wanted["clear"] if not row["why_not"]]
    subjects = innocents["persons"] + innocents["vehicles"]
    return {
        "recognisable clear": len(clear),
        "recognisable below": sum(not row["why_not"] for row in wanted["below"]),
        "others clear": 1000 * (len(wanted["clear"]) - len(clear)) / wanted["all_rows"],
        "nobody": wanted["nobody"] / wanted["all_rows"],
        "innocent hit": len(innocents["hits"]),
        "innocent possible": innocents["possible"] / max(1, subjects),
        "asked": subjects if subjects >= _ENOUGH or figures["persons"] >= _LARGE else None,  # small nations have fewer
        "addresses": len(figures["addresses"]["shown"]),
        "ways": len(figures["ways"]["unexplained"]),
        "grpc": figures["grpc"]["different"],
    }


def all_met(figures: Figures, rows: list[dict[str, Any]]) -> bool:
    """Returns whether every bar is met; in a small nation, all but the number of questions."""
    small = figures["persons"] < _LARGE
    return all(row["met"] or (small and name == "asked") for name, row in zip(BARS, rows, strict=True))
