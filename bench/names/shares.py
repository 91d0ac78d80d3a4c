"""`python -m bench.names.shares`: in what share of the pairs of one person which difference is found, by kind of noise.

Differences are counted as the comparison counts them (bench.names.kinds.counts). --edits: how often each edit of
kinds.toml was made.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Annotated

import typer
from rich.table import Table

from bench.bars import printing_console
from bench.foreign_list.draws import Draws
from bench.names.kinds import editing, people, table, truth
from bench.names.kinds.counts import Difference, difference
from bench.names.kinds.ronda import name_parts
from core.names.comparison import name_text

_EXACT = "exact"


def _held(person: people.Person) -> bytes:
    parts = name_parts(person)
    return name_text(parts.get("given", ""), parts.get("surnames", ""), "", parts.get("full", ""))


def _counted(found: Difference) -> list[str]:
    """Rows of the table that a pair counts in."""
    rows = [f"a pair: {kind}" for kind in found.kinds if kind != _EXACT]
    if set(found.kinds) <= {_EXACT}:
        rows.append("all pairs exact")
    for side, left in (("asked", found.left_asked), ("on file", found.left_on_file)):
        rows += [f"left {side}: {role}" for role in left]
        rows.append(f"left {side}: {min(left.total(), 3)}{' or more' if left.total() > 2 else ''} in all")
    if found.turned:
        rows.append("another order")
    rows.append(f"asked explained: {'all' if found.explained == 1 else 'half' if found.explained >= 0.5 else 'less'}")
    return rows


def of_kind(kind: str, half: str = "AB") -> dict[str, float]:
    """Difference -> share of the pairs of a kind that have it; "pairs": how many there are."""
    found: Counter[str] = Counter()
    pairs = 0
    for question in truth.questions(kind, half):
        person = people.listed(int(question.person[1:]))
        found.update(_counted(difference(question.asked, _held(person), name_parts(person))))
        pairs += 1
    return {"pairs": float(pairs)} | {row: count / max(1, pairs) for row, count in sorted(found.items())}


def edits() -> dict[str, float]:
    """Share of the edited names that each edit was made in."""
    found: Counter[str] = Counter()
    names = 0
    for number in range(people.count()):
        person = people.listed(number)
        made = editing.edited(person.lineage, person.words, Draws(people.SEED, "edits", number))
        if made:
            names += 1
            found.update(made[1])
    return {kind: found[kind] / max(1, names) for kind in table.weights("edits")}


def main(
    kinds: Annotated[str, typer.Option(help="Kinds with commas between.")] = ",".join(table.KINDS),
    of_edits: Annotated[bool, typer.Option("--edits", help="How often each edit was made.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Prints the table."""
    shares = {"editing": edits()} if of_edits else {kind: of_kind(kind) for kind in kinds.split(",")}
    if as_json:
        print(json.dumps(shares, indent=1))
        return
    shown = Table(title="Share of the pairs, %", title_justify="left")
    shown.add_column("difference")
    for kind in shares:
        shown.add_column(kind, justify="right")
    for row in sorted({row for found in shares.values() for row in found}, key=lambda row: (row != "pairs", row)):
        values = [found.get(row, 0.0) for found in shares.values()]
        shown.add_row(row, *(f"{value:,.0f}" if row == "pairs" else f"{value * 100:.1f}" for value in values))
    printing_console().print(shown)


if __name__ == "__main__":
    typer.run(main)
