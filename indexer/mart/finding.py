"""Finds the files of a directory that a manifest means: year, day of delivery, and contradictions."""

from __future__ import annotations

import datetime
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from indexer.mart.manifests import IncidentManifest

_CHUNK = 4 * 1024 * 1024
_AHEAD = datetime.timedelta(1)


@dataclass(frozen=True)
class FoundFile:
    """A file of a source. rule: why it is not read."""

    path: Path
    name: str
    year: int
    delivered: datetime.date
    sha256: str
    rule: str = ""
    detail: str = ""


def find_files(manifest: IncidentManifest, directory: Path, names: list[str], today: datetime.date) -> list[FoundFile]:
    """Returns the source's files among `names` (paths below `directory`), by delivery; contradictions carry a rule.

    So does a day that lies ahead by more than clocks differ: its real time is unknown, and it would never be stale.
    """
    pattern = re.compile(manifest.files)
    found = []
    for name in names:
        match = pattern.fullmatch(name)
        if match is None:
            continue
        path, shown = directory / name, name.encode("utf-8", "replace").decode()
        year, day = int(match["year"]), _day(match["delivered"])
        if day is None:
            found.append(FoundFile(path, shown, year, datetime.date.min, "", "delivery_day_impossible"))
        elif day > today + _AHEAD:
            found.append(FoundFile(path, shown, year, day, "", "delivered_in_future"))
        else:
            found.append(_readable(FoundFile(path, shown, year, day, "")))
    return _without_contradictions(sorted(found, key=lambda each: (each.delivered, each.year, each.name)))


def _without_contradictions(files: list[FoundFile]) -> list[FoundFile]:
    """Two files of one year handed over on one day: one of them where they are the same, else none."""
    groups: dict[tuple[int, datetime.date], list[FoundFile]] = {}
    for each in files:
        groups.setdefault((each.year, each.delivered), []).append(each)
    told = []
    for each in files:
        rivals = [other for other in groups[each.year, each.delivered] if other is not each and not other.rule]
        if each.rule or not rivals:
            told.append(each)
        elif all(other.sha256 == each.sha256 for other in rivals):
            first = min([*rivals, each], key=lambda one: one.name)
            told.append(each if first is each else _refused(each, "same_file_twice", first.name))
        else:
            told.append(_refused(each, "two_files_one_year", ", ".join(other.name for other in rivals)))
    return told


def _refused(file: FoundFile, rule: str, detail: str) -> FoundFile:
    return FoundFile(file.path, file.name, file.year, file.delivered, file.sha256, rule, detail)


def _day(text: str) -> datetime.date | None:
    digits = re.sub(r"\D", "", text)
    try:
        return datetime.datetime.strptime(digits, "%Y%m%d").date()  # noqa: DTZ007 # a day, of no zone
    except ValueError:
        return None


def _readable(file: FoundFile) -> FoundFile:
    """Returns the file with its digest. One unreadable to its end (no permission, a device, a bad disk) carries a
    rule."""
    try:
        if file.path.is_file():
            return FoundFile(file.path, file.name, file.year, file.delivered, _digest(file.path))
    except OSError as error:
        return _refused(file, "file_unreadable", type(error).__name__)
    return _refused(file, "file_unreadable", "is no file")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
