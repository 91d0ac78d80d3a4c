"""Checks to try on the demo nation: the cast that every nation of every size and seed holds (docs/nation.md)."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

# (case of truth/cases.json, the request's field, what is to be seen)
SHOWN = (
    ("wanted", "cui", "a wanted person: ROJO, with the warrant, its source and as-of"),
    ("clean", "cui", "a clean person: VERDE"),
    ("unknown_cui", "cui", "a CUI that is on no file: AMARILLO, never VERDE"),
    ("stolen_vehicle", "plate", "a stolen vehicle: ROJO, with its owner"),
)


def checks_to_try(nation: Path, config: Path, listen: str) -> str:
    """Lines to paste into a second shell; rich markup."""
    cases: dict[str, Any] = {
        case["name"]: case["request"]
        for case in json.loads((nation / "truth" / "cases.json").read_text(encoding="utf-8"))["cases"]
    }
    server = "" if listen == "127.0.0.1:50051" else f" --server {listen}"
    lines = ["", "[bold]Ronda serves. In a second shell, in this directory:[/bold]", ""]
    for name, field, seen in SHOWN:
        lines += [f"  .venv/bin/ronda check {shlex.quote(cases[name][field])}{server}", f"      [dim]{seen}[/dim]"]
    names = cases["search_clean"]["names"]
    lines += [f"  .venv/bin/ronda search {shlex.quote(names)}{server}", f"  .venv/bin/ronda registers{server}", ""]
    question = json.dumps({"context": {"purpose": "PURPOSE_TRAFFIC_STOP"}, "query": cases["wanted"]["cui"]})
    lines += [
        "  .venv/bin/buf curl --schema proto --protocol grpc --http2-prior-knowledge \\",
        f"      -d {shlex.quote(question)} \\",
        f"      http://{listen}/ronda.v1.CheckService/Check",
        "",
        "Rebuild the index, for example with a register withdrawn:",
        f"  RONDA_CONFIG={config} .venv/bin/ronda index --withdraw mp",
        "",
    ]
    return "\n".join(lines)
