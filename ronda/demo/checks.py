"""Checks to try on the demo nation: the cast that every nation of every size and seed holds (docs/nation.md)."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

from core.mart.layout import CURRENT, FOLDER
from nation.limits import today_in_guatemala
from ronda.demo.directory import CHANGES, DemoDirectory

# (case of truth/cases.json, the request's field, who that is, the level's word)
SHOWN = (
    ("wanted", "cui", "a wanted person, with the warrant, its source and as-of", "ROJO"),
    ("clean", "cui", "a clean person", "VERDE"),
    ("unknown_cui", "cui", "a CUI that is on no file, never VERDE", "AMARILLO"),
    ("stolen_vehicle", "plate", "a stolen vehicle, with its owner", "ROJO"),
)
WITHDRAWN = "mp"  # the register that is taken out in the last line to try


def checks_to_try(directory: DemoDirectory, listen: str) -> str:
    """Lines to paste into a second shell, each with what is to be seen; rich markup."""
    cases: dict[str, Any] = {
        case["name"]: case["request"] for case in json.loads(directory.cases.read_text(encoding="utf-8"))["cases"]
    }
    left_out = directory.left_out()
    index = f"RONDA_CONFIG={shlex.quote(str(directory.config))} .venv/bin/ronda index"
    server = "" if listen == "127.0.0.1:50051" else f" --server {listen}"
    cancel, reissue = (f".venv/bin/ronda feed push {_short(directory.path / name)} --again{server}" for name in CHANGES)
    lines = ["", f"[bold]Ronda serves on {listen}. In a second shell, in this directory:[/bold]", ""]
    if left_out:
        lines += [
            f"Left out since an earlier try: [bold]{', '.join(left_out)}[/bold]. Nobody is VERDE without it. Undo:",
            *_to_see(index, "every register is in the index again"),
            "",
        ]
    for name, field, who, level in SHOWN:
        shown = "GRIS" if left_out and level == "VERDE" else level
        lines += _to_see(f".venv/bin/ronda check {shlex.quote(cases[name][field])}{server}", f"{shown}: {who}")
        if name == "wanted" and directory.fed:
            lines.append("      [dim]or what was fed in an earlier try: both lines are below[/dim]")
    names = cases["search_clean"]["names"]
    lines += [f"  .venv/bin/ronda search {shlex.quote(names)}{server}", f"  .venv/bin/ronda registers{server}", ""]
    if (directory.path / FOLDER / CURRENT).exists():
        figures = f".venv/bin/ronda statistics homicides --by department --year {today_in_guatemala().year - 1}{server}"
        lines += [*_to_see(figures, "figures, each a multiple of five or hidden (docs/numbers.md)"), ""]
    lines += [
        "The court cancels the wanted person's warrant, and every check says so a second later; it issues it again:",
        *_to_see(cancel, "the wanted person is VERDE, without a rebuild (docs/live.md)"),
        *_to_see(reissue, "and ROJO again"),
        "",
    ]
    question = json.dumps({"context": {"purpose": "PURPOSE_TRAFFIC_STOP"}, "query": cases["wanted"]["cui"]})
    lines += [
        "  .venv/bin/buf curl --schema proto --protocol grpc --http2-prior-knowledge \\",
        f"      -d {shlex.quote(question)} \\",
        f"      http://{listen}/ronda.v1.CheckService/Check",
        "",
        "Rebuild the index with a register withdrawn, and undo it:",
        *_to_see(f"{index} --withdraw {WITHDRAWN}", "the clean person is GRIS now, also after a new start"),
        *_to_see(index, "the clean person is VERDE again"),
        "",
    ]
    return "\n".join(lines)


def _to_see(command: str, seen: str) -> list[str]:
    return [f"  {command}", f"      [dim]{seen}[/dim]"]


def _short(path: Path) -> str:
    return shlex.quote(os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path))
