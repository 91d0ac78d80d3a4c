"""The generations on disk: list and verify."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import CoreError, GenerationDamaged
from core.files.output import stated_file
from core.generation.check import verify
from core.generation.manifest import MANIFEST, GenerationManifest, StatedFile, read_manifest
from core.generation.store import Generation
from core.machine.parent_death import with_parent
from indexer.build.errors import BuildRefused
from indexer.generations.publishing import (
    CURRENT,
    GENERATIONS,
    current_generation,
    directory_bytes,
    published_generations,
)

KEYS_FILE = "keys.mdb"


@dataclass(frozen=True)
class RegisterAsOf:
    """One register in a generation."""

    register_id: str
    name: str
    state: str
    as_of_ms: int
    carried_forward: bool


@dataclass(frozen=True)
class GenerationInfo:
    """One generation on disk. `problem` says why its manifest cannot be read; the rest is then empty."""

    generation_id: str
    current: bool
    bytes: int
    built_at_ms: int = 0
    persons: int = 0
    vehicles: int = 0
    registers: Sequence[RegisterAsOf] = ()
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def stated_manifest(directory: Path) -> GenerationManifest:
    """MANIFEST.json of a published generation. Raises GenerationDamaged, also for that of another generation."""
    manifest = read_manifest(directory)
    if manifest.generation_id != directory.name:
        raise GenerationDamaged(MANIFEST, f"is of generation {manifest.generation_id}")
    return manifest


def registers_of(manifest: GenerationManifest) -> list[RegisterAsOf]:
    """The registers of a MANIFEST.json, in configuration order."""
    return [RegisterAsOf(r.id, r.name, r.state, r.as_of_ms, r.carried_forward) for r in manifest.registers]


def list_generations(data: Path) -> list[GenerationInfo]:
    """Every generation on disk, newest first."""
    current = current_generation(data)
    found = []
    for name in reversed(published_generations(data)):
        directory = data / GENERATIONS / name
        size = directory_bytes(directory)
        try:
            stated = stated_manifest(directory)
        except GenerationDamaged as error:
            found.append(GenerationInfo(name, name == current, size, problem=str(error)))
            continue
        counts = (stated.built_at_ms, stated.persons, stated.vehicles)
        found.append(GenerationInfo(name, name == current, size, *counts, registers_of(stated)))
    return found


def generation_directory(data: Path, generation_id: str | None) -> tuple[str, Path]:
    """Id and directory of a generation, the current one when None. Raises BuildRefused when there is no such one."""
    name = generation_id or current_generation(data)
    if name is None:
        raise BuildRefused(f"{data} has no published generation")
    if name not in published_generations(data):
        which = f"{CURRENT} names {name}, which" if generation_id is None else f"generation {name}"
        raise BuildRefused(f"{which} is not on disk")
    return name, data / GENERATIONS / name


@dataclass(frozen=True)
class Verification:
    """The result of a verification. A problem reads "file: the fault"."""

    generation_id: str
    deep: bool
    files_checked: int
    problems: Sequence[str]

    @property
    def ok(self) -> bool:
        """True if nothing is wrong."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "ok": self.ok}


def verify_generation(data: Path, generation_id: str | None = None, *, deep: bool = False) -> Verification:
    """Checks sizes and SHA-256 of every file and that the generation opens; `deep`: every dossier and key too, and
    LMDB's own walk through keys.mdb. Raises BuildRefused when there is no such generation."""
    name, directory = generation_directory(data, generation_id)
    try:
        files = stated_manifest(directory).files
    except GenerationDamaged as error:
        return Verification(name, deep, 0, [str(error)])
    problems = size_problems(directory, files)
    wrong = {problem.partition(":")[0] for problem in problems}
    for file in sorted(files.keys() - wrong):
        problems += _digest_problems(directory / file, files[file].sha256)
    unknown = {entry.name for entry in directory.iterdir()} - set(files) - {MANIFEST}
    problems += [f"{file}: is not in {MANIFEST}" for file in sorted(unknown)]
    if not problems:
        problems += _content_problems(directory, deep=deep)
    return Verification(name, deep, len(files), problems)


def size_problems(directory: Path, files: Mapping[str, StatedFile]) -> list[str]:
    """Returns the files that are gone, or are not as long as MANIFEST.json says; nothing of them is read."""
    problems = []
    for file, told in sorted(files.items()):
        try:
            on_disk = (directory / file).stat().st_size
        except OSError as error:
            problems.append(f"{file}: {error.strerror or error}")
            continue
        if on_disk != told.bytes:
            problems.append(f"{file}: {on_disk:,} bytes, {told.bytes:,} in {MANIFEST}")
    return problems


def _digest_problems(path: Path, digest: str) -> list[str]:
    try:
        if stated_file(path)["sha256"] != digest:
            return [f"{path.name}: SHA-256 differs from {MANIFEST}"]
    except OSError as error:
        return [f"{path.name}: {error.strerror or error}"]
    return []


def _content_problems(directory: Path, *, deep: bool) -> list[str]:
    problems = []
    try:
        generation = Generation.open(directory)
        try:
            if deep:
                verify(generation, deep=True)
        finally:
            generation.close()
    except CoreError as error:
        problems.append(str(error))
    if deep:
        problems += _lmdb_problems(directory / KEYS_FILE)
    return problems


def _lmdb_problems(path: Path) -> list[str]:
    """Returns the findings of LMDB's own checker, in a process of its own: a damaged file may crash it."""
    command = with_parent("lmdb", "verify", "-s", str(path))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()] or [
        f"exit status {done.returncode}"
    ]
    return [f"{path.name}: lmdb verify: {said[0].strip()}"]
