"""A build from registers to the published generation.

    lock -> room -> extract -> carry forward, MISSING, shrink -> link -> assemble -> check -> publish -> collect

Nothing that answers is touched before `publish`. The build after a killed one uses again the extracts with an unchanged
source, and the whole linking when every record is the same; it removes the rest.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from core.assembly.assembler import Assembly, assemble
from core.errors import GenerationDamaged, LedgerDamaged
from core.files.output import stated_file
from core.files.replacement import replacing
from core.generation.manifest import FILES_FORMAT, MANIFEST, sealed
from core.generation.subject_key import subject_key_check
from core.ledger.reader import FOLDER as LEDGER
from core.names.tables_digest import tables_digest
from indexer.build.disk import DiskWatch
from indexer.build.errors import BuildRefused, NoSpace, PublishingStopped
from indexer.build.lock import indexer_lock
from indexer.build.memory import MemoryWatch, keep_memory
from indexer.build.options import BuildOptions
from indexer.build.progress import BuildProgress
from indexer.extract.stage import LEAST_FREE_BYTES, extract_registers
from indexer.folding.ledger_anew import feeds_in_doubt
from indexer.folding.several import note_keys_of_several
from indexer.folding.stage import FoldedChanges, fold
from indexer.generations.acceptance import check_generation
from indexer.generations.invented import is_invented
from indexer.generations.link_reasons import REASONS_FILE
from indexer.generations.publishing import (
    BUILDING,
    GENERATIONS,
    collect,
    current_generation,
    directory_bytes,
    log_publishing,
    new_generation_id,
    publish,
    remove_leftovers,
)
from indexer.generations.rollback import ALERTED_FILE
from indexer.generations.subject_key import BuildKey, key_of_build
from indexer.linking.database import LinkedRegister, StagedFile
from indexer.linking.parts import PARTS, MadeOf, PartsRefused, made_of, save_parts, take_parts
from indexer.linking.stage import Linked, link
from indexer.live.folded import FOLDED_FILES
from indexer.live.kept import KEPT_FILES, KeptRecordsWriter
from indexer.live.shared_keys import KEPT as SHARED_KEYS
from indexer.manifest.loading import SHIPPED_MANIFESTS, load_manifests
from indexer.manifest.model import Manifest
from indexer.preflight import check_asked
from indexer.staging.carry_forward import RegisterInBuild
from indexer.staging.extracts import StagedExtract, load_last, save_last
from indexer.staging.shrinking import find_shrinks
from indexer.summary import BuildSummary, alert_kind_name, criterion_name, level_name

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FOLDING = ".folding"  # fed records, of the running build
WORK = ".work"  # spill, links, ranges of the running build, or of one that was killed (indexer.linking.parts)
QUARANTINE = "quarantine"
# Beside the generation that it makes a build needs staged extracts and linking's ranges: together about twice that.
ROOM_FACTOR = 3


def build(options: BuildOptions) -> BuildSummary:
    """Builds and publishes a generation.

    Raises BuildRefused, ManifestError (the caller's mistakes), IndexerBusy, NoSpace, PublishingStopped; whatever it
    raises, the generation that answers is the one that answered before.
    """
    manifests = load_manifests(options.manifests or SHIPPED_MANIFESTS)
    check_asked(options, manifests)
    keep_memory()
    try:
        with indexer_lock(options.data, "build"), MemoryWatch() as memory, DiskWatch(options.data) as disk:
            return _Build(options, manifests, memory, disk).run()
    except (OSError, duckdb.Error) as error:
        if getattr(error, "errno", None) in _DISK_FULL or any(os.strerror(code) in str(error) for code in _DISK_FULL):
            raise NoSpace(f"the disk of {options.data} is full") from error
        raise


class _Build:
    """One build, under the lock."""

    def __init__(
        self, options: BuildOptions, manifests: Sequence[Manifest], memory: MemoryWatch, disk: DiskWatch
    ) -> None:
        self.options = options
        self.data = options.data
        self.manifests = manifests
        self.memory = memory
        self.disk = disk
        self.progress = BuildProgress(terminal=options.terminal, quiet=options.quiet, console=options.console)
        self.generation_id = new_generation_id()
        self.building = self.data / GENERATIONS / f"{BUILDING}{self.generation_id}"
        self.work = self.data / WORK
        self.started = time.monotonic()
        self.notes: list[str] = []
        self.taken_up = False  # what a killed build had linked
        self.key: BuildKey  # of subject ids
        self.invented = False
        self.built_ms = int(datetime.now(UTC).timestamp() * 1000)
        self.folded: FoldedChanges | None = None  # None = nothing was ever fed

    def run(self) -> BuildSummary:
        self._clean()
        self.key = key_of_build(self.data, new=self.options.new_subject_key)
        previous = current_generation(self.data)
        self.invented = is_invented(self.options.sources, self.data, previous)
        last = load_last(self.data)
        self._check_room(previous)
        try:
            with self.progress.stage("extract"):
                registers = extract_registers(self.options, self.manifests, self.generation_id, last, self.progress)
            self._check_not_empty(registers, previous)
            accepted = self._check_shrinks(registers, last)
            files = self._fold(registers)
            linked = self._link(registers, files, self.key.key)
            assembly = self._assemble(registers, linked)
            self._check(registers, files, linked)
            with self.progress.stage("publish"):
                self._publish(registers, previous, accepted)
            with self.progress.stage("collect"):
                collected = collect(
                    self.data, keep_generations=self.options.keep_generations, keep_bytes=self.options.keep_bytes
                )
        except KeyboardInterrupt:
            for directory in (self.building, self.data / FOLDING):
                shutil.rmtree(directory, ignore_errors=True)  # what was linked stays, as after a kill
            raise
        except BaseException:
            self._remove_unpublished()
            raise
        self._remove_unpublished()
        return self._summary(registers, linked, assembly, previous, accepted, collected)

    def _remove_unpublished(self) -> None:
        for directory in (self.building, self.work, self.data / FOLDING):
            shutil.rmtree(directory, ignore_errors=True)

    def _clean(self) -> None:
        left = remove_leftovers(self.data)
        shutil.rmtree(self.data / FOLDING, ignore_errors=True)
        if self.work.exists() and not (self.work / PARTS).exists():
            shutil.rmtree(self.work)
            left.append(WORK)
        if left:
            self._note(f"removed what an interrupted build left: {', '.join(left)}")

    def _note(self, text: str) -> None:
        self.notes.append(text)
        self.progress.say(text)

    def _check_room(self, previous: str | None) -> None:
        free = shutil.disk_usage(self.data).free + _tree_bytes(self.work)  # which is used again, or removed
        need = LEAST_FREE_BYTES
        if previous is not None and (self.data / GENERATIONS / previous).is_dir():
            need = max(need, ROOM_FACTOR * directory_bytes(self.data / GENERATIONS / previous))
        else:
            need = max(need, ROOM_FACTOR * _tree_bytes(self.options.sources))
        if free < need:
            raise NoSpace(
                f"{self.data} has {free / 1e6:,.0f} MB free, a build needs about {need / 1e6:,.0f} MB: "
                "make room, or keep fewer generations"
            )

    def _check_not_empty(self, registers: Sequence[RegisterInBuild], previous: str | None) -> None:
        if previous is not None or any(r.extract is not None and r.extract.records for r in registers):
            return
        why = "; ".join(r.reason or f"{r.register_id}: no record" for r in registers)
        raise BuildRefused(f"not published: a first generation without a single record. {why}")

    def _check_shrinks(self, registers: Sequence[RegisterInBuild], last: Mapping[str, StagedExtract]) -> list[str]:
        shrinks = find_shrinks(registers, last, self.manifests)
        refused = [shrink for shrink in shrinks if not shrink.accepted_by(self.options.accept_shrink)]
        if refused:
            raise PublishingStopped(
                "not published, what the registers hold shrank: " + "; ".join(shrink.text() for shrink in refused)
            )
        return [shrink.what() for shrink in shrinks]

    def _fold(self, registers: Sequence[RegisterInBuild]) -> list[StagedFile]:
        """The staged files; of a base that changes are laid over, with the changes that came so far."""
        files = [
            StagedFile(path, register.ordinal)
            for register in registers
            if register.staged is not None
            for path in register.staged.files(self.data)
        ]
        if not self.options.live:
            return files
        self._hold_ledger_against_current()
        directory = self.data / FOLDING
        directory.mkdir(mode=0o700)
        with self.progress.stage("fold"):
            memory_bytes = self.options.memory_mib * 1024 * 1024
            note_keys_of_several(self.data, files, [m.id for m in self.manifests], directory, memory_bytes)
            if not (self.data / LEDGER).is_dir():
                return files
            entries = self._entries(registers)
            try:
                self.folded = fold(
                    self.data, files, entries, self.built_ms, self.manifests, directory, memory_bytes=memory_bytes
                )
            except (LedgerDamaged, PermissionError) as error:
                raise PublishingStopped(f"not published, the changes that were fed cannot be read: {error}") from error
        if self.folded is not None and self.folded.other_keys:
            self._note(
                f"the manifests name records otherwise than those of generation {self.folded.words_of}, and changes "
                "that its last words left out lie in the ledger's archive, which is away (docs/feed.md, A long ledger)"
            )
        return files if self.folded is None else self.folded.files

    def _hold_ledger_against_current(self) -> None:
        """Raises PublishingStopped where the ledger lacks what the current generation took in."""
        current = current_generation(self.data)
        if current is None or self.options.accept_ledger:
            return
        try:
            feeds = feeds_in_doubt(self.data, self.data / GENERATIONS / current)
        except (LedgerDamaged, PermissionError) as error:
            raise PublishingStopped(f"not published, the changes that were fed cannot be read: {error}") from error
        except GenerationDamaged as error:
            raise PublishingStopped(f"not published, what {current} took in cannot be read: {error}") from error
        if feeds:
            names = ", ".join(f"{register} by {source}" for source, register in feeds)
            raise PublishingStopped(
                f"not published, the ledger is not the one whose changes generation {current} holds (an older copy, or "
                f"begun anew), and these feeds have not said since which number was their last: {names}; serve until "
                "they did (docs/feed.md, A ledger that went back), or --accept-ledger"
            )

    def _link(self, registers: Sequence[RegisterInBuild], files: Sequence[StagedFile], key: bytes) -> Linked:
        as_of_days = {register.ordinal: register.as_of_day for register in registers}
        roles = [
            LinkedRegister(
                ordinal,
                m.id,
                frozenset(m.register_.identifies),
                "identity" in m.register_.roles.person,
                as_of_days.get(ordinal),
            )
            for ordinal, m in enumerate(self.manifests)
        ]
        with self.progress.stage("link"):
            made = made_of(files, roles, key, self.options.workers, keep_names=self.options.live)
            linked = self._take_up(made)
            if linked is None:
                linked = self._link_anew(files, roles, key)
                save_parts(self.work, linked, made, self.options.workers)
        return linked

    def _take_up(self, made: MadeOf) -> Linked | None:
        """Returns a killed build's linking of these very records; None if it cannot be used."""
        if not self.work.exists():
            return None
        try:
            linked = take_parts(self.work, made, self.options.workers)
        except PartsRefused as why:
            self._note(f"linking begins anew: {why}")
            shutil.rmtree(self.work)
            return None
        self.taken_up = True
        self.progress.count(linked.records)
        size = _tree_bytes(self.work)
        self._note(f"what an interrupted build had linked is used again: {size / 1e6:,.0f} MB, every checksum agrees")
        return linked

    def _link_anew(self, files: Sequence[StagedFile], roles: Sequence[LinkedRegister], key: bytes) -> Linked:
        bar = self.progress.bar("link", None)

        def on_rows(rows: int) -> None:
            self.progress.count(rows)
            self.progress.move(bar, by=rows)

        return link(
            files,
            roles,
            key,
            self.work,
            memory_bytes=self.options.memory_mib * 1024 * 1024,
            threads=self.options.workers,
            keep_names=self.options.live,
            on_step=lambda step: self.progress.describe(bar, f"link: {step}"),
            on_rows=on_rows,
        )

    def _assemble(self, registers: Sequence[RegisterInBuild], linked: Linked) -> Assembly:
        self.building.mkdir()
        entries = self._entries(registers)
        with self.progress.stage("assemble"):
            bar = self.progress.bar("assemble", linked.records)
            done = 0

            def on_rows(total: int) -> None:
                nonlocal done
                self.progress.count(total - done, linked.records)
                self.progress.move(bar, to=total)
                done = total

            with KeptRecordsWriter(self.building, self.work) if self.options.live else nullcontext() as kept:
                records = linked.linked(ahead=self.options.workers - 1)
                assembly = assemble(
                    self.building,
                    linked.entities(),
                    records if kept is None else kept.passing(records),
                    entries,
                    temp_directory=self.work,
                    on_progress=on_rows,
                )
                if kept is not None:
                    kept.finish()
                    for path in linked.names:  # they stay in the work directory, too, for a build after a kill
                        (self.building / path.name).hardlink_to(path)
        shutil.copyfile(linked.alerted, self.building / ALERTED_FILE)
        shutil.copyfile(linked.reasons, self.building / REASONS_FILE)
        folded = (*(FOLDED_FILES if self.folded is not None else ()), *((SHARED_KEYS,) if self.options.live else ()))
        for name in folded:
            (self.building / name).hardlink_to(self.data / FOLDING / name)
        files = {
            **{name: dict(told) for name, told in assembly.files.items()},
            **{
                name: stated_file(self.building / name)
                for name in (ALERTED_FILE, REASONS_FILE, *(KEPT_FILES if self.options.live else ()), *folded)
            },
        }
        manifest = {
            "format_version": FILES_FORMAT,
            "generation_id": self.generation_id,
            "built_at_ms": self.built_ms,
            "persons": linked.persons,
            "vehicles": linked.vehicles,
            "name_tables": tables_digest(),
            **({"invented": True} if self.invented else {}),  # earlier releases refuse a key that they do not know
            "subject_key": subject_key_check(self.key.key),
            "files": files,
            "registers": entries,
            # the extracts that this generation was made from: indexer.staging.extracts reads it after a kill
            "staging": {r.register_id: r.staged.fields() for r in registers if r.staged is not None},
        }
        write_manifest(self.building / MANIFEST, sealed(manifest))
        return assembly

    def _entries(self, registers: Sequence[RegisterInBuild]) -> list[dict[str, Any]]:
        return [
            register.manifest_entry(manifest.entry(register.ordinal))
            for register, manifest in zip(registers, self.manifests, strict=True)
        ]

    def _check(self, registers: Sequence[RegisterInBuild], files: Sequence[StagedFile], linked: Linked) -> None:
        loaded = [register for register in registers if register.extract is not None]
        samples = [
            (r.register_id, [(file.path, file.replaced) for file in files if file.register == r.ordinal])
            for r in loaded
        ]
        with self.progress.stage("check"):
            check_generation(self.building, linked.persons, linked.vehicles, samples)

    def _publish(self, registers: Sequence[RegisterInBuild], previous: str | None, accepted: Sequence[str]) -> None:
        details = {
            "from": previous,
            "to": self.generation_id,
            "accepted_shrinks": list(accepted),
            "withdrawn": [r.register_id for r in registers if r.fate == "withdrawn"],
            "removed": sorted(set(self.options.withdraw) - {manifest.id for manifest in self.manifests}),
            "carried_forward": [r.register_id for r in registers if r.fate == "carried"],
            "missing": [r.register_id for r in registers if r.fate == "missing"],
        }
        log_publishing(self.data, "publishing", details)
        self.key.put_in_place(self.data)
        publish(self.data, self.generation_id)
        log_publishing(self.data, "published", {"from": previous, "to": self.generation_id})
        extracts = {r.register_id: r.extract for r in registers if r.extract is not None}
        self._keep_quarantine(extracts)
        kept = {r.register_id: r.staged for r in registers if r.staged is not None}
        save_last(self.data, self.generation_id, kept)

    def _keep_quarantine(self, extracts: Mapping[str, StagedExtract]) -> None:
        home = self.data / QUARANTINE
        home.mkdir(exist_ok=True)
        for register, extract in extracts.items():
            made = extract.path(self.data) / "quarantine.parquet"
            if made.exists():
                with made.open("rb") as file, replacing(home / f"{register}.parquet", mode=0o644) as copy:
                    shutil.copyfileobj(file, copy)

    def _summary(
        self,
        registers: Sequence[RegisterInBuild],
        linked: Linked,
        assembly: Assembly,
        previous: str | None,
        accepted: Sequence[str],
        collected: Sequence[str],
    ) -> BuildSummary:
        return BuildSummary(
            generation_id=self.generation_id,
            previous_id=previous,
            persons=linked.persons,
            vehicles=linked.vehicles,
            records=linked.records,
            links=[(criterion_name(c), level_name(level), n) for (c, level), n in linked.links.items()],
            alerts={alert_kind_name(kind): n for kind, n in linked.alerts.items()},
            registers=registers,
            stages=self.progress.stages,
            seconds=time.monotonic() - self.started,
            peak_memory_bytes=self.memory.peak_bytes,
            peak_disk_bytes=self.disk.peak_bytes,
            files={
                entry.name: entry.stat().st_size
                for entry in sorted((self.data / GENERATIONS / self.generation_id).iterdir())
            },
            accepted_shrinks=accepted,
            collected=collected,
            notes=self.notes,
            workers=self.options.workers,
            linking_taken_up=self.taken_up,
            folded=self.folded,
        )


def write_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    """Writes MANIFEST.json; publishing makes it durable."""
    path.write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")


def _tree_bytes(directory: Path) -> int:
    return sum(entry.stat().st_size for entry in directory.rglob("*") if entry.is_file()) if directory.is_dir() else 0
