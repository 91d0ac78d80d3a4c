"""Output of the kinds' step: one table of names, one of dates, relatives, calibration, bars."""

from __future__ import annotations

import json
from typing import Any

from rich.table import Table

from bench.bars import OUTPUT, printing_console
from bench.names.kinds import bars, figures
from bench.names.kinds.peers import PEERS

WRITTEN = OUTPUT / "names-kinds.json"
_MATCHERS = ("ronda", "full scan", *PEERS)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _table(title: str, headings: list[str], rows: list[list[str]]) -> None:
    made = Table(title=title, title_justify="left")
    for heading in headings:
        made.add_column(heading, justify="left" if heading in ("kind", "who", "bar", "band") else "right")
    for row in rows:
        made.add_row(*row)
    printing_console().print(made)


def print_tables(found: dict[str, Any]) -> None:
    """All of them."""
    for key in ("r@5", "r@20", *(f"at {rate:.1%}" for rate in figures.RATES)):
        rows = [
            [kind, *(_shown(of_kind.get(matcher, {}).get(key)) for matcher in _MATCHERS)]
            for kind, of_kind in found["kinds"].items()
        ]
        what = key if key.startswith("r@") else f"recall {key} of strangers"
        _table(f"Names only, {what}, half {found['half']}, {found['listed']:,} listed", ["kind", *_MATCHERS], rows)
    rows = []
    for kind, of_kind in found["kinds"].items():
        dated, alone = of_kind["ronda dated"], of_kind["ronda alerts by name"]
        rows.append([
            kind, f"{of_kind['questions']:,}", f"{of_kind['strangers']:,}", _shown(dated["r@1"]),
            *(_shown(of_kind.get(f"{peer} dated", {}).get("r@1")) for peer in PEERS),
            _shown(dated["own alerts"]), f"{dated['strangers alerted']:.4f}", _shown(alone["own alerts"]),
            f"{alone['strangers alerted']:.4f}", _shown(of_kind["empty pages"]),
        ])  # fmt: skip
    headings = ["kind", "asked", "strangers", "r@1", *PEERS, "own alerts", "strangers", "by name: own", "strangers",
                "empty page"]  # fmt: skip
    _table("With the exact birth date: r@1 of each, Ronda's alerts", headings, rows)
    keys = list(next(iter(found["relatives"].values())))
    _table("Relatives and namesakes, rightly named", ["who", *keys],
           [[who, *(f"{shares[key]:.4g}" for key in keys)] for who, shares in found["relatives"].items()])  # fmt: skip
    _print_levels(found.get("levels") or {})
    for title, by_rate in found["calibration"].items():
        rows = [
            [f"{n / 10:.1f}", *(f"{by_rate[rate][n]['pairs']:,}: {_ratio(by_rate[rate][n])}" for rate in by_rate)]
            for n in range(10)
        ]
        _table(f"Calibration, {title}: pairs: right / expected, by the share of those asked who are listed",
               ["band", *by_rate], rows)  # fmt: skip


def _print_levels(levels: dict[str, Any]) -> None:
    headings = ("HIT", "POSSIBLE")
    rows = [
        [f"{kind}: {who}", *(_shown(shares.get(level, 0.0)) for level in headings)]
        for kind, of_kind in levels.get("kinds", {}).items()
        for who, shares in of_kind.items()
    ]
    rows += [
        [f"{relation}: {who}", *(_shown(shares[who].get(level, 0.0)) for level in headings)]
        for relation, shares in levels.get("relatives", {}).items()
        for who in ("by name", "dated")
    ]
    if rows:
        _table("Levels of CheckPerson on a real server", ["who", *headings], rows)


def _ratio(band: dict[str, Any]) -> str:
    return f"{band['true'] / band['expected']:.2f}" if band["expected"] else "-"


def write(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Prints, writes WRITTEN with rows and figures, returns the bars' rows."""
    rows = bars.rows(found)
    print_tables(found)
    shown = [[row["bar"], row["goal"], _shown(row["value"]), "yes" if row["met"] else "NO"] for row in rows]
    _table("Bars of the kinds", ["bar", "goal", "value", "met"], shown)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    WRITTEN.write_text(json.dumps({"rows": rows, "figures": found}, indent=1) + "\n", encoding="utf-8")
    return rows
