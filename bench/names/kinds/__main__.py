"""`python -m bench.names.kinds`: this step alone."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from bench.names.kinds import measured, report, table


def main(
    kinds: Annotated[str, typer.Option(help="Kinds with commas between.")] = ",".join(table.KINDS),
    half: Annotated[str, typer.Option(help="B for a verdict, A at work.")] = measured.HELD_BACK,
    strangers: Annotated[int, typer.Option(help="Of each kind.")] = measured.STRANGERS,
    peers: Annotated[bool, typer.Option(help="The other matchers beside.")] = True,
    scan: Annotated[bool, typer.Option(help="What the index loses of a full scan.")] = True,
    served: Annotated[bool, typer.Option(help="Levels by a real server.")] = True,
    weighed_of: Annotated[
        int, typer.Option(min=1, help="LogicV2 weighs one question in so many.")
    ] = measured.WEIGHED_OF,
) -> None:
    """Measures the kinds of noise and prints tables and bars."""
    started = time.monotonic()

    def say(text: str) -> None:
        typer.echo(f"{time.monotonic() - started:6.0f} s  {text}", err=True)

    found = measured.measure(
        kinds.split(","),
        half,
        strangers,
        with_peers=peers,
        scan=scan,
        served=served,
        weighed_of=weighed_of,
        say=say,
    )
    rows = report.write(found)
    say("done")
    raise typer.Exit(0 if all(row["met"] for row in rows) else 1)


if __name__ == "__main__":
    typer.run(main)
