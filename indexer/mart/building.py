"""A mart from the files of a directory: staged, put together, checked, published by one rename."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from core.files.replacement import replace_file, sync_directory
from core.mart.layout import (
    CURRENT,
    DISCLOSURE_KEY,
    FOLDER,
    MART,
    MART_VERSION,
    DeliveryEntry,
    FileEntry,
    Mart,
    SourceEntry,
    current_mart,
    written_as,
)
from indexer.build.errors import BuildRefused
from indexer.build.lock import indexer_lock
from indexer.generations.publishing import new_generation_id
from indexer.mart import offence_maps
from indexer.mart.cells import Places
from indexer.mart.finding import find_files
from indexer.mart.gap_tables import write_gaps
from indexer.mart.manifests import SHIPPED, IncidentManifest, PopulationManifest, load_sources
from indexer.mart.rollups import ROLLED_FROM
from indexer.mart.source_tables import (
    digest_of,
    write_dimensions,
    write_no_population,
    write_population,
    write_refusals,
)
from indexer.mart.source_year import build_source
from indexer.mart.staging import StagingRoom

BUILDING = ".building-"
MOST_SPILLED = "8GiB"
_KEPT = 2  # marts besides the current one


@dataclass
class MartOptions:
    """The inputs and limits of a build."""

    data: Path
    sources: Path
    manifests: Path | None = None
    own: Path | None = None  # directory of what Ronda counts itself (manifests of OWN_FACTS); None = nothing does
    memory_mib: int = 1024
    threads: int = 0  # 0 = a core each
    accept_shrink: Sequence[str] = ()  # "pnc_hechos/2025": a source's year that rightly holds far less than before
    rolled_from: int = ROLLED_FROM  # facts of a source's year from which on they are summed beforehand
    tell: Callable[[str], None] = field(default=lambda _what: None)


@dataclass
class MartSummary:
    """A build: the mart, and files that no manifest claims."""

    mart: Mart
    unclaimed: list[str]

    @property
    def refused(self) -> list[tuple[str, DeliveryEntry]]:
        """Source and delivery of which nothing was used."""
        return [(source.id, each) for source in self.mart.sources for each in source.deliveries if each.rule]


def build_mart(options: MartOptions) -> MartSummary:
    """Reads every manifest's files and publishes <data>/mart/<id>.

    Raises indexer.manifest.loading.ManifestError, BuildRefused (nothing to build), IndexerBusy.
    """
    manifests = load_sources(options.manifests or SHIPPED)
    for manifest in manifests:
        if (
            isinstance(manifest, IncidentManifest)
            and not manifest.own
            and not offence_maps.map_exists(manifest.offences)
        ):
            raise BuildRefused(f"{manifest.id}: offences: there is no map {manifest.offences!r}")
    if not options.sources.is_dir():
        raise BuildRefused(f"{options.sources}: is no directory")
    known = {manifest.id for manifest in manifests if isinstance(manifest, IncidentManifest)}
    for name in options.accept_shrink:
        source, _, year = name.partition("/")
        if source not in known or not (year.isascii() and year.isdigit() and len(year) == 4):
            raise BuildRefused(f"--accept-shrink {name}: source/year, of a source that a manifest has")
    with indexer_lock(options.data, "mart"):
        room = options.data / FOLDER
        room.mkdir(exist_ok=True)
        for left in room.glob(f"{BUILDING}*"):
            shutil.rmtree(left, ignore_errors=True)
        make_key(room / DISCLOSURE_KEY)
        mart_id = new_generation_id()
        building = room / f"{BUILDING}{mart_id}"
        building.mkdir()
        try:
            summary = _build(options, manifests, building, mart_id)
            _publish(room, building, mart_id)
        finally:
            shutil.rmtree(building, ignore_errors=True)
        return summary


def make_key(path: Path) -> None:
    """The secret by which cells are hidden and rounded: made once, before the first mart.

    A second rounding would tell more than the first. Raises BuildRefused where a mart is there and its key is not.
    """
    if not path.exists() and (path.parent / CURRENT).exists():
        raise BuildRefused(f"{path} is not there, and figures were published with it: restore it from a backup")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
        file.flush()
        os.fsync(file.fileno())


def open_database(folder: Path, memory_mib: int, threads: int) -> duckdb.DuckDBPyConnection:
    """Returns an empty database with tables that may spill to `folder`, up to MOST_SPILLED."""
    db = duckdb.connect(str(folder / "work.duckdb"))
    db.execute(f"SET memory_limit = '{memory_mib}MiB'")
    db.execute(f"SET temp_directory = {written_as(folder)}")
    db.execute(f"SET max_temp_directory_size = '{MOST_SPILLED}'")
    if threads:
        db.execute(f"SET threads = {threads}")
    return db


def _build(
    options: MartOptions, manifests: list[IncidentManifest | PopulationManifest], building: Path, mart_id: str
) -> MartSummary:
    names, today = _names_below(options.sources), _today()
    places = Places(*offence_maps.place_names())
    claimed: set[str] = set()
    sources: list[SourceEntry] = []
    work = building / ".work"
    work.mkdir()
    demo = [offence_maps.DEMO]
    db = open_database(work, options.memory_mib, options.threads)
    try:
        for manifest in manifests:
            if isinstance(manifest, PopulationManifest):
                claimed.add(manifest.file)
                if write_population(manifest, options.sources, places, building / "population.parquet"):
                    demo += manifest.demo
                continue
            if manifest.own:
                files = find_files(manifest, options.own, _names_below(options.own), today) if options.own else []
            else:
                files = find_files(manifest, options.sources, names, today)
                claimed.update(str(each.path.relative_to(options.sources)) for each in files)
            room = StagingRoom(options.data / FOLDER / "staging" / manifest.id, manifest, options.accept_shrink)
            staged = room.stage(db, files, places, options.tell)
            if staged or manifest.own:
                options.tell(manifest.id)
                sources.append(build_source(db, manifest, room, staged, building, options.rolled_from))
        if not (building / "population.parquet").exists():
            write_no_population(building / "population.parquet")
        write_gaps(db, sources, building)
        write_refusals(db, options.data / FOLDER / "staging", sources, building)
    finally:
        db.close()
        shutil.rmtree(work, ignore_errors=True)
    if not any(source.delivered for source in sources):
        raise BuildRefused(f"{options.sources}: no manifest's file could be used{_why(sources)}")
    write_dimensions(building)
    mart = Mart(
        mart_version=MART_VERSION,
        id=mart_id,
        built_at=datetime.now(UTC).isoformat(timespec="seconds"),
        as_of=_as_of(sources),
        sources=sources,
        files={path.name: FileEntry(size=path.stat().st_size, sha256=digest_of(path)) for path in _files(building)},
        demo=sorted(set(demo)),
    )
    (building / MART).write_text(mart.model_dump_json(indent=1), encoding="utf-8")
    return MartSummary(mart, [name for name in names if name not in claimed])


def _names_below(directory: Path) -> list[str]:
    """Returns the paths of everything but directories; reading shows which of them are readable."""
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir())


def _why(sources: list[SourceEntry]) -> str:
    refused = [each for source in sources for each in source.deliveries if each.rule]
    return "".join(f"\n  {each.file}: {each.rule} {each.detail}".rstrip() for each in refused[:5])


def _today() -> date:
    return datetime.now(ZoneInfo("America/Guatemala")).date()


def _as_of(sources: list[SourceEntry]) -> date:
    """The day of building, in Guatemala, or the newest delivery where clocks disagree."""
    return max([_today(), *(each.delivered for source in sources for each in source.delivered)])


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def _publish(room: Path, building: Path, mart_id: str) -> None:
    for path in _files(building):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    sync_directory(building)
    building.rename(room / mart_id)
    sync_directory(room)
    replace_file(room / CURRENT, f"{mart_id}\n".encode(), mode=0o644)
    current = current_mart(room.parent)
    older = [path for path in room.iterdir() if (path / MART).is_file() and path.name != current]
    older.sort(key=lambda path: (path / MART).stat().st_mtime_ns)
    for path in older[:-_KEPT]:
        shutil.rmtree(path, ignore_errors=True)
