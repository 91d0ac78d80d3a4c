"""Roll-back: shows the alerts that an older generation would bring back, then switches to it.

The danger is a warrant that was cancelled since: it would arrest again. So the preview names every alert that is
PENDING in the target and not in the current generation, by register and record id, never by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from core.errors import CoreError, GenerationDamaged
from core.generation.manifest import read_manifest
from core.generation.reader import DossierReader
from core.generation.store import Generation
from core.generation.subject_key import check_subject_key
from core.identifiers.kinds import SUBJECT_KEY
from indexer.build.errors import BuildRefused
from indexer.build.lock import indexer_lock
from indexer.generations.listing import generation_directory, registers_of, stated_manifest, verify_generation
from indexer.generations.publishing import log_publishing, published_generations, switch
from ronda.v1 import alert_pb2

ALERTED_FILE = "alerted.parquet"  # subject ids with a PENDING alert record, ascending; written beside the core's files
SHOWN = 1_000  # references in a preview; the total counts all


@dataclass(frozen=True)
class RegisterStep:
    """One register: the as-of that answers now and the one after the switch; 0 = missing there."""

    register_id: str
    name: str
    now_ms: int
    then_ms: int

    @property
    def older(self) -> bool:
        """True if the switch makes it older, or takes it away."""
        return self.then_ms < self.now_ms


@dataclass(frozen=True, order=True)
class RevivedAlert:
    """An alert that is PENDING in the target and is not, or is not on file, in the current generation."""

    kind: str
    register_id: str
    record_id: str


@dataclass(frozen=True)
class RollbackPreview:
    """The effects of a switch from `current` to `target`."""

    current: str
    target: str
    registers: Sequence[RegisterStep]
    revived: Sequence[RevivedAlert]
    revived_total: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def rollback_preview(data: Path, target: str | None = None) -> RollbackPreview:
    """Returns the alerts that `target` would bring back. Default: the newest generation older than the current one.

    Raises BuildRefused when there is no such generation, or when it is damaged.
    """
    current, current_directory = generation_directory(data, None)
    target = _target(data, target)
    target_directory = generation_directory(data, target)[1]
    try:
        now = {register.register_id: register for register in registers_of(stated_manifest(current_directory))}
        then = {register.register_id: register for register in registers_of(stated_manifest(target_directory))}
    except GenerationDamaged as error:
        raise BuildRefused(f"the manifest of {current} or {target} cannot be read: {error}") from error
    steps = []
    for register_id in [*now, *(name for name in then if name not in now)]:
        name = (now.get(register_id) or then[register_id]).name
        before = now[register_id].as_of_ms if register_id in now else 0
        after = then[register_id].as_of_ms if register_id in then else 0
        steps.append(RegisterStep(register_id, name, before, after))
    revived = sorted(set(_revived(current_directory, target_directory)))  # one record may be of several subjects
    return RollbackPreview(current, target, steps, revived[:SHOWN], len(revived))


def _target(data: Path, target: str | None) -> str:
    """Returns the generation to go back to; None = the newest one older than the current."""
    current = generation_directory(data, None)[0]
    if target is None:
        older = [name for name in published_generations(data) if name < current]
        if not older:
            raise BuildRefused(f"there is no generation older than {current} to go back to")
        return older[-1]
    if generation_directory(data, target)[0] == current:
        raise BuildRefused(f"{target} is the current generation already")
    return target


def rollback(data: Path, target: str | None = None, *, confirmed: bool) -> RollbackPreview:
    """Switches to `target` after verifying it; logged with who did it. Returns the preview that held at that moment.

    Raises BuildRefused without confirmation or when the target is damaged, IndexerBusy while an indexer works.
    """
    with indexer_lock(data, "roll-back"):
        target = _target(data, target)
        verification = verify_generation(data, target)
        if not verification.ok:
            raise BuildRefused(f"generation {target} is damaged: {verification.problems[0]}")
        try:
            check_subject_key(data, read_manifest(generation_directory(data, target)[1]).subject_key)
        except GenerationDamaged as error:
            raise BuildRefused(f"generation {target} would not be served: {error}") from None
        preview = rollback_preview(data, target)
        if not confirmed:
            raise BuildRefused(f"nothing was switched: going back to {preview.target} needs --yes")
        switch(data, preview.target)
        details = {
            "from": preview.current,
            "to": preview.target,
            "revived_alerts": preview.revived_total,
            "older_registers": [step.register_id for step in preview.registers if step.older],
        }
        log_publishing(data, "rolled_back", details)
    return preview


def _revived(current: Path, target: Path) -> Iterator[RevivedAlert]:
    try:
        now, then = Generation.open(current), Generation.open(target)
        try:
            for subject_id in _alerted_subjects(target):
                pending_now = {reference for alert in _pending(now, subject_id) for reference in _references(alert)}
                for alert in _pending(then, subject_id):
                    # one record in common is the same alert: registers may have joined or left it since
                    if not pending_now & _references(alert):
                        kind = alert_pb2.AlertKind.Name(alert.kind).removeprefix("ALERT_KIND_")
                        yield RevivedAlert(kind, alert.record.register_id, alert.record.record_id)
        finally:
            now.close()
            then.close()
    except (CoreError, OSError, KeyError, ValueError) as error:  # Arrow's errors are ValueErrors
        raise BuildRefused(f"the alerts of {current.name} and {target.name} cannot be compared: {error}") from error


def _alerted_subjects(directory: Path) -> Iterator[bytes]:
    for batch in pq.ParquetFile(directory / ALERTED_FILE).iter_batches(columns=["subject_id"]):
        yield from (subject_id for subject_id in batch.column("subject_id").to_pylist() if subject_id is not None)


def _references(alert: alert_pb2.Hit) -> set[tuple[int, str, str]]:
    records = [source.record for source in alert.sources] or [alert.record]
    return {(alert.kind, record.register_id, record.record_id) for record in records}


def _pending(generation: Generation, subject_id: bytes) -> Iterator[alert_pb2.Hit]:
    """The alerts of a subject that count as PENDING, as stored."""
    for entity in generation.lookup(SUBJECT_KEY, subject_id):
        for alert in DossierReader(generation.dossier(entity)).alerts():
            if alert.state == alert_pb2.ALERT_STATE_PENDING:
                yield alert_pb2.Hit.FromString(alert.hit)
