"""A scheme of the country's departments, of our own making: blocks that lie about as the departments do.

DEMO: no boundary was read from anywhere. The blocks show roughly which departments are neighbours, and nothing of area,
shape or distance. A department's municipalities tile its block in the order of their codes, not by their location. A
GeoJSON with columns and rows as coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

LABEL = "Esquema DEMO: bloques propios, sin límites reales"

# INE code -> name, first column, first row from the south, columns, rows
_BLOCKS: dict[str, tuple[str, int, int, int, int]] = {
    "17": ("Petén", 3, 4, 4, 2),
    "13": ("Huehuetenango", 0, 3, 2, 1),
    "14": ("Quiché", 2, 3, 2, 1),
    "16": ("Alta Verapaz", 4, 3, 2, 1),
    "18": ("Izabal", 6, 3, 2, 1),
    "12": ("San Marcos", 0, 2, 1, 1),
    "09": ("Quetzaltenango", 1, 2, 1, 1),
    "08": ("Totonicapán", 2, 2, 1, 1),
    "15": ("Baja Verapaz", 3, 2, 2, 1),
    "02": ("El Progreso", 5, 2, 1, 1),
    "19": ("Zacapa", 6, 2, 2, 1),
    "11": ("Retalhuleu", 0, 1, 1, 1),
    "10": ("Suchitepéquez", 1, 1, 1, 1),
    "07": ("Sololá", 2, 1, 1, 1),
    "04": ("Chimaltenango", 3, 1, 1, 1),
    "03": ("Sacatepéquez", 4, 1, 1, 1),
    "01": ("Guatemala", 5, 1, 1, 1),
    "21": ("Jalapa", 6, 1, 1, 1),
    "20": ("Chiquimula", 7, 1, 1, 1),
    "05": ("Escuintla", 2, 0, 3, 1),
    "06": ("Santa Rosa", 5, 0, 1, 1),
    "22": ("Jutiapa", 6, 0, 2, 1),
}
_SHORT = {
    "Huehuetenango": "Huehue",
    "Alta Verapaz": "A. Verapaz",
    "San Marcos": "S. Marcos",
    "Quetzaltenango": "Quetzal.",
    "Totonicapán": "Toto",
    "Baja Verapaz": "B. Verapaz",
    "El Progreso": "Progreso",
    "Retalhuleu": "Reu",
    "Suchitepéquez": "Suchi",
    "Chimaltenango": "Chimal",
    "Sacatepéquez": "Sacat.",
    "Guatemala": "Guate",
    "Chiquimula": "Chiqui",
    "Santa Rosa": "S. Rosa",
}
"""Short names that fit a block."""
_GAP = 0.03
_TOWN_UNKNOWN = "00"
_LONGEST = 12  # letters that fit a municipality's tile
NAMES = {code: block[0] for code, block in _BLOCKS.items()}


def scheme() -> dict[str, Any]:
    """The GeoJSON: a feature a department, `name` = its INE code, `title` = its name, `short` = what fits it."""
    features = []
    for code, (title, column, row, columns, rows) in _BLOCKS.items():
        box = (column + _GAP, row + _GAP, column + columns - _GAP, row + rows - _GAP)
        features.append(_feature(code, title, _SHORT.get(title, title), box))
    return {"type": "FeatureCollection", "features": features}


def scheme_of(department: str, towns: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Returns the same for one department: a feature a municipality (code, name), in rows from the north-west on.

    Events of an unknown municipality have no feature.
    """
    known = sorted(town for town in towns if not town[0].endswith(_TOWN_UNKNOWN))
    _, column, row, columns, rows = _BLOCKS.get(department, ("", 0, 0, 1, 1))
    lines = max(1, min(len(known), round(math.sqrt(len(known) * rows / columns))))
    features = []
    for line in range(lines):
        north = row + rows * (1 - line / lines)
        south = row + rows * (1 - (line + 1) / lines)
        held = known[line * len(known) // lines : (line + 1) * len(known) // lines]
        for place, (code, name) in enumerate(held):
            west = column + columns * place / len(held)
            east = column + columns * (place + 1) / len(held)
            short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}."
            features.append(_feature(code, name, short, (west, south, east, north)))
    return {"type": "FeatureCollection", "features": features}


def _feature(code: str, title: str, short: str, box: tuple[float, float, float, float]) -> dict[str, Any]:
    """box: west, south, east, north."""
    west, south, east, north = (round(side, 4) for side in box)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "properties": {"name": code, "title": title, "short": short},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
