"""`python -m bench.foreign_list`: writes list, questions, strangers, pairs; checks that they are those agreed on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.bars import printing_console
from bench.foreign_list import files
from bench.foreign_list.shares import shares_of, table_of, write_page

PAGE = files.ROOM.parent.parent / "docs" / "foreign-list.md"
CHANGED = 1  # exit status: files of the agreed seed are not the agreed files


def main(
    seed: Annotated[int, typer.Option(help="Other seeds give other lists, which no bar is measured on.")] = files.SEED,
    out: Annotated[Path, typer.Option(help="Directory of the files.")] = files.DEFAULT,
    as_json: Annotated[
        bool, typer.Option("--json", help="For a program: digests and shares on standard output.")
    ] = False,
    sample: Annotated[bool, typer.Option(help="A few hundred of each, to look at.")] = False,
    accept: Annotated[bool, typer.Option(help="Write the digests into the source: voids all bars.")] = False,
) -> None:
    """Makes the second alert list and its truth (docs/foreign-list.md)."""
    if accept and seed != files.SEED:
        raise typer.BadParameter(
            f"seed: digests are of {files.SEED}, which is agreed on in the source", param_hint="--seed"
        )
    sizes, which = (files.SAMPLE, "sample") if sample else (files.WHOLE, "whole")
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True,
    ) as progress:  # fmt: skip
        tasks = {name: progress.add_task(name, total=None) for name in files.NAMES}
        digests = files.write(
            out, seed, sizes, lambda name, done, total: progress.update(tasks[name], completed=done, total=total)
        )
    if accept:
        files.DIGESTS[which].write_text(files.digest_text(digests), encoding="utf-8")
    agreed = digests == files.known_digests(which) if seed == files.SEED else None
    shares = shares_of(out)
    if accept and not sample:
        write_page(PAGE, shares)
    if as_json:
        print(
            json.dumps(
                {"seed": seed, "sha256": digests, "agreed": agreed, "shares": shares}, ensure_ascii=False, indent=2
            )
        )
    else:
        console = printing_console()
        for title, counted in shares.items():
            console.print(table_of(title, counted))
        said = {
            True: "as agreed (SHA256)",
            False: "NOT the files agreed on: the bars are void",
            None: "of another seed",
        }
        console.print(f"written: {out}, {said[agreed]}")
    raise typer.Exit(CHANGED if agreed is False else 0)


if __name__ == "__main__":
    typer.run(main)
