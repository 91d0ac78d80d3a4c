"""The effects of a change of the rules of linking by name: links of one nation by two versions of the rules.

`python -m bench.names.links_changed` builds a nation of 1,000,000 (that of ./run bench-names), its generation, and one
of the same registers by an earlier commit's indexer. It prints how many links by name are in both, the new and the lost
ones, by the disagreeing facts, how many of them are right, and precision, recall and clean persons of both. It writes
build/bench/links-changed.json. --before takes that commit's tree, compiled, from its place; else it is taken out of git
and compiled.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import pyarrow.parquet as pq
import typer

from bench.names import foundation_build, linking_quality
from bench.names.bench import SEED
from bench.names.nations import Nation, prepare
from bench.names.population import Population
from ronda.v1.level_pb2 import Criterion, Level

COMMIT = "176a2d48d1e8391efa7f6f7c6f201b814772d81e"  # the last of names-3, before evidence decided
WRITTEN = Path("build/bench/links-changed.json")
_QUALITY = (
    "warrants", "hits", "precision_of_hit", "recall", "recall_of_those", "possible_median", "possible_p99", "clean",
    "clean_turned_possible",
)  # fmt: skip
_Key = tuple[str, str, str]  # register, record id, identifier


def _links(generation: Path) -> dict[_Key, dict[str, Any]]:
    rows = pq.read_table(generation / "links.parquet").to_pylist()
    # before names-4 persons with a CUI alone could be meant, and only that stood there
    return {(row["register"], row["record_id"], row.get("identifier") or f"cui:{row['cui']}"): row for row in rows}


def _truths(nation: Path) -> dict[tuple[str, str], str]:
    rows = pq.read_table(nation / "truth" / "records.parquet").to_pylist()
    return {(row["register"], row["record_id"]): f"cui:{int(row['cui']):013d}" for row in rows if row["cui"]}


def _why(row: dict[str, Any]) -> str:
    """Level and what disagrees."""
    names = [Criterion.Name(code).removeprefix("CRITERION_") for code in row["disagrees"]]
    against = ", ".join(names) or "nothing"
    return f"{Level.Name(row['level']).removeprefix('LEVEL_')}, {against} disagrees"


def _counted(rows: dict[_Key, dict[str, Any]], truths: dict[tuple[str, str], str]) -> dict[str, dict[str, int]]:
    """Counts by level and disagreeing facts: links, and those to the right person."""
    found: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for key, row in rows.items():
        found[_why(row)] += 1
        right[_why(row)] += truths.get(key[:2]) == key[2]
    return {why: {"links": count, "right": right[why]} for why, count in sorted(found.items())}


def changes(before: Path, after: Path, nation: Path) -> dict[str, Any]:
    """before, after: generations of the same registers. nation: where its truth lies."""
    old, new, truths = _links(before), _links(after), _truths(nation)
    both = old.keys() & new.keys()
    moved = Counter(
        f"{Level.Name(old[key]['level'])} to {Level.Name(new[key]['level'])}"
        for key in both
        if old[key]["level"] != new[key]["level"]
    )
    return {
        "rules": [sorted({row["rule"] for row in links.values()}) for links in (old, new)],
        "links": [len(old), len(new)],
        "records": [len({key[:2] for key in links}) for links in (old, new)],
        "in both": len(both),
        "levels changed": dict(moved),
        "new": _counted({key: new[key] for key in new.keys() - both}, truths),
        "gone": _counted({key: old[key] for key in old.keys() - both}, truths),
    }


def _quality_by(tree: Path, nation: Path, generation: Path) -> dict[str, Any]:
    """As linking_quality.run of that tree says: a generation is read by the code that wrote it."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.names.linking_quality", str(nation.resolve()), str(generation.resolve())],
        check=True, stdout=subprocess.PIPE, cwd=tree, env=dict(os.environ) | {"PYTHONPATH": str(tree)},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main(
    persons: Annotated[int, typer.Option(min=1000)] = 1_000_000,
    before: Annotated[Path | None, typer.Option(help="The earlier commit's tree, compiled.")] = None,
) -> None:
    """Builds both, prints and writes what differs."""
    nation: Nation = prepare("main", persons, SEED)
    tree = before or foundation_build.tree_of(COMMIT)
    if tree is None:
        raise SystemExit(f"the repository's history does not hold {COMMIT}")
    data = nation.directory / "before"
    foundation_build.build_by(nation, tree.resolve(), data)
    generation = data / "generations" / (data / "CURRENT").read_text(encoding="utf-8").strip()
    found: dict[str, Any] = {"persons": persons}
    found |= changes(generation, nation.generation, nation.directory / "nation")
    population = Population.load(nation.directory / "nation")
    earlier = _quality_by(tree.resolve(), nation.directory / "nation", generation)
    present = linking_quality.run(nation.directory / "nation", nation.generation, population)
    for when, quality in (("before", earlier), ("after", present)):
        found[when] = {name: quality.get(name) for name in _QUALITY}
    shutil.rmtree(data, ignore_errors=True)
    WRITTEN.parent.mkdir(parents=True, exist_ok=True)
    WRITTEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    typer.run(main)
