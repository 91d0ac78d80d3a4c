"""The files that a peer reads and writes. Plain Python: it runs in the peers' own environment too.

FOLDER/pairs-tuning.jsonl, pairs-held.jsonl: as bench.names.pairs.Pair. FOLDER/<population>.jsonl: [id, given, surnames,
"YYYY-MM-DD"]; FOLDER/<questions>.jsonl: {"text", "given", "surnames", "birth"}. A name that is not parted is `surnames`
or `given` alone. FOLDER/weighed.jsonl, if there: {"asked", "birth", "others": [[names, birth]...]}, births as text.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TOP = 100


def lines(path: Path) -> list[Any]:
    """JSON lines."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def populations(folder: Path) -> list[tuple[str, str]]:
    """(population, its questions), those that are there."""
    named = (("population", "questions"), ("list", "list-questions"))
    return [names for names in named if (folder / f"{names[0]}.jsonl").exists()]


def iso(birth: list[int] | None) -> str | None:
    """[1985, 3, 0] -> "1985-03"."""
    if not birth:
        return None
    year, month, day = birth
    return f"{year:04d}-{month:02d}-{day:02d}" if day else f"{year:04d}-{month:02d}" if month else f"{year:04d}"


def write(folder: Path, name: str, report: dict[str, Any]) -> None:
    """The peer's figures."""
    (folder / f"{name}.json").write_text(json.dumps(report), encoding="utf-8")
