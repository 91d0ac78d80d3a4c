"""The nations that the bench asks about, made and indexed once, and used again while their makers are unchanged.

`main`: the population. `list`: another nation of which 45,000 living persons have a pending warrant, nobody else any
on purpose. `small`: 10,000 persons for the scan of everything.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.foundation import POSTGRES_REGISTERS
from bench.names.tables import plain
from nation import tables
from nation.loading import load_postgres
from nation.making import DAMAGED
from ronda.demo.postgres_cluster import PostgresCluster

WORK = Path(__file__).parent.parent.parent / "build" / "bench" / "names-work"
ROOT = Path(__file__).parent.parent.parent
LISTED = 45_000
# Rooms of the core that no build goes through: they answer.
_ANSWERING = {
    ("core", room)
    for room in ("access", "answer", "audit", "call", "clearance", "engine", "lane", "questions", "subject")
}
_LIST_PERSONS = 50_000  # 8 % of the persons on file are dead

Warrants = Callable[[Path], list[str]]  # writes the Judiciary's file of a nation; returns CUIs


@dataclass(frozen=True)
class Nation:
    """A nation on disk, and what the indexer said when it was built."""

    directory: Path
    summary: dict[str, Any]
    listed: frozenset[str] = frozenset()  # CUIs of the alert list
    made_now: bool = False  # not found: what its build took was measured in this run

    @property
    def data(self) -> Path:
        """The directory that `ronda serve` serves."""
        return self.directory / "data"

    @property
    def generation(self) -> Path:
        """The published generation."""
        return self.data / "generations" / (self.data / "CURRENT").read_text(encoding="utf-8").strip()


def digest(*patterns: str) -> str:
    """Returns a digest of the matching files, names and contents: results of other code are not fresh."""
    state = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            if path.relative_to(ROOT).parts[:2] not in _ANSWERING:
                state.update(path.name.encode() + path.read_bytes())
    return state.hexdigest()[:16]


def prepare(
    name: str,
    persons: int,
    seed: int,
    *,
    warrants: Warrants | None = None,
    damage: float = DAMAGED,
    work: Path = WORK,
    any_day: bool = False,
) -> Nation:
    """Returns the nation `name`, made or found. any_day: accepts one of another day, with stale registers.

    warrants: writes other warrants than the nation's own.
    """
    directory = work / f"{name}-{persons}"
    stamp = directory / "stamp.json"
    made_of = {
        "persons": persons,
        "seed": seed,
        "damage": damage,
        "day": f"{datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=6):%Y-%m-%d}",  # registers grow stale
        "nation": digest("nation/*.py", "nation/data/*.tsv"),
        "indexer": digest("core/**/*.py[xi]", "core/**/*.px[di]", "indexer/**/*.py", "indexer/registers/*.toml"),
    }
    there = json.loads(stamp.read_text(encoding="utf-8"))["made_of"] if stamp.exists() else {}
    if any_day:
        there["day"] = made_of["day"]
    made_now = there != made_of
    if made_now:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        summary, cuis = _make(directory, persons, seed, damage, warrants)
        stamp.write_text(json.dumps({"made_of": made_of, "summary": summary, "listed": cuis}), encoding="utf-8")
    found = json.loads(stamp.read_text(encoding="utf-8"))
    return Nation(directory, found["summary"], frozenset(found["listed"]), made_now)


def _make(
    directory: Path, persons: int, seed: int, damage: float, warrants: Warrants | None
) -> tuple[dict[str, Any], list[str]]:
    nation, data = directory / "nation", directory / "data"
    ronda = [sys.executable, "-m", "ronda.command"]
    started = time.monotonic()
    subprocess.run(
        [
            *ronda,
            "nation",
            "--persons",
            str(persons),
            "--seed",
            str(seed),
            "--damage",
            str(damage),
            "--out",
            str(nation),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    seconds = time.monotonic() - started
    cuis = warrants(nation) if warrants else []
    with PostgresCluster(directory / "postgres") as cluster:
        load_postgres(nation, cluster.dsn)
        dsns = [word for register in POSTGRES_REGISTERS for word in ("--postgres", f"{register}={cluster.dsn}")]
        done = subprocess.run(
            [*ronda, "index", "--data", str(data), "--sources", str(nation / "registers"), *dsns, "--json"],
            check=True,
            stdout=subprocess.PIPE,
        )
    shutil.rmtree(directory / "postgres", ignore_errors=True)
    summary = json.loads(done.stdout)
    lost = [
        f"{register['id']}: {register['reason']}" for register in summary["registers"] if register["fate"] == "missing"
    ]
    if lost:
        raise RuntimeError(f"the indexer could not read {lost[0]}")
    return {"nation_seconds": seconds} | summary, cuis


@dataclass(frozen=True)
class Warrant:
    """A wanted person. names: the Judiciary's tags (NOMBRE1, APELLIDO1, CASADA, ...), plain; "" or None: not known."""

    names: dict[str, str]
    birth: datetime.date | None
    female: bool
    cui: str = ""


