"""`./run check-rules [--only AREA/ID] [--fresh]`: every listed mutation must compile and fail its named test.

Killed = it compiles, the named test passes unmutated and fails by assertion on the mutant. Verdicts are kept in
build/rules/verdicts.json while the mutation, the file that it changes and the file of its test stay as they were: a run
goes on where another stopped. `--fresh` judges all anew.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tests.rules.mutations import ROOT, Mutation, load, problems
from tests.rules.scratch import Outcome, Scratch

WORK = ROOT / "build" / "rules"
_WIDTH = 160


def main(
    only: Annotated[list[str] | None, typer.Option(help="Mutations whose area/id fits this pattern (* and ?).")] = None,
    fresh: Annotated[bool, typer.Option(help="Judge anew what an earlier run has judged.")] = False,
) -> None:
    """Exit status 1 unless every mutation is killed."""
    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    mutations = load()
    wrong = problems(mutations)
    if wrong:
        for line in wrong:
            console.print(line, markup=False)
        raise typer.Exit(1)
    chosen = [m for m in mutations if not only or any(fnmatch.fnmatch(m.name, pattern) for pattern in only)]
    verdicts = _verdicts(fresh)
    keys = {mutation: _key(mutation) for mutation in chosen}  # as the tree is now, whatever changes during the run
    waiting = [m for m in chosen if keys[m] not in verdicts]
    console.print(f"{len(chosen)} mutations, {len(waiting)} to judge")
    if waiting:
        _judge_all(waiting, keys, verdicts, console)
    rows = [_row(mutation, verdicts[keys[mutation]]) for mutation in chosen]
    _report(rows, console)
    raise typer.Exit(0 if all(row["verdict"] == "killed" for row in rows) else 1)


def _judge_all(waiting: list[Mutation], keys: dict[Mutation, str], verdicts: dict[str, Any], console: Console) -> None:
    scratch = Scratch(ROOT, WORK / "tree")
    scratch.make()
    console.print("the named tests, unmutated...")
    whole = scratch.test(sorted({mutation.test for mutation in waiting}), seconds=3_600)
    for number, mutation in enumerate(waiting, 1):
        started = time.monotonic()
        verdict, why = judge(mutation, whole[mutation.test], scratch)
        verdicts[keys[mutation]] = {"verdict": verdict, "why": why, "seconds": round(time.monotonic() - started, 1)}
        _keep(verdicts)
        style = "green" if verdict == "killed" else "red"
        console.print(f"{number:3}/{len(waiting)} [{style}]{verdict:9}[/{style}] {mutation.name}  {mutation.rule}")


def judge(mutation: Mutation, whole: Outcome, scratch: Scratch) -> tuple[str, str]:
    """("killed" | "survived" | "broken" | "unfit", why). unfit: the named test does not pass without the mutation."""
    if whole.verdict != "passed":
        return "unfit", f"unmutated: {whole.verdict} {whole.why}"
    text = (scratch.tree / mutation.file).read_text(encoding="utf-8")
    modules = mutation.modules(scratch.tree)
    try:
        said = scratch.change(mutation.file, mutation.mutated(text), modules)
        if said:
            return "broken", f"does not compile: {said.strip().splitlines()[-1] if said.strip() else ''}"
        outcome = scratch.test([mutation.test])[mutation.test]
    finally:
        scratch.restore()
    if outcome.verdict == "failed":
        return "killed", outcome.why
    return ("survived", "") if outcome.verdict == "passed" else ("broken", outcome.why)


def _key(mutation: Mutation) -> str:
    """Returns the key of the mutation, the file that it changes and the test that it names."""
    state = hashlib.sha256(repr(mutation).encode())
    for name in (mutation.file, mutation.test.split("::")[0]):
        state.update((ROOT / name).read_bytes())
    return f"{mutation.name} {state.hexdigest()[:16]}"


def _verdicts(fresh: bool) -> dict[str, Any]:
    path = WORK / "verdicts.json"
    if fresh or not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _keep(verdicts: dict[str, Any]) -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    part = WORK / "verdicts.json.part"
    part.write_text(json.dumps(verdicts, indent=1), encoding="utf-8")
    part.replace(WORK / "verdicts.json")


def _row(mutation: Mutation, verdict: dict[str, Any]) -> dict[str, Any]:
    return {"area": mutation.area, "id": mutation.id, "rule": mutation.rule, "file": mutation.file,
            "test": mutation.test, **verdict}  # fmt: skip


def _report(rows: list[dict[str, Any]], console: Console) -> None:
    table = Table(title="Rules and the tests that hold them", title_justify="left")
    for heading in ("area", "rule", "mutated", "killed by", "verdict"):
        table.add_column(heading)
    for row in rows:
        table.add_row(row["area"], row["rule"], row["file"], row["test"].removeprefix("tests/"), row["verdict"])
    console.print(table)
    for row in rows:
        if row["verdict"] != "killed":
            console.print(f"{row['verdict']}: {row['area']}/{row['id']}: {row['why']}", markup=False)
    killed = sum(row["verdict"] == "killed" for row in rows)
    console.print(f"{killed} of {len(rows)} killed")
    path: Path = WORK / "report.json"
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
