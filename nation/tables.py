"""The tables in `data/`: places, names, vehicles, offences. Sources: docs/nation.md."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

DATA = Path(__file__).parent / "data"

Floats = npt.NDArray[np.float64]


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """Rows of data/<name>.tsv, by column name."""
    with (DATA / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file, delimiter="\t"))


def column(name: str, field: str) -> list[str]:
    """One column of a table, as text."""
    return [row[field] for row in rows(name)]


def weights(name: str, field: str = "weight") -> Floats:
    """A column of weights, scaled to sum 1."""
    return scaled(np.array([float(row[field]) for row in rows(name)]))


def scaled(values: Floats) -> Floats:
    """Weights that sum to 1."""
    return np.asarray(values / values.sum(), dtype=np.float64)


def by_rank(count: int, offset: float = 6.0) -> Floats:
    """Weights of a frequency-ordered list: 1 / (rank + offset), as surnames and given names are spread."""
    return scaled(1.0 / (np.arange(count, dtype=np.float64) + offset))


@dataclass(frozen=True)
class Department:
    """One of the 22 departments; `ine` is its INE code, 1 to 22."""

    ine: int
    name: str
    population: int
    cedula_order: str
    mp_code: str
    alphabetical: int
    communities: tuple[tuple[str, float], ...]
    municipalities: tuple[str, ...]


@cache
def departments() -> tuple[Department, ...]:
    """All departments in INE order; municipality m of a department is `municipalities[m - 1]`."""
    places: dict[int, list[str]] = {}
    for row in rows("municipalities"):
        places.setdefault(int(row["department"]), []).append(row["name"])
    found = []
    for row in rows("departments"):
        pairs = [part.split(":") for part in row["communities"].split()]
        found.append(
            Department(
                ine=int(row["ine"]),
                name=row["name"],
                population=int(row["population_2018"]),
                cedula_order=row["cedula_order"],
                mp_code=row["mp_code"],
                alphabetical=int(row["alphabetical"]),
                communities=tuple((name, float(share) / 100) for name, share in pairs),
                municipalities=tuple(places[int(row["ine"])]),
            )
        )
    return tuple(found)
