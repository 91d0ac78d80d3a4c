"""Tables, build/bench/names.json and the pictures of the names report."""

from __future__ import annotations

import json
from typing import Any

from rich.table import Table

from bench.bars import OUTPUT, draw, printing_console
from bench.foreign_list import standing
from bench.names import bars, pictures
from bench.names.headline import RATES


def _table(title: str, headings: list[str], rows: list[list[str]]) -> None:
    table = Table(title=title, title_justify="left")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*row)
    printing_console().print(table)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value * 100:.2f} %"


def write(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """Prints everything, writes names.json, names-figures.json and the pictures; returns the bars' rows."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    if figures.get("recall"):
        _recall(figures["recall"])
    if figures.get("headline"):
        _headline(figures)
        pictures.headline(OUTPUT / "names-headline.png", figures["headline"])
    if figures.get("linking"):
        _linking(figures["linking"])
    if figures.get("pairs"):
        _peers(figures)
    if figures.get("false alarms"):
        _false_alarms(figures["false alarms"])
    if figures.get("calibration"):
        pictures.reliability(OUTPUT / "names-reliability.png", figures["calibration"]["pairs"])
        _calibration(figures["calibration"])
    for step, where in (("latency", ""), ("large", " at 10 M persons")):
        if figures.get(step):
            _latency(figures[step], where)
    if figures.get("hostile"):
        _hostile(figures["hostile"])
    if figures.get("scan"):
        scan = figures["scan"]
        row = [f"{scan[key]:,}" for key in ("questions", "skipped", "above")]
        _table(
            "Full scan of everybody, beside the search",
            ["questions scored", "too broad, skipped", "persons above POSSIBLE", "missed by the search"],
            [[*row, _share(scan["missed"])]],
        )
    found = bars.values(figures)
    measured = [bar.measured(found[name]) for name, bar in bars.BARS.items()]
    measured += standing.bars(figures.get("foreign list"))
    _bars(measured)
    (OUTPUT / "names.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    if figures.get("headline"):  # every single answer stays with its step in names-work
        figures = figures | {"headline": {key: figures["headline"][key] for key in ("states", "curves")}}
    (OUTPUT / "names-figures.json").write_text(json.dumps(figures, indent=1, default=str) + "\n", encoding="utf-8")
    draw(OUTPUT / "names.png", "names", measured)
    printing_console().print(
        "written: build/bench/names.json, names-figures.json, names.png, names-reliability.png, names-headline.png"
    )
    return measured


def _bars(rows: list[dict[str, Any]]) -> None:
    peers = list(dict.fromkeys(peer for row in rows for peer in row.get("peers", {})))
    shown = []
    for row in rows:
        value = "not measured" if row["value"] is None else f"{row['value']:,}"
        beside = [row.get("peers", {}).get(peer) for peer in peers]
        shown.append(
            [row["bar"], row["goal"], value, row["unit"], "yes" if row["met"] else "NO",
             *("" if value is None else f"{value:,}" for value in beside)]
        )  # fmt: skip
    _table("Bars: names", ["bar", "goal", "value", "unit", "met", *peers], shown)


def _recall(recall: dict[str, Any]) -> None:
    headings = ["kind", "words", "questions", "@1", "@5", "@20", "@1 raw", "@5 raw", "@20 raw", "precision", "sure"]
    rows = [
        [row["kind"], str(row["length"] or "all"), str(row["questions"]),
         *(_share(row[f"{what}@{first}"]) for what in ("recall", "raw") for first in (1, 5, 20)),
         _share(row["precision"]), _share(row["answered"])]
        for row in recall["rows"] if row["questions"] >= 20
    ]  # fmt: skip
    _table(
        "Recall by kind of noise and length of name (raw: identical names not counted as one; precision: of first "
        "answers that are sure, with a score of 0.5 or more)",
        headings,
        rows,
    )
    rows = []
    for row in recall["barred"]:
        shares = [row[key] for key in ("recall@1", "recall@5", "recall@20", "raw@5")]
        shares += [row.get("oracle@5"), row.get("of_oracle")]
        rows.append([row["kind"], "yes" if row["year"] else "no", str(row["questions"]), *map(_share, shares)])
    _table(
        "Four-word names",
        ["kind", "birth year", "questions", "@1", "@5", "@20", "@5 raw", "oracle @5", "of the oracle's"],
        rows,
    )


def _headline(figures: dict[str, Any]) -> None:
    states = figures["headline"]["states"]
    rows = []
    for state, found in states.items():
        levels = [found[f"level_{level}"] for level in ("POSSIBLE", "HIT")]
        rows.append(
            [
                state,
                *(_share(found["recall_at"][str(rate)]) for rate in RATES),
                *(f"{found['threshold_at'][str(rate)]:.4f}" for rate in RATES),
                *(f"{_share(level['recall'])} / {_share(level['alarms'])}" for level in levels),
                f"{_share(levels[0]['brothers'])} / {_share(levels[0]['namesakes'])}",
            ]
        )
    headings = ["birth date", "recall at 1 %", "at 0.1 %", "score at 1 %", "at 0.1 %", "POSSIBLE: recall / strangers",
                "HIT: recall / strangers", "POSSIBLE: brothers / namesakes"]  # fmt: skip
    _table("Headline: recall at a fixed share of strangers alerted, 45,000 listed", headings, rows)
    kinds = list(next(iter(states.values()))[f"by_kind_{RATES[0]}"])
    rows = [
        [kind, *(_share(found[f"by_kind_{rate}"].get(kind)) for found in states.values() for rate in RATES)]
        for kind in kinds
    ]
    columns = [f"{state} {rate:.1%}" for state in states for rate in RATES]
    _table("Headline by kind, at that share of strangers alerted", ["kind", *columns], rows)
    rows = []
    for kind in ("brother", "namesake"):
        alarms = [found[f"others_alarmed_{rate}"].get(kind) for found in states.values() for rate in RATES]
        rows.append([kind, *map(_share, alarms)])
    by_length = [found[f"strangers_by_length_{rate}"] for found in states.values() for rate in RATES]
    for length in sorted({length for found in by_length for length in found}):
        shares = [found.get(length, [0, None]) for found in by_length]
        rows.append([f"stranger, {length} words ({shares[0][0]:,})", *(_share(share) for _, share in shares)])
    _table("False alarms by kind of stranger and length of name, at those thresholds", ["who", *columns], rows)


def _false_alarms(alarms: dict[str, Any]) -> None:
    named = alarms["by_kind"] | {f"{length} words": found for length, found in alarms["by_length"].items()}
    rows = [["all", f"{alarms['strangers']:,}", f"{alarms['rate']:.4%}"]]
    rows += [[name, f"{asked:,}", f"{share:.4%}"] for name, (asked, share) in named.items()]
    _table("False alarms (HIT or POSSIBLE) by name and birth date", ["who", "asked", "alarmed"], rows)


def _calibration(calibration: dict[str, Any]) -> None:
    for group, what in (("pairs", "birth date"), ("by_kind", "kind of noise"), ("by_length", "length of name, words")):
        rows = [
            [name, f"{f['pairs']:,}", f"{f['mean_score']:.4f}", f"{f['same']:.4f}", f"{f['error']:.4f}"]
            for name, f in calibration[group].items()
        ]
        headings = [what, "pairs", "mean score", "same person", "error"]
        _table(f"Calibration by {what} (error: expected error of the score)", headings, rows)


def _latency(latency: dict[str, Any], where: str) -> None:
    keys = ("latency_50", "latency_99", "server_cpu_50", "server_cpu_99")
    named = {"all": latency["all"]} | latency["by_kind"]
    rows = [[kind, *(f"{found[key]:,.0f}" for key in keys)] for kind, found in named.items()]
    headings = ["kind", "latency median, us", "p99", "server CPU median, us", "p99"]
    load = f", load of the machine {latency['load']:.1f}" if "load" in latency else ""
    _table(f"A search{where}, {latency['questions']:,} questions one at a time{load}", headings, rows)


def _hostile(hostile: dict[str, Any]) -> None:
    dearest = sorted(hostile.items(), key=lambda case: -case[1]["cpu_us"])[:10]
    rows = [[name, case["status"], f"{case['cpu_us']:,.0f}"] for name, case in dearest]
    _table(f"Bad input: the dearest of {len(hostile)} questions", ["question", "status", "server CPU, us"], rows)


def _linking(linking: dict[str, Any]) -> None:
    rows = [
        [key.replace("_", " "), f"{value:,.6g}"] for key, value in linking.items() if isinstance(value, int | float)
    ]
    _table("Linking of pending warrants without an identifier", ["figure", "value"], rows)
    rows = [
        [band, f"{f['persons']:,}", _share(f["turned"])] for band, f in linking["clean_by_sharers_of_the_name"].items()
    ]
    _table(
        "Clean persons who turn POSSIBLE, by how many share the name",
        ["persons of the name", "persons", "turned"],
        rows,
    )


def _peers(figures: dict[str, Any]) -> None:
    peers = {"ronda": figures["pairs"]["ronda"] | ((figures.get("peers") or {}).get("ronda") or {})}
    peers |= {name: found for name, found in (figures.get("peers") or {}).items() if name != "ronda"}
    headline = (figures.get("headline") or {}).get("states", {}).get("names only", {}).get("recall_at", {})
    rows = []
    for name, found in peers.items():
        quality = found.get("quality", {})
        alarms = found.get("headline", headline if name == "ronda" else {})
        rows.append(
            [name, *(f"{quality[s]['f1']:.4f}" if s in quality else "" for s in ("names only", "with birth date")),
             f"{found['us_a_pair']:,.2f}", *(_share(found.get(f"recall@{first}")) for first in (1, 5, 20)),
             *(f"{found[key] / 1000:,.2f}" if key in found else "" for key in ("latency_median_us", "latency_p99_us")),
             *(_share(alarms.get(str(rate))) for rate in RATES)]
        )  # fmt: skip
    headings = ["", "F1 names", "F1 + birth", "us a pair", "recall@1", "@5", "@20", "ms median", "ms p99"]
    headings += ["list, 1 %", "list, 0.1 %"]
    _table("Peers: same pairs, same questions, same population", headings, rows)
