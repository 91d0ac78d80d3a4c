"""The extract stage: every register, one a core at a time, with what becomes of those that cannot be read."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.progress import TaskID

from indexer.build.errors import NoSpace
from indexer.build.options import BuildOptions
from indexer.build.progress import BuildProgress
from indexer.extract.children import Progress, ReadingProcesses, SourceUnreadable, fingerprint
from indexer.manifest.model import Manifest
from indexer.staging.carry_forward import RegisterInBuild, decide_unreadable
from indexer.staging.earlier_release import complete_columns
from indexer.staging.extracts import (
    STAGING,
    StagedExtract,
    find_resumable,
    manifest_digest,
    mark_resumable,
    remove_unused,
)
from indexer.staging.withdrawn import keep_closings

LEAST_FREE_BYTES = 64_000_000  # with less, no build begins


def extract_registers(
    options: BuildOptions,
    manifests: Sequence[Manifest],
    generation_id: str,
    last: Mapping[str, StagedExtract],
    progress: BuildProgress,
) -> list[RegisterInBuild]:
    """Every register in configuration order: read now, resumed, carried forward, missing or withdrawn."""
    jobs = list(enumerate(manifests))
    # longest first, by what it took the last time, so that no long one is left alone at the end
    order = sorted(jobs, key=lambda job: (-_expected_seconds(job[1], last), job[0]))
    with ReadingProcesses() as processes:
        stage = _Extraction(options, generation_id, last, progress, processes)
        stage.find_resumable(manifests)
        with ThreadPoolExecutor(options.workers, thread_name_prefix="extract") as pool:
            done = list(pool.map(lambda job: stage.read(*job), order))
    return sorted(done, key=lambda register: register.ordinal)


def _expected_seconds(manifest: Manifest, last: Mapping[str, StagedExtract]) -> float:
    return last[manifest.id].seconds if manifest.id in last else 0.0


class _Extraction:
    def __init__(
        self,
        options: BuildOptions,
        generation_id: str,
        last: Mapping[str, StagedExtract],
        progress: BuildProgress,
        processes: ReadingProcesses,
    ) -> None:
        self.options = options
        self.generation_id = generation_id
        self.last = last
        self.progress = progress
        self.processes = processes
        self.resumable: dict[str, StagedExtract] = {}

    def find_resumable(self, manifests: Sequence[Manifest]) -> None:
        """Finds what an unpublished build finished, then removes every staged directory that nobody needs."""
        for manifest in manifests:
            found, why = find_resumable(
                self.options.data,
                manifest.id,
                manifest_digest(_file(manifest)),
                self._fingerprint(manifest),
                self.last.get(manifest.id),
            )
            if found is not None:
                self.resumable[manifest.id] = found
            elif why:
                self.progress.say(f"  {manifest.id}: extract of an interrupted build begun anew: {why}")
        remove_unused(self.options.data, [*self.last.values(), *self.resumable.values()])

    def _fingerprint(self, manifest: Manifest) -> str | None:
        try:
            return fingerprint(manifest, self.options.sources)
        except SourceUnreadable:
            return None

    def read(self, ordinal: int, manifest: Manifest) -> RegisterInBuild:
        """One register; runs in a thread."""
        name = manifest.register_.name
        if manifest.register_.withdrawn or manifest.id in self.options.withdraw:
            return self._withdrawn(ordinal, manifest)
        resumed = self.resumable.get(manifest.id)
        if resumed is not None:
            self.progress.count(resumed.rows_read)
            self.progress.say(f"  {manifest.id}: extract of an interrupted build used again, its source is unchanged")
            return RegisterInBuild(ordinal, manifest.id, name, "fresh", resumed, resumed=True)
        bar = self.progress.bar(manifest.id, None)
        try:
            staged = self._extract(ordinal, manifest, bar)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise NoSpace(f"the disk of {self.options.data} is full: {manifest.id} could not be staged") from error
        except SourceUnreadable as error:
            register = decide_unreadable(ordinal, manifest.id, name, str(error), self._last(manifest))
            self.progress.say(f"  {manifest.id}: {register.fate}: {error}")
            return register
        self.progress.move(bar, to=staged.rows_read, total=staged.rows_read)
        return RegisterInBuild(ordinal, manifest.id, name, "fresh", staged)

    def _last(self, manifest: Manifest) -> StagedExtract | None:
        """Returns the last good extract, perhaps staged by an earlier release; None: it was never loaded."""
        last = self.last.get(manifest.id)
        if last is not None:
            complete_columns(last.files(self.options.data))
        return last

    def _withdrawn(self, ordinal: int, manifest: Manifest) -> RegisterInBuild:
        last = self._last(manifest)
        kinds = manifest.entry(ordinal)["authoritative_for"]
        kept = keep_closings(self.options.data, self.generation_id, last, kinds) if last is not None else None
        name, reason = manifest.register_.name, "withdrawn on purpose"
        return RegisterInBuild(ordinal, manifest.id, name, "withdrawn", None, reason, closings=kept)

    def _extract(self, ordinal: int, manifest: Manifest, bar: TaskID) -> StagedExtract:
        directory = self.options.data / STAGING / manifest.id / self.generation_id
        directory.mkdir(parents=True)
        seen = 0
        last = self.last.get(manifest.id)

        def on_progress(now: Progress) -> None:
            nonlocal seen
            self.progress.count(now.rows - seen)
            seen = now.rows
            total = last.rows_read if last else None
            if now.bytes_total and now.bytes_done:
                total = int(now.rows * now.bytes_total / now.bytes_done)
            self.progress.move(bar, to=now.rows, total=max(total, now.rows) if total else None)

        try:
            report = self.processes.extract(
                _file(manifest),
                ordinal,
                directory,
                data_directory=self.options.sources,
                dsns=self.options.dsns,
                on_progress=on_progress,
            )
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        self.progress.count(report.rows_read - seen)
        staged = StagedExtract(
            manifest.id,
            self.generation_id,
            report.as_of_ms,
            report.rows_read,
            report.rows_refused,
            report.records,
            report.checksum,
            round(report.duration_s, 3),
            report.sources,
            report.alerts,
            report.refused,
            report.left_out,
            control_characters=_control_characters(report.warnings),
            holds=report.holds,
        )
        if report.fingerprint is not None:
            mark_resumable(self.options.data, staged, manifest_digest(_file(manifest)), report.fingerprint)
        return staged


def _control_characters(warnings: Mapping[str, int]) -> dict[str, int]:
    """Counts the warnings of a register by "source.column"."""
    rule = ".control_characters"
    return {where.removesuffix(rule): count for where, count in warnings.items() if where.endswith(rule)}


def _file(manifest: Manifest) -> Path:
    """The manifest's own file, set by load_manifest."""
    return Path(manifest.file)
