"""Ten years of one institution's files, as many rows as wanted: spread as incidents are, written by DuckDB."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb

from nation.limits import today_in_guatemala

LAST_DAY = today_in_guatemala() - timedelta(1)
YEARS = range(LAST_DAY.year - 9, LAST_DAY.year + 1)

MANIFEST = """
kind = "incident"
id = "bench"
institution = "PNC"
title = "Bench"
fact = "fact_incident"
primary = true
files = 'hechos_(?P<year>\\d{4})_(?P<delivered>\\d{8})\\.csv'
offences = "penal_code"
counts = "hechos"

[columns]
record_id = ["id"]
date = ["fecha"]
hour = ["hora"]
municipality = ["municipio"]
offence = ["delito"]
mechanism = ["arma"]
suspects = ["sindicados"]

[values.mechanism]
"ARMA DE FUEGO" = "FIREARM"
"ARMA BLANCA" = "SHARP"
"NO APLICA" = "NONE"
"""

_TEXTS = (
    "HOMICIDIO", "EXTORSION", "ROBO", "ROBO AGRAVADO", "HURTO", "LESIONES", "VIOLENCIA CONTRA LA MUJER", "AMENAZAS",
    "VIOLACION", "POSESION PARA EL CONSUMO", "PORTACION ILEGAL DE ARMAS DE FUEGO", "CASO ESPECIAL DE ESTAFA",
)  # fmt: skip


def publish(folder: Path, facts: int, towns: list[str]) -> None:
    """Writes hechos_<year>_<day>.csv, `facts` rows in all, and the manifest."""
    (folder / "manifests").mkdir(parents=True)
    (folder / "manifests" / "bench.toml").write_text(MANIFEST, encoding="utf-8")
    files = folder / "files"
    files.mkdir()
    db = duckdb.connect()
    db.execute("SET memory_limit = '1GiB'")
    db.execute("CREATE TABLE town AS SELECT unnest(?) AS code", [towns])
    db.execute("CREATE TABLE town_list AS SELECT list(code ORDER BY code) AS codes FROM town")
    offences = "[" + ", ".join(f"'{text}'" for text in _TEXTS) + "]"
    for year in YEARS:
        last = min(date(year, 12, 31), LAST_DAY)
        delivered = last + timedelta(1 if last == LAST_DAY else 15)
        name = files / f"hechos_{year}_{delivered:%Y%m%d}.csv"
        db.execute(
            "COPY (SELECT 'H' || i AS id, "  # noqa: S608 # of the constants above
            f"DATE '{year}-01-01' + CAST((hash(i) % {(last - date(year, 1, 1)).days + 1}) AS INTEGER) AS fecha, "
            "(hash(i + 1) % 24) AS hora, "
            # Squared, so that the first ones of a list have more than the last.
            "codes[1 + CAST(floor(340 * pow((hash(i + 2) % 1000000) / 1000000.0, 2)) AS INTEGER)] AS municipio, "
            f"{offences}[1 + CAST(floor({len(_TEXTS)} * sqrt((hash(i + 3) % 1000000) / 1000000.0)) AS INTEGER)] "
            "AS delito, "
            "['NO APLICA', 'ARMA DE FUEGO', 'ARMA BLANCA'][1 + CAST(hash(i + 4) % 3 AS INTEGER)] AS arma, "
            "hash(i + 5) % 4 AS sindicados "
            f"FROM range({facts // len(YEARS)}) r(i), town_list) TO '{name}' (HEADER)"
        )
    db.close()
