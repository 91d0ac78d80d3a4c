"""The mart that answers: opened when first asked, and again when another is published."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.files.regular_file import read_file
from core.mart.layout import (
    CURRENT,
    DISCLOSURE_KEY,
    FOLDER,
    Mart,
    MartDamaged,
    SourceEntry,
    fact_files,
    read_as,
    read_mart,
)
from core.mart.rollups import Part, Rollup, rollup_files
from ronda.v1 import error_pb2
from server.errors import Refusal
from server.logs import ERROR, log
from server.statistics.disclosure import Disclosure

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Gap:
    """Days that a register lost in a department or a municipality: from `first_day`, before `after_day`.

    share, country_share: what part of its department's events, and of the country's, is its own; 1 = a department.
    known_from, known_until: the vintages at which it was one.
    """

    place: str
    first_day: date
    after_day: date
    expected: float
    share: float = 1.0
    country_share: float = 1.0
    known_from: date = date.min
    known_until: date = date.max


class OpenMart:
    """A mart with its small tables in memory, and a database that reads its facts."""

    def __init__(self, folder: Path, key: bytes, memory_mib: int, threads: int) -> None:
        """Raises MartDamaged."""
        import duckdb  # noqa: PLC0415 # tens of MiB that a worker without a mart never needs

        self.folder = folder
        self.mart: Mart = read_mart(folder)
        self.disclosure = Disclosure(key)
        self.rolled: dict[str, dict[Rollup, dict[int, str]]] = {}  # by source, as they are asked for
        self.db: duckdb.DuckDBPyConnection = duckdb.connect()
        self.db.execute(f"SET memory_limit = '{memory_mib}MiB'")
        self.db.execute(f"SET threads = {threads}")
        self.db.execute("SET temp_directory = ''")
        self.db.execute("SET parquet_metadata_cache = true")  # files of a mart never change
        try:
            self._read_tables()
        except duckdb.Error as error:
            raise MartDamaged(f"a table cannot be read: {type(error).__name__}") from None

    def _read_tables(self) -> None:
        places = self._rows("dim_place.parquet", "municipality, department, name, department_name")
        self.municipalities: dict[str, str] = {row[0]: row[2] for row in places}
        self.departments: dict[str, str] = {row[1]: row[3] for row in places}
        self.offences: dict[str, str] = dict(self._rows("dim_offence.parquet", "iccs, text"))
        self.population: dict[tuple[str, int], int] = {}
        for place, year, persons in self._rows("population.parquet", "municipality, year, population"):
            for node in (place, place[:2], ""):
                self.population[node, year] = self.population.get((node, year), 0) + persons
        self.gaps: dict[str, list[Gap]] = {}
        for source, *gap in self._rows("gaps.parquet", "*"):  # older marts have less of a gap
            self.gaps.setdefault(source, []).append(Gap(*gap))
        self.needed: dict[tuple[str, str], int] = {
            (source, place): needed
            for source, place, needed in self._rows("development.parquet", "source, municipality, needed")
        }
        self.unmapped: dict[str, list[tuple[str, int]]] = {}
        for source, text, rows in self._rows("unmapped.parquet", "source, text, rows"):
            self.unmapped.setdefault(source, []).append((text, rows))

    def _rows(self, name: str, columns: str) -> list[Any]:
        query = f"SELECT {columns} FROM read_parquet(?)"  # noqa: S608 # of fixed names
        return list(self.db.execute(query, [read_as(self.folder / name)]).fetchall())

    def files(
        self, source: SourceEntry, first_year: int, last_year: int, parts: set[Part], columns: set[str]
    ) -> list[list[str]]:
        """Returns the paths to read for these years, parts of the date and columns. Files of one list have the same
        columns.

        For each year: its smallest roll-up that answers, or its facts.
        """
        facts = {int(name.split(".")[2]): name for name in fact_files(self.mart, source.fact, source.id)}
        rolled = self._rollups(source)
        fits = [each for each in rolled if each.answers(parts, columns)]
        found: dict[str, list[str]] = {}
        for year, name in facts.items():
            if not first_year <= year <= last_year:
                continue
            held = {rolled[each][year]: each.name for each in fits if year in rolled[each]} or {name: ""}
            least = min(held, key=lambda each: self.mart.files[each].size)
            found.setdefault(held[least], []).append(read_as(self.folder / least))
        return list(found.values())

    def _rollups(self, source: SourceEntry) -> dict[Rollup, dict[int, str]]:
        if source.id not in self.rolled:
            self.rolled[source.id] = rollup_files(self.mart, source.fact, source.id)
        return self.rolled[source.id]

    def interrupt(self) -> None:
        """Ends the count that runs: nobody waits for it any more. May be called from any thread."""
        self.db.interrupt()

    def close(self) -> None:
        """Ends the database."""
        self.db.close()


class MartKeeper:
    """The current mart of a data directory. One thread counts; it holds no place of checks and searches."""

    def __init__(self, data: Path, memory_mib: int, threads: int) -> None:
        self._room = data / FOLDER
        self._memory_mib, self._threads = memory_mib, threads
        self._open: OpenMart | None = None
        self._current = ""
        self.thread = ThreadPoolExecutor(1, "statistics")
        self._runs: object | None = None

    def counted(self, token: object, function: Callable[[], Any]) -> Any:
        """Runs a function in `thread`, by a token of its call."""
        self._runs = token
        try:
            return function()
        finally:
            self._runs = None

    def given_up(self, token: object) -> None:
        """Interrupts the running count of a call that no caller waits for any more."""
        if self._runs is token and self._open is not None:
            self._open.interrupt()

    def published(self) -> str:
        """The name in CURRENT, whether or not that mart can be read; "" = none. May be called from any thread."""
        try:
            return read_file(self._room / CURRENT).decode("ascii").strip()
        except (OSError, ValueError):
            return ""

    def current(self) -> OpenMart:
        """The mart that CURRENT names, opened. Called in `thread` alone. Raises Refusal STATISTICS_UNAVAILABLE."""
        try:
            name = read_file(self._room / CURRENT).decode("ascii").strip()
            if self._open is None or name != self._current:
                opened = self._read(name)
                if self._open is not None:
                    self._open.close()
                self._open, self._current = opened, name
        except (OSError, ValueError, MartDamaged) as error:
            if self._open is None:
                if not isinstance(error, FileNotFoundError):
                    log("mart_refused", level=ERROR, why=str(error) if isinstance(error, MartDamaged) else "unreadable")
                raise Refusal(error_pb2.ERROR_REASON_STATISTICS_UNAVAILABLE) from None
            log("mart_refused", level=ERROR, why=str(error) if isinstance(error, MartDamaged) else "unreadable")
        return self._open

    def _read(self, name: str) -> OpenMart:
        key = read_file(self._room / DISCLOSURE_KEY)
        return OpenMart(self._room / name, key, self._memory_mib, self._threads)