def write_warrants(nation: Path, warrants: Iterable[Warrant]) -> None:
    """Replaces the Judiciary's warrants, each pending, of one court."""
    write_orders(nation, map(_stated, warrants))


def _stated(one: Warrant) -> dict[str, str]:
    born = f"{one.birth:%d/%m/%Y}" if one.birth else ""
    return {"CUI": one.cui, **one.names, "NACIMIENTO": born, "SEXO": "F" if one.female else "M"}


def write_orders(nation: Path, persons: Iterable[Mapping[str, str]]) -> None:
    """Replaces the Judiciary's warrants by one for each of these persons, pending, number 1 and on.

    persons: the text of each tag under PERSONA; a passport's country stands before its number, parted by a space.
    """
    court = order_court()
    lines = ['<?xml version="1.0" encoding="ISO-8859-1"?>', '<ORDENES sistema="SGT">']
    for number, one in enumerate(persons, 1):
        causa = f"{court}-2026-{number:06d}"
        stated = "".join(_tag(tag, text) for tag, text in one.items() if text)
        lines.append(
            f'<ORDEN TIPO="OC"><NUMERO>OC-{causa}</NUMERO><CAUSA>{causa}</CAUSA>'
            f'<JUZGADO codigo="{court}">JUZGADO PRIMERO</JUZGADO><DELITO codigo="CP-132">ASESINATO</DELITO>'
            "<ARMADO>N</ARMADO><FECHA>02/02/2026</FECHA><ESTADO>PENDIENTE</ESTADO><FECHA_ESTADO>02/02/2026</FECHA_ESTADO>"
            f"<PERSONA>{stated}</PERSONA></ORDEN>"
        )
    lines.append("</ORDENES>\n")
    (nation / "registers" / "oj" / "ordenes.xml").write_bytes("\n".join(lines).encode("latin-1", "ignore"))


def order_court() -> str:
    """Returns the code of the court of `write_orders`."""
    return f"{tables.departments()[0].ine:02d}103"


def _tag(tag: str, text: str) -> str:
    if tag != "DOCUMENTO":
        return f"<{tag}>{escape(text)}</{tag}>"
    country, _, number = text.rpartition(" ")
    return f'<DOCUMENTO pais="{country}">{escape(number)}</DOCUMENTO>'


def _list_everybody(nation: Path) -> list[str]:
    """One warrant for each of the first 45,000 living persons: their CUI, name and birth date."""
    persons = pq.read_table(nation / "truth" / "persons.parquet")
    living = persons.filter(pc.is_null(persons["death_date"])).slice(0, LISTED)
    parts = {"NOMBRE1": "first_given", "NOMBRE2": "second_given", "NOMBRE3": "third_given",
             "APELLIDO1": "first_surname", "APELLIDO2": "second_surname", "CASADA": "married_surname"}  # fmt: skip
    write_warrants(
        nation,
        (
            Warrant({tag: plain(row[part] or "") for tag, part in parts.items()}, row["birth_date"], row["sex"] == 1,
                    str(row["cui"]))
            for row in living.to_pylist()
        ),
    )  # fmt: skip
    return [str(cui) for cui in living["cui"].to_pylist()]


def list_nation() -> Nation:
    """The alert list."""
    return prepare("list", _LIST_PERSONS, 2777, warrants=_list_everybody)
