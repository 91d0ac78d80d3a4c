"""Staged extracts: <data>/staging/<register>/<build id>/, and the last good one of each register.

LAST.json names, for each register, the extract that the newest published build read. An extract of a build that was not
published is never the last good one; it is reused when its source and manifest are unchanged, else removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.documents import json_of
from core.errors import GenerationDamaged
from core.files.regular_file import read_file
from core.files.replacement import replace_file
from core.generation.manifest import read_manifest
from indexer.build.digest import checksum_of
from indexer.build.program import program_digest
from indexer.generations.publishing import GENERATIONS, current_generation

STAGING = "staging"
LAST = "LAST.json"
RESUME = "resume.json"  # beside a finished extract: what it was made from

_UNKNOWN_BEFORE = ("holds", "control_characters")


@dataclass(frozen=True)
class StagedExtract:
    """One register's finished extract."""

    register_id: str
    directory: str  # name under <data>/staging/<register>/
    as_of_ms: int
    rows_read: int
    rows_refused: int
    records: int
    checksum: str
    seconds: float = 0.0
    sources: Mapping[str, int] = field(default_factory=dict)
    """Rows of each source that became records: what the shrink limit compares."""
    alerts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Whole alert records by kind: "listed" in any state, and those of them that are "pending"."""
    refused: Mapping[str, int] = field(default_factory=dict)
    """Refused records by "section.field.rule"."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Rows of which `when` left out every record, by "source.column" of the first condition that did not hold."""

    control_characters: Mapping[str, int] = field(default_factory=dict)
    """Cells that held a control character, by "source.column"."""

    holds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Statements of sources about fed changes: core.generation.manifest.StatedHold, by source."""

    withdrawn: bool = False
    """Withdrawn since: its files hold closings alone (indexer.staging.withdrawn), its counts are those of before."""

    def fields(self) -> dict[str, Any]:
        """Returns the fields for JSON, without empty ones that the release before this one would refuse."""
        return {name: value for name, value in asdict(self).items() if name not in _UNKNOWN_BEFORE or value}

    @property
    def rows_accepted(self) -> int:
        """Rows that were not refused."""
        return self.rows_read - self.rows_refused

    def path(self, data: Path) -> Path:
        """Its directory."""
        return data / STAGING / self.register_id / self.directory

    def files(self, data: Path) -> list[Path]:
        """Its Parquet files, in order."""
        return sorted(self.path(data).glob("records-*.parquet"))


def manifest_digest(file: Path) -> str:
    """SHA-256 of a manifest: an extract made by another text is not reused."""
    return hashlib.sha256(read_file(file)).hexdigest()


def load_last(data: Path) -> dict[str, StagedExtract]:
    """Returns the last good extract of each register, by id; those with missing files are left out.

    One that was withdrawn since is never carried forward. CURRENT is switched before LAST.json: after a kill in
    between, the generation's own manifest decides.
    """
    told: dict[str, Any] = {"generation_id": "", "registers": {}}
    with contextlib.suppress(FileNotFoundError, ValueError):
        told = json_of(read_file(data / STAGING / LAST).decode())
    current = current_generation(data)
    if current is not None and current > told["generation_id"]:
        try:
            staged = read_manifest(data / GENERATIONS / current).staging
        except GenerationDamaged:
            staged = None
        if staged is not None:
            told = {"generation_id": current, "registers": {name: each.model_dump() for name, each in staged.items()}}
    extracts = {register: StagedExtract(**fields) for register, fields in told["registers"].items()}
    return {register: extract for register, extract in extracts.items() if extract.files(data)}


def save_last(data: Path, generation_id: str, extracts: Mapping[str, StagedExtract]) -> None:
    """Makes these the last good extracts and removes every other staged directory."""
    registers = {register: extract.fields() for register, extract in extracts.items()}
    text = json.dumps({"generation_id": generation_id, "registers": registers}, indent=1)
    replace_file(data / STAGING / LAST, text.encode(), mode=0o644)
    remove_unused(data, extracts.values())


def remove_unused(data: Path, used: Iterable[StagedExtract]) -> None:
    """Removes staged directories that `used` does not name."""
    kept = {(extract.register_id, extract.directory) for extract in used}
    staging = data / STAGING
    if not staging.is_dir():
        return
    for register in (entry for entry in staging.iterdir() if entry.is_dir()):
        for entry in register.iterdir():
            if entry.is_dir() and (register.name, entry.name) not in kept:
                shutil.rmtree(entry)
        if not any(register.iterdir()):
            register.rmdir()


def find_resumable(
    data: Path, register: str, digest: str, fingerprint: str | None, last: StagedExtract | None
) -> tuple[StagedExtract | None, str]:
    """A finished extract of a build that was not published, made by this manifest and program from this very source.

    None, and why it is not used: "" where there is none. A source without a fingerprint (a database) is always read
    again.
    """
    home = data / STAGING / register
    why = ""
    if not home.is_dir():
        return None, why
    for directory in sorted((entry for entry in home.iterdir() if entry.is_dir()), reverse=True):
        if last is not None and directory.name == last.directory:
            continue
        try:
            told = json_of(read_file(directory / RESUME).decode())
            if fingerprint is None:
                why = "databases are always read again" if told["fingerprint"] is None else "its source is gone"
            elif told["manifest"] != digest or told["fingerprint"] != fingerprint:
                why = "its source or its manifest has changed"
            elif told["program"] != program_digest():
                why = "it was made by another version of the rules"
            elif told["files"] != _checksums(directory):
                why = "it is damaged"
            else:
                return StagedExtract(**told["extract"]), ""
        except (OSError, ValueError, KeyError, TypeError):
            why = why or "it was not finished"
    return None, why


def mark_resumable(data: Path, extract: StagedExtract, digest: str, fingerprint: str | None) -> None:
    """Notes what a finished extract was made from and what its files hold, durably, as its last file."""
    note = {
        "manifest": digest,
        "fingerprint": fingerprint,
        "program": program_digest(),
        "files": _checksums(extract.path(data)),
        "extract": extract.fields(),
    }
    replace_file(extract.path(data) / RESUME, json.dumps(note).encode(), mode=0o644)


def _checksums(directory: Path) -> dict[str, str]:
    return {path.name: checksum_of(path) for path in sorted(directory.glob("*.parquet"))}
