"""The files beside the registers' data: the time of each extract, and the schemas of the PostgreSQL ones."""

from __future__ import annotations

import datetime
from pathlib import Path

from nation import register_renap, register_sipol

# Extracts are of the evening before the as-of date, Guatemala's time: hours, minutes.
CUTS: dict[str, tuple[int, int]] = {
    "renap": (22, 0),
    "sat": (21, 30),
    "oj": (23, 30),
    "mp": (23, 15),
    "sipol": (23, 20),
    "sapo": (23, 40),
    "rvr": (23, 45),
    "transito": (20, 0),
    "dgsp": (23, 0),
    "migracion": (23, 10),
    "digessp": (19, 0),
    "digecam": (19, 30),
}
POSTGRES = {"renap": register_renap, "sipol": register_sipol}
_GUATEMALA = datetime.timezone(datetime.timedelta(hours=-6))


def cut(register: str, as_of: datetime.date) -> datetime.datetime:
    """Time for which a register's extract speaks."""
    hour, minute = CUTS[register]
    evening = as_of - datetime.timedelta(days=1)
    return datetime.datetime.combine(evening, datetime.time(hour, minute), _GUATEMALA)


def write_cuts(out: Path, as_of: datetime.date) -> None:
    """CORTE files, and the one-row COPY of the PostgreSQL registers."""
    for register in CUTS:
        folder = out / "registers" / register
        if not folder.exists():
            continue
        text = cut(register, as_of).isoformat() + "\n"
        (folder / ("corte.copy" if register in POSTGRES else "CORTE")).write_text(text, encoding="ascii")


def write_mark(out: Path) -> None:
    """The mark of invented people, as indexer/generations/invented.py reads it."""
    (out / "registers" / "INVENTED").write_text("Everybody in these registers is invented.\n", encoding="ascii")


def write_schemas(out: Path) -> None:
    """esquema.sql and indices.sql, to be run before and after the COPY files."""
    for register, module in POSTGRES.items():
        folder = out / "registers" / register
        (folder / "esquema.sql").write_text(module.SCHEMA, encoding="utf-8")
        (folder / "indices.sql").write_text(module.INDEXES, encoding="utf-8")
