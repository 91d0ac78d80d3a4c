"""The tables of indexer/mart/data: ICCS v1.0, what sources call offences, places.

DEMO: the codes of ICCS v1.0 and the articles behind the penal code's names are as remembered; no text of either lies in
the repository. Places are INE's codes (340 municipalities), the same table as nation/data.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from core.mart.vocabulary import UNMAPPED
from indexer.mart.cells import fold

DATA = Path(__file__).parent / "data"
DEMO = "códigos ICCS v1.0 y mapa del Código Penal: de memoria, sin revisar contra los textos oficiales"


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """Rows of data/<name>.tsv. Raises FileNotFoundError."""
    with (DATA / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file, delimiter="\t"))


def map_exists(name: str) -> bool:
    """Returns whether there is such a map of offences."""
    return name.isidentifier() and (DATA / f"{name}.tsv").is_file()


@cache
def offence_map(name: str) -> dict[str, str]:
    """Folded text of an offence -> ICCS code. Raises ValueError: a code that ICCS has not, or one text twice."""
    if not name:  # of what has no offences
        return {}
    known = {row["iccs"] for row in table("iccs")}
    found: dict[str, str] = {}
    for row in table(name):
        text, code = fold(row["text"]), row["iccs"]
        if code not in known or text in found:
            raise ValueError(f"{name}: {row['text']}: twice, or {code} is no code of iccs.tsv")
        found[text] = code
    return found


def gravity(code: str) -> tuple[bool, str]:
    """Sorts the gravest offence first: ICCS orders its sections by gravity; what is not mapped comes last."""
    return code == UNMAPPED, code


def place_names() -> tuple[dict[str, str], dict[str, str]]:
    """Municipality code -> name, department code -> name."""
    rows = table("places")
    return (
        {row["municipality"]: row["name"] for row in rows},
        {row["department"]: row["department_name"] for row in rows},
    )
