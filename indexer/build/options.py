"""The options of a build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.build.cores import cores_at_hand

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class BuildOptions:
    """The options of a build. `sources`: directory that paths in manifests start from."""

    data: Path
    sources: Path
    manifests: Path | None = None  # None = the shipped ones
    dsns: Mapping[str, str] = field(default_factory=dict)  # register id -> PostgreSQL DSN
    withdraw: Sequence[str] = ()
    accept_shrink: Sequence[str] = ()  # "oj", "oj/ordenes" (a source), "oj/WARRANT" (a kind of alert)
    accept_ledger: bool = False  # though it lacks what the current generation took in (indexer/folding/ledger_anew.py)
    keep_generations: int = 3  # besides the current one
    keep_bytes: int = 200_000_000_000
    memory_mib: int = 600  # DuckDB's limit while linking
    workers: int = field(default_factory=cores_at_hand)  # registers read, ranges dealt and sorted at a time
    live: bool = False  # keeps the linked records, so that changes can be applied (docs/live.md)
    new_subject_key: bool = False  # changes the key of subject ids (indexer/generations/subject_key.py)
    terminal: bool | None = None  # None = whether stderr is one
    quiet: bool = False
    console: Console | None = None  # that progress is printed to; None = a plain one on stderr
