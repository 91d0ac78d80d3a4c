"""Draws docs/answer.svg: a real answer of the server that `./run serve` runs, as a terminal shows it.

.venv/bin/python -m bench.answer_picture 8750313310502 docs/answer.svg
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from clients.client.connection import DEFAULT_SERVER, Connection, request_context
from clients.officer_view.answer import answer_head, registers_line
from clients.officer_view.person import person_lines
from ronda.v1 import check_service_pb2, context_pb2

WIDTH = 100  # columns


def draw(
    cui: Annotated[str, typer.Argument(help="CUI of a person.")],
    out: Annotated[Path, typer.Argument(help="SVG file to write.")],
    server: Annotated[str, typer.Option(help="host:port.")] = DEFAULT_SERVER,
) -> None:
    """Asks and draws."""
    context = request_context(context_pb2.PURPOSE_TRAFFIC_STOP)
    with Connection(server) as connection, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        found = connection.checks.Check(check_service_pb2.CheckRequest(context=context, query=cui), timeout=5)
        console = Console(width=WIDTH, record=True, file=nowhere, force_terminal=True, color_system="truecolor")
        for part in (answer_head(found.answer), person_lines(found.person), registers_line(found.answer)):
            console.print(part, highlight=False)
        svg = console.export_svg(title=f"ronda check {cui}")
    # No fonts from elsewhere: a picture fetches nothing.
    out.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    typer.run(draw)
