"""Checks the options of a build against the present state, before anything is read or written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.errors import GenerationDamaged
from core.generation.manifest import read_manifest
from indexer.build.errors import BuildRefused, PublishingStopped
from indexer.build.options import BuildOptions
from indexer.generations.publishing import GENERATIONS, current_generation
from indexer.manifest.fields import ENUMS, enum_numbers
from indexer.manifest.model import Manifest
from indexer.manifest.sources import PostgresqlSource
from indexer.staging.alert_counts import NO_ALERTS
from indexer.staging.extracts import load_last


def check_asked(options: BuildOptions, manifests: Sequence[Manifest]) -> None:
    """Raises BuildRefused for a directory or a name that is not there, PublishingStopped for a register without a
    manifest."""
    _check_directories(options, manifests)
    known = {manifest.id for manifest in manifests}
    published = _published_registers(options.data)
    _check_accepted(options, manifests)
    for name in options.withdraw:
        if name not in known | published:
            raise BuildRefused(f"--withdraw {name}: no manifest and no published generation has this register id")
    gone = sorted(published - known - set(options.withdraw))
    if gone:
        raise PublishingStopped(
            f"not published: the generation that answers holds {', '.join(gone)}, and no manifest does now. "
            f"If that is right: {' '.join(f'--withdraw {name}' for name in gone)}"
        )


def _check_directories(options: BuildOptions, manifests: Sequence[Manifest]) -> None:
    parent = options.data.absolute().parent
    if not parent.is_dir():
        raise BuildRefused(f"data: {parent}, which is to hold {options.data.name}, is no directory")
    if options.data.exists() and not options.data.is_dir():
        raise BuildRefused(f"data: {options.data} is no directory")
    files = any(_is_file(source) for m in manifests if not m.register_.withdrawn for source in m.source)
    if files and not options.sources.is_dir():
        raise BuildRefused(f"sources: {options.sources.absolute()} is no directory")


def _is_file(source: object) -> bool:
    if not isinstance(source, PostgresqlSource) or source.as_of.path is not None:
        return True
    return source.feed_sequence is not None and source.feed_sequence.path is not None


def _check_accepted(options: BuildOptions, manifests: Sequence[Manifest]) -> None:
    last = load_last(options.data)
    for name in options.accept_shrink:
        register, _, part = name.partition("/")
        manifest = next((manifest for manifest in manifests if manifest.id == register), None)
        if manifest is None:
            raise BuildRefused(f"--accept-shrink {name}: no manifest has this register id")
        parts = {source.name for source in manifest.source} | {*enum_numbers(ENUMS["alert_kind"]), *NO_ALERTS}
        if register in last:
            parts |= {*last[register].sources, *last[register].alerts}  # a source that its manifest no longer has
        if part and part not in parts:
            raise BuildRefused(f"--accept-shrink {name}: {register} has no source and no kind of alert of this name")


def _published_registers(data: Path) -> set[str]:
    """Registers loaded in the current generation."""
    current = current_generation(data)
    if current is None:
        return set()
    try:
        registers = read_manifest(data / GENERATIONS / current).registers
        return {register.id for register in registers if register.state == "loaded"}
    except GenerationDamaged:
        return set()  # a damaged manifest must not keep the next build from replacing it
