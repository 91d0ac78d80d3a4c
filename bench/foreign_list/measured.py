"""Ronda against the foreign list, on the half held back: rows, curve and calibration, beside the commit before.

`python -m bench.foreign_list.measured` prints them and writes build/bench/foreign-list.json; `./run bench-names` does
so too. `--half A` is for work on the matcher. The row of the commit before stands in before.json
(`python -m bench.foreign_list.before`).
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from bench.bars import printing_console
from bench.foreign_list import before, files, scoring, verdict
from bench.foreign_list import peers as others
from bench.foreign_list.product import Product
from core.linking import index
from core.names import comparison

WRITTEN = files.DEFAULT.parent / "foreign-list.json"
CURVE = (0.05, 0.02, 0.01, 0.005, 0.002, 0.001)  # shares of strangers


def _curve(product: Product, half: str, every: int) -> list[dict[str, Any]]:
    """For each share of strangers: the score that alerts so many, and recall; by name alone and with birth date."""
    asking = verdict.Asking(product.search)

    def rows(name: str) -> list[dict[str, Any]]:
        return [
            r for r in files.read(files.DEFAULT, name, half) if int(r.get("person", "")[1:] or r["id"][1:]) % every == 0
        ]

    questions, strangers = rows("questions"), rows("strangers") + rows("guatemalans")
    found = []
    for dated, kind in ((False, "none"), (True, "exact")):
        asked = [q for q in questions if q["birth_kind"] == kind and (not dated or q["birth_on_list"] == "full")]
        truths = [asking.of_truth(row, dated=dated) for row in asked]
        others = [asking.best(row, dated=dated) for row in strangers]
        for rate in CURVE:
            at = scoring.at_rate(truths, others, rate)
            found.append({"birth date": kind, "strangers": rate, "score": at.limit, "recall": at.recall.value})
    return found


def figures(half: str = "B", every: int = 1, *, peers: bool = False) -> dict[str, Any]:
    """Rows of both verdicts, tenths and curve; the peers' rows, and Ronda's on what the peers are asked ("sample").

    pairs.rows of the sample are all pairs, as the peers are given them. Makes the files where they are not there.
    Raises as files.read does.
    """
    if not (files.DEFAULT / "pairs.jsonl").exists():
        files.write(files.DEFAULT, files.SEED, files.WHOLE)
    with tempfile.TemporaryDirectory() as directory:
        listed = files.read(files.DEFAULT, "listed", "AB")
        product = Product(listed, Path(directory) / "names.bin", index, comparison)
        questions = verdict.on_questions(product.search, product.alerted, half=half, every=every)
        pairs = verdict.on_pairs(product.alike, half=half)
        sample = verdict.on_questions(product.search, product.alerted, half=half, every=others.EVERY) if peers else None
        same = {row.name: row.value for row in (*sample.rows, *pairs.rows)} if sample else {}
        return {"half": half, "every": every, "questions": questions.as_dict(), "pairs": pairs.as_dict(),
                "curve": _curve(product, half, every), "peers": others.figures(half) if peers else {},
                "sample": same}  # fmt: skip


def _earlier(half: str) -> dict[str, float]:
    """Values of the commit before, by row."""
    if not before.WRITTEN.exists():
        return {}
    kept = json.loads(before.WRITTEN.read_text(encoding="utf-8"))["halves"].get(half, {})
    return {row["name"]: row["value"] for part in kept.values() for row in part["rows"]}


def _shown(values: dict[str, Any], row: str) -> str:
    value = values.get(row)
    return "" if value is None else f"{value:.3f}"


def table_of(found: dict[str, Any]) -> Table:
    """Every row with its goal, and what the commit before gave."""
    columns = {before.COMMIT: _earlier(found["half"])} | found.get("peers", {})
    table = Table(title=f"The foreign list, half {found['half']}", title_justify="left")
    for heading in ("row", "value", "95 %", "of", "goal", "met", *columns):
        table.add_column(heading, justify="left" if heading == "row" else "right")
    for row in found["questions"]["rows"] + found["pairs"]["rows"]:
        goal = "" if row["goal"] is None else f"{'<=' if row['at_most'] else '>='} {row['goal']:g}"
        beside = [_shown(values, row["name"]) for values in columns.values()]
        met = {None: "", True: "yes", False: "NO"}[row["met"]]
        interval = f"{row['low']:.3f} to {row['high']:.3f}"
        table.add_row(row["name"], f"{row['value']:.3f}", interval, f"{row['of']:,}", goal, met, *beside)
    return table


def main(
    half: Annotated[str, typer.Option(help="B for a verdict, A at work.")] = "B",
    every: Annotated[int, typer.Option(min=1, help="Asks about one of so many.")] = 1,
    peers: Annotated[bool, typer.Option(help="The peers too, about one of ten: two minutes.")] = False,
) -> None:
    """The rows of a verdict."""
    found = figures(half, every, peers=peers)
    WRITTEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    console = printing_console()
    console.print(table_of(found))
    for point in found["curve"]:
        console.print(
            f"birth date {point['birth date']}: {point['strangers']:.1%} of strangers from {point['score']:.4f}, "
            f"recall {point['recall']:.3f}"
        )


if __name__ == "__main__":
    typer.run(main)
