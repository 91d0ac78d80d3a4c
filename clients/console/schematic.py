"""A scheme of the country's departments, of our own making: blocks that lie about as the departments do.

DEMO: no boundary was read from anywhere. The blocks say which departments are neighbours, roughly, and nothing of area,
shape or distance. A GeoJSON whose coordinates are columns and rows.
"""

from __future__ import annotations

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
"""What fits a block."""
_GAP = 0.03
NAMES = {code: block[0] for code, block in _BLOCKS.items()}


def scheme() -> dict[str, Any]:
    """The GeoJSON: a feature a department, `name` = its INE code, `title` = its name, `short` = what fits it."""
    features = []
    for code, (title, column, row, columns, rows) in _BLOCKS.items():
        west, south = column + _GAP, row + _GAP
        east, north = column + columns - _GAP, row + rows - _GAP
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        features.append({
            "type": "Feature",
            "properties": {"name": code, "title": title, "short": _SHORT.get(title, title)},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        })  # fmt: skip
    return {"type": "FeatureCollection", "features": features}
