"""Staged deliveries: read once, and kept after the file is gone, so that an earlier state can be asked again.

<data>/mart/staging/<source>/<year>-<delivered>.parquet           standard rows
<data>/mart/staging/<source>/<year>-<delivered>.refused.parquet   row_no, field, rule
<data>/mart/staging/<source>/<year>-<delivered>.json              `Staged`; written last

A delivery that holds far less than the one before it was most likely cut, or is another file. It is not used until a
person accepts it by name: otherwise its missing rows would count as withdrawn, and look like a fall.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ValidationError

from core.files.regular_file import read_file
from core.files.replacement import put_in_place, replace_file
from core.mart.layout import DeliveryEntry
from indexer.mart.cells import Places
from indexer.mart.finding import FoundFile
from indexer.mart.headers import FileRefused
from indexer.mart.manifests import IncidentManifest
from indexer.mart.offence_maps import offence_map
from indexer.mart.reading import load_raw
from indexer.mart.standardising import standardise

_RULES = 3  # raised whenever a cell may be read otherwise than before: staged deliveries are then read again
_FEWEST_LOST = 10  # units: of fewer the share that is lost says nothing


class Staged(BaseModel):
    """The result for one file."""

    sha256: str
    rules: str  # digest of the manifest, the map and _RULES
    entry: DeliveryEntry
    day_precision: str = "day"
    unreadable: dict[str, int] = {}
    unmapped: dict[str, int] = {}


class StagingRoom:
    """The staged deliveries of one source."""

    def __init__(self, folder: Path, manifest: IncidentManifest, accept_shrink: Collection[str] = ()) -> None:
        self._folder, self._manifest, self._accepted = folder, manifest, accept_shrink
        rules = f"{_RULES}{manifest.model_dump_json()}{sorted(offence_map(manifest.offences).items())}"
        self._rules = hashlib.sha256(rules.encode()).hexdigest()

    def rows_of(self, entry: DeliveryEntry) -> Path:
        """The file of standard rows."""
        return self._folder / f"{_name(entry.year, entry.delivered)}.parquet"

    def refused_of(self, entry: DeliveryEntry) -> Path:
        """The file of refused rows."""
        return self._folder / f"{_name(entry.year, entry.delivered)}.refused.parquet"

    def stage(
        self, db: duckdb.DuckDBPyConnection, files: list[FoundFile], places: Places, tell: Callable[[str], None]
    ) -> list[Staged]:
        """Every delivery, by day: read where it is new, kept where its file is gone, refused with the reason."""
        self._folder.mkdir(parents=True, exist_ok=True)
        found: dict[str, Staged] = {}
        refused: list[Staged] = []
        named = {_name(file.year, file.delivered) for file in files}
        for path in sorted(self._folder.glob("*.json")):
            kept = _read(path)
            if kept is None:
                continue
            if all(_is_whole(each) for each in (self.rows_of(kept.entry), self.refused_of(kept.entry))):
                found[path.stem] = kept
            elif path.stem not in named:  # it cannot be read again
                entry = kept.entry.model_copy(
                    update={"rule": "staging_damaged", "detail": "its file is gone too: hand it over again", "rows": 0}
                )
                refused.append(kept.model_copy(update={"entry": entry}))
        for file in files:
            name = _name(file.year, file.delivered)
            if file.rule:
                refused.append(self._refused(file, file.rule, file.detail))
                if file.rule in ("two_files_one_year", "delivered_in_future"):  # also of one that was read before
                    found.pop(name, None)
                continue
            before = found.get(name)
            if before is not None and (before.sha256, before.rules) == (file.sha256, self._rules):
                continue
            tell(file.name)
            try:
                staged = self._read_file(db, file, places)
                if before is None or before.sha256 != file.sha256:  # what was taken is taken, by whatever rules
                    self._check_shrink(staged, before or _last_before(staged, found))
            except FileRefused as error:
                refused.append(self._refused(file, error.rule, error.detail))
                continue
            except Exception as error:  # whatever one file does to its readers, the others are read
                refused.append(self._refused(file, "file_unreadable", type(error).__name__))
                continue
            self._keep(staged)
            if before is not None and before.sha256 != file.sha256:
                staged.entry.notes.append("replaced: the file of this delivery has changed since it was first read")
            replace_file(self._folder / f"{name}.json", staged.model_dump_json().encode(), mode=0o644)
            found[name] = staged
        for name, staged in found.items():
            if name not in named and not any("kept" in note for note in staged.entry.notes):
                staged.entry.notes.append("kept: its file is gone, what was read of it stays")
        return sorted([*found.values(), *refused], key=lambda each: (each.entry.delivered, each.entry.year))

    def _read_file(self, db: duckdb.DuckDBPyConnection, file: FoundFile, places: Places) -> Staged:
        manifest = self._manifest
        header, broken = load_raw(db, file.path, manifest.columns, manifest.required, self._folder)
        entry = DeliveryEntry(file=file.name, year=file.year, delivered=file.delivered)
        told = standardise(
            db,
            manifest,
            header,
            broken,
            places,
            offence_map(manifest.offences),
            file.year,
            file.delivered,
            _new(self.rows_of(entry)),
            _new(self.refused_of(entry)),
        )
        notes = [f"ignored columns: {', '.join(header.ignored)}"] if header.ignored else []
        entry = entry.model_copy(
            update={"rows": told.rows, "refused": told.refused, "total_rows": told.total_rows, "notes": notes}
        )
        return Staged(
            sha256=file.sha256,
            rules=self._rules,
            entry=entry,
            day_precision=told.day_precision,
            unreadable=told.unreadable,
            unmapped=told.unmapped,
        )

    def _check_shrink(self, now: Staged, before: Staged | None) -> None:
        """Raises FileRefused."""
        if before is None:
            return
        had, has, year = before.entry.rows, now.entry.rows, now.entry.year
        lost = had - has
        if lost < _FEWEST_LOST or lost * 100 <= had * self._manifest.shrink_limit_percent:
            return
        name = f"{self._manifest.id}/{year}"
        if name in self._accepted:
            now.entry.notes.append(f"accepted: {has:,} units, {had:,} in the delivery of {before.entry.delivered}")
            return
        raise FileRefused(
            "shrunk",
            f"{has:,} units, {had:,} in the delivery of {before.entry.delivered}. If that is right: "
            f"--accept-shrink {name}",
        )

    def _keep(self, staged: Staged) -> None:
        for path in (self.rows_of(staged.entry), self.refused_of(staged.entry)):
            put_in_place(_new(path), path, mode=0o644)

    def _refused(self, file: FoundFile, rule: str, detail: str) -> Staged:
        entry = DeliveryEntry(file=file.name, year=file.year, delivered=file.delivered, rule=rule, detail=detail)
        return Staged(sha256=file.sha256, rules=self._rules, entry=entry)


def _name(year: int, delivered: date) -> str:
    return f"{year}-{delivered:%Y%m%d}"


def _new(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _is_whole(path: Path) -> bool:
    """Returns whether a Parquet file exists and was not cut off."""
    try:
        pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return False
    return True


def _last_before(now: Staged, found: dict[str, Staged]) -> Staged | None:
    """The delivery of the same year that this one replaces."""
    older = [
        each
        for each in found.values()
        if each.entry.year == now.entry.year and each.entry.delivered < now.entry.delivered
    ]
    return max(older, key=lambda each: each.entry.delivered, default=None)


def _read(path: Path) -> Staged | None:
    try:
        return Staged.model_validate_json(read_file(path))
    except (OSError, ValidationError):
        return None  # cut off by a crash: read again
