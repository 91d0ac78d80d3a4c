"""Counts each kind in the files: docs/foreign-list.md states the numbers, and the tests compare them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from textwrap import fill
from typing import Any

from rich.table import Table


def shares_of(directory: Path) -> dict[str, dict[str, float]]:
    """Title -> kind -> share, 0 to 1, in falling order; of rows as written, both halves."""

    def rows(name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (directory / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]

    persons, questions, pairs = rows("listed"), rows("questions"), rows("pairs")
    dated = [row for row in questions if row["birth_kind"] not in ("none", "exact")]
    return {
        "cultures of the listed": _shares(row["culture"] for row in persons),
        "birth dates on the list": _shares(row["birth_kind"] for row in persons),
        "aliases a person": _shares(str(len(row["aliases"])) for row in persons),
        "kinds of alias": _shares(alias["kind"] for row in persons for alias in row["aliases"]),
        "what is asked": _shares(row["source"] for row in questions),
        "slips of a question": _shares(str(len([k for k in row["noise"] if k != "accents_lost"])) for row in questions),
        "kinds of slip": _shares(kind for row in questions for kind in row["noise"]),
        "birth date asked": _shares(
            row["birth_kind"] if row["birth_kind"] in ("none", "exact") else "noisy" for row in questions
        ),
        "noise of a birth date": _shares(row["birth_kind"] for row in dated),
        "relatives and namesakes": _shares(row["relation"] for row in rows("relatives")),
        "pairs of one person": _shares(row["kind"] for row in pairs if row["same"]),
        "pairs of two": _shares(row["kind"] for row in pairs if not row["same"]),
    }


def _shares(kinds: Iterable[str]) -> dict[str, float]:
    counted = Counter(kinds)
    total = max(1, counted.total())
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return {kind: round(count / total, 4) for kind, count in ordered}


def write_page(page: Path, shares: dict[str, dict[str, float]]) -> None:
    """Puts the shares into the section `## Shares` of a page, behind its first paragraph, for what stands there."""
    text = page.read_text(encoding="utf-8")
    head, _, rest = text.partition("\n## Shares\n")
    paragraph = rest.lstrip("\n").split("\n\n")[0]
    below = rest.partition("\n## ")[2]
    groups = []
    for title, counted in shares.items():
        line = ", ".join(f"{kind} {share * 100:.1f}" for kind, share in counted.items())
        groups.append(f"### {title}\n\n" + fill(f"{line}.", 118, break_long_words=False, break_on_hyphens=False))
    body = "\n\n".join((paragraph, *groups))
    page.write_text(f"{head}\n## Shares\n\n{body}\n\n## {below}", encoding="utf-8")


def table_of(title: str, counted: dict[str, float]) -> Table:
    """One group as a table for a terminal."""
    table = Table(title=title, title_justify="left")
    table.add_column("kind")
    table.add_column("%", justify="right")
    for kind, share in counted.items():
        table.add_row(kind, f"{share * 100:.1f}")
    return table
